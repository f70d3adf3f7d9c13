package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/awsclient"
	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/shards"
)

// resetLease is one line of trunkline lease reset --output json.
type resetLease struct {
	Shard     string    `json:"shard"`
	Outcome   string    `json:"outcome"` // reset, planned, same or failed
	Before    leaseSpot `json:"before"`
	After     leaseSpot `json:"after"`
	Direction string    `json:"direction,omitempty"` // forward, back or begin
	Owner     string    `json:"owner,omitempty"`
	Alive     bool      `json:"alive,omitempty"`
	Next      time.Time `json:"next,omitzero"` // when the first record came that will be read
	Notes     []string  `json:"notes,omitempty"`
	Error     string    `json:"error,omitempty"`
}

// target is where checkpoints are to be: at a place, or behind the last record before a time.
type target struct {
	at   lease.Checkpoint
	time time.Time
}

func parseTarget(text string, c leaseChoice, now time.Time) (t target, err error) {
	sequence, sub, inside := strings.Cut(text, "/")
	switch {
	case text == "trim_horizon":
		return target{at: lease.Checkpoint{Position: shards.TrimHorizon}}, nil
	case text == "latest":
		return target{time: now}, nil
	case text == "":
		return t, errors.New("say where: --to trim_horizon, latest, an RFC 3339 time, or SEQUENCE[/SUB]")
	case shards.Valid(sequence) && sequence[0] <= '9': // no sentinel
		t.at.Position = sequence
		if inside {
			if t.at.Sub, err = strconv.ParseInt(sub, 10, 64); err != nil || t.at.Sub < 0 {
				return t, fmt.Errorf("--to %s: SUB is the index in an aggregate, from 0", legible(text))
			}
		}
		if c.all || len(c.shards) != 1 {
			return t, errors.New("a sequence number is one of one shard: name that shard")
		}
		return t, nil
	}
	if t.time, err = time.Parse(time.RFC3339, text); err != nil {
		return t, fmt.Errorf("--to %s: want trim_horizon, latest, an RFC 3339 time, e.g. 2026-11-22T10:00:00Z, or SEQUENCE[/SUB]", legible(text))
	}
	if t.time.After(now) {
		return t, fmt.Errorf("--to %s: that is still to come; for what comes from now on: --to latest", text)
	}
	return t, nil
}

// resetPlan finds the new checkpoints.
func resetPlan(ctx context.Context, place *leasePlace, table shards.Table, chosen []lease.Lease, to target) ([]resetLease, error) {
	k := place.config.Source.Kinesis
	var client kinesis.Client
	if to.at.Position != shards.TrimHorizon {
		var err error
		if client, err = place.stream(ctx); err != nil {
			return nil, err
		}
	}
	type answer struct {
		planned resetLease
		err     error
	}
	found := eachShard(ctx, chosen, func(ctx context.Context, l lease.Lease) (answer, error) {
		r, err := resetOf(ctx, client, k.Stream, l, to)
		return answer{r, err}, err
	})
	var plan []resetLease
	for _, l := range chosen {
		switch f, asked := found[l.Key]; {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case f.err != nil:
			return nil, fmt.Errorf("find the new place in %s: %w", legible(l.Key), f.err)
		case asked:
			plan = append(plan, direct(f.planned, l, table))
		}
	}
	if len(plan) < len(chosen) {
		for _, f := range found {
			if f.err != nil {
				return nil, f.err
			}
		}
	}
	return plan, nil
}

// resetOf finds the new checkpoint of a lease.
func resetOf(ctx context.Context, client kinesis.Client, stream string, l lease.Lease, to target) (r resetLease, err error) {
	r = resetLease{Shard: l.Key, Before: spot(l.Checkpoint), After: spot(to.at), Owner: l.Holder()}
	ended := l.Checkpoint.Position == shards.End
	switch {
	case !to.time.IsZero():
		at, next, err := kinesis.LastBefore(ctx, client, stream, l.Key, to.time)
		e, _ := errors.AsType[*awsclient.Error](err)
		switch {
		case ended && (e != nil && e.Missing || err == nil && next.IsZero()):
			at = l.Checkpoint // all that the shard has, if it is still there, was before
		case err != nil:
			return r, err
		case next.IsZero():
			r.Notes = append(r.Notes, "the shard has no record since then yet")
		}
		r.After, r.Next = spot(at), next.UTC()
	case to.at.Position != shards.TrimHorizon:
		s, err := kinesis.Look(ctx, client, stream, shards.Start{}, l.Key, to.at)
		if err != nil {
			return r, err
		}
		if s.Gone && s.Next != "" {
			r.Notes = append(r.Notes, "the stream does not have that record: reading begins with "+s.Next)
		} else if s.Gone {
			r.Notes = append(r.Notes, "the shard has no record there, and none behind it yet")
		}
	}
	return r, nil
}

// direct says what a move means.
func direct(r resetLease, l lease.Lease, table shards.Table) resetLease {
	r.Outcome = "planned"
	at := l.Checkpoint.Position
	switch way := shards.Compare(lease.Checkpoint(r.After), l.Checkpoint); {
	case way == 0:
		r.Outcome = "same"
	case at == shards.Latest || at == shards.AtTimestamp:
		r.Direction = "begin"
	case way > 0:
		r.Direction = "forward"
	default:
		r.Direction = "back"
		begun := slices.ContainsFunc(l.Children, func(child string) bool {
			c, found := table[child]
			return found && c.Checkpoint.Position != shards.TrimHorizon
		})
		if begun {
			r.Notes = append(r.Notes, "shards that follow it have been read: what comes again may be older than what was delivered of its contact")
		}
	}
	return r
}

func (a *app) printResets(w io.Writer, plan []resetLease, out output) error {
	for _, r := range plan {
		if out == asJSON {
			if err := json.NewEncoder(w).Encode(r); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(w, r); err != nil {
			return err
		}
	}
	return nil
}

// ways say what a direction means.
var ways = map[string]string{
	"forward": ": forward, records in between are skipped",
	"back":    ": back, records in between come again under the same Idempotency-Key",
	"begin":   ": instead of where the config would begin it",
}

// String is the line for people.
func (r resetLease) String() string {
	move := " → " + r.After.String()
	if r.Outcome == "same" {
		move = ", and stays there"
	}
	parts := []string{legible(r.Shard) + ": " + r.Before.String() + move + ways[r.Direction]}
	if r.Alive {
		parts = append(parts, "its owner lives: "+legible(r.Owner))
	}
	parts = append(parts, r.Notes...)
	if r.Error != "" {
		parts = append(parts, "failed: "+legible(r.Error))
	}
	return strings.Join(parts, "; ")
}

// reset takes a lease from whoever has it and moves its checkpoint. Under its old owner the checkpoint would not stay: an owner that
// finds its counter moved by one takes that for a heartbeat of its own whose answer was lost. Unless force is set, it has to be as it was
// planned for.
func reset(ctx context.Context, store lease.Store, r resetLease, force bool) error {
	return changeLease(ctx, store, r.Shard, func(l lease.Lease) error {
		if spot(l.Checkpoint) != r.Before && !force {
			return fmt.Errorf("its checkpoint has moved to %s meanwhile: try again", spot(l.Checkpoint))
		}
		if owner := l.Holder(); owner != "" && owner != r.Owner && !force {
			return fmt.Errorf("%s has taken it meanwhile: try again", legible(owner))
		}
		l, err := evict(ctx, store, l, true)
		if err == nil {
			_, err = store.Checkpoint(ctx, l, lease.Checkpoint(r.After))
		}
		return err
	})
}
