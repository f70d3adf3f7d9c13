package dedupe

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is the window in its plainest form: what was delivered, in order, in chunks.
type model struct {
	length time.Duration
	max    int
	chunks []modelChunk
	fresh  []Version
	last   time.Time
}

type modelChunk struct {
	data    []byte
	entries []Version
	last    time.Time
}

func (m *model) live() (all []Version) {
	for _, c := range m.chunks {
		all = append(all, c.entries...)
	}
	return append(all, m.fresh...)
}

func (m *model) check(v Version) Verdict {
	verdict := Deliver
	for _, e := range m.live() {
		if e == v {
			return Duplicate
		}
		if e.ID == v.ID && e.Time != NoTime && v.Time != NoTime && e.Time > v.Time {
			verdict = Superseded
		}
	}
	return verdict
}

func (m *model) expire(now time.Time) (dropped int) {
	for len(m.chunks) > 0 && (m.chunks[0].last.Before(now.Add(-m.length)) || len(m.live()) > m.max) {
		m.chunks = m.chunks[1:]
		dropped++
	}
	return dropped
}

// TestAgainstModel drives a window and the model through the same life: versions, commits that succeed or fail, time, restarts.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		options := Options{
			Length: time.Duration(rapid.IntRange(1, 1000).Draw(t, "length")) * time.Minute,
			Max:    rapid.IntRange(1, 300).Draw(t, "max"),
		}
		w := New(options)
		m := &model{length: options.Length, max: options.Max}
		now := epoch
		behind := 0 // chunks that the model has dropped and the log perhaps not
		draw := func(t *rapid.T) Version {
			at := rapid.Int64Range(0, 8).Draw(t, "time")
			if at == 0 {
				at = NoTime
			}
			return version(rapid.Byte().Draw(t, "id")%20, at, rapid.Byte().Draw(t, "content")%3)
		}
		deliver := func(t *rapid.T) {
			v := draw(t)
			got, want := w.Check(v), m.check(v)
			if got != want {
				t.Fatalf("Check(%v) = %v, want %v; live: %v", v, got, want, m.live())
			}
			if want == Deliver {
				m.fresh = append(m.fresh, v)
				m.last = now
			}
			w.Add(v, now) // also where the verdict was to drop: that must change nothing
		}
		t.Repeat(map[string]func(*rapid.T){
			"deliver": deliver,
			"deliver many": func(t *rapid.T) {
				for range rapid.IntRange(1, 120).Draw(t, "n") {
					deliver(t)
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute)
			},
			"commit": func(t *rapid.T) {
				behind += m.expire(now)
				change := w.Take(now)
				if change.Drop != behind {
					t.Fatalf("Take drops %d chunks, want %d", change.Drop, behind)
				}
				if (change.Append == nil) != (len(m.fresh) == 0) {
					t.Fatalf("Take appends %d bytes for %d new entries", len(change.Append), len(m.fresh))
				}
				data, taken, last := bytes.Clone(change.Append), len(m.fresh), m.last
				for range rapid.IntRange(0, 2).Draw(t, "meanwhile") {
					deliver(t)
				}
				if rapid.IntRange(0, 3).Draw(t, "fail") == 0 {
					return
				}
				w.Confirm()
				behind = 0
				if taken == 0 {
					return
				}
				settled := slices.Clone(m.fresh[:taken])
				m.fresh = slices.Clone(m.fresh[taken:])
				if change.Extend {
					c := &m.chunks[len(m.chunks)-1]
					c.data = append(c.data, data...)
					c.entries = append(c.entries, settled...)
					c.last = last
				} else {
					m.chunks = append(m.chunks, modelChunk{data, settled, last})
				}
			},
			"restart": func(t *rapid.T) {
				if behind > 0 {
					return // the log still has what the model dropped
				}
				w = New(options)
				for _, c := range m.chunks {
					if err := w.Load(c.data); err != nil {
						t.Fatal(err)
					}
				}
				m.fresh = nil
			},
			"": func(t *rapid.T) {
				if got, want := w.Len(), len(m.live()); got != want {
					t.Fatalf("Len() = %d, want %d", got, want)
				}
				if w.link(); w.index.used != w.Len() {
					t.Fatalf("%d slots for %d entries", w.index.used, w.Len())
				}
			},
		})
	})
}

func TestLoadRefuses(t *testing.T) {
	w := New(Options{})
	w.Add(version(1, 1, 1), epoch)
	good := bytes.Clone(w.Take(epoch).Append)
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"something else", []byte("not a chunk at all, but long enough to be one of them, surely it is")},
		{"a cut block", good[:len(good)-1]},
		{"a flipped mark", flip(0)},
		{"a flipped time", flip(5)},
		{"a flipped count", flip(10)},
		{"a count of none", append(append([]byte(nil), good[:10]...), make([]byte, 100)...)},
		{"a flipped entry", flip(30)},
		{"a flipped checksum", flip(len(good) - 1)},
		{"rubbish behind a block", append(bytes.Clone(good), 'x')},
	} {
		w := New(Options{})
		if err := w.Load(c.data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", c.name, err)
		}
		if w.Len() != 0 {
			t.Errorf("%s: %d entries were loaded", c.name, w.Len())
		}
	}
}

// FuzzLoad: a chunk loads and says the same when written again, or is refused and changes nothing.
func FuzzLoad(f *testing.F) {
	w := New(Options{})
	w.Add(version(1, 1, 1), epoch)
	one := bytes.Clone(w.Take(epoch).Append)
	w.Add(version(1, 2, 1), epoch)
	w.Add(version(2, NoTime, 1), epoch)
	three := bytes.Clone(w.Take(epoch).Append)
	f.Add(one)
	f.Add(append(bytes.Clone(one), three...))
	f.Add(three[:50])
	f.Fuzz(func(t *testing.T, data []byte) {
		w := New(Options{})
		if err := w.Load(data); err != nil {
			if w.Len() != 0 || !errors.Is(err, ErrCorrupt) {
				t.Fatalf("refused with %v, and %d entries loaded", err, w.Len())
			}
			return
		}
		w.durable = w.head
		again := New(Options{})
		if err := again.Load(w.Take(time.Time{}).Append); err != nil {
			t.Fatal(err)
		}
		if got, want := again.Len(), w.Len(); got != want {
			t.Fatalf("%d entries after writing again, want %d", got, want)
		}
		for p := w.head; p != w.tail; p = (p + 1) & posMask {
			if got := again.Check(*w.log.at(p)); got != Duplicate {
				t.Fatalf("entry %d: got %v, want %v", p, got, Duplicate)
			}
		}
	})
}
