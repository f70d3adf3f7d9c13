// Package catalog knows what AWS lets policies speak of: services, their actions with access levels, resource types with their ARN
// formats, condition keys with their types, what else the caller of an action needs, and which action an SDK operation asks for.
//
//	facts.gz ─▶ index ─▶ Service("s3") ─▶ its block, inflated ─▶ its lines, parsed ─▶ Action, ResourceType, Key
//	 embedded    at first use                 when one of its services is first asked for, and kept
//
// The facts come from AWS's Service Authorization Reference as published on npm, frozen at a date that [Catalog.Date] tells; go
// generate makes them. Services add actions weekly: a name that is not here may exist, and [Catalog.NearestAction] says what may
// have been meant. What the published data lacks stands in two tables beside the code, each row with its source:
// dependents.tsv and operations.tsv.
//
// Everything is safe for concurrent use and read-only: a caller must not change what it is given. Names are compared as IAM does,
// without regard to the case of ASCII letters. Strings are views of the inflated text, so that a service, once loaded, answers
// without allocating. Nothing is read at process start.
package catalog

import (
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:generate go run ../../internal/iamdata/gen facts.gz

//go:embed facts.gz
var facts string

// Default returns the embedded facts. The first call reads their index; a service is read when it is first asked for.
func Default() *Catalog { return embedded() }

var embedded = sync.OnceValue(func() *Catalog {
	c, err := readIndex(facts)
	if err != nil {
		panic(fmt.Errorf("catalog: the embedded facts: %w", err)) // a broken build; the tests read every block of it
	}
	return c
})

// Open returns the facts of a file as trunkline policy catalog update writes it. It reads all of the file once, to refuse what is
// damaged or was made to harm: at most 4 MB are inflated, one block after the other.
func Open(data []byte) (*Catalog, error) {
	c, err := readIndex(string(data))
	if err == nil {
		err = c.verify()
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: %w; make the file with: trunkline policy catalog update", err)
	}
	return c, nil
}

// Catalog is one state of the facts.
type Catalog struct {
	date     time.Time
	sources  []Source
	entries  []entry  // by prefix
	prefixes []string // of entries
	blocks   []block
	aliases  []alias // of condition keys, by prefix
	index    string

	dependents, jobs, operations table
	tablesOnce
}

// A Source is a package that the facts were made from.
type Source struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Licence string `json:"licence"`
	Of      string `json:"of"` // what was taken from it
}

// An alias says that keys with a prefix are declared by a service with another: saml:sub by sts.
type alias struct{ prefix, service string }

// Date is the day of the facts, in UTC.
func (c *Catalog) Date() time.Time { return c.date }

// Sources lists what the facts were made from.
func (c *Catalog) Sources() []Source { return slices.Clone(c.sources) }

// Services lists the IAM prefixes, sorted. They are all in lower case.
func (c *Catalog) Services() []string { return slices.Clone(c.prefixes) }

// Service returns the service with an IAM prefix, such as s3.
func (c *Catalog) Service(prefix string) (*Service, bool) {
	if e := c.entry(prefix); e != nil {
		return e.load(), true
	}
	return nil, false
}

func (c *Catalog) entry(prefix string) *entry {
	if i, found := slices.BinarySearchFunc(c.prefixes, prefix, compareFold); found {
		return &c.entries[i]
	}
	return nil
}

// Action returns the action with a name such as s3:GetObject.
func (c *Catalog) Action(name string) (*Action, bool) {
	prefix, short, ok := strings.Cut(name, ":")
	if !ok {
		return nil, false
	}
	s, ok := c.Service(prefix)
	if !ok {
		return nil, false
	}
	return s.Action(short)
}

// Expand yields the actions that a pattern of a policy's Action element covers, by service and name: s3:Get*, s3:*, *. As in IAM, *
// and ? may stand in the name, and the prefix takes no wildcard but the whole of *.
func (c *Catalog) Expand(pattern string) iter.Seq[*Action] {
	return func(yield func(*Action) bool) { c.expand(pattern, yield) }
}

func (c *Catalog) expand(pattern string, yield func(*Action) bool) {
	prefix, name, ok := strings.Cut(pattern, ":")
	switch {
	case !ok && pattern == "*", ok && prefix == "*":
		if !ok {
			name = "*"
		}
		for i := range c.entries {
			if !c.entries[i].load().expand(name, yield) {
				return
			}
		}
	case ok:
		if e := c.entry(prefix); e != nil {
			e.load().expand(name, yield)
		}
	}
}
