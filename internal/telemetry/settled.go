package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trunkline/internal/collector"
)

// other is the reason of what is settled for a reason that is not on the list.
const other = "other"

// reasons are all that an outcome is counted under: the stages that end records in this way. A record that is delivered needs none.
func reasons() [collector.Outcomes][]string {
	return [collector.Outcomes][]string{
		collector.Delivered:  {"", other},
		collector.Filtered:   {"filter", "call notice", other},
		collector.Duplicate:  {"deduplicate", other},
		collector.Superseded: {"deduplicate", "replay", other},
		collector.DeadLetter: {"source", "decode", "filter", "enrich", "redact", "deliver", other},
	}
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
// loop: hence no look-up of labels, and three atomic additions where the library's counter and histogram make six.
type settled struct {
	counters  [collector.Outcomes][]counter
	latencies [collector.Outcomes]latency
	records   *prometheus.Desc
	seconds   *prometheus.Desc
}

type counter struct {
	reason string
	n      *atomic.Uint64
}

type latency struct {
	buckets [len(bounds) + 1]atomic.Uint64 // the last one: longer than all bounds
	sum     atomic.Int64                   // nanoseconds
}

func newSettled() *settled {
	s := &settled{
		records: prometheus.NewDesc("trunkline_records_total",
			"Records settled, each in exactly one way. reason is the stage that ended the record; it is empty for what was delivered.",
			[]string{"outcome", "reason"}, nil),
		seconds: prometheus.NewDesc("trunkline_record_settle_seconds",
			"Time from reading a record to settling it.", []string{"outcome"}, nil),
	}
	for o, names := range reasons() {
		for _, name := range names {
			s.counters[o] = append(s.counters[o], counter{name, new(atomic.Uint64)})
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
	of := s.counters[o]
	i := 0
	for i < len(of)-1 && of[i].reason != reason {
		i++
	}
	of[i].n.Add(uint64(records))

	after = max(after, 0)
	b := 0
	for b < len(bounds) && after > bounds[b] {
		b++
	}
	l := &s.latencies[o]
	l.buckets[b].Add(uint64(records))
	l.sum.Add(int64(after) * int64(records))
}

// Describe implements [prometheus.Collector].
func (s *settled) Describe(to chan<- *prometheus.Desc) {
	to <- s.records
	to <- s.seconds
}

// Collect implements [prometheus.Collector].
func (s *settled) Collect(to chan<- prometheus.Metric) {
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		for _, c := range s.counters[o] {
			to <- prometheus.MustNewConstMetric(s.records, prometheus.CounterValue, float64(c.n.Load()), o.String(), c.reason)
		}
		l := &s.latencies[o]
		// The sum first: what is added meanwhile is in the count at most, so that an average is never too long.
		sum := time.Duration(l.sum.Load()).Seconds()
		count, cumulative := uint64(0), make(map[float64]uint64, len(bounds))
		for b := range l.buckets {
			count += l.buckets[b].Load()
			if b < len(bounds) {
				cumulative[bounds[b].Seconds()] = count
			}
		}
		to <- prometheus.MustNewConstHistogram(s.seconds, count, sum, cumulative, o.String())
	}
}
