package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

// releasedLease is one line of trunkline lease release --output json.
type releasedLease struct {
	Shard   string `json:"shard"`
	Outcome string `json:"outcome"` // released, planned, free, ended or failed
	Owner   string `json:"owner,omitempty"`
	Next    string `json:"next,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (a *app) leaseReleaseCommand() *cobra.Command {
	var c leaseChoice
	cmd := &cobra.Command{
		Use:   "release SHARD… | --all | --owner ID",
		Short: "Take leases from their owner, for another worker to take",
		Long: `Take the owner away from leases, so that the next worker that looks at the table takes them: within 20 seconds by default. The
checkpoint stays. A worker that lives finds out at its next heartbeat and stops reading the shard; what it has in flight may arrive,
and comes again from who takes the lease, under the same Idempotency-Key. It may also be the one that takes the lease: to empty a
machine, stop its worker, which releases its leases itself. Leases that nobody has, and those of shards that were read to their end,
are left alone. In the middle of a hand-over, it ends at once, and the next owner begins.

Asks for confirmation on a terminal. Where the leases are in the state file, stop the collector first.

Exit status: 0 released, or there was nothing to release, 1 failed, not all are released, or not confirmed, 2 wrong call or config.`,
		Example: `  trunkline lease release shardId-000000000003
  trunkline lease release --owner ip-10-0-3-7:1f0c2f6e-7d43-4b39-9a52-0d8e3a4bb6aa --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.check(cmd, args); err != nil {
				return err
			}
			if err := a.attended(c); err != nil {
				return err
			}
			return a.releaseLeases(cmd.Context(), c)
		},
	}
	cmd.Flags().StringVar(&c.owner, "owner", "", "the leases of this worker")
	return a.leaseFlags(cmd, &c)
}

func (a *app) releaseLeases(ctx context.Context, c leaseChoice) (err error) {
	conf, err := a.loadStream()
	if err != nil {
		return err
	}
	place, err := a.openPlace(ctx, conf, !c.dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.close()) }()
	all, err := place.list(ctx)
	if err != nil {
		return err
	}
	_, chosen, err := c.of(all)
	if err != nil {
		return err
	}
	held := 0
	for _, l := range chosen {
		if planned(l).Outcome == "planned" {
			held++
			if !c.dryRun && !c.yes {
				fmt.Fprintf(a.stderr, "%s: owner %s\n", legible(l.Key), legible(l.Holder()))
			}
		}
	}
	if held > 0 && !c.dryRun {
		if err := a.confirm(ctx, c, fmt.Sprintf("release %s of %s?", counted(held, "lease"), place.name)); err != nil {
			return err
		}
	}
	failed := 0
	for _, l := range chosen {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r := planned(l)
		if r.Outcome == "planned" && !c.dryRun {
			if r = release(ctx, place.store, l); r.Error != "" {
				failed++
			}
		}
		if err := a.printReleased(r, c.out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %s not released", failed, counted(held, "lease"))
	}
	return nil
}

// planned says what is to be done with a lease.
func planned(l lease.Lease) releasedLease {
	r := releasedLease{Shard: l.Key, Outcome: "planned", Owner: l.Holder()}
	switch {
	case l.Checkpoint.Position == shards.End:
		r.Outcome = "ended"
	case r.Owner == "":
		r.Outcome = "free"
	}
	return r
}

// release takes a lease from the owner that it had when it was chosen, not from one that has taken it since.
func release(ctx context.Context, store lease.Store, chosen lease.Lease) releasedLease {
	r := releasedLease{Shard: chosen.Key, Outcome: "released", Owner: chosen.Holder()}
	err := changeLease(ctx, store, chosen.Key, func(l lease.Lease) error {
		if l.Holder() != chosen.Holder() {
			return nil
		}
		after, err := evict(ctx, store, l, false)
		r.Next = after.Owner
		return err
	})
	if err != nil {
		r.Outcome, r.Error = "failed", err.Error()
	}
	return r
}

func (a *app) printReleased(r releasedLease, out output) error {
	if out == asJSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	text := map[string]string{
		"planned":  "would be released by " + legible(r.Owner),
		"released": "released by " + legible(r.Owner),
		"free":     "nobody has it",
		"ended":    "was read to its end, and is left alone",
		"failed":   "not released by " + legible(r.Owner) + ": " + legible(r.Error),
	}[r.Outcome]
	if r.Next != "" {
		text += "; " + legible(r.Next) + " has it, to whom it was being handed over"
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s\n", legible(r.Shard), text)
	return err
}
