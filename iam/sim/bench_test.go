package sim_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// A workload is a set of policies with queries and their expected outcomes.
type workload struct {
	policies *sim.Policies
	queries  []*sim.Query
	want     []string
}

func (w *workload) add(t testing.TB, r sim.Request, want string) {
	t.Helper()
	q, err := sim.NewQuery(r, catalog.Default())
	if err != nil {
		t.Errorf("%s on %s: %v", r.Action, r.Resource, err)
		return
	}
	w.queries, w.want = append(w.queries, q), append(w.want, want)
}

func mustCompile(t testing.TB, text string, kind iam.Type) *sim.Policy {
	t.Helper()
	p, err := sim.Compile(parsePolicy([]byte(text)), kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustCaller(t testing.TB, name string) sim.Caller {
	t.Helper()
	c, err := sim.ParseCaller(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// instanceAdministrator is the policy for administrators of one Connect instance, with 72 requests over its and another instance's
// resources.
func instanceAdministrator(t testing.TB) *workload {
	t.Helper()
	policy, err := os.ReadFile("testdata/instance-administrator.json")
	if err != nil {
		t.Fatal(err)
	}
	requests, err := os.ReadFile("testdata/instance-administrator.requests")
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:connect:eu-west-2:111122223333:instance/"
	w := &workload{policies: &sim.Policies{Identity: []*sim.Policy{mustCompile(t, string(policy), iam.IdentityPolicy)}}}
	names := strings.NewReplacer("$I", arn+"0aa1bb2c-1111-2222-3333-444455556666", "$O", arn+"9ff8ee7d-1111-2222-3333-444455556666")
	for line := range strings.Lines(string(requests)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] != "#" {
			r := sim.Request{Caller: mustCaller(t, "arn:aws:sts::111122223333:assumed-role/administrator/anna"), Action: fields[0], Resource: names.Replace(fields[1])}
			w.add(t, r, fields[2])
		}
	}
	return w
}

// hardCase has variables, IP, date, numeric, ARN and Bool conditions, a boundary, two levels of SCPs and a bucket policy, with 60
// requests.
func hardCase(t testing.TB) *workload {
	t.Helper()
	data, err := os.ReadFile("testdata/hard-case.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Principal string
		Policies  struct {
			Identity, Boundary []json.RawMessage
			SCP                [][]json.RawMessage
			Resource           json.RawMessage
		}
		Requests []struct {
			Action, Resource, Want string
			Time                   time.Time
			Context                map[string]string
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	all := func(texts []json.RawMessage, kind iam.Type) (policies []*sim.Policy) {
		for _, text := range texts {
			policies = append(policies, mustCompile(t, string(text), kind))
		}
		return policies
	}
	w := &workload{policies: &sim.Policies{
		Identity: all(file.Policies.Identity, iam.IdentityPolicy),
		Boundary: all(file.Policies.Boundary, iam.PermissionsBoundary),
		Resource: mustCompile(t, string(file.Policies.Resource), iam.ResourcePolicy),
	}}
	for _, level := range file.Policies.SCP {
		w.policies.SCP = append(w.policies.SCP, all(level, iam.ServiceControlPolicy))
	}
	for _, line := range file.Requests {
		r := sim.Request{Caller: mustCaller(t, file.Principal), Action: line.Action, Resource: line.Resource, Time: line.Time}
		for key, value := range line.Context {
			r.Context.Set(key, value)
		}
		w.add(t, r, line.Want)
	}
	return w
}

// What the benchmarks decide is right. bench/policies holds the same answers against another evaluator's.
func TestWorkloads(t *testing.T) {
	for _, test := range []struct {
		name     string
		w        *workload
		requests int
	}{{"instance administrator", instanceAdministrator(t), 72}, {"hard case", hardCase(t), 60}} {
		if len(test.w.queries) != test.requests {
			t.Errorf("%s: %d requests, want %d", test.name, len(test.w.queries), test.requests)
		}
		for i, q := range test.w.queries {
			if got := test.w.policies.Decide(q).Outcome.String(); got != test.w.want[i] {
				t.Errorf("%s, request %d, %s on %s: got %s, want %s", test.name, i, q.Action, q.Resource, got, test.w.want[i])
			}
		}
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	for name, w := range map[string]*workload{"instance administrator": instanceAdministrator(t), "hard case": hardCase(t)} {
		if n := testing.AllocsPerRun(10, func() {
			for _, q := range w.queries {
				w.policies.Decide(q)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, bench := range []struct {
		name string
		w    *workload
	}{{"instance-administrator", instanceAdministrator(b)}, {"hard", hardCase(b)}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				bench.w.policies.Decide(bench.w.queries[i])
				if i++; i == len(bench.w.queries) {
					i = 0
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	text, err := os.ReadFile("testdata/instance-administrator.json")
	if err != nil {
		b.Fatal(err)
	}
	doc := parsePolicy(text)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sim.Compile(doc, iam.IdentityPolicy); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewQuery(b *testing.B) {
	w := hardCase(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sim.NewQuery(w.queries[0].Request, catalog.Default()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	w := hardCase(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		w.policies.Explain(w.queries[i])
		if i++; i == len(w.queries) {
			i = 0
		}
	}
}
