package shards

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

// world is a stream that is split and merged, a table, and workers that come and go. It holds what they do against the promises of the
// package.
type world struct {
	*stream
	t     *testing.T
	start Start
	table *leasetest.Table
	delay time.Duration // of a request, at most

	mu      sync.Mutex
	dice    *rand.Rand
	read    map[string]time.Time // by shard, until when it was read
	ended   map[string]bool      // shards that were checkpointed at End
	deleted map[string]bool      // leases that were
	alive   map[string]*process
	joined  int
	broken  []string
}

// process is one worker: a Syncer, and a loop that takes leases and reads shards.
type process struct {
	lease.Store
	world  *world
	name   string
	syncer *Syncer
	kill   context.CancelFunc
	quiet  sync.WaitGroup

	creates int // before it dies; guarded by world.mu
	dead    bool
}

var errDead = errors.New("the process is dead")

func (w *world) say(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

func (w *world) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dice.IntN(n)
}

func (w *world) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.joined++
	ctx, kill := context.WithCancel(context.Background())
	p := &process{Store: w.table, world: w, name: fmt.Sprint("worker-", w.joined), kill: kill, creates: 1 << 30}
	w.alive[p.name] = p
	syncer, err := New(p, newLister(w.t, w.stream, Stream{Name: "calls"}), Options{
		Worker: p.name, Start: w.start, Random: rand.New(rand.NewPCG(w.dice.Uint64(), 1)), Held: p.held,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.syncer = syncer
	p.quiet.Go(func() {
		// A supervisor starts it again.
		for ctx.Err() == nil {
			if err := syncer.Run(ctx); err != nil && !p.isDead() {
				w.mu.Lock()
				w.say("%s: Run: %v", p.name, err)
				w.mu.Unlock()
			}
			_ = sleep(ctx, 5*time.Second)
		}
	})
	p.quiet.Go(func() { p.loop(ctx) })
}

func (p *process) isDead() bool {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	return p.dead
}

// request is the way to the table and back: it takes a while, and a dead process sends nothing.
func (p *process) request(ctx context.Context) error {
	if p.world.delay > 0 {
		if err := sleep(ctx, time.Duration(p.world.roll(int(p.world.delay)))); err != nil {
			return err
		}
	}
	if p.isDead() {
		return errDead
	}
	return nil
}

func (p *process) List(ctx context.Context) ([]lease.Lease, error) {
	all, err := p.Store.List(ctx)
	if err := p.request(ctx); err != nil { // what it sees is as old as the answer
		return nil, err
	}
	return all, err
}

func (p *process) Create(ctx context.Context, l lease.Lease) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	w := p.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.creates--; p.creates < 0 {
		w.bury(p)
		return errDead
	}
	err := p.Store.Create(ctx, l)
	if err == nil && w.deleted[l.Key] {
		w.say("%s creates %s again at %s, which was deleted", p.name, l.Key, l.Checkpoint.Position)
	}
	return err
}

func (p *process) Delete(ctx context.Context, known lease.Lease) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	children := p.world.children(known.Key)
	w := p.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := p.Store.Delete(ctx, known); err != nil {
		return err
	}
	w.deleted[known.Key] = true
	if !w.ended[known.Key] || len(children) == 0 {
		w.say("%s deletes the lease of %s, which has not ended", p.name, known.Key)
	}
	for _, c := range children {
		l, err := w.table.Get(ctx, *c.ShardId)
		if err != nil || l.Checkpoint.Position == TrimHorizon {
			w.say("%s deletes the lease of %s, and its child %s is at %q (%v)", p.name, known.Key, *c.ShardId, l.Checkpoint.Position, err)
		}
	}
	return nil
}

func (w *world) bury(p *process) {
	p.dead = true
	delete(w.alive, p.name)
	p.kill()
}

func (p *process) held() (mine []lease.Lease) {
	all, _ := p.world.table.List(context.Background())
	return slices.DeleteFunc(all, func(l lease.Lease) bool { return l.Owner != p.name })
}

// loop takes the leases of the dead, and reads what it has.
func (p *process) loop(ctx context.Context) {
	for sleep(ctx, 15*time.Second+time.Duration(p.world.roll(int(10*time.Second)))) == nil {
		all, err := p.List(ctx)
		if err != nil {
			continue
		}
		slices.SortFunc(all, func(a, b lease.Lease) int { return Compare(a.Checkpoint, b.Checkpoint) })
		for _, l := range all {
			p.world.mu.Lock()
			free := p.world.alive[l.Owner] == nil
			p.world.mu.Unlock()
			if free {
				if l, err = p.Take(ctx, l, p.name); err != nil {
					continue
				}
			}
			if l.Owner == p.name && l.Checkpoint.Position != End && !p.isDead() {
				p.work(ctx, l)
			}
		}
	}
}

// work reads some of a shard, and does what its end asks for.
func (p *process) work(ctx context.Context, l lease.Lease) {
	if ready, err := p.syncer.Startable(ctx, l); err != nil || !ready {
		return
	}
	w := p.world
	from, err := w.start.Resume(l.Checkpoint, p.syncer.Since(l.Key))
	if err != nil {
		w.t.Errorf("%+v: %v", l, err)
		return
	}
	w.stream.mu.Lock()
	i, _ := strconv.Atoi(l.Key[len("shardId-"):])
	n := *w.shards[i]
	listed := w.find(n.id) != nil
	w.stream.mu.Unlock()

	w.mu.Lock()
	at := w.position(n, l.Checkpoint.Position, from.Timestamp)
	w.begins(n, at, l.Checkpoint.Position)
	last := time.Now()
	if !n.closed.IsZero() {
		last = n.closed
	}
	to := last
	if w.dice.IntN(3) == 0 && at.Before(last) {
		to = at.Add(time.Duration(w.dice.Int64N(int64(last.Sub(at)) + 1)))
	}
	if to.After(w.read[n.id]) {
		w.read[n.id] = to
	}
	w.mu.Unlock()

	if n.closed.IsZero() || to.Before(last) {
		_, _ = p.Checkpoint(ctx, l, lease.Checkpoint{Position: w.sequence(to)}) // one that does not get through is caught up with
		return
	}
	children := w.children(n.id)
	if !listed {
		if children, err = p.syncer.Offspring(ctx, n.id); err != nil || len(children) == 0 {
			return // a listing that lags
		}
	}
	if p.syncer.End(ctx, n.id, children) != nil || p.isDead() {
		return
	}
	if _, err := p.Checkpoint(ctx, l, lease.Checkpoint{Position: End}); err == nil {
		w.mu.Lock()
		w.ended[n.id] = true
		w.mu.Unlock()
	}
}

// position is the moment from which a shard is read on.
func (w *world) position(n shard, position string, since *time.Time) time.Time {
	at := n.opened
	switch {
	case since != nil:
		at = *since
	case position == Latest:
		at = time.Now()
	case isNumber(position):
		ms, _ := strconv.ParseInt(position, 10, 64)
		at = w.created.Add(time.Duration(ms) * time.Millisecond)
	}
	if at.Before(n.opened) {
		at = n.opened
	}
	if !n.closed.IsZero() && at.After(n.closed) {
		at = n.closed
	}
	return at
}

// due is the moment from which the records of a shard have to be read.
func (w *world) due(n shard) time.Time {
	if w.start.Position == AtTimestamp && n.opened.Before(w.start.Time) {
		return w.start.Time
	}
	return n.opened
}

// begins checks that nothing is read too early and nothing skipped. With LATEST, where a first shard begins is nobody's promise.
func (w *world) begins(n shard, at time.Time, position string) {
	for _, parent := range n.parents {
		i, _ := strconv.Atoi(parent[len("shardId-"):])
		p := *w.shards[i]
		_, begun := w.read[parent]
		if w.start.Position != Latest && w.due(p).Before(p.closed) || begun {
			if !w.ended[parent] {
				w.say("%s is read before its parent %s has ended", n.id, parent)
			}
		}
	}
	until, begun := w.read[n.id]
	if !begun {
		until = w.due(n)
		if w.start.Position == Latest && len(n.parents) > 0 && w.ended[n.parents[0]] {
			until = n.opened // who has read a parent reads all of the child
		} else if w.start.Position == Latest {
			return
		}
	}
	if at.After(until) && position != Latest {
		w.say("%s is read from %v on (%s), it was read until %v", n.id, at.Sub(w.created), position, until.Sub(w.created))
	}
}

// TestFleet: whatever happens to stream and workers, the promises of the package hold, and all is well soon after.
func TestFleet(t *testing.T) {
	rounds := 1
	if os.Getenv("TRUNKLINE_SOAK") != "" {
		rounds = 100
	}
	for range rounds {
		fleet(t)
	}
}

func fleet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		position := rapid.SampledFrom([]string{TrimHorizon, TrimHorizon, AtTimestamp, Latest}).Draw(r, "start")
		first := rapid.IntRange(1, 4).Draw(r, "shards")
		before := rapid.SliceOfN(rapid.SampledFrom([]string{"split", "merge"}), 0, 5).Draw(r, "before")
		lag := time.Duration(rapid.SampledFrom([]int{0, 5, 60}).Draw(r, "lag s")) * time.Second
		delay := time.Duration(rapid.SampledFrom([]int{0, 50, 2000}).Draw(r, "delay ms")) * time.Millisecond
		retention := time.Duration(rapid.SampledFrom([]int{40, 24 * 60}).Draw(r, "retention min")) * time.Minute
		events := rapid.SliceOfN(rapid.SampledFrom([]string{"split", "split", "merge", "merge", "join", "kill", "crash", "wait"}), 1, 12).Draw(r, "events")
		ok := t.Run("", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{
					stream: newStream(seed, first), t: t, table: &leasetest.Table{}, delay: delay, dice: rand.New(rand.NewPCG(seed, 2)),
					read: map[string]time.Time{}, ended: map[string]bool{}, deleted: map[string]bool{}, alive: map[string]*process{},
				}
				w.retention, w.page = retention, 3
				w.start = Start{Position: position}
				w.reshard(before)
				if position == AtTimestamp {
					w.start.Time = time.Now()
					w.reshard(before)
				}
				w.lag = lag
				w.play(events)
			})
		})
		if !ok {
			r.Fatalf("see above")
		}
	})
}

// reshard is the history before anybody reads.
func (w *world) reshard(events []string) {
	for _, e := range events {
		time.Sleep(time.Second + time.Duration(w.roll(int(time.Minute))))
		w.happen(e)
	}
	time.Sleep(time.Second)
}

func (w *world) happen(event string) {
	w.mu.Lock()
	var victim *process
	for name := range w.alive {
		if victim == nil || name < victim.name {
			victim = w.alive[name]
		}
	}
	alive := len(w.alive)
	w.mu.Unlock()
	switch event {
	case "split":
		w.split(w.roll(100))
	case "merge":
		w.merge(w.roll(100))
	case "join":
		if alive < 4 {
			w.join()
		}
	case "kill":
		if victim != nil {
			w.mu.Lock()
			w.bury(victim)
			w.mu.Unlock()
		}
	case "crash": // in the middle of making leases
		if victim != nil {
			w.mu.Lock()
			victim.creates = w.dice.IntN(3)
			w.mu.Unlock()
		}
	}
}

func (w *world) play(events []string) {
	var all []*process
	note := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, p := range w.alive {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	for range 1 + w.roll(3) {
		w.join() // at once, so that several make the first leases
	}
	for _, e := range events {
		note()
		time.Sleep(time.Duration(w.roll(int(3 * time.Minute))))
		w.happen(e)
	}
	w.happen("join")
	w.happen("join")
	note()
	w.stream.mu.Lock()
	w.lag = 0
	w.stream.mu.Unlock()
	w.mu.Lock()
	for _, p := range w.alive {
		p.creates = 1 << 30
	}
	w.mu.Unlock()
	// The leader's answer is good for five minutes, a hole must be seen three times, and each generation waits for the one before it.
	time.Sleep(30 * time.Minute)
	w.settled()
	if w.roll(3) == 0 {
		// Each generation waits for the one before it, five minutes at a time.
		time.Sleep(2 * time.Hour)
		w.served()
	}
	w.mu.Lock()
	for _, p := range w.alive {
		w.bury(p)
	}
	w.mu.Unlock()
	for _, p := range all {
		p.quiet.Wait()
	}
	for _, b := range w.broken {
		w.t.Error(b)
	}
}

// settled checks that every open shard is being read and every closed one was.
func (w *world) settled() {
	leases, err := w.table.List(context.Background())
	if holes := Holes(leases); len(holes) > 0 || err != nil {
		w.t.Errorf("holes %v %v", holes, err)
	}
	known := ByKey(leases)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.shards {
		l := known[n.id]
		switch {
		case n.closed.IsZero():
			if w.alive[l.Owner] == nil || time.Since(w.read[n.id]) > 5*time.Minute {
				w.say("%s is open and read until %v, now is %v; its lease is %+v",
					n.id, w.read[n.id].Sub(w.created), time.Since(w.created), l)
			}
		case w.start.Position != Latest && w.due(*n).Before(n.closed) && w.read[n.id].Before(n.closed):
			w.say("%s was read until %v, of %v; its lease is %+v", n.id, w.read[n.id].Sub(w.created), n.closed.Sub(w.created), l)
		}
	}
}

// served checks that nothing is left of shards that have ended.
func (w *world) served() {
	leases, err := w.table.List(context.Background())
	for _, l := range leases {
		if l.Checkpoint.Position == End || err != nil {
			w.t.Errorf("the lease of %s was not deleted (%v): %+v", l.Key, err, l)
		}
	}
}
