// Package cases answers files of requests, so that policies can be tried in bulk and next to another evaluator.
//
//	{"id": 1, "principal": "arn:aws:iam::111122223333:user/a", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
//	 "policies": {"identity": [{…}]}}
//	    ─▶   {"id":1,"decision":"allowed","by":"identity policy","reason":"…"}
//
// There is one line out for each line in that is not blank, in order. Policies that several lines repeat are compiled once.
package cases

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 32 << 20

// Summary counts what Run answered.
type Summary struct {
	Allowed, ImplicitDeny, ExplicitDeny, Undecided, Invalid int
}

// Total is the number of lines answered.
func (s *Summary) Total() int {
	return s.Allowed + s.ImplicitDeny + s.ExplicitDeny + s.Undecided + s.Invalid
}

// An Answer is a line of output.
type Answer struct {
	ID       json.RawMessage `json:"id,omitempty"`
	Line     int             `json:"line,omitempty"` // of a line without an id
	Decision string          `json:"decision"`       // allowed, implicitDeny, explicitDeny, undecided or invalid
	By       string          `json:"by,omitempty"`   // the kind of policy that decided
	Reason   string          `json:"reason,omitempty"`
}

// Invalid is the decision on a line that cannot be decided: no case, a policy that cannot be evaluated, an action that does not take
// the resource.
const Invalid = "invalid"

// Run reads cases from r and writes an answer for each to w. The error is that of r or w, a line that is too long, or that of ctx,
// which is asked before each line.
func Run(ctx context.Context, r io.Reader, w io.Writer, c *catalog.Catalog) (Summary, error) {
	run := runner{catalog: c, policies: newStore()}
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return run.sum, errors.Join(err, out.Flush())
		}
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := encoder.Encode(run.answer(lines.Bytes(), n)); err != nil {
			return run.sum, fmt.Errorf("write answer %d: %w", n, err)
		}
	}
	if err := out.Flush(); err != nil {
		return run.sum, fmt.Errorf("write answers: %w", err)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return run.sum, fmt.Errorf("read cases: a line is longer than %d bytes", maxLine)
	} else if err != nil {
		return run.sum, fmt.Errorf("read cases: %w", err)
	}
	return run.sum, nil
}

type runner struct {
	catalog  *catalog.Catalog
	policies *store
	sum      Summary
}

func (run *runner) answer(line []byte, n int) Answer {
	var c Case
	if err := json.Unmarshal(line, &c); err != nil {
		run.sum.Invalid++
		return Answer{ID: c.ID, Line: n, Decision: Invalid, Reason: "no case: " + unreadable(err)}
	}
	a := Answer{ID: c.ID}
	if c.ID == nil {
		a.Line = n
	}
	x, err := run.explain(&c)
	if err != nil {
		run.sum.Invalid++
		a.Decision, a.Reason = Invalid, err.Error()
		return a
	}
	switch x.Outcome {
	case sim.Allowed:
		run.sum.Allowed++
	case sim.ImplicitDeny:
		run.sum.ImplicitDeny++
	case sim.ExplicitDeny:
		run.sum.ExplicitDeny++
	case sim.Undecided:
		run.sum.Undecided++
	}
	a.Decision, a.By, a.Reason = x.Outcome.String(), x.By.String(), x.Reason
	return a
}

func (run *runner) explain(c *Case) (*sim.Explanation, error) {
	policies, err := run.policies.compile(&c.Policies, c.Action)
	if err != nil {
		return nil, err
	}
	request, err := c.request()
	if err != nil {
		return nil, err
	}
	query, err := sim.NewQuery(request, run.catalog)
	if err != nil {
		return nil, err
	}
	x := policies.Explain(query)
	return &x, nil
}
