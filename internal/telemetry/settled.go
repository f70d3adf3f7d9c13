package telemetry

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/internal/collector"
)

// other is the reason of what is settled for a reason that is not on the list.
const other = "other"

// reasons are all that an outcome is counted under: the stages that end records in this way. A record that is delivered needs none.
var reasons = [collector.Outcomes][]string{
	collector.Delivered:  {"", other},
	collector.Filtered:   {"filter", "call notice", other},
	collector.Duplicate:  {"deduplicate", other},
	collector.Superseded: {"deduplicate", "replay", other},
	collector.DeadLetter: {"source", "decode", "filter", "enrich", "redact", "deliver", other},
}

// Reason is the word that a settled record is counted under: reason where it is on the list of its outcome, else "other". What is
// watched outside of this package goes through it as well.
func Reason(o collector.Outcome, reason string) string {
	if o < collector.Outcomes && slices.Contains(reasons[o], reason) {
		return reason
	}
	return other
}

// bounds of the buckets of the settle latency. A filtered record takes microseconds, a delivered one as long as its destination.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute,
}

// settled counts settled records. It is told of each single one, a few hundred thousand times a second, between two steps of the
// loop. Hence there is no look-up of labels, and one addition counts a record and its latency: each reason has its own buckets,
// and what the page shows is added up when it is asked for.
type settled struct {
	records *prometheus.Desc
	seconds *prometheus.Desc
	tallies [collector.Outcomes][]tally
}

type tally struct {
	reason  string
	buckets *[len(bounds) + 1]atomic.Uint64 // records by latency; the last one: longer than all bounds
	sum     *atomic.Int64                   // of the latencies, in nanoseconds
}

func newSettled() *settled {
	s := &settled{
		records: prometheus.NewDesc("trunkline_records_total",
			"Records settled, each in exactly one way. reason is the stage that ended the record; it is empty for what was delivered.",
			[]string{"outcome", "reason"}, nil),
		seconds: prometheus.NewDesc("trunkline_record_settle_seconds",
			"Time from reading a record to settling it.", []string{"outcome"}, nil),
	}
	for o, names := range reasons {
		for _, name := range names {
			s.tallies[o] = append(s.tallies[o], tally{name, new([len(bounds) + 1]atomic.Uint64), new(atomic.Int64)})
		}
	}
	return s
}

// add counts records that were settled this long after they were read. What is not settled is not counted.
func (s *settled) add(o collector.Outcome, reason string, records int, after time.Duration) {
	if o <= collector.Pending || o >= collector.Outcomes || records <= 0 {
		return
	}
	// The list is short, and names that differ mostly differ in length: this is quicker than a map.
	of := s.tallies[o]
	i := 0
	for i < len(of)-1 && of[i].reason != reason {
		i++
	}
	after = max(after, 0)
	b := 0
	for b < len(bounds) && after > bounds[b] {
		b++
	}
	of[i].buckets[b].Add(uint64(records))
	of[i].sum.Add(int64(after) * int64(records))
}

// Describe implements [prometheus.Collector].
func (s *settled) Describe(to chan<- *prometheus.Desc) {
	to <- s.records
	to <- s.seconds
}

// Collect implements [prometheus.Collector].
func (s *settled) Collect(to chan<- prometheus.Metric) {
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		var all [len(bounds) + 1]uint64
		var sum time.Duration
		for _, t := range s.tallies[o] {
			sum += time.Duration(t.sum.Load())
			n := uint64(0)
			for b := range t.buckets {
				k := t.buckets[b].Load()
				n += k
				all[b] += k
			}
			to <- prometheus.MustNewConstMetric(s.records, prometheus.CounterValue, float64(n), o.String(), t.reason)
		}
		count, cumulative := uint64(0), make(map[float64]uint64, len(bounds))
		for b, n := range all {
			if count += n; b < len(bounds) {
				cumulative[bounds[b].Seconds()] = count
			}
		}
		to <- prometheus.MustNewConstHistogram(s.seconds, count, sum.Seconds(), cumulative, o.String())
	}
}
