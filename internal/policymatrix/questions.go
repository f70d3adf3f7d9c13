// Package policymatrix answers a set of questions for several principals, as a table to read or to hand to an auditor.
//
//	question set (YAML) + parameters ──▶ Questions ──┐
//	                                                 ├──▶ Answer ──▶ Table ──▶ text, JSON, HTML
//	principals, each with its policies ──────────────┘
//
// A question is what somebody would try by hand: a step of the console, with the requests that the step makes. It is answered
// "allowed" when every request is; each request is decided by iam/sim, offline.
package policymatrix

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed connect-administrator.yaml
var connectAdministrator []byte

// Builtin lists the question sets that ship with trunkline, by name.
func Builtin() []string { return []string{"connect-administrator"} }

// maxText bounds a question set, in bytes.
const maxText = 1 << 20

// A Set is a question set, as written.
type Set struct {
	Name       string      `yaml:"name"`
	Title      string      `yaml:"title"`
	Parameters []Parameter `yaml:"parameters"`
	Questions  []entry     `yaml:"questions"`
}

// A Parameter is a value that the questions need. One without a default has to be given.
type Parameter struct {
	Name    string `yaml:"name"`
	About   string `yaml:"about"`
	Default string `yaml:"default"` // may use the parameters before it as ${name}
}

// entry is a question, or one for each of several values.
type entry struct {
	Area     string              `yaml:"area"`
	Ask      string              `yaml:"ask"`
	Requests []string            `yaml:"requests"` // "service:Action RESOURCE"
	Want     string              `yaml:"want"`     // allowed, denied or nothing
	Each     map[string][]string `yaml:"each"`     // ${where} → ${it} (a parameter's name) and Want
}

// A Question is ready to be asked.
type Question struct {
	Area     string
	Ask      string
	Requests []Request
	Want     string // what the set is meant to give: allowed, denied, or "" for no opinion
}

// A Request is an action on a resource.
type Request struct{ Action, Resource string }

// Load returns a set that ships with trunkline.
func Load(name string) (*Set, error) {
	if name != "connect-administrator" {
		return nil, fmt.Errorf("no question set is called %q; there is: %s", name, strings.Join(Builtin(), ", "))
	}
	return Parse(connectAdministrator)
}

// Parse reads a set from YAML. Unknown members, questions without a request and wants that are neither allowed nor denied are
// errors with their place.
func Parse(text []byte) (*Set, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("question set is longer than %d bytes", maxText)
	}
	if depth := nesting(text); depth > 64 { // the parser's time grows with the square of it
		return nil, errors.New("question set is nested deeper than 64")
	}
	var s Set
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("question set: %s", yaml.FormatError(err, false, true))
	}
	if len(s.Questions) == 0 {
		return nil, errors.New("question set: no questions")
	}
	for i := range s.Questions {
		if err := s.Questions[i].check(); err != nil {
			return nil, fmt.Errorf("question %d (%s): %w", i+1, s.Questions[i].Ask, err)
		}
	}
	return &s, nil
}

// nesting is the greatest number of brackets open at once, those in strings included.
func nesting(text []byte) (deepest int) {
	depth := 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return deepest
}

func (e *entry) check() error {
	if e.Ask == "" || len(e.Requests) == 0 {
		return errors.New("want ask and at least one of requests")
	}
	wants := []string{e.Want}
	for _, where := range slices.Sorted(maps.Keys(e.Each)) {
		pair := e.Each[where]
		if len(pair) != 2 {
			return fmt.Errorf("each %s: want [PARAMETER, allowed|denied]", where)
		}
		wants = append(wants, pair[1])
	}
	for _, want := range wants {
		if want != "" && want != "allowed" && want != "denied" {
			return fmt.Errorf("want %q: it is allowed or denied", want)
		}
	}
	for _, r := range e.Requests {
		if len(strings.Fields(r)) != 2 {
			return fmt.Errorf("request %q: want an action and a resource", r)
		}
	}
	return nil
}

// Ask fills the parameters in. Missing, unknown and malformed ones are an error that lists what the set takes.
func (s *Set) Ask(given map[string]string) ([]Question, error) {
	values, err := s.values(given)
	if err != nil {
		return nil, err
	}
	var questions []Question
	for i := range s.Questions {
		e := &s.Questions[i]
		if len(e.Each) == 0 {
			q, err := e.question(values, e.Want)
			if err != nil {
				return nil, err
			}
			questions = append(questions, q)
			continue
		}
		// The one the administrators are for comes first: allowed before denied, then by name.
		wheres := slices.SortedFunc(maps.Keys(e.Each), func(a, b string) int {
			if c := strings.Compare(e.Each[a][1], e.Each[b][1]); c != 0 {
				return c
			}
			return -strings.Compare(a, b)
		})
		for _, where := range wheres {
			with := maps.Clone(values)
			with["where"] = where
			var known bool
			if with["it"], known = values[e.Each[where][0]]; !known {
				return nil, fmt.Errorf("question %q: no parameter is called %s", e.Ask, e.Each[where][0])
			}
			q, err := e.question(with, e.Each[where][1])
			if err != nil {
				return nil, err
			}
			questions = append(questions, q)
		}
	}
	return questions, nil
}

func (e *entry) question(values map[string]string, want string) (q Question, err error) {
	q = Question{Area: e.Area, Want: want}
	if q.Ask, err = fill(e.Ask, values); err != nil {
		return q, err
	}
	for _, r := range e.Requests {
		action, resource, _ := strings.Cut(r, " ")
		if resource, err = fill(strings.TrimSpace(resource), values); err != nil {
			return q, err
		}
		q.Requests = append(q.Requests, Request{action, resource})
	}
	return q, nil
}

func (s *Set) values(given map[string]string) (map[string]string, error) {
	values := map[string]string{}
	var missing []string
	for _, p := range s.Parameters {
		value, ok := given[p.Name]
		if !ok && p.Default == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", p.Name, p.About))
			continue
		}
		if !ok {
			if len(missing) > 0 {
				continue // it may need what is missing
			}
			var err error
			if value, err = fill(p.Default, values); err != nil {
				return nil, err
			}
		}
		values[p.Name] = value
		if fields := strings.SplitN(value, ":", 6); values["account"] == "" && len(fields) == 6 && fields[0] == "arn" {
			values["partition"], values["region"], values["account"] = fields[1], fields[3], fields[4]
		}
	}
	for name := range given {
		if !slices.ContainsFunc(s.Parameters, func(p Parameter) bool { return p.Name == name }) {
			return nil, fmt.Errorf("question set %s takes no parameter %s; it takes: %s", s.Name, name, s.parameterNames())
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("question set %s needs --set %s", s.Name, strings.Join(missing, ", "))
	}
	return values, nil
}

func (s *Set) parameterNames() string {
	names := make([]string, len(s.Parameters))
	for i, p := range s.Parameters {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

var reference = regexp.MustCompile(`\$\{[a-z_]+\}`)

// fill replaces ${name}.
func fill(text string, values map[string]string) (string, error) {
	var unknown []string
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		value, ok := values[ref[2:len(ref)-1]]
		if !ok {
			unknown = append(unknown, ref)
		}
		return value
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("%q: nothing is known of %s", text, strings.Join(unknown, ", "))
	}
	return out, nil
}
