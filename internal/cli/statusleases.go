package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

// leaseFlags say what status --leases may do to find out more.
type leaseFlags struct {
	leases, noLag, now bool
}

func (a *app) statusLeases(ctx context.Context, f leaseFlags, out output) error {
	c, err := a.loadStream()
	if err != nil {
		return err
	}
	running, asked := askLeases(ctx, c.State.File)
	if _, none := errors.AsType[*net.OpError](asked); asked != nil && !none && c.State.DynamoDB == nil {
		return asked
	}
	var place *leasePlace
	if asked == nil && c.State.DynamoDB == nil {
		place = askedPlace(c, running.Leases)
	} else if place, err = a.openPlace(ctx, c, false); err != nil {
		return err
	}
	g := leaseGathering{app: a, place: place, flags: f, running: running}
	err = errors.Join(g.gather(ctx), place.close())
	if err != nil {
		return err
	}
	if out == asJSON {
		err = json.NewEncoder(a.stdout).Encode(g.report)
	} else {
		err = g.report.print(a.stdout)
	}
	if err == nil && g.left() {
		return &exit{status: exitFound}
	}
	return err
}

// leaseGathering makes a leasesReport.
type leaseGathering struct {
	app     *app
	place   *leasePlace
	flags   leaseFlags
	running *runningLeases // nil when no collector answers
	report  leasesReport
	table   shards.Table
	beats   heartbeats
	watched bool
}

func (g *leaseGathering) gather(ctx context.Context) error {
	first, err := g.place.list(ctx)
	if err != nil {
		return err
	}
	g.beats.leases = first
	g.report = leasesReport{Place: g.place.name, Leases: []leaseStatus{}, States: map[string]int{}, Workers: []workerStatus{}}
	if g.running != nil {
		g.report.Worker = g.running.Worker
	}
	var behind map[string]lag
	var asking sync.WaitGroup
	asking.Go(func() { behind = g.lags(ctx, first) }) // while counters are watched
	g.watched = g.place.table != nil && !g.flags.now
	if g.watched {
		all := func(l lease.Lease) bool { return l.Stream == "" }
		g.beats, err = watchLeases(ctx, g.place.list, first, all, g.place.failover())
	}
	asking.Wait()
	if err != nil {
		return err
	}
	var leases []lease.Lease
	g.table, leases = ofStream(g.beats.leases)
	if other := len(g.beats.leases) - len(leases); other > 0 {
		g.unknown(fmt.Sprintf("%d leases of other streams are in the table, and not shown", other))
	}
	for _, l := range leases {
		g.report.Leases = append(g.report.Leases, g.describe(l, behind[l.Key]))
	}
	for _, l := range g.report.Leases {
		g.report.States[l.State]++
		if l.LagMS != nil && (g.report.LagMS == nil || *l.LagMS > *g.report.LagMS) {
			g.report.LagMS = l.LagMS
		}
	}
	for _, l := range behind {
		if l.err != nil {
			g.unknown("lag: " + legible(l.err.Error()))
		}
	}
	slices.Sort(g.report.Unknown)
	g.workers(ctx)
	return ctx.Err()
}

// unknown notes what could not be found out, once.
func (g *leaseGathering) unknown(what string) {
	if !slices.Contains(g.report.Unknown, what) {
		g.report.Unknown = append(g.report.Unknown, what)
	}
}

// alive tells whether the holder of a lease renews it; nil when that is not known.
func (g *leaseGathering) alive(l lease.Lease) *bool {
	yes := g.running != nil && l.Holder() == g.running.Worker
	switch {
	case l.Holder() == "":
		return nil
	case g.place.table == nil:
		return &yes // whoever has the state file has the leases
	case g.watched:
		yes = g.beats.alive[l.Key]
		return &yes
	}
	return nil
}

func (g *leaseGathering) describe(l lease.Lease, behind lag) leaseStatus {
	s := leaseStatus{
		Shard: l.Key, Owner: l.Holder(), Checkpoint: spot(l.Checkpoint), Switches: l.Switches, Parents: l.Parents,
		Start: l.Range.Start, End: l.Range.End, Alive: g.alive(l),
		Arrived: behind.arrived, Forgotten: behind.forgotten, LagMS: behind.ms, LagRecords: behind.records, LagBytes: behind.bytes,
	}
	s.Ours = g.running != nil && s.Owner == g.running.Worker
	switch {
	case l.Checkpoint.Position == shards.End:
		s.State = leaseEnded
	case l.Holder() == "" && shards.Startable(l, g.table):
		s.State = leaseFree
	case s.Alive != nil && !*s.Alive:
		s.State = leaseExpired
	case l.Drainer != "":
		s.State = leaseDraining
	case !shards.Startable(l, g.table):
		s.State = leaseWaiting
	default:
		s.State = leaseHeld
	}
	if l.Drainer != "" {
		s.Next = l.Owner
	}
	return s
}

// workers are those that have leases, and those that report as a fleet of KCL 3.x does.
func (g *leaseGathering) workers(ctx context.Context) {
	workers := map[string]*workerStatus{}
	of := func(id string) *workerStatus {
		if workers[id] == nil {
			workers[id] = &workerStatus{Worker: id, Ours: g.running != nil && id == g.running.Worker}
		}
		return workers[id]
	}
	if g.running != nil {
		yes := true
		of(g.running.Worker).Alive = &yes
	}
	for _, l := range g.report.Leases {
		if l.Owner == "" {
			continue
		}
		w := of(l.Owner)
		w.Leases++
		if w.Alive == nil || l.Alive != nil && *l.Alive {
			w.Alive = l.Alive
		}
	}
	if g.place.table != nil {
		g.fleet(ctx, of)
	}
	for _, id := range slices.Sorted(maps.Keys(workers)) {
		g.report.Workers = append(g.report.Workers, *workers[id])
	}
}

// fleet asks for what a fleet of KCL 3.x keeps beside its leases.
func (g *leaseGathering) fleet(ctx context.Context, of func(string) *workerStatus) {
	table := g.place.table
	regime, err := table.Regime(ctx)
	if err != nil {
		g.unknown("fleet: " + legible(err.Error()))
		return
	}
	if regime.Reported || regime.Assigned || regime.Name != "none" {
		g.report.Regime = regime.Name
	}
	if lock, err := table.Lock(ctx); err != nil {
		g.unknown("leader: " + legible(err.Error()))
	} else if !lock.Released {
		g.report.Leader = lock.Owner
	}
	reports, err := table.Reports(ctx)
	if err != nil {
		g.unknown("worker metrics: " + legible(err.Error()))
	}
	for _, r := range reports {
		w := of(r.Worker)
		w.Reported, w.Able = r.Updated.UTC(), r.Able
	}
}

// reportGood is for how long the report of a worker says that it is alive, as leaders of KCL 3.x count.
const reportGood = 60 * time.Second

// left tells whether leases are left alone though there are workers.
func (g *leaseGathering) left() bool {
	if g.report.States[leaseFree]+g.report.States[leaseExpired] == 0 {
		return false
	}
	return slices.ContainsFunc(g.report.Workers, func(w workerStatus) bool {
		return w.Alive != nil && *w.Alive || !w.Reported.IsZero() && time.Since(w.Reported) < reportGood
	})
}
