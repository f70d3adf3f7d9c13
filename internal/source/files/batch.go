package files

import (
	"strconv"
	"sync/atomic"

	"trunkline/internal/collector"
)

const (
	chunkSize  = 256 << 10 // bytes read at once
	keepChunks = 8         // unused chunks kept for the next reads
	maxRecords = 4096      // records of a batch
)

// chunk is a piece of a stream in memory. The feed that fills it and the batches whose records lie in it hold it together; the last
// one gives it back.
type chunk struct {
	buf  []byte
	held atomic.Int32
}

// memory keeps chunks and batches that are no longer used. It is safe for concurrent use.
type memory struct {
	chunks  chan *chunk
	batches chan *batch
}

func newMemory() *memory {
	return &memory{make(chan *chunk, keepChunks), make(chan *batch, keepChunks)}
}

// chunk returns one with room for size bytes, held once.
func (m *memory) chunk(size int) *chunk {
	if size > chunkSize {
		c := &chunk{buf: make([]byte, size)}
		c.held.Store(1)
		return c
	}
	var c *chunk
	select {
	case c = <-m.chunks:
	default:
		c = &chunk{buf: make([]byte, chunkSize)}
	}
	c.held.Store(1)
	return c
}

func (m *memory) release(c *chunk) {
	if c.held.Add(-1) > 0 || len(c.buf) != chunkSize {
		return
	}
	select {
	case m.chunks <- c:
	default:
	}
}

// batch is a collector.Batch with what it needs to tell positions. It is used again after Release.
type batch struct {
	collector.Batch
	memory *memory
	chunk  *chunk
	stream *stream
	begin  place // before the first record, separators included
	end    place // behind the last one
	at     []place
	meta   []collector.Meta // of all records
	arena  []byte           // records that were base64
}

func (m *memory) batch() *batch {
	select {
	case b := <-m.batches:
		return b
	default:
		b := &batch{memory: m}
		b.Positions, b.Release = b, b.release
		return b
	}
}

// keepArena is how much memory for decoded records a batch keeps for the next.
const keepArena = 1 << 20

func (b *batch) release() {
	c := b.chunk
	b.chunk, b.stream = nil, nil
	clear(b.Records)
	b.Records, b.at, b.meta, b.arena = b.Records[:0], b.at[:0], b.meta[:0], b.arena[:0]
	if cap(b.arena) > keepArena {
		b.arena = nil
	}
	if c != nil {
		b.memory.release(c)
	}
	select {
	case b.memory.batches <- b:
	default:
	}
}

// At implements collector.Positions.
func (b *batch) At(i int) string { return position{b.at[i], *b.stream}.String() }

// Place implements collector.Positions: what At says but for the file's name and first bytes, which change as files are renamed and
// grow.
func (b *batch) Place(i int) string { return strconv.FormatInt(b.at[i].offset, 10) }

// After implements collector.Positions.
func (b *batch) After(i int) string {
	p := b.end
	switch {
	case i < 0:
		p = b.begin
	case i+1 < len(b.at):
		p = b.at[i+1]
	}
	return position{p, *b.stream}.String()
}
