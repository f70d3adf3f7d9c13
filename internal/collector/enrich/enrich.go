// Package enrich is the stage that adds an agent's row of a file, or of an object in a store, to the records of that agent.
//
//	agents.csv ─▶ Read ─▶ Directory ─┐ swapped as a whole when the file changes (Run)
//	                                 ▼
//	record ─▶ text at Match ─▶ Lookup ─▶ row put at Into ─▶ record, indexed anew ─▶ redact
//
// What it promises:
//
//   - A record without an agent, or whose agent is not in the file, passes byte for byte as it is: neither is an error.
//   - Afterwards the record has one member at Into, whatever and however many it had there before, and its index shows it, so that
//     redaction sees the row like everything else. All other bytes stay.
//   - A file that cannot be used never takes the place of one that can: the rows in force stay in force.
//   - Nothing of a row or a record is in an error or a log line: lines and columns of the file are named by number, fields by path.
package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector"
)

// Directory has the rows of agents. It does not change, and is safe for concurrent use.
type Directory interface {
	// Lookup returns the row of the agent with that key: a JSON object without line breaks, which the caller does not change.
	Lookup(key []byte) (row []byte, found bool)
	// Len is the number of agents.
	Len() int
}

// Options say what is added to records, and from where.
type Options struct {
	From    string        // the file, CSV or JSON: see [Read]; with Remote, its name for people
	Remote  Remote        // where the file is kept; nil: on this machine, at the path From
	Match   contact.Path  // of the record, without *: the first text or number there is looked up
	Column  string        // the file's column to look it up in; "": the last name of Match
	Into    contact.Path  // of the record, without *: where the row goes; nil: AgentData
	Refresh time.Duration // how often Run looks at the file; 0: 5 minutes
	Log     *slog.Logger  // nil: none
	Observe Observer      // nil: none
}

// Observer is told what happens, for metrics. Its methods are called from several goroutines and must be quick.
type Observer interface {
	// AgentLooked is called for each record that names an agent, with whether the file has that agent.
	AgentLooked(found bool)
	// AgentsLoaded is called when rows come into force: how many.
	AgentsLoaded(rows int)
	// AgentsBroken is called each time that the file is looked at and cannot be used, so that older rows stay in force.
	AgentsBroken()
}

// origin is where the rows come from. It is not safe for concurrent use.
type origin interface {
	// read returns the rows as they are.
	read(ctx context.Context) (Directory, error)
	// look returns the rows where they are new, nil where there is nothing new, and the reason why what is there cannot be used.
	look(ctx context.Context) (Directory, error)
	// moving tells that a change was seen that is to be looked at again soon.
	moving() bool
}

// Enricher has the rows in force and keeps them up to date.
type Enricher struct {
	o       Options
	origin  origin
	current atomic.Pointer[Directory]

	reported string // what is wrong with the file, as far as it was logged
}

// identity are the members that tell which record it is. A row cannot take their place.
var identity = []string{
	"ContactId", "AWSContactTraceRecordFormatVersion", "LastUpdateTimestamp", "Channel", "EventId", "EventType", "EventTimestamp",
	"AgentARN", "trunkline",
}

// New reads the file. The error says what to change, in the file or in the config.
func New(ctx context.Context, o Options) (*Enricher, error) {
	if o.Into == nil {
		o.Into = contact.Path{{Name: "AgentData"}}
	}
	if o.Refresh <= 0 {
		o.Refresh = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = unobserved{}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Column == "" {
		o.Column = o.Match[len(o.Match)-1].Name
	}
	e := &Enricher{o: o, origin: &file{path: o.From, column: o.Column}}
	if o.Remote != nil {
		e.origin = &object{remote: o.Remote, column: o.Column}
	}
	rows, err := e.origin.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("agent file %s: %w", o.From, err)
	}
	e.use(rows)
	return e, nil
}

// maxPath bounds how deep Into lies, so that with a row of the greatest depth the record is not too deep.
const maxPath = 16

func (o *Options) check() error {
	star := func(s contact.Segment) bool { return s.Any }
	switch {
	case o.From == "":
		return errors.New("enrich.agents.from is missing: name the agent file")
	case len(o.Match) == 0:
		return errors.New("enrich.agents.match is missing: name the field of the record that tells the agent, such as Agent.Username")
	case slices.ContainsFunc(o.Match, star) || slices.ContainsFunc(o.Into, star):
		return errors.New("enrich.agents: match and into name one field each, without *")
	case len(o.Into) > maxPath:
		return fmt.Errorf("enrich.agents.into has %d names; the limit is %d", len(o.Into), maxPath)
	case len(o.Into) == 1 && slices.Contains(identity, o.Into[0].Name):
		return fmt.Errorf("enrich.agents.into: %s tells which record it is; choose another name, such as AgentData", o.Into)
	}
	if n := min(len(o.Into), len(o.Match)); slices.Equal(o.Into[:n], o.Match[:n]) {
		return fmt.Errorf("enrich.agents.into: a row at %s would take the place of %s, which it is found by; choose another name, such as AgentData", o.Into, o.Match)
	}
	return nil
}

func (e *Enricher) use(rows Directory) {
	e.current.Store(&rows)
	e.o.Observe.AgentsLoaded(rows.Len())
}

// Directory returns the rows in force.
func (e *Enricher) Directory() Directory { return *e.current.Load() }

// Stage is the collector's stage. Its function fails where a row cannot be put at Into, because what holds it is neither an object
// nor null, or where the record with the row is more than a record may be.
func (e *Enricher) Stage() collector.Stage {
	return collector.Stage{Name: "enrich", New: func() func(*collector.Record) error {
		return (&worker{e: e}).process
	}}
}

type unobserved struct{}

func (unobserved) AgentLooked(bool) {}
func (unobserved) AgentsLoaded(int) {}
func (unobserved) AgentsBroken()    {}
