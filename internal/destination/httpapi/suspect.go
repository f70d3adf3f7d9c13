package httpapi

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// An endpoint can fail on one record for ever: with 500, or by breaking the connection. Such a record would keep its contact, a
// sender and in the end all reading waiting. It is told from an outage by what becomes of the others.
const (
	suspectTries = 10          // failures of a record before it may be given up
	suspectTime  = time.Minute // from its first failure on
	suspectTimes = 3           // times that others were taken between two of its failures, where more may be under way
	suspectRatio = 4           // others that were taken meanwhile, for each failure of another …
	suspectFirst = 9           // … of which the first ones count: those that go on failing may be suspects too
)

// record counts what becomes of all requests.
type record struct {
	taken  atomic.Uint64
	failed atomic.Uint64 // the first suspectFirst failures of each
	doubt  atomic.Uint64 // taken, when one failed for the first time, the last time that one did
}

// suspect is what speaks against one request.
type suspect struct {
	tries         int       // failed ones
	since         time.Time // the first one
	taken, failed uint64    // of all, at the first one; without its own failures
	latest        uint64    // taken, at the last one
	times         int       // how often others were taken between two of them
}

// failure notes a failure, and tells whether the endpoint fails on this request and hardly on others. flowing: the circuit is closed.
//
// In an outage it does not: others fail too, and some of them for the first time after the last one that was taken.
func (s *suspect) failure(a *answer, all *record, flowing bool, now time.Time) bool {
	taken, failed := all.taken.Load(), all.failed.Load()
	s.tries++
	if s.tries == 1 {
		s.since, s.taken, s.latest, s.failed = now, taken, taken, failed
		all.doubt.Store(taken)
	}
	others := failed - s.failed
	if s.tries <= suspectFirst {
		all.failed.Add(1)
		s.failed++
	}
	if taken > s.latest {
		s.times++
		s.latest = taken
	}
	if !a.concernsRecord() || s.tries < suspectTries || now.Sub(s.since) < suspectTime {
		return false
	}
	if s.times == 0 || taken-s.taken < suspectRatio*others {
		return false
	}
	return taken > all.doubt.Load() || flowing && s.times >= suspectTimes || s.times >= suspectTries
}

// concernsRecord tells whether a failure may be the fault of the record: not where nobody answers, and not where the endpoint says
// that it is asked too much.
func (a *answer) concernsRecord() bool {
	switch a.status {
	case 0:
		return errors.Is(a.err, io.EOF) || errors.Is(a.err, io.ErrUnexpectedEOF) || errors.Is(a.err, syscall.ECONNRESET)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false
	}
	return true
}
