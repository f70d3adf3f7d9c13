package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Readings are what the page asks for when it is scraped. They are called from any goroutine and must be quick. A nil one has no
// metric.
type Readings struct {
	InFlight        func() int                       // records read and not settled
	LagBytes        func() (bytes int64, known bool) // between what has been read and the end of the source
	Window          func() int                       // versions that deduplication remembers
	DeadLetters     func() int                       // waiting for a replay
	EnrichRows      func() int                       // of the file that enriches
	EnrichRefreshes func() uint64                    // times that the file was read anew
	EnrichFailures  func() uint64                    // times that it could not be, and the old rows stayed
	Stream          func() Stream                    // that is read
}

// Watch adds the metrics of the readings. It is called once at most.
func (m *Metrics) Watch(r Readings) {
	gauge, count := prometheus.GaugeValue, prometheus.CounterValue
	add := func(name string, kind prometheus.ValueType, help string, read func() (float64, bool)) {
		m.registry.MustRegister(&reading{prometheus.NewDesc(name, help, nil, nil), kind, read})
	}
	if f := r.InFlight; f != nil {
		add("trunkline_in_flight_records", gauge, "Records read and not settled yet.", always(f))
	}
	if f := r.LagBytes; f != nil {
		add("trunkline_source_lag_bytes", gauge, "Bytes between what has been read and the end of the source; absent where the source cannot tell.",
			func() (float64, bool) { n, known := f(); return float64(n), known })
	}
	if f := r.Window; f != nil {
		add("trunkline_dedupe_window_versions", gauge, "Versions of records that deduplication remembers.", always(f))
	}
	if f := r.DeadLetters; f != nil {
		add("trunkline_dead_letters_waiting", gauge, "Dead letters that wait for a replay.", always(f))
	}
	if f := r.EnrichRows; f != nil {
		add("trunkline_enrich_rows", gauge, "Rows of the enrichment file in use.", always(f))
	}
	if f := r.EnrichRefreshes; f != nil {
		add("trunkline_enrich_refreshes_total", count, "Times that the enrichment file was read anew.", always(f))
	}
	if f := r.EnrichFailures; f != nil {
		add("trunkline_enrich_refresh_failures_total", count, "Times that the enrichment file could not be read anew; the rows before stay in use.", always(f))
	}
	if f := r.Stream; f != nil {
		m.registry.MustRegister(newStream(f))
	}
}

func always[N int | uint64](f func() N) func() (float64, bool) {
	return func() (float64, bool) { return float64(f()), true }
}

// reading is a metric that is asked for, and may be unknown: the library's own gauge functions always have a value.
type reading struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() (value float64, known bool)
}

// Describe implements [prometheus.Collector].
func (r *reading) Describe(to chan<- *prometheus.Desc) { to <- r.desc }

// Collect implements [prometheus.Collector].
func (r *reading) Collect(to chan<- prometheus.Metric) {
	if value, known := r.read(); known {
		to <- prometheus.MustNewConstMetric(r.desc, r.kind, value)
	}
}
