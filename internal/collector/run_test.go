package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/collector/dedupe"
)

// tape is a source of records in one partition, read in batches of random size from a committed position on.
type tape struct {
	records [][]byte
	next    int
	random  *rand.Rand
	open    int // batches not released
	mu      sync.Mutex
	block   bool // wait at the end instead of ending
}

type span int // positions count records

func (s span) At(i int) string    { return strconv.Itoa(int(s) + i) }
func (s span) Place(i int) string { return strconv.Itoa(int(s) + i) }
func (s span) After(i int) string { return strconv.Itoa(int(s) + i + 1) }

func (s *tape) Read(ctx context.Context) (*Batch, error) {
	if s.next == len(s.records) {
		if s.block {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return nil, io.EOF
	}
	n := min(s.random.IntN(7), len(s.records)-s.next)
	b := &Batch{Partition: "tape", Positions: span(s.next)}
	for _, r := range s.records[s.next : s.next+n] {
		b.Records = append(b.Records, Input{Data: bytes.Clone(r)})
	}
	s.next += n
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	b.Release = func() {
		for _, r := range b.Records {
			for i := range r.Data {
				r.Data[i] = '#' // nobody may look at it any more
			}
		}
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}
	return b, nil
}

func (s *tape) Close() error { return nil }

// receiver is a destination that is slow, refuses some records and, after a number of calls, fails.
type receiver struct {
	mu     sync.Mutex
	random *rand.Rand
	got    []Outgoing
	calls  int
	fail   int // the call that fails
	busy   map[string]bool
	fault  string
}

var errDown = errors.New("the receiver is gone")

func (d *receiver) Deliver(ctx context.Context, batch []*Outgoing) error {
	d.mu.Lock()
	d.calls++
	down := d.calls == d.fail
	wait := time.Duration(d.random.IntN(3)) * time.Millisecond
	for _, o := range batch {
		id := contactOf(o.Body)
		if d.busy[id] && len(batch) == 1 {
			d.fault = "two records of " + id + " at once"
		}
		d.busy[id] = true
	}
	d.mu.Unlock()
	time.Sleep(wait)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, o := range batch {
		delete(d.busy, contactOf(o.Body))
		if down && i == len(batch)/2 {
			return errDown
		}
		if o.Attempts++; bytes.Contains(o.Body, []byte(`"refuse"`)) {
			o.Refused = errors.New("status 400")
			continue
		}
		d.got = append(d.got, Outgoing{Body: bytes.Clone(o.Body), Key: o.Key})
	}
	return ctx.Err()
}

func (d *receiver) Close() error { return nil }

func contactOf(body []byte) string {
	_, after, _ := bytes.Cut(body, []byte(`"ContactId":"`))
	id, _, _ := bytes.Cut(after, []byte(`"`))
	return string(id)
}

// memory is a journal whose commits survive a crash of the collector.
type memory struct {
	mu       sync.Mutex
	window   *dedupe.Window
	letters  []Letter
	position string
	counts   Counts
	durable  struct {
		chunks  map[uint64][]byte
		letters []Letter
	}
	broken error
}

func newMemory() *memory { return &memory{window: dedupe.New(dedupe.Options{})} }

func (m *memory) DeadLetter(l Letter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l.Record = bytes.Clone(l.Record)
	m.letters = append(m.letters, l)
	return m.broken
}

func (m *memory) Seen(v dedupe.Version) dedupe.Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.window.Check(v)
}

func (m *memory) Watching() bool { return true }

func (m *memory) Delivered(v dedupe.Version) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.window.Add(v, time.Now())
}

func (m *memory) Commit(s Settlement, flush func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := flush(); err != nil {
		return err
	}
	if p, ok := s.Positions["tape"]; ok {
		if before, _ := strconv.Atoi(m.position); before > 0 {
			if now, _ := strconv.Atoi(p); now < before {
				return fmt.Errorf("position went back from %d to %d", before, now)
			}
		}
		m.position = p
	}
	for o, n := range s.Counts {
		m.counts[o] += n
	}
	m.durable.letters = slices.Clone(m.letters)
	return m.broken
}

func record(contact string, second int, note string) []byte {
	return fmt.Appendf(nil, `{"AWSContactTraceRecordFormatVersion":"1","ContactId":%q,"LastUpdateTimestamp":"2026-11-22T10:%02d:%02dZ","note":%q}`, contact, second/60%60, second%60, note)
}

func stages() []Stage {
	return []Stage{{"filter", func() func(*Record) error {
		return func(r *Record) error {
			if r.Document().TextIs(r.Document().Lookup("note"), "filter") {
				return ErrFiltered
			}
			return nil
		}
	}}, {"redact", func() func(*Record) error {
		return func(r *Record) error {
			if r.Document().TextIs(r.Document().Lookup("note"), "fail") {
				return errors.New("cannot redact")
			}
			return nil
		}
	}}}
}

// TestEveryRecordIsSettledOnce runs random streams through random collectors whose destination fails now and then, starting
// again from the committed position, and takes stock.
func TestEveryRecordIsSettledOnce(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var stream [][]byte
			latest := map[string]int{}
			for range 300 {
				id := fmt.Sprint("c-", random.IntN(40))
				latest[id]++
				note := []string{"", "", "", "", "", "filter", "fail", "refuse"}[random.IntN(8)]
				r := record(id, latest[id], note)
				if random.IntN(12) == 0 {
					r = []byte(`{"broken":`)
				}
				stream = append(stream, r)
			}
			journal := newMemory()
			var deliveries []Outgoing
			var total Counts
			for attempt := 0; ; attempt++ {
				if attempt == 100 {
					t.Fatal("no end after 100 starts")
				}
				start, _ := strconv.Atoi(journal.position)
				source := &tape{records: stream, next: start, random: random}
				dest := &receiver{random: rand.New(rand.NewPCG(seed, uint64(attempt))), fail: 20 + random.IntN(60), busy: map[string]bool{}}
				journal.letters = slices.Clone(journal.durable.letters)
				c := New(Options{
					Source: source, Stages: stages(), Destination: dest, Journal: journal, Keys: DeriveKeys([]byte("secret")), Keyed: true,
					Concurrency: 1 + int(seed%3)*4, Group: 1 + int(seed%2)*3, Workers: 1 + int(seed%4), InFlight: 1 << 12, Commit: time.Millisecond,
				})
				err := c.Run(t.Context())
				if dest.fault != "" && c.o.Group == 1 {
					t.Fatal(dest.fault)
				}
				deliveries = append(deliveries, dest.got...)
				if err == nil {
					if source.open != 0 {
						t.Errorf("%d batches were not released", source.open)
					}
					total = journal.counts
					break
				}
				if !errors.Is(err, errDown) {
					t.Fatal(err)
				}
			}
			if journal.position != strconv.Itoa(len(stream)) {
				t.Errorf("position %s at the end, want %d", journal.position, len(stream))
			}
			takeStock(t, stream, deliveries, journal.letters, total)
		})
	}
}

func takeStock(t *testing.T, stream [][]byte, deliveries []Outgoing, letters []Letter, counts Counts) {
	t.Helper()
	if got := counts.Total(); got != int64(len(stream)) {
		t.Errorf("%d records settled (%v), want %d", got, counts, len(stream))
	}
	keys, last := map[string]string{}, map[string]string{}
	for _, d := range deliveries {
		if bytes.Contains(d.Body, []byte("#")) {
			t.Fatalf("delivered from memory that was given back: %s", d.Body)
		}
		if before, again := keys[string(d.Body)]; again {
			if before != d.Key {
				t.Errorf("delivered under the keys %s and %s: %s", before, d.Key, d.Body)
			}
			continue
		}
		keys[string(d.Body)] = d.Key
		id := contactOf(d.Body)
		if string(d.Body) < last[id] { // versions of a contact sort by their text
			t.Errorf("out of order: %s after %s", d.Body, last[id])
		}
		last[id] = string(d.Body)
	}
	lettered := map[string]string{}
	for _, l := range letters {
		lettered[string(l.Record)] = l.Stage
	}
	for _, r := range stream {
		text := string(r)
		_, delivered := keys[text]
		want := ""
		switch {
		case strings.Contains(text, "broken"):
			want = "decode"
		case strings.Contains(text, `"fail"`):
			want = "redact"
		case strings.Contains(text, `"refuse"`):
			want = "deliver"
		}
		if wantDelivered := want == "" && !strings.Contains(text, `"filter"`); delivered != wantDelivered {
			t.Errorf("delivered %v, want %v: %s", delivered, wantDelivered, text)
		}
		if lettered[text] != want {
			t.Errorf("dead-lettered by %q, want %q: %s", lettered[text], want, text)
		}
	}
}

func TestDeduplicate(t *testing.T) {
	for _, concurrency := range []int{1, 8} {
		for _, group := range []int{1, 16} {
			stream := [][]byte{
				record("a", 1, ""), record("a", 1, ""), // the same again
				record("b", 5, ""), record("b", 4, ""), // an older one
				record("c", 1, "x"), record("c", 1, "y"), record("c", 1, "x"), // a tie, and its first content again
				record("d", 1, "refuse"), record("d", 1, "refuse"), // never delivered, so never a duplicate
				record("e", 1, ""), record("e", 2, ""),
			}
			dest := &receiver{random: rand.New(rand.NewPCG(1, 1)), busy: map[string]bool{}}
			journal := newMemory()
			c := New(Options{
				Source: &tape{records: stream, random: rand.New(rand.NewPCG(2, 2))}, Destination: dest, Journal: journal, Keys: DeriveKeys([]byte("secret")),
				Deduplicate: true, Concurrency: concurrency, Group: group, Workers: 2,
			})
			if err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := Counts{Delivered: 6, Duplicate: 2, Superseded: 1, DeadLetter: 2}
			if journal.counts != want {
				t.Errorf("concurrency %d, group %d: got %v, want %v", concurrency, group, journal.counts, want)
			}
		}
	}
}

// TestPausedDestination: a destination that takes nothing stops the reading, and a stop lets go after the grace period.
func TestPausedDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stream [][]byte
		for i := range 10_000 {
			stream = append(stream, record(fmt.Sprint("c-", i), 1, ""))
		}
		source := &tape{records: stream, random: rand.New(rand.NewPCG(1, 1))}
		journal := newMemory()
		c := New(Options{Source: source, Destination: stuck{}, Journal: journal, Keys: DeriveKeys([]byte("s")), Concurrency: 4, Workers: 2, InFlight: 20_000, Grace: 5 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, n := c.Counts(); n == 0 || n > 200 {
			t.Errorf("%d records in flight while the destination takes none; 20,000 bytes may be", n)
		}
		stopped := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("a stopped run returned %v", err)
		}
		if took := time.Since(stopped); took != 5*time.Second {
			t.Errorf("stopping took %v, want the grace period", took)
		}
		if source.next > 300 {
			t.Errorf("%d records read while the destination takes none", source.next)
		}
		if journal.position != "" || journal.counts.Total() != 0 {
			t.Errorf("position %q and counts %v, want nothing settled", journal.position, journal.counts)
		}
	})
}

type stuck struct{}

func (stuck) Deliver(ctx context.Context, _ []*Outgoing) error { <-ctx.Done(); return ctx.Err() }
func (stuck) Close() error                                     { return nil }

// TestStopDrains: what has been read when ctx ends is still delivered.
func TestStopDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := [][]byte{record("a", 1, ""), record("b", 1, ""), record("c", 1, "")}
		source := &tape{records: stream, random: rand.New(rand.NewPCG(1, 1)), block: true}
		dest := &receiver{random: rand.New(rand.NewPCG(1, 1)), busy: map[string]bool{}}
		journal := newMemory()
		c := New(Options{Source: source, Destination: dest, Journal: journal, Keys: DeriveKeys([]byte("s"))})
		ctx, cancel := context.WithCancel(t.Context())
		context.AfterFunc(ctx, func() {})
		go func() { time.Sleep(time.Second); cancel() }()
		if err := c.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(dest.got) != 3 || journal.position != "3" {
			t.Errorf("%d delivered, position %q; want all three and 3", len(dest.got), journal.position)
		}
	})
}

func TestBrokenJournalEndsTheRun(t *testing.T) {
	journal := newMemory()
	journal.broken = errors.New("no space left on device")
	for _, note := range []string{"", "fail"} {
		c := New(Options{
			Source: &tape{records: [][]byte{record("a", 1, note)}, random: rand.New(rand.NewPCG(1, 1))}, Stages: stages(), Journal: journal, Keys: DeriveKeys([]byte("s")),
			Destination: &receiver{random: rand.New(rand.NewPCG(1, 1)), busy: map[string]bool{}},
		})
		if err := c.Run(t.Context()); !errors.Is(err, journal.broken) {
			t.Errorf("note %q: got %v, want the journal's error", note, err)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	key := func(secret string, text []byte) string {
		p := New(Options{Keys: DeriveKeys([]byte(secret)), Keyed: true}).preparer()
		it := item{job: &job{}}
		p.item(&it, &Input{Data: text})
		if len(it.out.Key) != 22 {
			t.Fatalf("key %q of %s: want 22 characters, 16 bytes in base64url (%v)", it.out.Key, text, it.err)
		}
		return it.out.Key
	}
	a := record("a", 1, "")
	if again := bytes.Clone(a); key("s", a) != key("s", again) {
		t.Error("the same record gives two keys")
	}
	for _, other := range [][]byte{record("a", 2, ""), record("b", 1, ""), record("a", 1, "x"), append([]byte(" "), a...)} {
		if key("s", a) == key("s", other) {
			t.Errorf("%s and %s share a key", a, other)
		}
	}
	if key("s", a) == key("t", a) {
		t.Error("another secret gives the same key")
	}
}
