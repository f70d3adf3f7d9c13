package cli

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
	"trunkline/internal/telemetry"
)

// patience is how long there may be work without a checkpoint before the collector calls itself not ready.
const patience = 30 * time.Second

// watch is what others can see of a run: metrics, health and the pages that show them.
type watch struct {
	metrics *telemetry.Metrics
	health  *telemetry.Health
	agents  agentCounts
}

func newWatch() *watch {
	return &watch{metrics: telemetry.NewMetrics(version()), health: telemetry.NewHealth(patience)}
}

func (w *watch) collector() collector.Observer { return telemetry.Observers(w.metrics, w.health) }

func (w *watch) destination() httpapi.Observer {
	return telemetry.DestinationObservers(w.metrics.Destination(), w.health)
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
	if r.config.Deduplicate != nil {
		readings.Window = func() int { window, _ := r.journal.sizes(); return window }
	}
	if r.pipeline.enricher != nil {
		readings.EnrichRows = func() int { return int(r.watch.agents.rows.Load()) }
		readings.EnrichRefreshes, readings.EnrichFailures = r.watch.agents.loaded.Load, r.watch.agents.failures.Load
	}
	return readings
}

// serveWatch answers on observe.listen until the run is closed.
func (r *run) serveWatch(ctx context.Context) error {
	address := r.config.Observe.Listen
	if address == "off" {
		return nil
	}
	server, err := telemetry.Listen(address, r.watch.metrics, r.watch.health, r.log)
	if err != nil {
		return err // it names the key, and is no fault of the config
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
