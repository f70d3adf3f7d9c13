package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/lease"
)

func (a *app) leaseResetCommand() *cobra.Command {
	var c leaseChoice
	var to string
	var force bool
	cmd := &cobra.Command{
		Use:   "reset SHARD… | --all --to trim_horizon|latest|TIME|SEQUENCE[/SUB]",
		Short: "Move the checkpoints of leases",
		Long: `Move checkpoints, so that whoever takes the leases next reads on from there.

  --to trim_horizon    from the oldest record that the stream has
  --to latest          from what comes after this command has begun
  --to TIME            from the first record that came at this RFC 3339 time or later
  --to SEQUENCE[/SUB]  behind the record with this sequence number (SUB: index in its aggregate); of one shard only

For latest and TIME the stream is read, to find the last record before: the table holds no times. Where a checkpoint moves forward,
the records in between are skipped. Where it moves back, they come again, under the same Idempotency-Key; those that the
deduplication window remembers are dropped. With latest and TIME, a shard that was read to its end stays so, unless it has records
that came later.

A lease that a living worker has is refused, and nothing is changed: stop the workers first. Whether one lives is seen by watching
the lease for state.dynamodb.failover and a fifth. With --force the lease is taken from it first: it stops at its next heartbeat, and
what it has in flight may still arrive, out of order with what is read from the new place.

Asks for confirmation on a terminal. Where the leases are in the state file, stop the collector first.

Exit status: 0 reset, or they stood there, 1 failed, refused, or not confirmed, 2 wrong call or config.`,
		Example: `  trunkline lease reset --all --to 2026-11-22T06:00:00Z --dry-run
  trunkline lease reset shardId-000000000003 --to trim_horizon
  trunkline lease reset --all --to latest --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.check(cmd, args); err != nil {
				return err
			}
			target, err := parseTarget(to, c, time.Now())
			if err != nil {
				return wrongCall(err)
			}
			if err := a.attended(c); err != nil {
				return err
			}
			return a.resetLeases(cmd.Context(), c, target, force)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the new place: trim_horizon, latest, an RFC 3339 time, or SEQUENCE[/SUB]")
	cmd.Flags().BoolVar(&force, "force", false, "take leases from living workers")
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"trim_horizon", "latest"}, cobra.ShellCompDirectiveNoFileComp))
	return a.leaseFlags(cmd, &c)
}

func (a *app) resetLeases(ctx context.Context, c leaseChoice, to target, force bool) (err error) {
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
	beats, err := a.watchChosen(ctx, place, all, chosen)
	if err != nil {
		return err
	}
	table, chosen, err := c.of(beats.leases) // as they are now
	if err != nil {
		return err
	}
	plan, err := resetPlan(ctx, place, table, chosen, to)
	if err != nil {
		return err
	}
	alive := 0
	moves := map[string]int{}
	for i := range plan {
		if plan[i].Outcome == "planned" {
			if plan[i].Alive = beats.alive[plan[i].Shard]; plan[i].Alive {
				alive++
			}
			moves[plan[i].Direction]++
		}
	}
	if c.dryRun {
		if err := a.printResets(a.stdout, plan, c.out); err != nil {
			return err
		}
		a.warnAlive(alive, force)
		return nil
	}
	if !c.yes {
		if err := a.printResets(a.stderr, plan, asText); err != nil {
			return err
		}
	}
	a.warnAlive(alive, force)
	if alive > 0 && !force {
		return errors.New("nothing was changed")
	}
	if len(moves) > 0 {
		if moves["back"] > 0 && conf.Deduplicate != nil {
			fmt.Fprintf(a.stderr, "versions that were delivered in the last %v are dropped as duplicates where the state file remembers them\n", conf.Deduplicate.Window)
		}
		question := fmt.Sprintf("reset %s of %s?", counted(moves["forward"]+moves["back"]+moves["begin"], "lease"), place.name)
		if n := moves["forward"]; n > 0 {
			question = fmt.Sprintf("records of %s are skipped; ", counted(n, "shard")) + question
		}
		if err := a.confirm(ctx, c, question); err != nil {
			return err
		}
	}
	failed := 0
	for _, r := range plan {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if r.Outcome == "planned" {
			r.Outcome = "reset"
			if err := reset(ctx, place.store, r, force); err != nil {
				r.Outcome, r.Error = "failed", err.Error()
				failed++
			}
		}
		if err := a.printResets(a.stdout, []resetLease{r}, c.out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s not reset", counted(failed, "lease"))
	}
	return nil
}

// watchChosen finds out which of the chosen leases have a living owner. Whoever has the state file open has no other beside it.
func (a *app) watchChosen(ctx context.Context, place *leasePlace, all, chosen []lease.Lease) (heartbeats, error) {
	if place.table == nil {
		return heartbeats{leases: all}, nil
	}
	keys := map[string]bool{}
	owned := 0
	for _, l := range chosen {
		keys[l.Key] = true
		if l.Holder() != "" {
			owned++
		}
	}
	if owned > 0 {
		fmt.Fprintf(a.stderr, "watching for up to %v whether the owners of %s live\n", place.failover()+place.failover()/5, counted(owned, "lease"))
	}
	return watchLeases(ctx, place.list, all, func(l lease.Lease) bool { return keys[l.Key] }, place.failover())
}

func (a *app) warnAlive(alive int, force bool) {
	switch {
	case alive > 0 && force:
		fmt.Fprintf(a.stderr, "%s taken from living workers: these stop at their next heartbeat, and what they have in flight may still arrive\n", counted(alive, "lease"))
	case alive > 0:
		fmt.Fprintf(a.stderr, "living workers have %s: stop those first (trunkline status --leases names them), or take the leases from them with --force\n", counted(alive, "lease"))
	}
}
