package cli

import (
	"context"
	"sync"
	"time"

	"trunkline/internal/source/files"
	"trunkline/internal/state"
)

// sweepEvery is how often a collector that follows files looks for positions that it can forget.
const sweepEvery = time.Hour

// sweeper forgets the positions of files that are gone, so that neither the state file nor status grows with every file that ever was.
type sweeper struct {
	run    *run
	absent map[string]string // at the last look: by partition, the position
}

// sweep looks for files that are gone, and forgets what was gone at the look before too. Nothing depends on it, so it fails quietly.
func (s *sweeper) sweep() {
	if s.run.config.Source.File.Stdin() {
		return
	}
	positions, err := s.run.store.Positions()
	if err != nil {
		return // the next checkpoint says so too
	}
	before := s.absent
	if s.absent, err = files.Absent(s.run.config.Source.File.Path, positions); err != nil {
		return // the source says so too
	}
	gone := map[string]string{}
	for partition, position := range s.absent {
		if before[partition] == position {
			gone[partition] = position
		}
	}
	if len(gone) > 0 && s.run.store.Commit(state.Settlement{Gone: gone}) == nil {
		s.run.log.Info("positions of files that are gone are forgotten", "files", len(gone))
	}
}

// forgetGone sweeps now and every hour, until the returned function is called, which sweeps a last time: a run that ends by itself
// has looked twice then.
func (r *run) forgetGone(ctx context.Context) (end func()) {
	if r.config.Source.File == nil {
		return func() {} // shards that are gone take their leases with them
	}
	s := &sweeper{run: r}
	ctx, stop := context.WithCancel(ctx)
	var sweeping sync.WaitGroup
	sweeping.Go(func() {
		for {
			s.sweep()
			select {
			case <-ctx.Done():
				return
			case <-time.After(sweepEvery):
			}
		}
	})
	return func() {
		stop()
		sweeping.Wait()
		s.sweep()
	}
}
