package lease

import (
	"fmt"
	"testing"
)

// What Java 17 has first after Collections.shuffle(list, new Random(1947)) of a list of 1, 2, 3 … elements.
var javaFirst = []int{
	0, 0, 2, 3, 4, 2, 2, 2, 3, 8, 6, 9, 12, 4, 10, 11, 13, 11, 0, 14, 13, 7, 1, 1, 0, 3, 9, 20, 12, 3, 22, 19, 21, 31, 23,
	19, 22, 31, 35, 18, 3, 34, 21, 28, 36, 12, 32, 3, 35, 47, 29, 49, 21, 20, 46, 49, 26, 46, 19, 50, 42, 47, 60, 46, 8, 22, 12, 59, 31, 38,
}

// Every worker that has a lease is sorted before the election; how many leases each has, and which have no owner, is not looked at.
func TestElected(t *testing.T) {
	want := map[int]int{100: 95, 1000: 748, 12345: 729}
	for i, first := range javaFirst {
		want[i+1] = first
	}
	for n, first := range want {
		leases := []Lease{{Key: "free"}}
		for i := range n {
			owner := fmt.Sprintf("w%05d", n-1-i)
			leases = append(leases, Lease{Owner: owner}, Lease{Owner: owner, Drainer: "x"})
		}
		if got, want := elected(leases), fmt.Sprintf("w%05d", first); got != want {
			t.Errorf("of %d owners %s is elected, want %s", n, got, want)
		}
	}
	if got := elected([]Lease{{Key: "free"}}); got != "" {
		t.Errorf("of no owner %q is elected, want none", got)
	}
}
