package dedupe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"sync"
	"time"
)

// The durable form. A chunk is a run of blocks, one for each commit:
//
//	"W1"  made: Unix ms, 8 bytes  entries: 4 bytes  entries × (ID 16, Time 8, Content 16)  CRC-32C of all this: 4 bytes
//
// Numbers are big endian. Blocks written in turn make a chunk, so a small chunk is extended by appending: many small commits do
// not become many small values.
const (
	blockMark  = "W1"
	headBytes  = 2 + 8 + 4
	entryBytes = 16 + 8 + 16
	tailBytes  = 4

	// A chunk shorter than this is extended by the next commit. It is the page size of the store, which writes whole pages anyway.
	smallChunk = 4 << 10
	// A chunk is not extended for longer than this part of the window, since it expires as a whole.
	extendPart = 32
)

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }) // not at every start

// Change is what a commit does to the log of chunks, in this order.
type Change struct {
	Drop   int    // so many chunks go, the oldest first
	Extend bool   // Append continues the newest chunk instead of beginning one
	Append []byte // nil when there is nothing to add; valid until the next Take
}

// Take expires what is too old or too much, and returns what the log needs to follow the window. Once the change is durable, call
// Confirm. Without it the next Take returns the same again, and what has come since. Versions may be added between Take and
// Confirm.
func (w *Window) Take(now time.Time) Change {
	w.expire(now)
	w.taken = offer{to: w.tail, gone: w.gone, valid: true}
	change := Change{Drop: w.gone}
	n := int((w.tail - w.durable) & posMask)
	if n == 0 {
		return change
	}
	made := w.last.UnixMilli()
	w.buffer = w.appendBlock(w.buffer[:0], made, n)
	change.Append = w.buffer
	if len(w.chunks) > 0 {
		newest := w.chunks[len(w.chunks)-1]
		change.Extend = newest.bytes < smallChunk && made-newest.first < w.length.Milliseconds()/extendPart
	}
	w.taken.extend = change.Extend
	w.taken.chunk = chunk{entries: n, bytes: len(w.buffer), first: made, last: made}
	return change
}

// Confirm tells that the change of the last Take is durable.
func (w *Window) Confirm() {
	if !w.taken.valid {
		return
	}
	t := w.taken
	w.taken = offer{}
	w.gone -= t.gone
	w.durable = t.to
	if t.chunk.entries > 0 {
		w.addChunk(t.chunk, t.extend)
	}
}

func (w *Window) addChunk(c chunk, extend bool) {
	if !extend {
		w.chunks = append(w.chunks, c)
		return
	}
	newest := &w.chunks[len(w.chunks)-1]
	newest.entries += c.entries
	newest.bytes += c.bytes
	newest.first, newest.last = min(newest.first, c.first), max(newest.last, c.last)
}

// expire forgets whole chunks: those whose newest entry is older than the window, and the oldest while there are too many entries.
func (w *Window) expire(now time.Time) {
	oldest := now.UnixMilli() - w.length.Milliseconds()
	n := 0
	for _, c := range w.chunks {
		old := c.last < oldest
		if !old && w.Len() <= w.max {
			break
		}
		w.forget(c.entries)
		if !old {
			w.evicted += uint64(c.entries)
		}
		n++
	}
	w.chunks = append(w.chunks[:0], w.chunks[n:]...)
	w.gone += n
}

func (w *Window) appendBlock(b []byte, made int64, n int) []byte {
	b = slices.Grow(b, headBytes+n*entryBytes+tailBytes)
	begin := len(b)
	b = append(b, blockMark...)
	b = binary.BigEndian.AppendUint64(b, uint64(made))
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	for p := w.durable; p != w.tail; p = (p + 1) & posMask {
		v := w.log.at(p)
		b = append(b, v.ID[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(v.Time))
		b = append(b, v.Content[:]...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[begin:], castagnoli()))
}

// ErrCorrupt says that a chunk is not what a Window wrote.
var ErrCorrupt = errors.New("corrupt chunk of the deduplication window")

// Load takes in one chunk at start, the oldest chunk first, before any Add. The error wraps ErrCorrupt; the window then still holds
// what was loaded before, and nothing of this chunk.
func (w *Window) Load(data []byte) error {
	c, err := inspect(data)
	if err != nil {
		return err
	}
	for len(data) > 0 {
		n := int(binary.BigEndian.Uint32(data[10:]))
		entries := data[headBytes:]
		for range n {
			w.add(Version{
				ID:      [16]byte(entries),
				Time:    int64(binary.BigEndian.Uint64(entries[16:])),
				Content: [16]byte(entries[24:]),
			})
			entries = entries[entryBytes:]
		}
		data = entries[tailBytes:]
	}
	w.durable = w.tail
	w.chunks = append(w.chunks, c)
	return nil
}

// inspect checks a chunk from end to end and describes it.
func inspect(data []byte) (c chunk, err error) {
	c.bytes = len(data)
	if len(data) == 0 {
		return c, fmt.Errorf("%w: it is empty", ErrCorrupt)
	}
	c.first, c.last = math.MaxInt64, math.MinInt64
	for at := 0; at < len(data); {
		block := data[at:]
		if len(block) < headBytes+tailBytes || string(block[:2]) != blockMark {
			return c, fmt.Errorf("%w: no block begins at byte %d", ErrCorrupt, at)
		}
		n := int64(binary.BigEndian.Uint32(block[10:]))
		size := headBytes + n*entryBytes + tailBytes
		if n == 0 || size > int64(len(block)) {
			return c, fmt.Errorf("%w: the block at byte %d does not hold the %d entries it should", ErrCorrupt, at, n)
		}
		block = block[:size]
		sum := binary.BigEndian.Uint32(block[size-tailBytes:])
		if sum != crc32.Checksum(block[:size-tailBytes], castagnoli()) {
			return c, fmt.Errorf("%w: the block at byte %d has a wrong checksum", ErrCorrupt, at)
		}
		made := int64(binary.BigEndian.Uint64(block[2:]))
		c.first, c.last = min(c.first, made), max(c.last, made)
		c.entries += int(n)
		at += int(size)
	}
	return c, nil
}
