package role_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/role"
)

var update = flag.Bool("update", false, "write doc/least-privilege.md anew")

const documentPath = "../../../doc/least-privilege.md"

const head = `# Least privilege, in figures

<!-- Written from the policies and the tests by: go test ./internal/permission/role -update -->

A policy is right when everything that its job needs is allowed (sufficient) and nothing else is (minimal). This page has what can be
counted about both. Every figure is written by a test, and the test fails when it changes.

## Integrations: the published policy and ours

For each policy with a published counterpart, with example values and everything switched on: characters as IAM counts them, actions that
are granted, those of them on ` + "`*`" + `, defects that ` + "`trunkline policy lint`" + ` finds (errors, warnings of all kinds and suggestions together), and
of the questions of the job's checklist, how many are denied that have to be allowed and allowed that must not be. The first figure
is the published policy's, the second ours. [integrations.md](integrations.md) has them one by one, with the questions.

| policy | characters | actions | on ` + "`*`" + ` | defects | wrongly denied | wrongly allowed |
|---|---|---|---|---|---|---|
`

const configsHead = `
## The collector: what ` + "`policy generate`" + ` makes of a config

| config | characters | actions | on ` + "`*`" + ` | defects |
|---|---|---|---|---|
`

const mutationHead = `
## Mutation: does anything notice a wrong policy

Random configs are drawn, and each generated policy is changed in one place: an action or resource is removed, the wildcards of a
resource or a condition are narrowed, an action, a resource or a condition is widened. A change is noticed when a request that a run makes is
no longer allowed, or a neighbour of one (another resource, account, Region, action, value of a condition key) is. Those
requests are written down in the tests by hand, and not taken from the declarations.

`

const exceptions = `
Not changed, because the changed policy would say the same: an action to a pattern that matches it alone; the account and Region of an ARN
that has none; what ends in ` + "`*`" + ` to one more.

` + "`make mutate`" + ` does the same with 400 configs.

## Nothing is granted that no test uses

The end-to-end tests of the collector run behind the guard ([guard.md](guard.md)) under the policy that ` + "`policy generate`" + ` prints for their
config. They fail when anything is refused, and when the run and the replay together leave a grant unused; then each grant is taken away in
turn, and a command must fail and name it. They are TestGuardedBucket and TestGuardedQueue in cmd/trunkline; TestLeaseTable in
internal/permission/guard does it for the lease table. TestGuardedStream reads a stream with leases in a table: nothing is refused, and the
log names each used action that is taken away.

Exceptions, granted and used by no run behind the guard: what is only for a fleet of KCL 3.x (` + "`--without state.dynamodb.kcl3`" + `),
` + "`kinesis:DescribeStreamConsumer`, `kinesis:RegisterStreamConsumer`, `kinesis:SubscribeToShard` and `cloudwatch:PutMetricData`" + `. Tests of their
packages make these calls, without the guard; mutation covers their grants.
`

// page writes the document.
func page(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(head)
	for _, i := range known.All() {
		for _, p := range i.Policies {
			f, err := i.Figures(p, catalog.Default())
			if err != nil {
				t.Fatal(err)
			}
			if f.Published == nil {
				continue
			}
			was, is := f.Published, &f.Ours
			fmt.Fprintf(&b, "| %s %s | %d, %d | %d, %d | %d, %d | %d, %d | %d, %d of %d | %d, %d |\n", f.Integration, f.Policy,
				was.Size, is.Size, was.Actions, is.Actions, was.OnStar, is.OnStar, defects(was), defects(is),
				len(was.Denied), len(is.Denied), f.Asked, len(was.Open), len(is.Open))
		}
	}
	b.WriteString(configsHead)
	for _, c := range []struct{ name, text string }{
		{"files to a file", "version: 1\nsource: {file: {path: in}}\ndestination: {file: {path: out}}\n"},
		{"files, keys in Secrets Manager, agents in S3, dead letters in SQS and S3", `version: 1
source: {file: {path: in}}
redact: {key: "aws-secretsmanager:team/pseudonym-key"}
enrich: {agents: {from: "s3://example-agents/agents.csv", match: Agent.Username}}
dead_letter: {sqs: "arn:aws:sqs:eu-west-2:` + account + `:letters", s3: "s3://example-letters/dead", recipient: ` + recipient + `}
destination: {http: {url: "https://api.example.com/", header: X-Key, key: "aws-secretsmanager:team/api"}}
`},
		{"a stream, polled, positions in a file", `version: 1
source: {kinesis: {stream: "arn:aws:kinesis:eu-west-2:` + account + `:stream/records"}}
destination: {file: {path: out}}
`},
		{"a stream with enhanced fan-out, leases in a table, metrics", `version: 1
source: {kinesis: {stream: "arn:aws:kinesis:eu-west-2:` + account + `:stream/records", consumer: fanout, cloudwatch: summary}}
redact: {key: "aws-secretsmanager:team/pseudonym-key"}
state: {dynamodb: {}}
destination: {file: {path: out}}
`},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", c.name, generatedFigures(t, c.text+"aws: {region: eu-west-2, role: \""+collector+"\"}\n"))
	}
	b.WriteString(mutationHead)
	writeScores(t, &b)
	b.WriteString(exceptions)
	return b.Bytes()
}

func defects(f *integration.Figure) (n int) {
	for _, found := range f.Findings {
		n += found
	}
	return n
}

// generatedFigures are those of the collector's policy for a config.
func generatedFigures(t *testing.T, text string) string {
	t.Helper()
	set, err := role.Policies(parse(t, text), declared.Calls(), role.Options{Principal: starter})
	if err != nil {
		t.Fatal(err)
	}
	var size, actions, star, found int
	for _, r := range rendered(t, set) {
		if r.Policy.Name != role.Collector {
			continue
		}
		for _, d := range r.Documents {
			size += iam.Parse(d.Text).Size(false)
		}
		for _, f := range r.Findings(catalog.Default()) {
			if f.Accepted == nil {
				found++
			}
		}
	}
	all := map[string]bool{}
	for _, p := range set.Policies {
		if p.Name != role.Collector {
			continue
		}
		for _, s := range p.Statements {
			for _, a := range s.Actions {
				if !all[a] && slices.Contains(s.Resources, "*") {
					star++
				}
				all[a] = true
			}
		}
	}
	actions = len(all)
	return fmt.Sprintf("%d | %d | %d | %d", size, actions, star, found)
}

func writeScores(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	made, noticed := 0, 0
	fmt.Fprintf(b, "| of %d configs | changes | noticed by a request | by a neighbour | by nothing |\n|---|---|---|---|---|\n", few)
	scores := mutate(t, few)
	for _, kind := range kinds() {
		s := scores[kind]
		made, noticed = made+s.made, noticed+s.byRequest+s.byNeighbour
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d |\n", kind, s.made, s.byRequest, s.byNeighbour, len(s.survivors))
	}
	fmt.Fprintf(b, "\nScore: %d of %d (%.1f %%).\n", noticed, made, 100*float64(noticed)/float64(made))
}

// TestPage: doc/least-privilege.md is what the policies and the mutation say.
func TestPage(t *testing.T) {
	want := page(t)
	if *update {
		if err := os.WriteFile(documentPath, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(got), "\n"), strings.Split(string(want), "\n")); diff != "" {
		t.Errorf("doc/least-privilege.md is not what is counted; write it anew with: go test ./internal/permission/role -update; got (-), want (+):\n%s", diff)
	}
}
