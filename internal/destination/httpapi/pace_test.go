package httpapi

import (
	"testing"
	"testing/synctest"
	"time"
)

// The pace alone, without back-off: an endpoint that takes 100 of what comes in a second.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1000)
		start := time.Now()
		var within [120]int
		for time.Since(start) < 120*time.Second {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			second := min(int(time.Since(start)/time.Second), 119)
			if within[second]++; within[second] > 100 && second < 60 {
				p.slower()
			}
		}
		for second, n := range within {
			switch {
			case second >= 10 && second < 60 && (n < 85 || n > 135), second >= 75 && n < 950:
				t.Errorf("second %d: got %d requests, want 85 to 135 while 100 are taken, and 1000 from second 75 on; in all: %v", second, n, within)
				return
			}
		}
	})
}

// A limit in the options stays one, however slow; what the endpoint says lowers it further.
func TestPaceBelowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(0.1)
		start := time.Now()
		for range 7 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got < 59*time.Second || got > 61*time.Second {
			t.Errorf("7 requests at 6 a minute took %v, want 60 s", got)
		}
	})
}
