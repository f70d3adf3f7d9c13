package telemetry

import (
	"testing"
	"time"

	"trunkline/internal/collector"
)

// BenchmarkSettled is what watching costs each record: the metrics alone, and all that a daemon is watched by.
func BenchmarkSettled(b *testing.B) {
	read := time.Now()
	for _, w := range []struct {
		name     string
		observer collector.Observer
	}{
		{"metrics", NewMetrics("v1")},
		{"all", Observers(NewMetrics("v1"), NewHealth(time.Minute))},
	} {
		for _, c := range []struct {
			outcome collector.Outcome
			reason  string
		}{{collector.Delivered, ""}, {collector.DeadLetter, "deliver"}} {
			b.Run(w.name+"/"+c.outcome.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w.observer.Settled(c.outcome, c.reason, 1, read)
				}
			})
		}
	}
}
