// Package diagnose reads what AWS says when something is not allowed or does not work, and says what it means: who wanted to do
// what to which resource, which policy stood in the way, and what to add where.
//
//	text, log, JSON ─ Read ─▶ Message (what is said, nothing else) ─ mean ─▶ Finding: cause, statement, remedy
//	                                                                            ▲
//	                          policies at hand ─ iam/sim ─▶ Check ──────────────┘ enough, or what else denies
//
// Messages are found inside of any text by phrases that stand in a table of forms, each with its source and an example. What a
// Message holds stands in the text: what was cut off, or is worded in another way, stays empty.
//
// Its promises: a cause is never invented, and text that no form fits is reported as unknown. What is reported of a text are the
// fields of its messages, never the rest of its lines, which may hold anything. Memory is bounded, whatever is read. A Doctor calls
// no service but for the Decoder that it is given.
package diagnose

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"trunkline/iam/catalog"
)

// A Decoder asks AWS what an encoded authorization message says: JSON, see "DecodeAuthorizationMessage" in the STS API reference.
type Decoder interface {
	Decode(ctx context.Context, encoded string) (string, error)
}

// Options of New. The zero value is useful.
type Options struct {
	Catalog  *catalog.Catalog // nil: the embedded one
	Decoder  Decoder          // nil: encoded messages stay so
	Policies *AtHand          // to check findings against; nil: none
	Region   string           // of calls of which nothing says it
}

// A Doctor reads inputs and keeps what it found in them. It is not safe for concurrent use.
type Doctor struct {
	catalog  *catalog.Catalog
	decoder  Decoder
	policies *AtHand
	region   string
	parser   *parser

	inputs []Input
	cases  []*observed
	seen   map[observation]*observed
}

// New makes a Doctor.
func New(o Options) *Doctor {
	if o.Catalog == nil {
		o.Catalog = catalog.Default()
	}
	return &Doctor{catalog: o.Catalog, decoder: o.Decoder, policies: o.Policies, region: o.Region, parser: newParser(o.Catalog), seen: map[observation]*observed{}}
}

// An Input says what was read, and as what.
type Input struct {
	Name     string `json:"name"`     // a file, - or argument
	Form     string `json:"form"`     // what its content is: text, a list of CloudTrail events …
	Lines    int    `json:"lines"`    // of the input
	Records  int    `json:"records"`  // JSON objects of a known kind
	Messages int    `json:"messages"` // that were understood
	Cut      int    `json:"cut"`      // lines longer than MaxLine, of which the end was not read
}

// maxFindings bounds how many different findings are kept.
const maxFindings = 1000

// place is where a message stands, and what is known there beside it.
type place struct {
	Source    string // the input
	Of        string // the record that holds it: CloudTrail event CreatePipe
	Region    string
	Principal string // whose call it was, where the message does not say
	Role      string // the role that a pipe or function works with
	Stream    string // a pipe's source
	Endpoint  string // the VPC endpoint that the call came through
}

// observation is what makes two messages the same finding.
type observation struct {
	place
	Message
}

// observed is a message with how often it was found.
type observed struct {
	observation
	request     string // of the first
	encoded     string // likewise
	first, last int    // lines, from 1; 0 where there are none
	times       int
	decoded     *decodedMessage
	undecoded   error
	beyond      bool // it stands for all that are too many to keep
}

// note keeps a message. What it returns stands for all messages that say the same.
func (d *Doctor) note(at place, line int, m Message) *observed {
	request, encoded := m.RequestID, m.Encoded
	if m.Encoded = ""; encoded != "" {
		m.Encoded = "yes" // each request has another text
		if m.Action == "" {
			m.Encoded = encoded
		}
	}
	m.RequestID = ""
	key := observation{at, m}
	if o := d.seen[key]; o != nil {
		o.times++
		o.last = line
		return o
	}
	o := &observed{observation: key, request: request, encoded: encoded, first: line, last: line, times: 1}
	if len(d.cases) >= maxFindings {
		rest := d.cases[len(d.cases)-1]
		if !rest.beyond {
			rest = &observed{observation: observation{place: place{Source: at.Source}}, first: line, beyond: true}
			d.cases = append(d.cases, rest)
		}
		rest.times++
		rest.last = line
		return rest
	}
	d.seen[key] = o
	d.cases = append(d.cases, o)
	return o
}

// A Report is all that was found.
type Report struct {
	Inputs   []Input
	Findings []Finding // those that were found most often first
}

// Report says what the messages of all inputs mean. The error is of the context, or of policies that cannot be asked about what was
// found.
func (d *Doctor) Report(ctx context.Context) (*Report, error) {
	if err := d.decodeAll(ctx); err != nil {
		return nil, err
	}
	r := &Report{Inputs: d.inputs}
	for _, o := range d.cases {
		r.Findings = append(r.Findings, d.finding(o))
	}
	if d.policies != nil {
		if err := d.check(r.Findings); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(rank(a), rank(b)) })
	return r, nil
}

// rank puts what is understood before what is not, and otherwise keeps the order of the inputs.
func rank(f Finding) int {
	if f.Kind == Unknown.String() {
		return 1
	}
	return 0
}

// decodeAll has encoded messages decoded. What cannot be decoded keeps the reason.
func (d *Doctor) decodeAll(ctx context.Context) error {
	if d.decoder == nil {
		return nil
	}
	for _, o := range d.cases {
		if o.encoded == "" {
			continue
		}
		text, err := d.decoder.Decode(ctx, o.encoded)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			o.decoded, err = parseDecoded([]byte(text))
		}
		o.undecoded = err
	}
	return nil
}

// errDocument is the reason why a text cannot be read as what it begins like.
var errDocument = errors.New("the JSON text does not end, or is longer than 32 MiB")
