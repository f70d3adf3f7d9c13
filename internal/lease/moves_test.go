package lease

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func ableOnes(workers ...string) map[string]bool {
	all := map[string]bool{}
	for _, w := range workers {
		all[w] = true
	}
	return all
}

// moving is n leases on their way from one worker to another.
func moving(n int, from, to string) (all []Lease) {
	for i := range n {
		all = append(all, Lease{Key: fmt.Sprintf("moving-%03d", i), Owner: to, Drainer: from})
	}
	return all
}

func TestMoves(t *testing.T) {
	policy := Policy{Failover: 10 * time.Second}
	bounded := Policy{Failover: 10 * time.Second, MaxLeases: 2}
	tests := []struct {
		name   string
		policy Policy
		leases []Lease
		alive  []string      // who renews between the two scans
		after  time.Duration // between them
		able   map[string]bool
		want   map[string]int // moves, by how and to whom
	}{
		{"nobody to give to", policy, fleet("", 3), nil, 0, nil, nil},
		{"new leases, evenly", policy, fleet("", 5), nil, 0, ableOnes("a", "b"), map[string]int{"give a": 3, "give b": 2}},
		{"new leases, up to the bound", bounded, fleet("", 5), nil, 0, ableOnes("a", "b"), map[string]int{"give a": 2, "give b": 2}},
		{"to whoever has least", policy, fleet("a", 2, "", 1), []string{"a"}, 20 * time.Second, ableOnes("a", "b"), map[string]int{"give b": 1}},
		{"nothing expires at first sight", policy, fleet("a", 1, "dead", 1), nil, 0, ableOnes("a"), nil},
		{"expired", policy, fleet("a", 1, "dead", 2), []string{"a"}, 10*time.Second + 1, ableOnes("a"), map[string]int{"give a": 2}},
		{"not expired", policy, fleet("a", 1, "dead", 2), []string{"a"}, 10 * time.Second, ableOnes("a"), nil},
		{"balanced", policy, fleet("a", 3, "b", 2), []string{"a", "b"}, 20 * time.Second, ableOnes("a", "b"), nil},
		{"handed over", policy, fleet("a", 6), []string{"a"}, 20 * time.Second, ableOnes("a", "b", "c"), map[string]int{"hand b": 2, "hand c": 2}},
		{
			"strangers keep what they have, and count for nobody", policy, fleet("stranger", 6, "a", 1),
			[]string{"stranger", "a"},
			20 * time.Second,
			ableOnes("a", "b"), nil,
		},
		{"what is on its way counts for where it goes", policy, slices.Concat(moving(2, "a", "b"), fleet("a", 2)), []string{"a", "b"}, 20 * time.Second, ableOnes("a", "b"), nil},
		{"its drainer lives, and has time", policy, moving(1, "a", "b"), []string{"b"}, 39 * time.Second, ableOnes("b"), nil},
		{"its drainer had its time", policy, moving(1, "a", "b"), []string{"b"}, 41 * time.Second, ableOnes("b", "c"), map[string]int{"force b": 1}},
		{"its next owner is gone", policy, moving(1, "a", "gone"), []string{"gone"}, 41 * time.Second, ableOnes("c"), map[string]int{"force c": 1}},
		{"its drainer died", policy, moving(1, "a", "b"), nil, 11 * time.Second, ableOnes("b"), map[string]int{"give b": 1}},
	}
	how := map[How]string{Give: "give", Hand: "hand", Force: "force"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := NewView(test.policy)
			v.Update(test.leases, start)
			now := start
			if test.after > 0 {
				now = now.Add(test.after)
				v.Update(renewed(test.leases, test.alive...), now)
			}
			got := map[string]int{}
			for _, m := range v.Moves(test.able, now) {
				got[how[m.How]+" "+m.To]++
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Whatever the table looks like: no lease twice, only to the able, nothing from strangers that live, all that is free and has room,
// and afterwards nobody who can give has two more than who can take.
func TestMovesProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := Policy{Failover: 10 * time.Second, MaxLeases: rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "max leases")}
		v := NewView(policy)
		able := ableOnes(rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), rapid.ID[string]).Draw(t, "able")...)
		now := start.Add(time.Hour)
		count, free := map[string]int{}, 0
		for i := range rapid.IntRange(0, 20).Draw(t, "leases") {
			l := Lease{Key: fmt.Sprint(i), Owner: rapid.SampledFrom([]string{"", "a", "b", "c", "d", "x"}).Draw(t, "owner")}
			age := time.Duration(rapid.IntRange(0, 15).Draw(t, "age")) * time.Second
			v.Renewed(l, now.Add(-age))
			if l.Owner == "" || age > policy.Failover {
				free++
			} else {
				count[l.Owner]++
			}
		}
		seen, given := map[string]bool{}, 0
		for _, m := range v.Moves(able, now) {
			o := v.seen[m.Lease.Key]
			live := !v.available(o, now)
			if seen[m.Lease.Key] || !able[m.To] || live != (m.How == Hand) || live && !able[o.lease.Owner] || m.To == o.lease.Owner && live {
				t.Errorf("move %+v of a lease that is alive: %v", m, live)
			}
			seen[m.Lease.Key] = true
			if count[m.To]++; m.How == Give {
				given++
			} else {
				count[o.lease.Owner]--
			}
		}
		room := false
		for w := range able {
			mayHave := policy.MaxLeases == 0 || count[w] < policy.MaxLeases
			room = room || mayHave
			for other := range able {
				if mayHave && count[other]-count[w] >= 2 {
					t.Errorf("%s has %d and %s has %d", other, count[other], w, count[w])
				}
			}
		}
		if room && given < free {
			t.Errorf("%d of %d free leases given, and there is room", given, free)
		}
	})
}
