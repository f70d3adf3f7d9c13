package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/collector"
	"trunkline/internal/config"
	"trunkline/internal/state"
)

func (a *app) statusCommand() *cobra.Command {
	var out output
	var f leaseFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show positions, lag, rates and dead letters of a running or stopped collector",
		Long: `Show what became of the records since the state file was made, how many dead letters wait, and where the source is read on. A running
collector is asked; of a stopped one the state file is read.

With --leases, show the leases of a stream: who reads which shard, how far it got, and how far that is behind. A lease is free when
nobody has it; expired when whoever has it did not renew it while the table was watched, which takes three seconds where all is well
and up to state.dynamodb.failover and a fifth where it is not (--now leaves it out); draining on its way from one worker to another;
waiting while what it follows is not read to its end; ended when all of the shard was read. LAG is the time from the checkpoint to
the end of the shard, AGE that since the checkpoint's record came: of shards that the collector of this config reads it is asked, and
it also knows about how many records and bytes wait; of the others, the stream is asked (--no-lag leaves it out), with
kinesis:GetShardIterator and one kinesis:GetRecords of one record for each shard. SWITCHES is how often the owner changed since.

Exit status: 0 shown, 1 there is no state file or table, or it cannot be read, 2 wrong call or config.
Exit status 3, with --leases: shown, and there are free or expired leases though workers are there to take them.`,
		Example: `  trunkline status
  trunkline status --leases
  trunkline status --leases --no-lag --now -c /etc/trunkline.yaml
  trunkline status --output json -c /etc/trunkline.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.leases {
				return a.statusLeases(cmd.Context(), f, out)
			}
			if f.noLag || f.now {
				return wrongCall(errors.New("--no-lag and --now go with --leases"))
			}
			c, err := config.Load(a.configPath)
			if err != nil {
				return wrongCall(err)
			}
			report, err := findStatus(cmd.Context(), c.State.File)
			if err != nil {
				return err
			}
			slices.SortFunc(report.Positions, func(x, y statusPosition) int { return cmp.Compare(x.Where, y.Where) })
			if out == asJSON {
				return json.NewEncoder(a.stdout).Encode(report)
			}
			return report.print(a.stdout)
		},
	}
	cmd.Flags().BoolVar(&f.leases, "leases", false, "show the leases of a stream")
	cmd.Flags().BoolVar(&f.noLag, "no-lag", false, "with --leases, ask the stream for nothing")
	cmd.Flags().BoolVar(&f.now, "now", false, "with --leases, do not watch which owners are alive")
	withOutput(cmd, &out)
	return a.withConfig(cmd)
}

// findStatus asks the running collector or, where there is none, reads the state file.
func findStatus(ctx context.Context, stateFile string) (*statusReport, error) {
	report, asked := askStatus(ctx, stateFile)
	if asked == nil {
		return report, nil
	}
	store, err := state.Open(stateFile, state.Options{ReadOnly: true, Now: time.Now()})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noState(stateFile)
	}
	if locked, ok := errors.AsType[*state.LockedError](err); ok {
		return nil, fmt.Errorf("process %d has the state file but does not answer: %w", locked.Holder.PID, asked)
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return storedStatus(store)
}

func noState(stateFile string) error {
	return fmt.Errorf("no state file %s: nothing has been collected with this config yet; begin with: trunkline run", stateFile)
}

func (r *statusReport) print(w io.Writer) error {
	title := r.State
	if r.State == "running" {
		title = fmt.Sprintf("running: process %d since %s, version %s", r.PID, r.Since.UTC().Format(time.RFC3339), r.Version)
	}
	fmt.Fprintln(w, title)
	for _, reason := range r.NotReady {
		fmt.Fprintln(w, "  not ready:", reason)
	}
	var total uint64
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		n := r.Outcomes[o.String()]
		total += n
		fmt.Fprintf(w, "  %-14s %12d\n", o, n)
	}
	fmt.Fprintf(w, "  %-14s %12d\n", "in all", total)
	fmt.Fprintf(w, "dead letters waiting for a replay: %d\n", r.DeadLetters)
	if r.DeadLetters > 0 {
		fmt.Fprintln(w, "  which, and why: trunkline replay --list")
	}
	if r.State == "running" {
		fmt.Fprintf(w, "in flight: %d, records/s: %.1f, versions in the deduplication window: %d\n", r.InFlight, r.Rate, r.Window)
	}
	if r.LagBytes != nil {
		fmt.Fprintf(w, "behind the end of the source: %d bytes\n", *r.LagBytes)
	}
	if r.BehindMS != nil {
		fmt.Fprintf(w, "behind the end of the stream: %s\n", time.Duration(*r.BehindMS)*time.Millisecond)
	}
	for _, p := range r.Positions {
		fmt.Fprintf(w, "position: %s\n", p.Where)
	}
	return nil
}

// speed measures a rate between two looks at a total, at least a second apart.
type speed struct {
	mu   sync.Mutex
	at   time.Time
	n    int64
	last float64
}

func (s *speed) rate(n int64, now time.Time) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if took := now.Sub(s.at); took >= time.Second {
		s.last = float64(n-s.n) / took.Seconds()
		s.at, s.n = now, n
	}
	return s.last
}
