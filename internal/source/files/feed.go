package files

import (
	"io"

	"trunkline/internal/collector"
)

// minRead is the least room a read is given, bytes: a chunk with less left is exchanged.
const minRead = 32 << 10

// feed cuts one stream into batches of records.
type feed struct {
	split  splitter
	memory *memory
	chunk  *chunk
	r, w   int   // chunk.buf[r:w] is read and not yet cut
	stated place // behind the last batch
	opener envelope
}

func newFeed(m *memory, from place, maxRecord int) *feed {
	return &feed{memory: m, split: splitter{max: maxRecord, off: from.offset, mode: from.mode}, stated: from}
}

// place is where the feed stands: behind the last record found.
func (f *feed) place() place {
	if f.split.open {
		return f.split.at
	}
	return place{f.split.off, f.split.mode}
}

// room returns memory to read into; read tells how much of it was filled.
func (f *feed) room() []byte {
	rest := f.w - f.r
	switch {
	case f.chunk == nil:
		f.chunk, f.r, f.w = f.memory.chunk(chunkSize), 0, 0
	case rest == 0 && len(f.chunk.buf) == chunkSize && f.chunk.held.Load() == 1:
		f.r, f.w = 0, 0
	case len(f.chunk.buf)-f.w < minRead:
		size := chunkSize
		if rest > chunkSize/2 {
			// More than double would be waste: past its limit a record is not kept.
			size = max(chunkSize, min(2*rest, rest+f.split.max+minRead))
		}
		c := f.memory.chunk(size)
		f.w = copy(c.buf, f.chunk.buf[f.r:f.w])
		f.r = 0
		f.memory.release(f.chunk)
		f.chunk = c
	}
	return f.chunk.buf[f.w:]
}

func (f *feed) read(n int) { f.w += n }

// fill reads until the chunk is full or the stream ends; n is what it got. err is the reader's.
func (f *feed) fill(r io.Reader) (n int, err error) {
	room := f.room()
	for n < len(room) && err == nil {
		var m int
		m, err = r.Read(room[n:])
		n += m
	}
	f.read(n)
	return n, err
}

// batch returns the records that are whole, nil when there are none.
func (f *feed) batch(e ending, s *stream, partition string) *collector.Batch {
	var b *batch
	for b == nil || len(b.Records) < maxRecords {
		var unread []byte
		if f.chunk != nil {
			unread = f.chunk.buf[f.r:f.w]
		}
		before := f.place()
		r, n, ok := f.split.next(unread, e)
		f.r += n
		if !ok {
			break
		}
		if b == nil {
			b = f.memory.batch()
			b.Partition, b.stream, b.begin = partition, s, before
		}
		b.at = append(b.at, r.at)
		b.Records = append(b.Records, f.opener.open(b, r, f.split.max))
	}
	if b == nil {
		return nil
	}
	b.end = f.place()
	f.stated = b.end
	if f.chunk != nil {
		b.chunk = f.chunk
		f.chunk.held.Add(1)
	}
	return &b.Batch
}

// marker returns a batch without records when the feed has moved since the last batch, to tell where it stands now.
func (f *feed) marker(s *stream, partition string) *collector.Batch {
	if f.place() == f.stated {
		return nil
	}
	b := f.memory.batch()
	b.Partition, b.stream, b.begin, b.end = partition, s, f.place(), f.place()
	f.stated = b.end
	return &b.Batch
}

// close gives the feed's memory back.
func (f *feed) close() {
	if f.chunk != nil {
		f.memory.release(f.chunk)
		f.chunk = nil
	}
}
