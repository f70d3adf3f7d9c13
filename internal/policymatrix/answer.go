package policymatrix

import (
	"fmt"

	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// A Principal is a column of the table.
type Principal struct {
	Name     string
	Caller   sim.Caller
	Policies *sim.Policies
	Meant    bool // it is meant to be what the set describes: answers that are not as wanted are marked
}

// A Table is a set of questions, answered.
type Table struct {
	Title      string   `json:"title"`
	Facts      string   `json:"facts"`      // date of the facts about AWS's services
	Principals []string `json:"principals"` // the columns
	Rows       []Row    `json:"rows"`
}

// A Row is a question with its answers, one for each principal.
type Row struct {
	Area  string `json:"area"`
	Ask   string `json:"question"`
	Want  string `json:"want,omitempty"`
	Cells []Cell `json:"answers"`
}

// A Cell is an answer.
type Cell struct {
	Principal string   `json:"principal"`
	Answer    string   `json:"answer"` // allowed, denied, undecided, or partly (some of the requests are allowed)
	By        string   `json:"by,omitempty"`
	Surprise  bool     `json:"surprise,omitempty"` // the principal is meant to have another answer
	Requests  []Detail `json:"requests"`
}

// A Detail is one request of an answer.
type Detail struct {
	Action   string `json:"action"`
	Resource string `json:"resource"`
	Decision string `json:"decision"` // as policy simulate says it
	By       string `json:"by,omitempty"`
	Reason   string `json:"reason"`
	Policy   string `json:"policy,omitempty"` // the first statement that made the decision: file
	Line     int    `json:"line,omitempty"`
	Sid      string `json:"sid,omitempty"`
}

// Answer asks every principal every question. The error is a request that no AWS service would come to evaluate: an action that
// does not take the resource.
func Answer(title string, questions []Question, principals []Principal, facts *catalog.Catalog) (*Table, error) {
	t := &Table{Title: title, Facts: facts.Date().Format("2006-01-02")}
	for i := range principals {
		t.Principals = append(t.Principals, principals[i].Name)
	}
	for _, q := range questions {
		row := Row{Area: q.Area, Ask: q.Ask, Want: q.Want}
		for i := range principals {
			cell, err := answer(q, &principals[i], facts)
			if err != nil {
				return nil, fmt.Errorf("question %q: %w", q.Ask, err)
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func answer(q Question, p *Principal, facts *catalog.Catalog) (Cell, error) {
	cell := Cell{Principal: p.Name}
	count := map[sim.Outcome]int{}
	for _, r := range q.Requests {
		query, err := sim.NewQuery(sim.Request{Caller: p.Caller, Action: r.Action, Resource: r.Resource}, facts)
		if err != nil {
			return cell, err
		}
		x := p.Policies.Explain(query)
		count[x.Outcome]++
		d := Detail{Action: r.Action, Resource: r.Resource, Decision: x.Outcome.String(), By: x.By.String(), Reason: x.Reason}
		if len(x.Statements) > 0 {
			s := &x.Statements[0]
			d.Policy, d.Line, d.Sid = s.Policy, s.Position.Line, s.Sid
		}
		cell.Requests = append(cell.Requests, d)
	}
	all := len(q.Requests)
	switch {
	case count[sim.Allowed] == all:
		cell.Answer = "allowed"
	case count[sim.Undecided] > 0 && count[sim.ImplicitDeny]+count[sim.ExplicitDeny] == 0:
		cell.Answer = "undecided"
	case count[sim.Allowed] > 0:
		cell.Answer = "partly"
	default:
		cell.Answer = "denied"
	}
	cell.By = cell.decidedBy()
	cell.Surprise = p.Meant && !cell.asWanted(q.Want)
	return cell, nil
}

// asWanted takes a step that is allowed in part for denied: it cannot be done.
func (c *Cell) asWanted(want string) bool {
	return want == "" || c.Answer == want || c.Answer == "partly" && want == "denied"
}

// decidedBy names the kind of policy that made the answer: of an explicit denial first, then of any other denial, then of the Allow.
func (c *Cell) decidedBy() string {
	for _, decision := range []string{"explicitDeny", "implicitDeny", "undecided", "allowed"} {
		for i := range c.Requests {
			if c.Requests[i].Decision == decision {
				return c.Requests[i].By
			}
		}
	}
	return ""
}

// Surprises counts the answers that a principal is not meant to have.
func (t *Table) Surprises() (n int) {
	for i := range t.Rows {
		for j := range t.Rows[i].Cells {
			if t.Rows[i].Cells[j].Surprise {
				n++
			}
		}
	}
	return n
}
