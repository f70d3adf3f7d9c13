// Package telemetry lets a running collector be watched: metrics and health. Package traces below it sends spans.
//
//	collector ─▶ Observer ─┬▶ Metrics ───────▶ GET /metrics ┐
//	                       ├▶ Health ────────▶ GET /readyz  ├ Server, on observe.listen
//	httpapi ───▶ Observer ─┤                   GET /healthz ┘
//	                       └▶ traces.Traces ─▶ an OTLP receiver
//
// The rule for privacy: what is seen here is how much, how long, and which of a list that stands in this package. A label or an
// attribute is a word of the program, a status code between 100 and 599, the id of a shard, or the version; never a text that came from a record, from
// a file, from the destination or from an error. A reason that is not on the list counts as "other". There is no identifier of a
// contact, and no address. Tests pass values that must not leave to everything that takes a text, and look for them.
//
// Watching never stops the work: no method of an observer waits, fails or keeps what it is told, and memory does not depend on what
// is observed.
package telemetry

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// Metrics counts what it is told, for Prometheus. It is a [collector.Observer]. All methods are safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry // its own: the global one belongs to whoever imports a library
	settled     *settled
	readRecords prometheus.Counter
	readBytes   prometheus.Counter
	revoked     prometheus.Counter
	commits     prometheus.Histogram
}

var _ collector.Observer = (*Metrics)(nil)

// NewMetrics starts at zero. version is that of the program.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		settled:  newSettled(),
		readRecords: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_read_records_total", Help: "Records read from the source.",
		}),
		readBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_read_bytes_total", Help: "Bytes of the records read from the source.",
		}),
		revoked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_revoked_records_total",
			Help: "Records read and given up without an outcome, because the lease of their shard was lost; whoever has it now reads them again.",
		}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "trunkline_commit_duration_seconds", Help: "Time to make settled records, positions and the deduplication window durable.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "trunkline_build_info", Help: "Always 1; the labels tell the running version and the Go version that built it.",
	}, []string{"version", "goversion"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(m.settled, m.readRecords, m.readBytes, m.revoked, m.commits, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Read implements [collector.Observer].
func (m *Metrics) Read(records, bytes int) {
	m.readRecords.Add(float64(records))
	m.readBytes.Add(float64(bytes))
}

// Settled implements [collector.Observer]. It allocates nothing.
func (m *Metrics) Settled(o collector.Outcome, reason string, records int, read time.Time) {
	m.settled.add(o, reason, records, time.Since(read))
}

// Revoked implements [collector.Observer].
func (m *Metrics) Revoked(records int) { m.revoked.Add(float64(records)) }

// Committed implements [collector.Observer].
func (m *Metrics) Committed(took time.Duration) { m.commits.Observe(took.Seconds()) }

// Destination adds the metrics of an HTTP destination and returns what counts them. It is called once at most: files and standard
// output have no requests, and then the page does not speak of any.
func (m *Metrics) Destination() httpapi.Observer {
	d := newDestination()
	m.registry.MustRegister(d.requests, d.durations, d.retries, d.state)
	return d
}
