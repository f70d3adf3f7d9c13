package lambda

import (
	"errors"
	"sync"

	"trunkline/internal/collector"
)

// stage keeps a stage's workers from one invocation to the next: making one costs more than handling a record. It is safe for concurrent
// use.
type stage struct {
	of   collector.Stage
	mu   sync.Mutex
	free []func(*collector.Record) error
}

func pooled(stages []collector.Stage) []*stage {
	all := make([]*stage, len(stages))
	for i := range stages {
		all[i] = &stage{of: stages[i]}
	}
	return all
}

func (s *stage) take() func(*collector.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		worker := s.free[n-1]
		s.free = s.free[:n-1]
		return worker
	}
	return s.of.New()
}

func (s *stage) give(worker func(*collector.Record) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, worker)
}

// errPanic is what a record fails with whose stage panicked.
var errPanic = errors.New("the stage panicked; the log has its trace")

// borrow makes the stages of one invocation. give returns their workers when it is over. A panic becomes the record's error: on the
// goroutine where it happens, it would end the process otherwise.
func borrow(stages []*stage, panicked func(any)) (borrowed []collector.Stage, give func()) {
	var mu sync.Mutex
	var returns []func()
	for _, s := range stages {
		borrowed = append(borrowed, collector.Stage{Name: s.of.Name, New: func() func(*collector.Record) error {
			worker := s.take()
			mu.Lock()
			returns = append(returns, func() { s.give(worker) })
			mu.Unlock()
			return func(r *collector.Record) (err error) {
				defer func() {
					if p := recover(); p != nil {
						panicked(p)
						worker, err = s.of.New(), errPanic // the old one may be in any state
					}
				}()
				return worker(r)
			}
		}})
	}
	return borrowed, func() {
		for _, f := range returns {
			f()
		}
	}
}
