package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector"
	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
	"trunkline/internal/source/kinesis/shards"
)

// reading is a source that is read, and what came of it.
type reading struct {
	t      *testing.T
	source *Source
	log    *logged
	stop   context.CancelFunc
	once   sync.Once
	done   chan struct{}

	mu    sync.Mutex
	got   []string         // the records' texts
	from  []string         // and their shards
	under []collector.Hold // and tenures
	hold  bool             // settle nothing
	kept  []*collector.Batch
	held  int // bytes of batches that are not settled
	most  int
}

// logged keeps a log.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var oldest = shards.Start{Position: shards.TrimHorizon}

// read opens a source and reads it until it is closed. change, if not nil, changes the options.
func read(t *testing.T, s *service, table lease.Store, worker string, change func(*Options)) *reading {
	t.Helper()
	return begin(t, s, table, worker, false, change)
}

// begin is read, of which nothing is settled at first when hold is set.
func begin(t *testing.T, s *service, table lease.Store, worker string, hold bool, change func(*Options)) *reading {
	t.Helper()
	r := &reading{t: t, log: &logged{}, done: make(chan struct{}), hold: hold}
	o := Options{
		Stream: aStream, Start: oldest, Client: s, Store: table, Worker: worker, Random: rand.New(rand.NewPCG(1, 2)),
		Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	if change != nil {
		change(&o)
	}
	var err error
	if r.source, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() {
		defer close(r.done)
		for {
			b, err := r.source.Read(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				return
			}
			r.take(b)
		}
	}()
	return r
}

func (r *reading) take(b *collector.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, in := range b.Records {
		text := string(in.Data[:min(len(in.Data), 100)])
		if in.Problem != nil {
			text = "problem: " + in.Problem.Error()
		}
		r.got = append(r.got, text)
		r.from, r.under = append(r.from, b.Partition), append(r.under, b.Hold)
		r.held += len(in.Data)
		if !strings.HasPrefix(b.Positions.At(i), b.Partition+":") || b.Positions.At(i) != b.Positions.Place(i) {
			r.t.Errorf("record %d is at %q, its place %q", i, b.Positions.At(i), b.Positions.Place(i))
		}
	}
	r.most = max(r.most, r.held)
	r.kept = append(r.kept, b)
	if !r.hold {
		r.settleKept()
	}
}

func (r *reading) settleKept() {
	for _, b := range r.kept {
		r.settle(b, len(b.Records)-1)
	}
	r.kept = nil
}

// settle settles the records of a batch up to one; its memory goes back.
func (r *reading) settle(b *collector.Batch, last int) {
	if err := b.Hold.Confirm(context.Background()); err == nil {
		b.Hold.Settled(b.Positions.After(last))
	}
	for _, in := range b.Records {
		r.held -= len(in.Data)
	}
	b.Release()
}

func (r *reading) set(hold bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hold = hold; !hold {
		r.settleKept()
	}
}

func (r *reading) close() {
	r.once.Do(func() {
		r.stop()
		<-r.done
		if err := r.source.Close(); err != nil {
			r.t.Error(err)
		}
	})
}

func (r *reading) records() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// until waits, by the test's own clock, until n records have come.
func (r *reading) until(n int) {
	r.t.Helper()
	for deadline := time.Now().Add(2 * time.Hour); len(r.records()) < n; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("%d records have come, want %d:\n%s", len(r.records()), n, r.log)
		}
	}
}

func wantRecords(t *testing.T, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("records (-got +want):\n%s", diff)
	}
}

func numbered(from, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("record %d", from+i))
	}
	return all
}

// checkpoint is where the table has a shard.
func checkpoint(t *testing.T, table lease.Store, shard int) string {
	t.Helper()
	l, err := table.Get(context.Background(), fmt.Sprintf("shardId-%012d", shard))
	if err != nil {
		t.Fatal(err)
	}
	return position(l.Checkpoint)
}

// TestResume settles some records of a batch, inside of an aggregate, and starts again: the next one comes first.
func TestResume(t *testing.T) {
	for settled := range 6 {
		synctest.Test(t, func(t *testing.T) {
			s, table := newService(1), &leasetest.Table{}
			s.put(0, "a")
			seq := s.put(0, aggregateOf("key", "b", "c", "d"))
			s.put(0, "e")
			want := []string{"a", "b", "c", "d", "e"}

			first := begin(t, s, table, "first", true, nil)
			first.until(5)
			wantRecords(t, first.records(), want)
			if settled > 0 {
				first.settle(first.kept[0], settled-1)
			}
			first.close()
			if got := checkpoint(t, table, 0); settled == 3 && got != seq+":1" {
				t.Errorf("checkpoint %s, want %s:1", got, seq)
			}

			second := read(t, s, table, "second", nil)
			s.put(0, "f")
			second.until(6 - settled)
			second.close()
			wantRecords(t, second.records(), append(want, "f")[settled:])
			if second.source.Counts().Gaps != 0 {
				t.Errorf("a gap is reported:\n%s", second.log)
			}
		})
	}
}

// TestLimits reads what waits in a shard as fast as the limits allow, and not faster.
func TestLimits(t *testing.T) {
	for _, size := range []int{10, 5000, 900_000} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(1)
			n := min(40_000, 30<<20/size)
			data := bytes.Repeat([]byte("x"), size)
			for range n {
				s.putBytes(0, data)
			}
			began := time.Now()
			r := read(t, s, &leasetest.Table{}, "w", nil)
			r.until(n)
			took := time.Since(began)
			r.close()
			if len(s.broken) > 0 {
				t.Errorf("records of %d bytes: %d calls broke the limits, the first: %s", size, len(s.broken), s.broken[0])
			}
			// 2 MiB a second, or 5 calls of at most 10,000 records.
			ideal := max(time.Duration(float64(n*size)/(2<<20)*float64(time.Second)), time.Duration(n/10_000)*200*time.Millisecond)
			if took > 2*ideal+2*time.Second {
				t.Errorf("records of %d bytes: took %v, the limits allow %v", size, took, ideal)
			}
		})
	}
}

// TestIdle asks a shard that has nothing about every two seconds, and one that has something at once.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		r := read(t, s, &leasetest.Table{}, "w", nil)
		time.Sleep(time.Minute)
		calls := 0
		s.mu.Lock()
		for _, c := range s.calls {
			if strings.HasPrefix(c, "GetRecords") {
				calls++
			}
		}
		s.mu.Unlock()
		if calls < 25 || calls > 40 {
			t.Errorf("%d calls in a minute on an empty shard, want 30 or so", calls)
		}
		put := time.Now()
		s.put(0, "x")
		r.until(1)
		if took := time.Since(put); took > 2500*time.Millisecond {
			t.Errorf("a record came after %v", took)
		}
		r.close()
	})
}

// TestTrouble lets calls fail in every way that is said to pass, and in every way that a person has to mend: each record comes once and
// in order, the lease is kept, and the log names what is missing.
func TestTrouble(t *testing.T) {
	message := "User: arn:aws:iam::111122223333:user/ann is not authorized"
	for _, c := range []struct {
		name  string
		err   error
		log   string // what the log says; "": nothing
		pause time.Duration
	}{
		{"throttled", &types.ProvisionedThroughputExceededException{}, "", time.Second},
		{"throttled by KMS", &types.KMSThrottlingException{}, "", time.Second},
		{"expired", &types.ExpiredIteratorException{}, "", 0},
		{"argument", &types.InvalidArgumentException{}, "", 0},
		{"failure", &types.InternalFailureException{}, "", 0},
		{"network", context.DeadlineExceeded, "", 0},
		{"denied", &types.AccessDeniedException{Message: &message}, "allow kinesis:GetRecords on " + aStream, 30 * time.Second},
		{"key denied", &types.KMSAccessDeniedException{}, "allow kms:Decrypt on the key that encrypts " + aStream, 30 * time.Second},
		{"key disabled", &types.KMSDisabledException{}, "KMSDisabledException", 30 * time.Second},
		{"key in a bad state", &types.KMSInvalidStateException{}, "KMSInvalidStateException", 30 * time.Second},
		{"key gone", &types.KMSNotFoundException{}, "KMSNotFoundException", 30 * time.Second},
		{"no opt-in", &types.KMSOptInRequired{}, "KMSOptInRequired", 30 * time.Second},
		{"not found, and listed", &types.ResourceNotFoundException{}, "ResourceNotFoundException", 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(1)
				failures := 0
				var failed time.Time
				random := rand.New(rand.NewPCG(3, 4))
				s.fault = func(operation, _ string) error {
					if operation != "GetRecords" {
						return nil
					}
					if since := time.Since(failed); !failed.IsZero() && since < c.pause {
						t.Errorf("asked again %v after a failure, want %v at least", since, c.pause)
					}
					failed = time.Time{}
					if failures < 40 && random.IntN(2) == 0 {
						failures++
						failed = time.Now()
						return c.err
					}
					return nil
				}
				r := read(t, s, &leasetest.Table{}, "w", nil)
				for i := range 60 {
					s.put(0, fmt.Sprintf("record %d", i))
					time.Sleep(time.Second)
				}
				r.until(60)
				enough := func() bool {
					s.mu.Lock()
					defer s.mu.Unlock()
					return failures == 40
				}
				for !enough() {
					time.Sleep(time.Second)
				}
				r.close()
				wantRecords(t, r.records(), numbered(0, 60))
				if lost := r.source.Counts().Lost; lost != 0 {
					t.Errorf("%d leases were lost", lost)
				}
				if text := r.log.String(); c.log != "" && !strings.Contains(text, c.log) || c.log == "" && strings.Contains(text, "cannot be read") {
					t.Errorf("want %q in the log:\n%s", c.log, text)
				}
			})
		})
	}
}

// TestStall: for an hour nothing is settled. No more is fetched than fits, no iterator is held until it expires, and then all goes on.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(2)
		for i := range 200 {
			s.put(i%2, strings.Repeat("x", 500_000))
		}
		r := begin(t, s, &leasetest.Table{}, "w", true, func(o *Options) { o.Memory = 16 << 20 })
		time.Sleep(time.Hour)
		r.mu.Lock()
		held := r.held
		r.mu.Unlock()
		if held > 16<<20 || held < 1<<20 {
			t.Errorf("%d bytes are held, want up to 16 MiB", held)
		}
		s.put(0, "last")
		r.set(false)
		r.until(201)
		r.close()
		if n := r.source.Counts().Expired; n != 0 {
			t.Errorf("%d iterators had expired", n)
		}
	})
}
