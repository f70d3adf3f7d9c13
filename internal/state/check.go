package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"
)

// What bbolt does with a damaged page is no error: it follows offsets out of the mapped file, in part in a goroutine of its own,
// where nobody can recover. So this file walks through the structure first, with bounds, before bbolt sees it.
//
// The layout, in the byte order of the machine. Pages 0 and 1 are meta pages, written in turn:
//
//	header: page 8, flags 2, count 2, overflow 4 (pages that follow and belong to it)
//	meta:   magic 4, version 4, page size 4, flags 4, root page 8, sequence 8, free list 8, pages 8, transaction 8, FNV-1a of this 8
//	branch: count × (offset 4, key size 4, page 8), then the keys
//	leaf:   count × (flags 4, offset 4, key size 4, value size 4), then keys and values
//	bucket: the value of a leaf element with flag 1: root page 8, sequence 8; where the root is 0, a leaf page follows in place
//
// Offsets count from the element that has them.
const (
	headerBytes  = 16
	elementBytes = 16
	bucketBytes  = 16
	metaBytes    = 56 // without its checksum

	magic       = 0xED0CDAED
	noFreeList  = 1<<64 - 1
	branchFlag  = 0x01
	leafFlag    = 0x02
	freeFlag    = 0x10
	bucketFlag  = 0x01
	maxDepth    = 64
	minPageSize = 1 << 10
	maxPageSize = 64 << 10
)

var order = binary.NativeEndian

// checkFile reads the structure of the file. The error is a *CorruptError for a damaged file. The file is fresh where nothing was
// ever written: not there, empty, the zeros that a crash of the machine may leave of a new file, or without buckets.
func checkFile(path string) (fresh bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("state file: %w: let this user read it", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("state file: %w", err)
	}
	size := info.Size()
	if size == 0 {
		return true, nil
	}
	if size <= maxPageSize {
		text, err := io.ReadAll(f)
		if err != nil {
			return false, fmt.Errorf("state file %s: %w", path, err)
		}
		if len(bytes.TrimLeft(text, "\x00")) == 0 {
			return true, nil
		}
	}
	file, err := syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return false, fmt.Errorf("map state file %s: %w", path, err)
	}
	defer func() {
		if unmap := syscall.Munmap(file); err == nil && unmap != nil {
			err = fmt.Errorf("unmap state file %s: %w", path, unmap)
		}
	}()
	c := checker{file: file}
	err = c.check()
	switch {
	case errors.Is(err, errNotOurs):
		return false, fmt.Errorf("%s is %w: name another one as state.file", path, err)
	case err != nil:
		return false, &CorruptError{path, err}
	}
	return c.elements == 0, nil
}

var errNotOurs = errors.New("not a trunkline state file")

// checker walks through one bbolt file.
type checker struct {
	file     []byte
	pageSize uint64
	pages    uint64 // pages in use or once in use
	seen     []bool // pages that something refers to
	elements int    // of the root bucket
}

func (c *checker) check() (err error) {
	// The file may shrink while it is read.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	meta, err := c.meta()
	if err != nil {
		return err
	}
	c.pages = order.Uint64(meta[40:])
	if c.pages > uint64(len(c.file))/c.pageSize {
		return fmt.Errorf("it has %d bytes and should have %d pages of %d: it was cut off", len(c.file), c.pages, c.pageSize)
	}
	c.seen = make([]bool, c.pages)
	root, err := c.page(order.Uint64(meta[16:]))
	if err != nil {
		return err
	}
	c.elements = int(order.Uint16(root[10:]))
	if _, err := c.tree(root, nil, nil, 0); err != nil {
		return err
	}
	if free := order.Uint64(meta[32:]); free != noFreeList {
		return c.freeList(free)
	}
	return nil
}

// freeList checks the list of free pages, which bbolt is told not to keep: a file has one until its first transaction, and when
// another program wrote it.
func (c *checker) freeList(id uint64) error {
	p, err := c.page(id)
	if err != nil {
		return err
	}
	list, count := p[headerBytes:], uint64(order.Uint16(p[10:]))
	if count == 1<<16-1 { // too many to count there
		count, list = order.Uint64(list), list[8:]
	}
	if order.Uint16(p[8:]) != freeFlag || count > uint64(len(list)/8) {
		return fmt.Errorf("page %d has a wrong header", id)
	}
	for i := range count {
		if free := order.Uint64(list[8*i:]); free < 2 || free >= c.pages || c.seen[free] {
			return fmt.Errorf("page %d is called free and is not", free)
		}
	}
	return nil
}

// meta finds the valid meta page of the newest transaction.
func (c *checker) meta() (newest []byte, err error) {
	known := false
	try := func(at uint64) {
		if at+headerBytes+metaBytes+8 > uint64(len(c.file)) {
			return
		}
		meta := c.file[at+headerBytes:][: metaBytes+8 : metaBytes+8]
		if order.Uint32(meta) != magic {
			return
		}
		known = true
		sum := fnv.New64a()
		sum.Write(meta[:metaBytes])
		size := uint64(order.Uint32(meta[8:]))
		if order.Uint64(meta[metaBytes:]) != sum.Sum64() || size < minPageSize || size > maxPageSize || at%size != 0 {
			return
		}
		if newest == nil || order.Uint64(meta[48:]) > order.Uint64(newest[48:]) {
			newest, c.pageSize = meta, size
		}
	}
	try(0)
	if newest != nil {
		try(c.pageSize)
	} else {
		for size := uint64(minPageSize); size <= maxPageSize; size *= 2 {
			try(size)
		}
	}
	switch {
	case newest != nil:
		return newest, nil
	case known:
		return nil, errors.New("neither of its two descriptions is valid")
	}
	return nil, errNotOurs
}

// page returns a page with its overflow, and notes that it is in use.
func (c *checker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.pages {
		return nil, fmt.Errorf("page %d is referred to and does not exist", id)
	}
	p := c.file[id*c.pageSize:]
	overflow := uint64(order.Uint32(p[12:]))
	if order.Uint64(p) != id || overflow >= c.pages-id {
		return nil, fmt.Errorf("page %d has a wrong header", id)
	}
	for i := id; i <= id+overflow; i++ {
		if c.seen[i] {
			return nil, fmt.Errorf("page %d is referred to twice", i)
		}
		c.seen[i] = true
	}
	return p[:(overflow+1)*c.pageSize], nil
}

// tree checks a page and all below it: keys stand in order, at least low and below high, where these are not nil. It returns the
// last key.
func (c *checker) tree(p []byte, low, high []byte, depth int) (last []byte, err error) {
	flags, count := order.Uint16(p[8:]), int(order.Uint16(p[10:]))
	if depth > maxDepth || flags != branchFlag && flags != leafFlag || headerBytes+count*elementBytes > len(p) {
		return nil, fmt.Errorf("page %d has a wrong header", order.Uint64(p))
	}
	key := func(i int) ([]byte, error) {
		e := p[headerBytes+i*elementBytes:]
		at, size := uint64(order.Uint32(e)), uint64(order.Uint32(e[4:]))
		if flags == leafFlag {
			at, size = uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:]))
		}
		if at+size > uint64(len(e)) {
			return nil, fmt.Errorf("key %d of page %d lies outside of it", i, order.Uint64(p))
		}
		return e[at : at+size], nil
	}
	last = low
	for i := range count {
		k, err := key(i)
		if err != nil {
			return nil, err
		}
		if n := bytes.Compare(last, k); n > 0 || n == 0 && i > 0 || high != nil && bytes.Compare(k, high) >= 0 {
			return nil, fmt.Errorf("key %d of page %d is out of order", i, order.Uint64(p))
		}
		last = k
		if flags == leafFlag {
			if err := c.value(p, i, depth); err != nil {
				return nil, err
			}
			continue
		}
		below := high
		if i+1 < count {
			if below, err = key(i + 1); err != nil {
				return nil, err
			}
		}
		child, err := c.page(order.Uint64(p[headerBytes+i*elementBytes+8:]))
		if err != nil {
			return nil, err
		}
		if last, err = c.tree(child, k, below, depth+1); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// value checks the value of a leaf's element, and the bucket that it may be.
func (c *checker) value(p []byte, i, depth int) error {
	e := p[headerBytes+i*elementBytes:]
	at := uint64(order.Uint32(e[4:])) + uint64(order.Uint32(e[8:]))
	size := uint64(order.Uint32(e[12:]))
	if at+size > uint64(len(e)) {
		return fmt.Errorf("value %d of page %d lies outside of it", i, order.Uint64(p))
	}
	if order.Uint32(e)&bucketFlag == 0 {
		return nil
	}
	bucket := e[at : at+size]
	if size < bucketBytes {
		return fmt.Errorf("bucket %d of page %d is too short", i, order.Uint64(p))
	}
	root := order.Uint64(bucket)
	if root == 0 { // a small bucket, in place
		inline := bucket[bucketBytes:]
		if len(inline) < headerBytes || order.Uint16(inline[8:]) != leafFlag {
			return fmt.Errorf("bucket %d of page %d is no page", i, order.Uint64(p))
		}
		_, err := c.tree(inline, nil, nil, depth+1)
		return err
	}
	child, err := c.page(root)
	if err != nil {
		return err
	}
	_, err = c.tree(child, nil, nil, depth+1)
	return err
}
