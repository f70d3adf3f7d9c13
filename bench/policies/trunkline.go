package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/iam/sim"
	"trunkline/iam/sim/cases"
	"trunkline/internal/policyfile"
)

// decide is trunkline's part in decisions. Policies are compiled once. When prepared, so are the requests; otherwise each is checked
// against the catalog and made ready anew before it is decided.
func decide(path string, prepared bool, seconds float64) (a answer, err error) {
	w, err := readWorkload(path)
	if err != nil {
		return a, err
	}
	policies, err := compile(&w.Policies)
	if err != nil {
		return a, err
	}
	caller, err := sim.ParseCaller(w.Principal)
	if err != nil {
		return a, err
	}
	var requests []sim.Request
	var queries []*sim.Query
	for _, line := range w.Requests {
		r := sim.Request{Caller: caller, Action: line.Action, Resource: line.Resource, Time: line.Time}
		for key, value := range line.Context {
			r.Context.Set(key, value)
		}
		query, err := sim.NewQuery(r, catalog.Default())
		if err != nil {
			return a, fmt.Errorf("%s on %s: %w", r.Action, r.Resource, err)
		}
		requests, queries = append(requests, r), append(queries, query)
		a.Decisions = append(a.Decisions, policies.Decide(query).Outcome.String())
	}
	a.Count, a.Seconds = measure(seconds, func() int {
		for i, query := range queries {
			if !prepared {
				query, _ = sim.NewQuery(requests[i], catalog.Default()) // gave no error before
			}
			policies.Decide(query)
		}
		return len(queries)
	})
	return a, nil
}

func compile(d *documents) (p *sim.Policies, err error) {
	all := func(texts []json.RawMessage, kind iam.Type) (policies []*sim.Policy) {
		for _, text := range texts {
			policy, wrong := cases.Compile(text, kind)
			err = errors.Join(err, wrong)
			policies = append(policies, policy)
		}
		return policies
	}
	p = &sim.Policies{Identity: all(d.Identity, iam.IdentityPolicy), Boundary: all(d.Boundary, iam.PermissionsBoundary)}
	for _, level := range d.SCP {
		p.SCP = append(p.SCP, all(level, iam.ServiceControlPolicy))
	}
	if d.Resource != nil {
		p.Resource = all([]json.RawMessage{d.Resource}, iam.ResourcePolicy)[0]
	}
	return p, err
}

// lintAll is trunkline's part in lint: each policy is parsed and put to all checks.
func lintAll(folder string, seconds float64) (a answer, err error) {
	type policy struct {
		text    []byte
		options lint.Options
	}
	var policies []policy
	for found, err := range policyfile.Read(context.Background(), []string{folder}, nil, policyfile.Options{}) {
		if err != nil {
			return a, err
		}
		text, err := os.ReadFile(found.File)
		if err != nil {
			return a, err
		}
		policies = append(policies, policy{text, lint.Options{Type: found.Type, ResourceType: found.ResourceType}})
	}
	pass := func() int {
		a.Findings = 0
		for _, p := range policies {
			a.Findings += len(lint.Run(iam.Parse(p.text), p.options))
		}
		return len(policies)
	}
	a.Count, a.Seconds = measure(seconds, pass)
	return a, nil
}

// parse is trunkline's part in reading a policy, and that of encoding/json.
func parse(file string, standard bool, seconds float64) (a answer, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	pass := func() int {
		iam.Parse(text)
		return 1
	}
	if standard {
		pass = func() int {
			var v any
			_ = json.Unmarshal(text, &v) // is JSON: the inputs are chosen so
			return 1
		}
	}
	a.Count, a.Seconds = measure(seconds, pass)
	return a, nil
}

// measure repeats pass, which returns how many things it did, until the seconds are used up, once to warm up and once more. It returns
// how many it did in what CPU time, and looks at the clock rarely enough for that not to count.
func measure(seconds float64, pass func() int) (count int, used float64) {
	batch := 1
	for range 2 {
		began := cpu()
		for count, used = 0, 0; used < seconds; used = (cpu() - began).Seconds() {
			for range batch {
				count += pass()
			}
			if used < seconds/100 {
				batch *= 2
			}
		}
	}
	return count, used
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // cannot happen: the arguments are right
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
