package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Value is what a property is set to: a constant, or something that a parameter, the place of the deployment or another resource
// decides.
type Value interface{ isValue() }

type (
	// Text is a constant.
	Text string
	// Number is a constant.
	Number int
	// Param is the value of a parameter, by its name: a text, a number, or a list.
	Param string
	// Place is a fact about where the deployment is.
	Place string
	// Attr is what another resource is called or known by. The resource comes before the one that names it.
	Attr struct{ Of, Name string }
	// Join is texts one after the other.
	Join []Value
	// List is a list. An item that is an If without Else may be absent.
	List []Value
	// Map is a mapping, in order. A value that is an If without Else may be absent.
	Map []Member
	// If is one of two values, by a condition. A nil Else: nothing.
	If struct {
		When       When
		Then, Else Value
	}
	// Document is a value that AWS takes as a JSON text, such as a policy.
	Document struct{ Value Value }
)

// A Member is one entry of a Map.
type Member struct {
	Name  string
	Value Value
}

// The places.
const (
	Partition Place = "partition" // aws, aws-cn, …
	Region    Place = "region"
	Account   Place = "account"
	DNSSuffix Place = "dns" // of the partition's endpoints: amazonaws.com
)

// The attributes.
const (
	ARN   = "arn"
	Name  = "name"
	Plain = "value" // of a secret
)

func (Text) isValue()     {}
func (Number) isValue()   {}
func (Param) isValue()    {}
func (Place) isValue()    {}
func (Attr) isValue()     {}
func (Join) isValue()     {}
func (List) isValue()     {}
func (Map) isValue()      {}
func (If) isValue()       {}
func (Document) isValue() {}

// When lists what must hold, all of it: "name" (the parameter is given), "!name" (it is not), "name=value", "!name=value". Nil: always.
type When []string

// A Test is one part of a When.
type Test struct {
	Parameter string
	Equals    string // "" tests whether anything is given
	Negated   bool
}

// Tests takes it apart.
func (w When) Tests() []Test {
	all := make([]Test, len(w))
	for n, text := range w {
		t := &all[n]
		text, t.Negated = strings.CutPrefix(text, "!")
		t.Parameter, t.Equals, _ = strings.Cut(text, "=")
	}
	return all
}

// Setting is what parameters are set to. A list is its items with commas between.
type Setting map[string]string

// Holds tells whether a condition holds.
func (s Setting) Holds(w When) bool {
	return !slices.ContainsFunc(w.Tests(), func(t Test) bool {
		holds := s[t.Parameter] == t.Equals
		if t.Equals == "" {
			holds = s[t.Parameter] != ""
		}
		return holds == t.Negated
	})
}

// Where is the place of a deployment.
type Where map[Place]string

// Resolve puts in what parameters are set to and where the deployment is. What comes back holds strings, ints, []any and map[string]any.
// An attribute of a resource becomes a placeholder that no value has, such as <secret.arn>.
func (d *Description) Resolve(v Value, set Setting, at Where) any {
	switch v := v.(type) {
	case Text:
		return string(v)
	case Number:
		return int(v)
	case Param:
		return d.param(string(v), set)
	case Place:
		return at[v]
	case Attr:
		return "<" + v.Of + "." + v.Name + ">"
	case Join:
		var b strings.Builder
		for _, part := range v {
			fmt.Fprint(&b, d.Resolve(part, set, at))
		}
		return b.String()
	case List:
		all := []any{}
		for _, item := range v {
			if value := d.Resolve(item, set, at); value != nil {
				all = append(all, value)
			}
		}
		return all
	case Map:
		all := map[string]any{}
		for _, m := range v {
			if value := d.Resolve(m.Value, set, at); value != nil {
				all[m.Name] = value
			}
		}
		return all
	case If:
		switch {
		case set.Holds(v.When):
			return d.Resolve(v.Then, set, at)
		case v.Else != nil:
			return d.Resolve(v.Else, set, at)
		}
	case Document:
		return d.Resolve(v.Value, set, at)
	}
	return nil
}

func (d *Description) param(name string, set Setting) any {
	p := d.Parameter(name)
	switch {
	case p.Number:
		n, err := strconv.Atoi(set[name])
		if err == nil {
			return n
		}
	case p.List:
		all := []any{}
		for item := range strings.SplitSeq(set[name], ",") {
			if item != "" {
				all = append(all, item)
			}
		}
		return all
	}
	return set[name]
}
