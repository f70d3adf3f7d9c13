// Package pattern is the language of EventBridge event patterns: the filters of event buses and pipes.
//
//	patterns ─▶ Compile ─▶ Set ─▶ NewMatcher ─▶ Matcher ─▶ Match(event), MatchRecord(metadata, record)
//
// The semantics are those of AWS's open matcher, event-ruler 2; doc/patterns.md describes the language and where the documentation
// and the matcher differ. A Set decides like its patterns one by one, but shares their work:
//
//	event ─▶ one walk along the paths that patterns name ─▶ leaves by path
//	      ─▶ per path, an index from values to the patterns that want them ─▶ candidates
//	      ─▶ per candidate, all its fields ─▶ where arrays of objects are involved, one element for all fields
//
// Matching allocates nothing once a Matcher is warm, and its effort is bounded whatever the event.
package pattern

import (
	"errors"
	"fmt"
	"slices"

	"trunkline/internal/document"
)

// Level says who is to take the patterns, and thereby what they may say.
type Level uint8

const (
	// Bus is a rule of an event bus: every operator, matched against a whole event.
	Bus Level = iota
	// Filter is a filter of trunkline: every operator, in the form of a pipe's filter. What a pipe would refuse is a finding.
	Filter
	// Pipe is a filter of an EventBridge pipe on a Kinesis stream: what a pipe would refuse is an error.
	Pipe
)

// ErrTooComplex is returned for an event whose arrays give a pattern too many combinations to try. Events whose objects do not
// repeat names never reach this limit at the sizes that a stream carries.
var ErrTooComplex = errors.New("event has too many combinations of array elements for an event pattern")

// Set is a list of patterns, compiled together. It matches when any of them does; the empty Set matches nothing.
// A Set does not change and is safe for concurrent use.
type Set struct {
	patterns int
	findings []Finding

	root       *node
	fields     int
	conditions []condition
	branches   []branch
	indexes    []*index // by field; nil where no condition at the field leads to a branch
	unindexed  []int32  // branches that are tried for every event
}

// Compile compiles event patterns, JSON texts. The error is an *Error that names the pattern and the place in it.
func Compile(level Level, patterns ...[]byte) (*Set, error) {
	b := newBuilder()
	s := &Set{patterns: len(patterns)}
	for i, text := range patterns {
		p := &parser{level: level, index: i, text: text}
		if i == pipeFilters {
			if err := p.pipe(0, "", "join them with $or", "a pipe has at most %d filters", pipeFilters); err != nil {
				return nil, err
			}
		}
		drafts, err := p.parse()
		if err != nil {
			return nil, err
		}
		for _, d := range drafts {
			b.add(int32(i), d)
		}
		slices.SortStableFunc(p.findings, func(a, b Finding) int { return a.Offset - b.Offset })
		s.findings = append(s.findings, p.findings...)
	}
	b.build(s)
	return s, nil
}

// Len returns the number of patterns.
func (s *Set) Len() int { return s.patterns }

// Warnings returns what is legal in the patterns and yet likely to surprise, in order of pattern and place.
func (s *Set) Warnings() []Finding { return s.findings }

// Meta is one field beside the record in a pipe's envelope.
type Meta struct {
	Name   string
	Value  string // a string's content or a number's text
	Number bool   // Value is the text of a JSON number
}

// NewMatcher returns a Matcher for the Set.
func (s *Set) NewMatcher() *Matcher {
	return &Matcher{
		set:      s,
		heads:    filled(s.fields, none),
		verdicts: make([]verdict, len(s.conditions)),
		tried:    make([]bool, len(s.conditions)),
	}
}

// Match reports whether any pattern matches the event. An event that is no object matches nothing. The error is ErrTooComplex.
func (m *Matcher) Match(event *document.Document) (bool, error) {
	i, err := m.match(event, nil, false, true)
	return i >= 0, err
}

// First returns the index of the first pattern that matches the event, or -1.
func (m *Matcher) First(event *document.Document) (int, error) {
	return m.match(event, nil, false, false)
}

// MatchRecord is Match for the envelope {"data": record, name: value, …} that a pipe matches against, without making one.
func (m *Matcher) MatchRecord(meta []Meta, record *document.Document) (bool, error) {
	i, err := m.match(record, meta, true, true)
	return i >= 0, err
}

// FirstRecord is First for that envelope.
func (m *Matcher) FirstRecord(meta []Meta, record *document.Document) (int, error) {
	return m.match(record, meta, true, false)
}

// String tells sizes, for logs.
func (s *Set) String() string {
	return fmt.Sprintf("%d patterns, %d combinations, %d value lists, %d paths", s.patterns, len(s.branches), len(s.conditions), s.fields)
}
