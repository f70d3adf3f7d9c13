package lease

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// fleet makes n leases of each owner in turn: fleet("w1", 3, "", 2).
func fleet(pairs ...any) (all []Lease) {
	for i := 0; i < len(pairs); i += 2 {
		for range pairs[i+1].(int) {
			all = append(all, Lease{Key: fmt.Sprintf("lease-%03d", len(all)), Owner: pairs[i].(string)})
		}
	}
	return all
}

// renewed adds 1 to the counter of the leases of owners.
func renewed(all []Lease, owners ...string) []Lease {
	all = slices.Clone(all)
	for i := range all {
		if slices.Contains(owners, all[i].Owner) {
			all[i].Counter++
		}
	}
	return all
}

func TestPlan(t *testing.T) {
	policy := Policy{Failover: 10 * time.Second, MaxSteals: 1}
	twoSteals := policy
	twoSteals.MaxSteals = 2
	bounded := policy
	bounded.MaxLeases = 4
	moving := fleet("w1", 4)
	for i := range moving {
		moving[i].Drainer = "w9"
	}
	tests := []struct {
		name   string
		policy Policy
		leases []Lease
		alive  []string      // who renews between the two scans
		after  time.Duration // between them; 0: one scan only
		want   int
		stolen bool
	}{
		{"no leases", policy, nil, nil, 0, 0, false},
		{"the first worker takes all new leases", policy, fleet("", 7), nil, 0, 7, false},
		{"new leases, up to the bound", bounded, fleet("me", 1, "", 7), nil, 0, 3, false},
		{"new leases, over the bound", bounded, fleet("me", 5, "", 7), nil, 0, 0, false},
		{"first sight is no proof of life or death", policy, fleet("w1", 4, "w2", 4), nil, 0, 1, true},
		{"expired leases, a fair share of them", policy, fleet("w1", 4, "w2", 4), []string{"w2"}, 20 * time.Second, 4, false},
		{"expired after more than the failover time", policy, fleet("w1", 4, "me", 4), []string{"me"}, 10*time.Second + 1, 4, false},
		{"not expired after the failover time", policy, fleet("w1", 4, "me", 4), []string{"me"}, 10 * time.Second, 0, false},
		{"very old, all of them", policy, fleet("w1", 5, "w2", 1), []string{"w2"}, 30*time.Second + 1, 5, false},
		{"not very old, a fair share of them", policy, fleet("w1", 5, "w2", 1), []string{"w2"}, 30 * time.Second, 3, false},
		{"everybody has its share", policy, fleet("w1", 4, "me", 4), []string{"w1", "me"}, 20 * time.Second, 0, false},
		{"shares are rounded up", policy, fleet("w1", 4, "me", 3), []string{"w1", "me"}, 20 * time.Second, 0, false},
		{"one steal", policy, fleet("w1", 8), []string{"w1"}, 20 * time.Second, 1, true},
		{"two steals", twoSteals, fleet("w1", 8), []string{"w1"}, 20 * time.Second, 2, true},
		{"no more than he has over his share", twoSteals, fleet("w1", 4, "w2", 3, "me", 1), []string{"w1", "w2", "me"}, 20 * time.Second, 1, true},
		{"from his share, where two are needed", policy, fleet("w1", 3, "w2", 3, "w3", 3), []string{"w1", "w2", "w3"}, 20 * time.Second, 1, true},
		{"not from his share, where one is needed", policy, fleet("w1", 2, "w2", 2, "w3", 1, "me", 1), []string{"w1", "w2", "w3", "me"}, 20 * time.Second, 0, false},
		{"nothing is stolen from oneself", policy, fleet("me", 8, "w1", 1), []string{"w1", "me"}, 20 * time.Second, 0, false},
		{"a lease that is handed over is not stolen", policy, moving, []string{"w1"}, 20 * time.Second, 0, false},
		{"as many workers as leases", policy, fleet("w1", 1, "w2", 1), []string{"w1", "w2"}, 20 * time.Second, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := NewView(test.policy)
			v.Update(test.leases, start)
			now := start
			if test.after > 0 {
				now = now.Add(test.after)
				v.Update(renewed(test.leases, test.alive...), now)
			}
			plan := v.Plan("me", now, rand.New(rand.NewPCG(1, 2)))
			if len(plan) != test.want {
				t.Errorf("got %d claims %v, want %d", len(plan), plan, test.want)
			}
			for _, c := range plan {
				if c.Stolen != test.stolen || c.Lease.Owner == "me" {
					t.Errorf("got claim %+v, want stolen %v and of another owner", c, test.stolen)
				}
			}
		})
	}
}

// What a view has seen of a lease ends when the lease vanishes, and a lease of its own that nobody renews expires too.
func TestViewForgets(t *testing.T) {
	v := NewView(Policy{Failover: 10 * time.Second, MaxSteals: 1})
	leases := fleet("w1", 2)
	v.Update(leases, start)
	v.Update(nil, start.Add(5*time.Second))
	v.Update(leases, start.Add(20*time.Second))
	if plan := v.Plan("me", start.Add(20*time.Second), rand.New(rand.NewPCG(1, 2))); len(plan) != 1 || !plan[0].Stolen {
		t.Errorf("leases that came back: got %v, want one steal", plan)
	}
	mine := fleet("me", 1)
	v.Renewed(mine[0], start)
	if plan := v.Plan("me", start.Add(11*time.Second), rand.New(rand.NewPCG(1, 2))); len(plan) == 0 || plan[0].Lease.Owner != "me" {
		t.Errorf("an own lease that was not renewed: got %v, want it taken again", plan)
	}
}

// Whatever the table looks like: no more than the share or the very old, no more steals than allowed and never beside free leases,
// nothing from oneself, nothing twice, and something where somebody is short of leases that are to be had.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := Policy{
			Failover:  10 * time.Second,
			MaxLeases: rapid.IntRange(0, 12).Draw(t, "max leases"),
			MaxSteals: rapid.IntRange(1, 3).Draw(t, "max steals"),
		}
		v := NewView(policy)
		workers := []string{"", "me", "w1", "w2", "w3"}
		n := rapid.IntRange(0, 20).Draw(t, "leases")
		now := start.Add(time.Hour)
		mine, free, old, owners := 0, 0, 0, map[string]int{"me": 0}
		for i := range n {
			l := Lease{Key: fmt.Sprint(i), Owner: rapid.SampledFrom(workers).Draw(t, "owner")}
			age := time.Duration(rapid.IntRange(0, 40).Draw(t, "age")) * time.Second
			v.Renewed(l, now.Add(-age))
			switch {
			case l.Owner == "" || age > policy.Failover:
				free++
			default:
				owners[l.Owner]++
			}
			if age > 3*policy.Failover {
				old++
			}
		}
		mine = owners["me"]
		share := 1
		if n > len(owners) {
			share = (n + len(owners) - 1) / len(owners)
		}
		room := n
		if policy.MaxLeases > 0 {
			room = max(policy.MaxLeases-mine, 0)
		}
		plan := v.Plan("me", now, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		seen, steals := map[string]bool{}, 0
		for _, c := range plan {
			if seen[c.Lease.Key] {
				t.Errorf("%s is claimed twice", c.Lease.Key)
			}
			seen[c.Lease.Key] = true
			if c.Stolen {
				steals++
				if c.Lease.Owner == "me" || free > 0 || owners[c.Lease.Owner] < share {
					t.Errorf("stolen from %q with %d of a share of %d, %d free", c.Lease.Owner, owners[c.Lease.Owner], share, free)
				}
			}
		}
		want := max(min(share-mine, free, room), 0)
		if old > 0 {
			had := min(old, room)
			want = had + max(min(share-mine-had, free-old, room-had), 0)
		}
		if steals == 0 && len(plan) != want || steals > 0 && want > 0 || steals > max(0, min(policy.MaxSteals, room, share-mine)) {
			t.Errorf("%d leases, %d free, %d old, %d mine, share %d, room %d: got %d claims with %d steals, want %d without",
				n, free, old, mine, share, room, len(plan), steals, want)
		}
	})
}

// A thousand leases over twenty workers, of which the first has them all. The protocol lets each of the others steal one lease a round,
// so that fifty rounds are the least. All read the table at once here, which is the worst: of those who choose the same lease one gets
// it. A thief meets one of 18 others with a chance of 9 in the leases that the first still has, which over the rounds adds up to
// 9/19 × ln(1000/50) = 1.4 lost rounds for each; the unluckiest of nineteen is allowed eight.
func TestThousandLeases(t *testing.T) {
	const leases, workers, share, lost = 1000, 20, 50, 8
	policy := Policy{Failover: 10 * time.Second, MaxSteals: 1}
	random := rand.New(rand.NewPCG(1, 5))
	table := fleet("w00", leases)
	views := make([]*View, workers)
	for i := range views {
		views[i] = NewView(policy)
	}
	now, rounds, settled := start, 0, false
	for ; !settled && rounds < share+lost; rounds++ {
		now = now.Add(scanEvery(policy.Failover))
		seen := slices.Clone(table)
		for i, v := range views {
			v.Update(seen, now)
			me := fmt.Sprintf("w%02d", i)
			for _, claim := range v.Plan(me, now, random) {
				at := slices.IndexFunc(table, func(l Lease) bool { return l.Key == claim.Lease.Key })
				if row, err := Taken(table[at], claim.Lease, me); err == nil {
					table[at] = row
				}
			}
		}
		held := map[string]int{}
		for i := range table {
			table[i].Counter++ // a heartbeat
			held[table[i].Owner]++
		}
		settled = len(held) == workers
		for _, n := range held {
			settled = settled && n == share
		}
	}
	if !settled {
		t.Errorf("not settled after %d rounds", rounds)
	}
	t.Logf("settled after %d rounds", rounds)
}

// An extra scan that failed is not made again at once, over and over: the table would be asked without end while it cannot answer.
func TestPaceAfterFailure(t *testing.T) {
	now := time.Unix(1000, 0)
	p := pace{every: 20 * time.Second}
	p.scanned(now)
	regular := now.Add(20 * time.Second)
	if next := p.next(time.Time{}); !next.Equal(regular) {
		t.Errorf("the next scan is at %v, want %v", next, regular)
	}
	recheck := now.Add(10 * time.Second)
	for range 2 { // Wake may interrupt the wait for it
		if next := p.next(recheck); !next.Equal(recheck) {
			t.Errorf("the extra scan is at %v, want %v", next, recheck)
		}
	}
	p.scanned(recheck.Add(time.Second))
	if next := p.next(recheck); !next.Equal(regular) {
		t.Errorf("after the extra scan failed the next is at %v, want %v", next, regular)
	}
}
