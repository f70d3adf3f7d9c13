package dedupe

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// version makes a version from small numbers.
func version(id byte, at int64, content byte) Version {
	return Version{ID: [16]byte{id}, Time: at, Content: [16]byte{content}}
}

func TestVerdicts(t *testing.T) {
	type step struct {
		v    Version
		want Verdict
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"first, again, newer, older", []step{
			{version(1, 10, 1), Deliver},
			{version(1, 10, 1), Duplicate},
			{version(1, 20, 2), Deliver},
			{version(1, 15, 3), Superseded},
			{version(1, 10, 9), Superseded},
		}},
		{"a stream read again gives duplicates", []step{
			{version(1, 10, 1), Deliver},
			{version(1, 20, 2), Deliver},
			{version(1, 10, 1), Duplicate},
			{version(1, 20, 2), Duplicate},
		}},
		{"ties: A, B, A, B, C", []step{
			{version(1, 10, 'A'), Deliver},
			{version(1, 10, 'B'), Deliver},
			{version(1, 10, 'A'), Duplicate},
			{version(1, 10, 'B'), Duplicate},
			{version(1, 10, 'C'), Deliver},
		}},
		{"same content at a newer time is a new version", []step{
			{version(1, 10, 1), Deliver},
			{version(1, 11, 1), Deliver},
		}},
		{"without a time only the content decides", []step{
			{version(1, NoTime, 1), Deliver},
			{version(1, NoTime, 2), Deliver},
			{version(1, NoTime, 1), Duplicate},
			{version(1, -5, 1), Deliver},
			{version(1, NoTime, 2), Duplicate},
			{version(1, NoTime, 3), Deliver},
			{version(1, -6, 4), Superseded},
		}},
		{"IDs do not mix", []step{
			{version(1, 10, 1), Deliver},
			{version(2, 9, 1), Deliver},
			{version(2, 10, 1), Deliver},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := New(Options{})
			for i, s := range c.steps {
				if got := w.Check(s.v); got != s.want {
					t.Fatalf("step %d: Check(%v) = %v, want %v", i, s.v, got, s.want)
				}
				w.Add(s.v, epoch)
			}
		})
	}
}

// TestForcedVersionIsLeftOut: what was sent again by force enters the window only where it is news.
func TestForcedVersionIsLeftOut(t *testing.T) {
	w := New(Options{})
	w.Add(version(1, 20, 1), epoch)
	w.Add(version(1, 10, 2), epoch)
	w.Add(version(1, 20, 1), epoch)
	if got := w.Len(); got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
	if got := w.Check(version(1, 10, 2)); got != Superseded {
		t.Errorf("got %v, want %v", got, Superseded)
	}
}

func TestManyVersionsOfOneContactStayCheap(t *testing.T) {
	const n = 200_000
	w := New(Options{})
	begin := time.Now()
	for i := range int64(n) {
		w.Add(version(1, i, byte(i)), epoch)
	}
	for i := range int64(n) {
		if got := w.Check(version(1, i, byte(i))); got != Duplicate {
			t.Fatalf("version %d: got %v, want %v", i, got, Duplicate)
		}
	}
	// A chain through the versions of an ID would take minutes.
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTakeOffersAgainUntilConfirmed(t *testing.T) {
	w := New(Options{})
	w.Add(version(1, 1, 1), epoch)
	first := len(w.Take(epoch).Append)
	w.Add(version(2, 1, 1), epoch)
	again := w.Take(epoch)
	if got, want := len(again.Append), first+entryBytes; got != want {
		t.Errorf("after an unconfirmed take %d bytes, want %d: both entries", got, want)
	}
	w.Confirm()
	if got := w.Take(epoch); got.Append != nil || got.Drop != 0 {
		t.Errorf("after Confirm got %+v, want nothing", got)
	}
	w.Confirm()
	w.Add(version(3, 1, 1), epoch)
	if got := w.Take(epoch); !got.Extend {
		t.Errorf("a small chunk is not extended: %+v", got)
	}
}

// TestChunksStayFew: a commit for each record does not make a chunk for each record, and a chunk does not grow for ever.
func TestChunksStayFew(t *testing.T) {
	w := New(Options{Length: 320 * time.Hour})
	chunks, now := 0, epoch
	commit := func() {
		c := w.Take(now)
		w.Confirm()
		if c.Append != nil && !c.Extend {
			chunks++
		}
	}
	for i := range int64(10_000) {
		w.Add(version(1, i, 0), now)
		commit()
	}
	if chunks < 100 || chunks > 200 {
		t.Errorf("10,000 commits made %d chunks, want about 10,000 × 58 bytes / 4 KiB", chunks)
	}
	chunks = 0
	for i := range int64(20) {
		now = now.Add(11 * time.Hour)
		w.Add(version(2, i, 0), now)
		commit()
	}
	if chunks != 20 {
		t.Errorf("20 versions, each a 29th of the window apart, made %d chunks, want 20", chunks)
	}
}

func TestSizeBound(t *testing.T) {
	w := New(Options{Max: 100})
	for i := range int64(1000) {
		w.Add(Version{ID: [16]byte{byte(i), byte(i >> 8)}, Time: 1}, epoch)
		if i%25 == 24 {
			w.Take(epoch)
			w.Confirm()
		}
	}
	w.Take(epoch)
	w.Confirm()
	if w.Len() > 100 || w.Evicted() < 900 || w.Len()+int(w.Evicted()) != 1000 {
		t.Errorf("%d entries and %d evicted, want at most 100 and the rest", w.Len(), w.Evicted())
	}
	if got := w.Check(Version{ID: [16]byte{byte(999 & 0xff), byte(999 >> 8)}, Time: 1}); got != Duplicate {
		t.Errorf("the newest entry: got %v, want %v", got, Duplicate)
	}
	if got := w.Check(Version{Time: 1}); got != Deliver {
		t.Errorf("the oldest entry: got %v, want %v", got, Deliver)
	}
}

// TestPositionsGoRound lets the positions pass their 24 bits.
func TestPositionsGoRound(t *testing.T) {
	w := New(Options{Max: 3 * pageSize})
	start := pos(posMask+1) - 5*pageSize
	w.head, w.durable, w.tail, w.linked = start, start, start, start
	for i := range uint64(10 * pageSize) {
		w.Add(numbered(i), epoch)
		if i%1000 == 999 {
			w.Take(epoch)
			w.Confirm()
		}
	}
	if w.tail >= start {
		t.Fatal("the positions did not go round")
	}
	for i := range uint64(10 * pageSize) {
		want := Deliver
		if i >= 10*pageSize-uint64(w.Len()) {
			want = Duplicate
		}
		if got := w.Check(numbered(i)); got != want {
			t.Fatalf("version %d of %d, window of %d: got %v, want %v", i, 10*pageSize, w.Len(), got, want)
		}
	}
}

// numbered is a version as real ones are: hashes all over.
func numbered(i uint64) (v Version) {
	r := rand.NewPCG(i, 1)
	binary.LittleEndian.PutUint64(v.ID[:], r.Uint64())
	binary.LittleEndian.PutUint64(v.ID[8:], r.Uint64())
	binary.LittleEndian.PutUint64(v.Content[:], r.Uint64())
	v.Time = epoch.UnixMicro() + int64(i)
	return v
}

func BenchmarkCheckAdd(b *testing.B) {
	w := New(Options{})
	for i := range uint64(DefaultMax) {
		w.Add(numbered(i), epoch)
	}
	w.Take(epoch)
	w.Confirm()
	i := uint64(DefaultMax)
	b.ReportAllocs()
	for b.Loop() {
		v := numbered(i)
		i++
		if w.Check(v) == Deliver {
			w.Add(v, epoch)
		}
		if i%10_000 == 0 {
			w.Take(epoch)
			w.Confirm()
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	const n = 1_000_000
	w := New(Options{})
	var chunks [][]byte
	for i := range uint64(n) {
		w.Add(numbered(i), epoch)
		if i%1000 == 999 {
			chunks = append(chunks, append([]byte(nil), w.Take(epoch).Append...))
			w.Confirm()
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		w := New(Options{})
		for _, c := range chunks {
			if err := w.Load(c); err != nil {
				b.Fatal(err)
			}
		}
		w.link()
		b.ReportMetric(float64(4*len(w.index.slots)+len(w.log.pages)*8+(n/pageSize+1)*pageSize*entryBytes)/n, "B/entry")
	}
}
