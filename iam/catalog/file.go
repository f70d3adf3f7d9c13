package catalog

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// The file is gzip of several members, so that zcat shows all of it: lines of fields separated by tabs. The first member is the index.
//
//	trunkline iam catalog 1
//	D  2026-09-26                                  the date of the facts
//	N  package  version  licence  of               a source
//	X  prefix  service                             keys with the prefix are declared by the service
//	B  compressed  inflated                        the next member: its size in bytes, before and after
//	S  prefix  offset  size  controlled  name      a service of that member, in order; controlled is 1 where RCPs reach it
//	T  name  offset  size                          a table of that member
//
// A member holds services (see parse.go) or tables (see internal/iamdata).
const header = "trunkline iam catalog 1\n"

// Bounds of a file: many times what there is today.
const (
	maxFile     = 8 << 20
	maxIndex    = 1 << 20
	maxBlock    = 1 << 20
	maxInflated = 4 << 20 // the blocks together
	maxServices = 4096
	maxPrefix   = 64
)

// entry is a service in the index.
type entry struct {
	catalog      *Catalog
	prefix, name string
	controlled   bool
	block        *block
	from, size   int // its part of the block's text

	once    sync.Once
	service *Service
}

// block is a member of the file that holds services.
type block struct {
	data string
	size int // inflated

	once sync.Once
	text string
	err  error
}

// load returns the service, parsed at first use.
func (e *entry) load() *Service {
	e.once.Do(func() {
		text, err := e.block.read()
		if err == nil {
			e.service, err = e.parse(text)
		}
		if err != nil {
			panic(fmt.Errorf("catalog: what was good is not: %w", err)) // Open has read all of it
		}
	})
	return e.service
}

func (e *entry) parse(block string) (*Service, error) {
	s, err := parseService(block[e.from:e.from+e.size], e.prefix)
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", e.prefix, err)
	}
	s.Name, s.ResourceControl, s.catalog = e.name, e.controlled, e.catalog
	return s, nil
}

// read returns the text, inflated at first use.
func (b *block) read() (string, error) {
	b.once.Do(func() { b.text, b.err = b.inflate() })
	return b.text, b.err
}

func (b *block) inflate() (string, error) {
	text, _, err := inflate(b.data, b.size)
	if err == nil && len(text) != b.size {
		err = fmt.Errorf("%d bytes, want %d", len(text), b.size)
	}
	return text, err
}

// inflate reads the gzip member that data begins with, of at most limit bytes, and returns its text and what follows the member.
func inflate(data string, limit int) (text, rest string, err error) {
	r := strings.NewReader(data)
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", "", fmt.Errorf("not gzip: %w", err)
	}
	z.Multistream(false)
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(z, int64(limit)+1))
	switch {
	case err != nil:
		return "", "", fmt.Errorf("inflate: %w", err)
	case n > int64(limit):
		return "", "", fmt.Errorf("more than %d bytes in a block", limit)
	}
	return b.String(), data[len(data)-r.Len():], nil
}

// verify reads every block and service once and keeps none.
func (c *Catalog) verify() error {
	if err := printable(c.index); err != nil {
		return err
	}
	text, last := "", (*block)(nil)
	for i := range c.entries {
		e := &c.entries[i]
		if e.block != last {
			var err error
			if text, err = e.block.inflate(); err != nil {
				return fmt.Errorf("block of service %s: %w", e.prefix, err)
			}
			if err := printable(text); err != nil {
				return fmt.Errorf("block of service %s: %w", e.prefix, err)
			}
			last = e.block
		}
		if _, err := e.parse(text); err != nil {
			return err
		}
	}
	for _, t := range []*table{&c.dependents, &c.jobs, &c.operations} {
		if t.block == nil {
			continue
		}
		text, err := t.block.read()
		if err == nil {
			err = printable(text)
		}
		if err != nil {
			return fmt.Errorf("block of tables: %w", err)
		}
	}
	_, err := c.parseTables()
	return err
}

// printable refuses text that could steer a terminal: names are printed.
func printable(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("text is not UTF-8")
	}
	for i, c := range text {
		if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
			return fmt.Errorf("unprintable character at byte %d", i)
		}
	}
	return nil
}

func readIndex(data string) (*Catalog, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%d bytes, more than %d", len(data), maxFile)
	}
	text, rest, err := inflate(data, maxIndex)
	if err != nil {
		return nil, err
	}
	lines, ok := strings.CutPrefix(text, header)
	if !ok {
		return nil, fmt.Errorf("does not begin with %q", strings.TrimSpace(header))
	}
	c := &Catalog{index: text}
	// Entries and blocks are pointed to: count first.
	services, blocks := strings.Count(text, "\nS\t"), strings.Count(text, "\nB\t")
	if services == 0 || services > maxServices || blocks > services+1 {
		return nil, fmt.Errorf("%d services in %d blocks", services, blocks)
	}
	c.entries, c.prefixes, c.blocks = make([]entry, 0, services), make([]string, 0, services), make([]block, 0, blocks)
	number, inflated := 1, 0 // the header was line 1
	for line := range strings.Lines(lines) {
		number++
		f := fields{rest: strings.TrimSuffix(line, "\n")}
		if rest, inflated, err = c.indexLine(&f, rest, inflated); err != nil {
			return nil, fmt.Errorf("index, line %d: %w", number, err)
		}
	}
	if rest != "" {
		return nil, fmt.Errorf("%d bytes after the last block", len(rest))
	}
	if c.date.IsZero() {
		return nil, errors.New("index: no date")
	}
	return c, nil
}

// indexLine takes one line in. It returns what is left of the file behind the blocks so far, and their size when inflated.
func (c *Catalog) indexLine(f *fields, rest string, inflated int) (string, int, error) {
	var err error
	switch kind := f.next(); kind {
	case "D":
		if c.date, err = time.Parse(time.DateOnly, f.next()); err != nil {
			return "", 0, errors.New("date is not of the form 2006-01-02")
		}
	case "N":
		c.sources = append(c.sources, Source{Package: f.next(), Version: f.next(), Licence: f.next(), Of: f.next()})
	case "X":
		c.aliases = append(c.aliases, alias{f.next(), f.next()})
	case "B":
		compressed, size := f.number(maxFile), f.number(maxBlock)
		inflated += size
		if f.bad || compressed > len(rest) || inflated > maxInflated {
			return "", 0, errors.New("sizes of the block are wrong")
		}
		c.blocks = c.blocks[:len(c.blocks)+1]
		b := &c.blocks[len(c.blocks)-1]
		b.data, b.size = rest[:compressed], size
		rest = rest[compressed:]
	case "S":
		if len(c.blocks) == 0 {
			return "", 0, errors.New("service of no block")
		}
		c.entries = c.entries[:len(c.entries)+1]
		e := &c.entries[len(c.entries)-1]
		e.catalog, e.prefix, e.from, e.size, e.controlled, e.name = c, f.next(), f.number(maxBlock), f.number(maxBlock), f.next() == "1", f.next()
		e.block = &c.blocks[len(c.blocks)-1]
		switch n := len(c.prefixes); {
		case f.bad || e.prefix == "" || len(e.prefix) > maxPrefix || e.from+e.size > e.block.size:
			return "", 0, fmt.Errorf("service %s is not inside its block", e.prefix)
		case n > 0 && compareFold(c.prefixes[n-1], e.prefix) >= 0:
			return "", 0, fmt.Errorf("service %s is out of order", e.prefix)
		}
		c.prefixes = append(c.prefixes, e.prefix)
	case "T":
		if len(c.blocks) == 0 {
			return "", 0, errors.New("table of no block")
		}
		name, t := f.next(), table{&c.blocks[len(c.blocks)-1], f.number(maxBlock), f.number(maxBlock)}
		if f.bad || t.from+t.size > t.block.size {
			return "", 0, fmt.Errorf("table %s is not inside its block", name)
		}
		switch name {
		case "dependents":
			c.dependents = t
		case "jobs":
			c.jobs = t
		case "operations":
			c.operations = t
		} // a table of a later version is none of ours
	default:
		return "", 0, fmt.Errorf("kind %q is not known", kind)
	}
	return rest, inflated, nil
}

// fields walks along a line.
type fields struct {
	rest string
	bad  bool // something was no number, or out of bounds
}

// next is the next field; none reads as empty.
func (f *fields) next() (field string) {
	field, f.rest, _ = strings.Cut(f.rest, "\t")
	return field
}

// number is the next field as a number from 0 to limit.
func (f *fields) number(limit int) int {
	n, err := strconv.Atoi(f.next())
	if err != nil || n < 0 || n > limit {
		f.bad = true
		return 0
	}
	return n
}
