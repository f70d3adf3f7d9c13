package sim_test

import (
	"fmt"
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
	w := &workload{policies: &sim.Policies{
		Identity: []*sim.Policy{mustCompile(t, `{"Version": "2012-10-17", "Statement": [
			{"Sid": "Home", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::harbour-data/${aws:PrincipalTag/team}-${aws:username, 'nobody'}-*",
			 "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}, "Bool": {"aws:SecureTransport": "true"}}},
			{"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket*", "Resource": "arn:aws:s3:::harbour-*",
			 "Condition": {"StringLike": {"s3:prefix": ["", "home/${aws:PrincipalTag/team}/*"]}, "NumericLessThanEquals": {"s3:max-keys": "100"}}},
			{"Sid": "Season", "Effect": "Allow", "Action": ["sqs:SendMessage", "sns:Publish"], "Resource": "*",
			 "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}, "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}},
			{"Sid": "Sources", "Effect": "Allow", "Action": "s3:*", "Resource": "*",
			 "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:${aws:PrincipalAccount}:function:ingest-*"}}},
			{"Sid": "Second", "Effect": "Deny", "Action": "s3:Put*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}`, iam.IdentityPolicy)},
		Boundary: []*sim.Policy{mustCompile(t, `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-2", "eu-west-1"]}}}]}`, iam.PermissionsBoundary)},
		SCP: [][]*sim.Policy{
			{mustCompile(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`, iam.ServiceControlPolicy)},
			{mustCompile(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
				{"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-2"]}, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/operators/*"}}}]}`, iam.ServiceControlPolicy)},
		},
		Resource: mustCompile(t, `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/anna"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::harbour-data/shared-*"},
			{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::harbour-data", "arn:aws:s3:::harbour-data/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`, iam.ResourcePolicy),
	}}
	for i := range 60 {
		r := sim.Request{Caller: mustCaller(t, "arn:aws:iam::111122223333:user/anna"), Time: time.Date(2026+i/50, 6, 1, 12, 0, 0, 0, time.UTC)}
		set := r.Context.Set
		set("aws:PrincipalTag/team", []string{"red", "blue"}[i/6%2])
		set("aws:SourceIp", []string{"203.0.113.9", "198.51.100.7", "2001:db8::5"}[i/5%3])
		set("aws:SecureTransport", fmt.Sprint(i%11 != 0))
		set("aws:RequestedRegion", []string{"eu-west-2", "eu-west-2", "us-east-1"}[i/4%3])
		set("aws:MultiFactorAuthPresent", fmt.Sprint(i%3 != 0))
		switch i % 6 {
		case 0:
			r.Action, r.Resource = "s3:GetObject", "arn:aws:s3:::harbour-data/red-anna-1"
		case 1:
			r.Action, r.Resource = "s3:PutObject", "arn:aws:s3:::harbour-data/red-anna-1"
		case 2:
			r.Action, r.Resource = "s3:ListBucket", "arn:aws:s3:::harbour-data"
			set("s3:prefix", "home/red/x")
			set("s3:max-keys", fmt.Sprint(50+i))
		case 3:
			r.Action, r.Resource = "sqs:SendMessage", "arn:aws:sqs:eu-west-2:111122223333:orders"
		case 4:
			r.Action, r.Resource = "s3:DeleteObject", "arn:aws:s3:::harbour-data/red-bob-1"
			set("aws:SourceArn", "arn:aws:lambda:eu-west-2:111122223333:function:ingest-"+fmt.Sprint(i))
		case 5:
			r.Action, r.Resource = "s3:GetObject", "arn:aws:s3:::harbour-data/shared-1"
		}
		w.add(t, r, "")
	}
	return w
}

// What the benchmark decides is right, and needs no memory.
func TestInstanceAdministrator(t *testing.T) {
	w := instanceAdministrator(t)
	if len(w.queries) != 72 {
		t.Errorf("%d requests, want 72", len(w.queries))
	}
	for i, q := range w.queries {
		if got := w.policies.Decide(q).Outcome.String(); got != w.want[i] {
			t.Errorf("%s on %s: got %s, want %s", q.Action, q.Resource, got, w.want[i])
		}
	}
}

func TestHardCase(t *testing.T) {
	w := hardCase(t)
	got := map[sim.Decision]int{}
	for _, q := range w.queries {
		got[w.policies.Decide(q)]++
	}
	t.Log(got)
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
