package cli

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
	"trunkline/internal/telemetry"
	"trunkline/internal/telemetry/traces"
)

// patience is how long there may be work without a checkpoint before the collector calls itself not ready.
const patience = 30 * time.Second

// watch is what others can see of a run.
type watch struct {
	metrics *telemetry.Metrics // nil where nobody can ask for them
	health  *telemetry.Health
	traces  *traces.Traces // nil: off
	agents  agentCounts

	collector   collector.Observer
	destination httpapi.Observer
}

// openWatch begins to watch a run.
func (r *run) openWatch(ctx context.Context) (err error) {
	w := &watch{health: telemetry.NewHealth(patience)}
	r.watch = w
	collectors, destinations := []collector.Observer{w.health}, []httpapi.Observer{w.health}
	if r.config.Observe.Listen != "off" {
		w.metrics = telemetry.NewMetrics(version())
		collectors, destinations = append(collectors, w.metrics), append(destinations, w.metrics.Destination())
	}
	if t := r.config.Observe.Traces; t != nil {
		w.traces, err = traces.Open(ctx, traces.Options{URL: t.OTLP, Version: version(), Logger: r.log})
		if err != nil {
			return wrongCall(r.config.Errorf("observe.traces.otlp", "%w", err))
		}
		collectors, destinations = append(collectors, w.traces), append(destinations, w.traces)
		r.closers = append(r.closers, func() error { w.traces.Close(); return nil })
	}
	w.collector, w.destination = telemetry.Observers(collectors...), telemetry.DestinationObservers(destinations...)
	return nil
}

// agentCounts implements enrich.Observer.
type agentCounts struct {
	rows             atomic.Int64
	loaded, failures atomic.Uint64
}

func (c *agentCounts) AgentLooked(bool)      {}
func (c *agentCounts) AgentsLoaded(rows int) { c.rows.Store(int64(rows)); c.loaded.Add(1) }
func (c *agentCounts) AgentsBroken()         { c.failures.Add(1) }

// readings are what the metrics page asks the parts of a run for.
func (r *run) readings() telemetry.Readings {
	readings := telemetry.Readings{
		InFlight:    func() int { _, n := r.collector.Counts(); return n },
		LagBytes:    r.source.Lag,
		DeadLetters: func() int { _, letters := r.journal.sizes(); return letters },
	}
	if r.stream != nil {
		readings.Stream = r.streamReading
	}
	if r.config.Deduplicate != nil {
		readings.Window = func() int { window, _ := r.journal.sizes(); return window }
	}
	if r.pipeline.Enricher != nil {
		readings.EnrichRows = func() int { return int(r.watch.agents.rows.Load()) }
		readings.EnrichRefreshes, readings.EnrichFailures = r.watch.agents.loaded.Load, r.watch.agents.failures.Load
	}
	return readings
}

// serveWatch answers on observe.listen until the run is closed.
func (r *run) serveWatch(ctx context.Context) error {
	if r.watch.metrics == nil {
		return nil
	}
	server, err := telemetry.Listen(r.config.Observe.Listen, r.watch.metrics, r.watch.health, r.log)
	if err != nil {
		return fmt.Errorf("observe.listen: %w", err) // no fault of the config: status 1
	}
	r.watch.metrics.Watch(r.readings())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(context.WithoutCancel(ctx)); err != nil {
			r.log.Error("metrics are no longer served", "error", err)
		}
	})
	r.closers = append(r.closers, func() error {
		err := server.Close()
		serving.Wait()
		return err
	})
	return nil
}
