package used

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/iam/sim"
	"trunkline/internal/cloudtrail"
)

const collector = "arn:aws:iam::111122223333:role/collector"

func newUse(t rapid.TB, text, principal string) *Use {
	t.Helper()
	u, err := New([]Policy{{"policy.json", iam.Parse([]byte(text))}}, principal, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestResources: what an event is about, as far as the log says it.
func TestResources(t *testing.T) {
	for _, c := range []struct {
		source, name string
		parameters   map[string]string
		resources    []string
		want         string // actions and resources
	}{
		{"kinesis.amazonaws.com", "GetRecords", map[string]string{"streamARN": "arn:aws:kinesis:eu-west-2:111122223333:stream/s"}, nil, "kinesis:GetRecords arn:aws:kinesis:eu-west-2:111122223333:stream/s"},
		{"kinesis.amazonaws.com", "DescribeStream", map[string]string{"streamName": "s"}, nil, "kinesis:DescribeStream arn:aws:kinesis:eu-west-2:111122223333:stream/s"},
		{"dynamodb.amazonaws.com", "DescribeTable", map[string]string{"tableName": "t"}, nil, "dynamodb:DescribeTable arn:aws:dynamodb:eu-west-2:111122223333:table/t"},
		{"sqs.amazonaws.com", "SendMessage", map[string]string{"queueUrl": "https://sqs.eu-west-2.amazonaws.com/111122223333/q"}, nil, "sqs:SendMessage arn:aws:sqs:eu-west-2:111122223333:q"},
		{"secretsmanager.amazonaws.com", "GetSecretValue", map[string]string{"secretId": "a/b"}, nil, "secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-2:111122223333:secret:a/b-xxxxxx"},
		{"s3.amazonaws.com", "ListObjects", map[string]string{"bucketName": "b"}, nil, "s3:ListBucket arn:aws:s3:::b"},
		{"s3.amazonaws.com", "HeadObject", nil, []string{"arn:aws:s3:::b/k", "arn:aws:s3:::b"}, "s3:GetObject arn:aws:s3:::b/k"},
		{"lambda.amazonaws.com", "GetFunction20150331v2", map[string]string{"functionName": "f"}, nil, "lambda:GetFunction arn:aws:lambda:eu-west-2:111122223333:function:f"},
		{"sts.amazonaws.com", "AssumeRole", map[string]string{"roleArn": collector, "roleSessionName": "trunkline"}, nil, "sts:AssumeRole " + collector},
		{"signin.amazonaws.com", "ConsoleLogin", nil, nil, ""},
		{"example.com", "X", nil, nil, ""},
	} {
		e := &cloudtrail.Event{Source: c.source, Name: c.name, Region: "eu-west-2", Account: "111122223333", Parameters: c.parameters, Resources: c.resources}
		u := newUse(t, `{"Statement": []}`, "")
		service, _, _ := strings.Cut(e.Source, ".")
		var got []string
		for _, a := range u.actions(service, e.Name) {
			got = append(got, a.String()+" "+strings.Join(resources(a, e), " "))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s %s: got %s, want %s", c.source, c.name, text, c.want)
		}
	}
}

// TestStates: what the log cannot tell stays.
func TestStates(t *testing.T) {
	policy := `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutBucketPolicy"], "Resource": "arn:aws:s3:::b/*"},
		{"Effect": "Allow", "Action": ["dynamodb:DescribeTable", "dynamodb:ListTables"], "Resource": ["arn:aws:dynamodb:eu-west-2:111122223333:table/a", "*"]},
		{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}`
	states := func(events ...*cloudtrail.Event) (all []string) {
		u := newUse(t, policy, "")
		for _, e := range events {
			u.Add(e)
		}
		for _, g := range u.Report().Grants {
			all = append(all, g.Action+g.Resource+" "+string(g.State))
		}
		return all
	}
	describe := &cloudtrail.Event{Source: "dynamodb.amazonaws.com", Name: "DescribeTable", Region: "eu-west-2", Account: "111122223333", Parameters: map[string]string{"tableName": "a"}}
	put := &cloudtrail.Event{Source: "s3.amazonaws.com", Name: "PutObject", Category: "Data", Region: "eu-west-2", Account: "111122223333", Resources: []string{"arn:aws:s3:::b/k"}}
	denied := *put
	denied.Error = "AccessDenied"
	for _, c := range []struct {
		events []*cloudtrail.Event
		want   []string
	}{
		{
			[]*cloudtrail.Event{describe},
			[]string{
				"s3:GetObject unlogged", "s3:PutBucketPolicy unused", "arn:aws:s3:::b/* unlogged",
				"dynamodb:DescribeTable used", "dynamodb:ListTables unused", "arn:aws:dynamodb:eu-west-2:111122223333:table/a used", "* used",
			},
		},
		{
			[]*cloudtrail.Event{put, &denied}, // with events about data, their absence says something
			[]string{
				"s3:GetObject unused", "s3:PutBucketPolicy unused", "arn:aws:s3:::b/* unused",
				"dynamodb:DescribeTable unused", "dynamodb:ListTables unused", "arn:aws:dynamodb:eu-west-2:111122223333:table/a unused", "* unused",
			},
		},
	} {
		if diff := cmp.Diff(c.want, states(c.events...)); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
	}
	u := newUse(t, policy, "")
	u.Add(put)
	u.Add(&denied)
	want := []Call{{Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Times: 1}, {Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k", Denied: true, Times: 1}}
	got := u.Report().Beside
	slices.SortFunc(got, func(a, b Call) int { return map[bool]int{true: 1, false: -1}[a.Denied] })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("besides (- want, + got):\n%s", diff)
	}
}

// TestSmaller: what is proposed allows every event that the policy allowed, allows nothing that it did not, is taken by IAM, and is not
// made smaller again by the same events.
func TestSmaller(t *testing.T) {
	const at = "arn:aws:dynamodb:eu-west-2:111122223333:table/"
	actions := []string{"dynamodb:DescribeTable", "dynamodb:UpdateTable", "dynamodb:*Table", "dynamodb:Tag*", "dynamodb:DeleteTable", "iam:PassRole", "dynamodb:GetItem", "*"}
	tables := []string{at + "a", at + "b", at + "*", at + "a${aws:username}", "*"}
	names := []string{"DescribeTable", "UpdateTable", "DeleteTable", "TagResource", "CreateTable", "GetItem"}
	rapid.Check(t, func(t *rapid.T) {
		var statements []string
		for range rapid.IntRange(1, 3).Draw(t, "statements") {
			chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(actions), 1, 3, rapid.ID).Draw(t, "actions")
			on := rapid.SliceOfNDistinct(rapid.SampledFrom(tables), 1, 3, rapid.ID).Draw(t, "tables")
			effect := rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")
			statements = append(statements, `{"Effect": "`+effect+`", "Action": `+list(chosen)+`, "Resource": `+list(on)+`}`)
		}
		text := `{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + `]}`
		whole := compile(t, []byte(text))
		u := newUse(t, text, collector)
		var events []*cloudtrail.Event
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			e := &cloudtrail.Event{Source: "dynamodb.amazonaws.com", Name: rapid.SampledFrom(names).Draw(t, "name"), Region: "eu-west-2", Account: "111122223333", Principal: collector}
			table := rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "table")
			if table != "" {
				e.Parameters = map[string]string{"tableName": table, "resourceArn": at + table}
			}
			e.Category = rapid.SampledFrom([]string{"Management", "Data"}).Draw(t, "category")
			events = append(events, e)
			u.Add(e)
		}
		u.Add(&cloudtrail.Event{Source: "dynamodb.amazonaws.com", Name: "DeleteTable", Principal: "arn:aws:iam::111122223333:role/other"})
		if got := u.Report().Events; got != len(events) {
			t.Errorf("%d events count, want %d", got, len(events))
		}
		made, err := u.Smaller(0)
		if err != nil {
			t.Fatal(err)
		}
		smaller := &sim.Policies{}
		if made != nil {
			smaller = compile(t, made)
		}
		asked := append([]string{}, names...)
		for _, name := range asked {
			for _, table := range []string{"a", "b", "c", "ax"} {
				was, is := allows(t, whole, "dynamodb:"+name, at+table), allows(t, smaller, "dynamodb:"+name, at+table)
				happened := slices.ContainsFunc(events, func(e *cloudtrail.Event) bool {
					return e.Name == name && (e.Parameters == nil || e.Parameters["tableName"] == table)
				})
				if is && !was || was && happened && !is {
					t.Errorf("%s of %s: allowed %v, by the smaller policy %v; it happened %v\n%s\n%s", name, table, was, is, happened, text, made)
				}
			}
		}
		if made == nil {
			return
		}
		again := newUse(t, string(made), collector)
		for _, e := range events {
			again.Add(e)
		}
		if twice, err := again.Smaller(0); err != nil || twice != nil && string(twice) != string(made) {
			t.Errorf("made smaller again (%v):\n%s\n%s", err, made, twice)
		}
	})
}

func compile(t rapid.TB, text []byte) *sim.Policies {
	t.Helper()
	doc, err := iam.Strict(text, iam.IdentityPolicy)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	p, err := sim.Compile(doc, iam.IdentityPolicy)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return &sim.Policies{Identity: []*sim.Policy{p}}
}

func allows(t rapid.TB, policies *sim.Policies, action, resource string) bool {
	t.Helper()
	caller, err := sim.ParseCaller(collector)
	if err != nil {
		t.Fatal(err)
	}
	query, err := sim.NewQuery(sim.Request{Caller: caller, Action: action, Resource: resource}, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return policies.Decide(query).Outcome == sim.Allowed
}

// TestSample: the files of the page.
func TestSample(t *testing.T) {
	text, err := os.ReadFile("testdata/collector.json")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Open("testdata/trail.json")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	u := newUse(t, string(text), collector)
	for e, err := range cloudtrail.Read(log) {
		if err != nil {
			t.Fatal(err)
		}
		u.Add(e)
	}
	made, err := u.Smaller(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lint.Run(iam.Parse(made), lint.Options{Type: iam.IdentityPolicy}) {
		if f.Severity != lint.Suggestion && f.Check.Code != "TL_PASS_ROLE" && !strings.Contains(f.Check.Code, "PASS_ROLE") {
			t.Errorf("the linter says %s: %s\n%s", f.Check.Code, f.Message, made)
		}
	}
	if report := u.Report(); report.Events != 4 || len(report.Beside) != 1 || !report.Beside[0].Denied {
		t.Errorf("got %+v, want 4 events and a denial", report)
	}
}

func TestBroken(t *testing.T) {
	if _, err := New([]Policy{{"p.json", iam.Parse([]byte(`{"Statement": [}`))}}, "", catalog.Default()); err == nil || !strings.HasPrefix(err.Error(), "p.json:1:") {
		t.Errorf("got %v, want an error with the line", err)
	}
}
