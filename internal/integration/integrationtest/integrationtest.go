// Package integrationtest is what every integration has to pass: run it in the test of each.
//
//	for all policies and a covering set of their switches:
//	    rendered twice alike ─▶ accepted by IAM's grammar, within its size ─▶ no finding of the linter
//	    ─▶ every difference from the published policy has a reason ─▶ Terraform and CloudFormation say the same
//	for all questions: ours answers as wanted, the published policy as is known of it
package integrationtest

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/integration"
)

// Run tests one integration.
func Run(t *testing.T, i *integration.Integration) {
	t.Run("description", func(t *testing.T) { description(t, i) })
	for _, p := range i.Policies {
		t.Run(p.Name, func(t *testing.T) {
			seen := map[string]bool{} // what was used at least once
			for _, given := range Combinations(i, p) {
				policy(t, i, p, given, seen)
			}
			everythingUsed(t, p, seen)
		})
	}
	t.Run("questions", func(t *testing.T) { questions(t, i) })
}

// description checks what is written about the integration.
func description(t *testing.T, i *integration.Integration) {
	for n := range i.Parameters {
		p := &i.Parameters[n]
		if p.About == "" || p.Form.Says == "" || p.Form.Example == "" {
			t.Errorf("parameter %s: what it is, its form and an example are needed", p.Name)
		}
		if _, err := i.Render(i.Policies[0], map[string]string{p.Name: p.Form.Example}); err != nil && strings.Contains(err.Error(), p.Name+"=") && !strings.Contains(err.Error(), "needs") {
			t.Errorf("parameter %s: its example is refused: %v", p.Name, err)
		}
		if p.Form.OneOf != nil {
			continue
		}
		for _, hostile := range []string{"*", "a*", "", `"`, "${aws:username}", "a\nb", "arn:aws:s3:::*"} {
			if _, err := i.Render(i.Policies[0], map[string]string{p.Name: hostile}); err == nil || !strings.Contains(err.Error(), "such as") {
				t.Errorf("parameter %s takes %q: %v", p.Name, hostile, err)
			}
		}
	}
	for _, p := range i.Policies {
		if p.Title == "" || p.Attached == "" {
			t.Errorf("policy %s: a title and what it is attached to are needed", p.Name)
		}
		for n := range p.Statements {
			s := &p.Statements[n]
			if s.Why == "" || s.Without == "" {
				t.Errorf("%s %s: why it is there and what fails without it are needed", p.Name, s.Sid)
			}
		}
	}
}

// exhaustive is how many optional values are tried in all combinations.
const exhaustive = 4

// Combinations are sets of values for a policy: every choice, and of what is optional all combinations where they are few; else none,
// all, each alone, each left out, and sets that have every combination of any two.
func Combinations(i *integration.Integration, p *integration.Policy) (all []map[string]string) {
	optional := p.Optional()
	var sets [][]string
	if len(optional) <= exhaustive {
		for bits := range 1 << len(optional) {
			var on []string
			for n, name := range optional {
				if bits>>n&1 == 1 {
					on = append(on, name)
				}
			}
			sets = append(sets, on)
		}
	} else {
		sets = append(sets, nil, optional)
		for n, name := range optional {
			sets = append(sets, []string{name}, slices.Delete(slices.Clone(optional), n, n+1))
		}
		// Two positions differ in some binary digit: of each pair every combination is tried.
		for digit := 1; digit < len(optional); digit *= 2 {
			var with, without []string
			for n, name := range optional {
				if n&digit != 0 {
					with = append(with, name)
				} else {
					without = append(without, name)
				}
			}
			sets = append(sets, with, without)
		}
	}
	for _, on := range sets {
		all = append(all, withChoices(i, p, i.Examples(p, on...))...)
	}
	return all
}

// withChoices makes one set of values for each value of each choice that the policy uses.
func withChoices(i *integration.Integration, p *integration.Policy, given map[string]string) []map[string]string {
	sets := []map[string]string{given}
	uses, err := i.Uses(p)
	if err != nil {
		return sets // rendering says it too
	}
	for _, u := range uses {
		if u.Form.OneOf == nil || u.Form.Switch {
			continue
		}
		for _, value := range u.Form.OneOf[1:] {
			other := maps.Clone(given)
			other[u.Name] = value
			sets = append(sets, other)
		}
	}
	return sets
}

// brief names what is given beyond what has to be.
func brief(i *integration.Integration, given map[string]string) string {
	var all []string
	for n := range i.Parameters {
		p := &i.Parameters[n]
		if value, ok := given[p.Name]; ok {
			if p.Form.OneOf != nil {
				all = append(all, p.Name+"="+value)
			} else {
				all = append(all, p.Name)
			}
		}
	}
	return strings.Join(all, ",")
}

func policy(t *testing.T, i *integration.Integration, p *integration.Policy, given map[string]string, seen map[string]bool) {
	t.Helper()
	r, err := i.Render(p, given)
	if err != nil {
		if errors.Is(err, integration.ErrNothing) {
			return
		}
		t.Fatalf("with %s: %v", brief(i, given), err)
	}
	again, err := i.Render(p, given)
	if err != nil {
		t.Fatal(err)
	}
	for n, d := range r.Documents {
		if !bytes.Equal(d.Text, again.Documents[n].Text) {
			t.Errorf("with %s: two texts:\n%s\n%s", brief(i, given), d.Text, again.Documents[n].Text)
		}
		if _, err := iam.Strict(d.Text, p.Type); err != nil {
			t.Errorf("with %s: IAM refuses it: %v\n%s", brief(i, given), err, d.Text)
		}
		ordered(t, iam.Parse(d.Text))
	}
	fresh := false
	for _, s := range r.Statements {
		fresh = fresh || !seen["statement "+s.Sid]
		seen["statement "+s.Sid] = true
	}
	if fresh { // the forms are made statement by statement
		exported(t, r)
	}
	linted(t, r, given, seen)
	compared(t, r, given, seen)
}

// ordered checks that actions are sorted and named once.
func ordered(t *testing.T, doc *iam.Document) {
	t.Helper()
	for _, s := range doc.Statements {
		var actions []string
		for _, a := range s.Action.List {
			actions = append(actions, a.Text)
		}
		if !slices.IsSorted(actions) || len(slices.Compact(slices.Clone(actions))) != len(actions) {
			t.Errorf("statement %s: actions are not sorted: %v", s.Sid.Text, actions)
		}
	}
}

func linted(t *testing.T, r *integration.Rendered, given map[string]string, seen map[string]bool) {
	t.Helper()
	for _, f := range r.Findings(catalog.Default()) {
		if f.Accepted == nil {
			t.Errorf("with %s: %s %s at %s: %s", brief(r.Integration, given), f.Severity, f.Check.Code, f.Sid, f.Message)
			continue
		}
		if f.Severity != lint.Suggestion {
			t.Errorf("with %s: a %s is accepted: %s", brief(r.Integration, given), f.Severity, f.Message)
		}
		seen["accepted "+f.Accepted.Code+" "+f.Accepted.Sid] = true
	}
}

func compared(t *testing.T, r *integration.Rendered, given map[string]string, seen map[string]bool) {
	t.Helper()
	changes, err := r.Compare(given)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Kind != integration.Same && c.Why == "" {
			t.Errorf("with %s: no reason: %s %s → %s %v (%v → %v)", brief(r.Integration, given), c.Kind, c.Published, c.Ours, c.Actions, c.Was, c.Is)
		}
		if c.Kind == integration.LeftOut {
			seen["omission "+c.Why] = true
		}
	}
}

func everythingUsed(t *testing.T, p *integration.Policy, seen map[string]bool) {
	t.Helper()
	for _, s := range p.Statements {
		if !seen["statement "+s.Sid] {
			t.Errorf("statement %s never stands", s.Sid)
		}
	}
	for _, a := range p.Accepted {
		if !seen["accepted "+a.Code+" "+a.Sid] {
			t.Errorf("%s at %s is accepted and never found", a.Code, a.Sid)
		}
	}
	for _, o := range p.Omissions {
		if !seen["omission "+o.Why] {
			t.Errorf("the omission of %v from %s is never one", o.Actions, o.From)
		}
	}
}

// questions asks every question: with everything on that a policy can have, and with nothing on but what the question is about. The
// published policy is asked with the names that the guide gives.
func questions(t *testing.T, i *integration.Integration) {
	all, err := i.Questions()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for n := range all {
		q := &all[n]
		p, known := i.Policy(q.Policy)
		if !known {
			t.Errorf("question %q: no policy %s", q.Ask, q.Policy)
			continue
		}
		count[q.Policy+answer(q.Want)]++
		everything := values(i, p, q, p.Optional()...)
		for _, given := range []map[string]string{everything, values(i, p, q)} {
			if asked, err := i.Asked(q, given); err != nil || !asked {
				t.Errorf("question %q is not asked: %v", q.Ask, err)
				continue
			}
			r, err := i.Render(p, given)
			if err != nil {
				t.Errorf("question %q: %v", q.Ask, err)
				continue
			}
			ask(t, i, p, q, given, r.Joined(), answer(q.Want))
		}
		maps.Copy(everything, i.GuideValues)
		published, err := i.PublishedDocument(p, everything)
		if err != nil {
			t.Fatal(err)
		}
		if (published == nil) != (q.Published == "") {
			t.Errorf("%s %s: %q: what does the published policy answer?", i.Name, p.Name, q.Ask)
		} else if published != nil {
			ask(t, i, p, q, everything, published, q.Published)
		}
	}
	for _, p := range i.Policies {
		if count[p.Name+"allow"] == 0 || count[p.Name+"deny"] == 0 {
			t.Errorf("policy %s: a question is needed that is allowed and one that is denied: %v", p.Name, count)
		}
	}
}

func ask(t *testing.T, i *integration.Integration, p *integration.Policy, q *integration.Question, given map[string]string, text []byte, want string) {
	t.Helper()
	subject, err := integration.NewSubject(text, p.Type)
	if err != nil {
		t.Fatal(err)
	}
	allowed, reason, err := i.Ask(q, subject, given, catalog.Default())
	if err != nil || answer(allowed) != want {
		t.Errorf("%s %s: %q with %s: got %s, want %s (%s, %v)\n%s", i.Name, p.Name, q.Ask, brief(i, given), answer(allowed), want, reason, err, text)
	}
}

func answer(allowed bool) string {
	if allowed {
		return "allow"
	}
	return "deny"
}

// values are examples of what has to be given and of what is named, and what the question wants on, off or chosen.
func values(i *integration.Integration, p *integration.Policy, q *integration.Question, on ...string) map[string]string {
	given := i.Examples(p, on...)
	for _, when := range q.When {
		name, off := strings.CutPrefix(when, "!")
		name, value, chosen := strings.Cut(name, "=")
		switch parameter, known := i.Parameter(name); {
		case off:
			delete(given, name)
		case chosen:
			given[name] = value
		case known:
			given[name] = parameter.Form.Example
		}
	}
	return given
}
