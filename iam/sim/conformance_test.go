package sim_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

func compileNamed(doc *iam.Document, kind iam.Type, name string) (*sim.Policy, error) {
	p, err := sim.Compile(doc, kind)
	if err != nil {
		return nil, err
	}
	p.Name = name
	return p, nil
}

// TestConformance runs the cases of testdata.
func TestConformance(t *testing.T) {
	cases := readCases(t)
	if len(cases) < 120 {
		t.Errorf("%d cases, want at least 120", len(cases))
	}
	for _, c := range cases {
		if problem := c.run(); problem != "" {
			t.Errorf("%s: %s: %s", c.file, c.name, problem)
		}
	}
	t.Logf("%d cases", len(cases))
}

// run tells what is wrong, or "".
func (c *testCase) run() string {
	r, err := c.request()
	if err != nil {
		return err.Error()
	}
	want := c.field("want")
	policies, err := c.sets(compileNamed)
	if text, wanted := strings.CutPrefix(want, "refused: "); wanted || err != nil {
		if err == nil || !wanted || !strings.Contains(err.Error(), text) {
			return fmt.Sprintf("compiling gives error %v, want %s", err, want)
		}
		return ""
	}
	q, err := sim.NewQuery(r, catalog.Default())
	if text, wanted := strings.CutPrefix(want, "invalid: "); wanted || err != nil {
		if err == nil || !wanted || !strings.Contains(err.Error(), text) {
			return fmt.Sprintf("request gives error %v, want %s", err, want)
		}
		return ""
	}
	d := policies.Decide(q)
	x := policies.Explain(q)
	if x.Decision != d {
		return fmt.Sprintf("Explain decides %v, Decide %v", x.Decision, d)
	}
	got := d.Outcome.String()
	if strings.Contains(want, " by ") {
		got += " by " + d.By.String()
	}
	if got != want {
		return fmt.Sprintf("got %s (%s), want %s", got, x.Reason, want)
	}
	return c.explained(&x)
}

// explained compares what the case says about the explanation.
func (c *testCase) explained(x *sim.Explanation) string {
	var missing, statements, add []string
	for _, f := range x.Missing {
		missing = append(missing, f.Text)
	}
	for _, s := range x.Statements {
		statements = append(statements, fmt.Sprintf("%s[%d]", s.Policy, s.Index))
	}
	for _, a := range x.Add {
		add = append(add, fmt.Sprintf("%s %d %s", a.Layer, a.Level, a.Statement))
	}
	got := map[string]string{
		"missing": strings.Join(missing, "; "), "absent": strings.Join(x.Absent, " "), "statements": strings.Join(statements, " "),
		"add": strings.Join(add, "\n"), "reason": x.Reason,
	}
	if text := strings.Join(x.Warnings, "\n"); !strings.Contains(text, c.field("warning")) { // which names the catalog's date
		return fmt.Sprintf("warning: got %q, want %q", text, c.field("warning"))
	}
	for name, text := range got {
		if want, given := c.fields[name]; given && text != strings.Join(want, "\n") {
			return fmt.Sprintf("%s: got %q, want %q", name, text, strings.Join(want, "\n"))
		}
	}
	return ""
}

// The naive evaluator passes the same cases, where all facts are known: what it is compared with elsewhere is right.
func TestNaiveConformance(t *testing.T) {
	tried := 0
	for _, c := range readCases(t) {
		want, _, _ := strings.Cut(c.field("want"), " by ")
		outcome := slices.Contains([]string{"allowed", "implicitDeny", "explicitDeny"}, want)
		known := c.field("partial") != "true" && !slices.ContainsFunc(c.fields["context"], func(s string) bool { return strings.HasSuffix(s, " unknown") })
		if !outcome || !known || c.field("canonical") != "" {
			continue
		}
		tried++
		if got := c.naive(t); got.String() != want {
			t.Errorf("%s: %s: the naive evaluator says %s, want %s", c.file, c.name, got, want)
		}
	}
	if tried < 400 {
		t.Errorf("%d cases, want hundreds", tried)
	}
}

// naive decides the case with the naive evaluator.
func (c *testCase) naive(t *testing.T) sim.Outcome {
	request, err := c.request()
	if err != nil {
		t.Fatal(err)
	}
	r := naiveRequest{caller: request.Caller, action: request.Action, resource: request.Resource, account: request.ResourceAccount, management: request.ManagementAccount}
	if fields := strings.Split(r.resource, ":"); r.account == "" && len(fields) > 5 && len(fields[4]) == 12 {
		r.account = fields[4]
	}
	if r.account == "" {
		r.account = r.caller.Account
	}
	given := map[string][]string{}
	if !request.Time.IsZero() {
		given["aws:CurrentTime"], given["aws:EpochTime"] = []string{request.Time.Format(time.RFC3339)}, []string{strconv.FormatInt(request.Time.Unix(), 10)}
	}
	for _, line := range c.fields["context"] {
		key, value, _ := strings.Cut(line, " ")
		given[key] = nil
		if strings.HasPrefix(value, "[") {
			if given[key], err = parseStrings(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.context = naiveContext(r.caller, r.account, given)
	p := &naivePolicies{}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		d, path := c.policies[name], strings.Split(strings.TrimSuffix(name, ".json"), "/")
		if slices.Contains(strings.Fields(c.field("without")), path[0]) {
			continue
		}
		level := func(levels [][]*iam.Document) [][]*iam.Document {
			n, err := strconv.Atoi(path[1])
			if err != nil {
				t.Fatal(err)
			}
			for len(levels) <= n {
				levels = append(levels, nil)
			}
			levels[n] = append(levels[n], d)
			return levels
		}
		switch path[0] {
		case "identity":
			p.identity = append(p.identity, d)
		case "boundary":
			p.boundary = append(p.boundary, d)
		case "session":
			p.session = append(p.session, d)
		case "resource", "trust":
			p.resource = d
		case "endpoint":
			p.endpoint = d
		case "scp":
			p.scp = level(p.scp)
		case "rcp":
			p.rcp = level(p.rcp)
		}
	}
	switch c.field("empty") {
	case "boundary":
		p.boundary = []*iam.Document{}
	case "session":
		p.session = []*iam.Document{}
	}
	service, _ := catalog.Default().Service(strings.ToLower(strings.Split(r.action, ":")[0]))
	return naiveDecide(p, &r, service != nil && service.ResourceControl && r.action != "kms:RetireGrant")
}

// A case file that proves nothing is refused.
func TestCasesRefused(t *testing.T) {
	const head, policy = "A rule.\nSource: a page\n", "-- identity.json --\n{\"Statement\": []}\n"
	for _, test := range []struct{ text, want string }{
		{"A rule.\n" + policy, "no Source"},
		{head + policy, "no cases"},
		{head + "-- identify.json --\n{}\n", `unknown section "identify.json"`},
		{head + policy + "-- cases --\ncase: a\n", "want one case and one want"},
		{head + policy + "-- cases --\ncase: a\nwant: allowed\nprincipals: b\n", "unknown field"},
		{head + "-- conditions --\nBool a [true] <- [\"true\"]\n", "want PATTERN <- VALUE"},
	} {
		if _, err := parseCases("x", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got error %v, want %q", test.text, err, test.want)
		}
	}
}
