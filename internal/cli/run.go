package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/cloud"
	"trunkline/internal/collector"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/collector/redact/scrub"
	"trunkline/internal/config"
	"trunkline/internal/destination/file"
	"trunkline/internal/destination/httpapi"
	"trunkline/internal/destination/stdout"
	"trunkline/internal/pipeline"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/state"
)

func (a *app) runCommand() *cobra.Command {
	return a.withGuard(a.withConfig(&cobra.Command{
		Use:   "run",
		Short: "Collect until stopped, or until a finite source ends",
		Long: `Read records, filter, deduplicate, enrich and redact them, and deliver them. A first interrupt (Ctrl-C) or SIGTERM stops the reading
and gives what has been read ten seconds to be delivered; a second one ends the program at once. Nothing is lost either way: what
is not settled is read again by the next run. Dead letters do not stop it: see trunkline status.

Exit status: 0 stopped, or at the end of the files, 1 failed, 2 wrong call or config.`,
		Example: "  trunkline run\n  trunkline run -c /etc/trunkline.yaml\n  zcat records.jsonl.gz | trunkline run -c stdin.yaml\n  trunkline run --guard role.json --guard-principal arn:aws:iam::111122223333:role/collector",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(a.configPath)
			if err != nil {
				return wrongCall(err)
			}
			err = a.collect(cmd.Context(), c, func(r *run) error {
				if err := r.start(cmd.Context()); err != nil {
					return err
				}
				return r.untilDone(cmd.Context())
			})
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // stopped while it was still starting: a clean end like any other
			}
			return err
		},
	}))
}

// run is a collector with all that it needs, made from a config.
type run struct {
	app       *app
	config    *config.Config
	log       *slog.Logger
	aws       *cloud.Services
	pipeline  *pipeline.Pipeline
	store     *state.Store
	journal   *journal
	source    source
	stream    *kinesis.Source // the source, where it is one
	worker    string          // as which it holds leases
	dest      collector.Destination
	collector *collector.Collector
	watch     *watch
	began     time.Time
	speed     speed
	closers   []func() error
}

// collect makes a run, calls work with it, and closes what was opened.
func (a *app) collect(ctx context.Context, c *config.Config, work func(*run) error) (err error) {
	r := &run{app: a, config: c, log: newLogger(a.stderr, c.Observe), began: time.Now()}
	r.speed.at = r.began
	defer func() {
		for i := len(r.closers) - 1; i >= 0; i-- {
			err = errors.Join(err, r.closers[i]())
		}
	}()
	if err := r.open(ctx); err != nil {
		return err
	}
	return work(r)
}

func newLogger(w io.Writer, o config.Observe) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.Log}
	if o.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// open makes the parts that run and replay share, in the order in which a mistake is cheapest to find: first what only the config decides.
func (r *run) open(ctx context.Context) (err error) {
	if err := r.openCloud(ctx); err != nil {
		return err
	}
	if err := r.openWatch(ctx); err != nil {
		return err
	}
	if r.pipeline, err = buildPipeline(ctx, r.config, r.aws, r.log, &r.watch.agents); err != nil {
		return err
	}
	if err := r.openJournal(ctx); err != nil {
		return err
	}
	return r.openDestination(ctx)
}

// keys are made from redact.key, or from the state file's own secret where there is none.
func (r *run) keys() collector.Keys {
	if r.pipeline.Secret != nil {
		return collector.DeriveKeys(r.pipeline.Secret)
	}
	secret := r.store.Secret()
	return collector.DeriveKeys(secret[:])
}

func (r *run) openJournal(ctx context.Context) (err error) {
	r.store, err = state.Open(r.config.State.File, state.Options{
		Command: strings.Join(os.Args, " "), Now: time.Now(), Random: rand.Reader,
	})
	if err != nil {
		return err
	}
	r.closers = append(r.closers, func() error { return r.store.Close() })
	letters, err := r.openLetters(ctx)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, letters.Close)
	var window *dedupe.Window
	if d := r.config.Deduplicate; d != nil {
		window = dedupe.New(dedupe.Options{Length: d.Window, Max: d.Max})
	}
	if r.journal, err = openJournal(r.store, letters, window, r.describe); err != nil {
		return err
	}
	r.journal.notice = notice{log: r.log, next: "trunkline replay --list -c " + shellWord(r.app.configPath)}
	return nil
}

func (r *run) openDestination(ctx context.Context) (err error) {
	d := r.config.Destination
	switch {
	case d.HTTP != nil:
		var key func(context.Context) (string, error)
		if !d.HTTP.Key.IsZero() {
			key = func(ctx context.Context) (string, error) {
				value, err := d.HTTP.Key.Resolve(ctx, r.aws.Secrets)
				if err != nil {
					return "", r.config.Errorf("destination.http.key", "%w", err)
				}
				return value.Reveal(), nil
			}
			if _, err := key(ctx); err != nil {
				return err
			}
		}
		r.dest, err = httpapi.New(httpapi.Options{
			URL: d.HTTP.URL, Plaintext: d.HTTP.Plaintext, Header: d.HTTP.Header, Key: key, Rate: d.HTTP.Rate.PerSecond(), Timeout: d.HTTP.Timeout,
			Concurrency: d.HTTP.Concurrency, Batch: d.HTTP.Batch, CAFile: d.HTTP.CAFile, UserAgent: "trunkline/" + version(), Logger: r.log,
			Scrub: scrubAnswer, Observer: r.watch.destination,
		})
	case d.File != nil:
		r.dest, err = file.New(file.Options{Path: d.File.Path, Rotate: int64(d.File.Rotate), Keep: d.File.Keep, Logger: r.log})
	default:
		r.dest = stdout.New(r.app.stdout.to) // a run whose reader goes away has failed: records wait
	}
	if err == nil {
		r.closers = append(r.closers, func() error { return r.dest.Close() })
	}
	return err
}

// scrubAnswer takes what looks like personal data out of the start of an answer that refuses a record.
func scrubAnswer(text []byte) []byte {
	text, _ = scrub.Replace(nil, text, nil)
	return text
}

// options size the loop: preparing is work for processors, delivering over HTTP is waiting.
func (r *run) options(source collector.Source, journal collector.Journal) collector.Options {
	o := collector.Options{
		Source: source, Stages: r.pipeline.Stages, Destination: r.dest, Journal: journal, Keys: r.keys(), Observer: r.watch.collector,
		Deduplicate: r.config.Deduplicate != nil, Workers: runtime.GOMAXPROCS(0), Group: 1024,
	}
	if h := r.config.Destination.HTTP; h != nil {
		o.Keyed, o.Concurrency, o.Group = true, h.Concurrency, h.Batch
		o.InFlight = max(4<<20, h.Concurrency*h.Batch*(16<<10)) // enough for each request to find its records read
	}
	return o
}

// collectEvery is the garbage collector's target, in per cent: half the usual. What is alive is a few megabytes of buffers, so
// collecting twice as often costs next to nothing and keeps the process small. GOGC overrides it.
const collectEvery = 50

// start makes what collecting needs beside what it shares with replay.
func (r *run) start(ctx context.Context) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectEvery)
	}
	if err := r.openSource(ctx); err != nil {
		return err
	}
	if err := r.publishStream(ctx); err != nil {
		return err
	}
	r.collector = collector.New(r.options(r.source, r.journal))
	if err := r.serveWatch(ctx); err != nil {
		return err
	}
	stop, err := r.serveControl()
	if err != nil {
		return err
	}
	r.closers = append(r.closers, stop)
	return nil
}

// untilDone collects, after start, and logs the account.
func (r *run) untilDone(ctx context.Context) error {
	if e := r.pipeline.Enricher; e != nil {
		refreshing, done := context.WithCancel(ctx)
		var refresher sync.WaitGroup
		refresher.Go(func() { _ = e.Run(refreshing) }) // it returns when refreshing ends, and never an error
		defer refresher.Wait()
		defer done()
	}
	if r.stream != nil {
		r.watch.health.Source(r.streamReasons)
	}
	r.watch.health.Collecting(func() int { _, n := r.collector.Counts(); return n })
	defer context.AfterFunc(ctx, func() {
		r.watch.health.Stopping()
		r.log.Info("stopping: what has been read has ten seconds to be delivered; a second interrupt ends at once, nothing is lost")
	})()
	r.log.Info("collecting", "version", version(), "source", r.sourceName())
	endProgress := r.showProgress()
	endSweeps := r.forgetGone(ctx)
	err := r.collector.Run(ctx)
	endSweeps()
	endProgress()
	counts, unsettled := r.collector.Counts()
	attrs := []any{"records", counts.Total(), "took", time.Since(r.began).Round(time.Millisecond)}
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		attrs = append(attrs, o.String(), counts[o])
	}
	if unsettled > 0 {
		attrs = append(attrs, "to_read_again", unsettled)
	}
	r.log.Info("stopped", attrs...)
	if _, waiting := r.journal.sizes(); waiting > 0 {
		r.log.Warn("dead letters wait for a replay", "dead_letters", waiting, "next", "trunkline replay --list -c "+shellWord(r.app.configPath))
	}
	return err
}
