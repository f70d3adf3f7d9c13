//go:build !race

package phone

import "testing"

// Not with the race detector: there, sync.Pool forgets at random what package regexp keeps in it.
func TestAllocations(t *testing.T) {
	r, err := For("GB")
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 0, 64)
	for _, text := range []string{"07700 900123", "+44 (0)7700 900123", "0044 7700 900123", "+1 202 555 0143", "not a number"} {
		in := []byte(text)
		r.E164(dst, in) // compiles the plan
		if n := testing.AllocsPerRun(100, func() { r.E164(dst, in) }); n != 0 {
			t.Errorf("E164(%q) allocates %v times, want 0", text, n)
		}
	}
}
