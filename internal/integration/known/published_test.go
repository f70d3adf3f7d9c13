package known_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
)

// guides is the folder of the guides' own texts; empty when they are not at hand.
func guides() string {
	if root := os.Getenv("TRUNKLINE_POLICIES"); root != "" {
		return root
	}
	const root = "../../../../shared/data/iam/published"
	if _, err := os.Stat(root); err != nil {
		return ""
	}
	return root
}

// values puts what a guide leaves open in the words of published.tsv.
var values = map[string]*strings.Replacer{
	"operata": strings.NewReplacer(
		"arn:aws:pipes:{AWS Region}:{AWS Account ID}:pipe/operataEventsPipe-{Instance Name}-amazonConnect", "arn:aws:pipes:${stream.region}:${stream.account}:pipe/operataEventsPipe-example-amazonConnect",
		"{AWS Region}", "${stream.region}", "{AWS Account ID}", "${stream.account}", "{Operata Group ID}", "${group}", "{CTR Kinesis Stream ARN}", "${stream}",
		"{API Destination ARN}", "arn:aws:events:${stream.region}:${stream.account}:api-destination/${destination}/11111111-2222-4333-8444-555555555555",
		"{Agent Data Bucket Name}", "${agent_bucket}",
	),
	"connect-association": strings.NewReplacer(
		"arn:aws:connect:region:account-id:instance/instance-id", "${instance}", "arn:aws:kinesis:*:account-id:stream/stream-name", "arn:aws:kinesis:*:${instance.account}:stream/${streams.name}",
		"account-id", "${instance.account}", "s3-bucket-name", "${buckets}", "function:my-function", "function:${functions.name}",
	),
	"connect-identity": strings.NewReplacer(
		"arn:aws:connect:region:account-id:instance/instance-id", "${instance}", "arn:aws:connect:region:customer_account_id:instance/connect_instance_id", "${instance}",
		"arn:aws:kms:region:account-id:key/key-id", "${kms_key}", "/Owner=TeamA", "/${tag}=${value}", "/Department=Test", "/${tag}=${value}", "app-integrations::List", "app-integrations:List",
	),
	"connect-instance-admin": strings.NewReplacer(
		"arn:aws:connect:<region>:<aws_account_id>:instance/<connect_instance_id>", "${instance}", "<region>", "${instance.region}", "<aws_account_id>", "${instance.account}",
		"<instance_alias>", "${alias}", "<bucket_name>", "${buckets}", "<service_link_role_name>", "${service_role}",
	),
}

// TestPublished: published.tsv says what the guides say. Where the guides' texts are not at hand, the numbers of what they grant are
// compared: of policies, statements and actions.
func TestPublished(t *testing.T) {
	root := guides()
	got := map[string]string{}
	for _, i := range known.All() {
		grants, err := i.Published()
		if err != nil {
			t.Fatal(err)
		}
		actions, policies := 0, map[string]bool{}
		for _, g := range grants {
			actions += len(g.Actions)
			policies[g.Policy] = true
		}
		got[i.Name] = fmt.Sprintf("%d policies, %d statements, %d actions", len(policies), len(grants), actions)
		if root == "" || values[i.Name] == nil {
			continue
		}
		for name := range policies {
			compareWithGuide(t, root, i.Name, name, grants)
		}
	}
	want := map[string]string{
		"operata":                "10 policies, 18 statements, 70 actions",
		"verint":                 "1 policies, 11 statements, 34 actions",
		"connect-association":    "3 policies, 7 statements, 13 actions",
		"connect-identity":       "12 policies, 16 statements, 80 actions",
		"connect-instance-admin": "1 policies, 10 statements, 70 actions",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("published.tsv, got (-) and want (+):\n%s", diff)
	}
}

func compareWithGuide(t *testing.T, root, name, policy string, grants []integration.Grant) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", policy+".json"))
	if err != nil || policy == "basic-execution" {
		return // AWS's own policy, which the guide attaches
	}
	if len(files) != 1 {
		t.Fatalf("%s: %d files", policy, len(files))
	}
	source, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	doc := iam.Parse(source) // some are no JSON: it recovers
	n := 0
	for _, g := range grants {
		if g.Policy != policy {
			continue
		}
		if n >= len(doc.Statements) {
			t.Fatalf("%s has more statements than the guide", policy)
		}
		s := doc.Statements[n]
		text := func(v *iam.Values) string {
			if v == nil {
				return ""
			}
			var all []string
			for _, node := range v.List {
				all = append(all, node.Text)
			}
			return values[name].Replace(strings.Join(all, " "))
		}
		var conditions []string
		for _, c := range s.Conditions {
			var all []string
			for _, node := range c.Values {
				all = append(all, node.Text)
			}
			conditions = append(conditions, values[name].Replace(c.Operator.Text+" "+c.Key.Text+"="+strings.Join(all, ",")))
		}
		sid := fmt.Sprint(n)
		if s.Sid != nil {
			sid = s.Sid.Text
		}
		want := []string{sid, s.Effect.Text, text(s.Action), text(s.Resource), strings.Join(conditions, "; ")}
		got := []string{g.Statement, g.Effect, strings.Join(g.Actions, " "), strings.Join(g.Resources, " "), strings.Join(g.Conditions, "; ")}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s %s: published.tsv (-) and the guide (+):\n%s", name, policy, diff)
		}
		n++
	}
	if n != len(doc.Statements) {
		t.Errorf("%s: got %d statements, want the %d of the guide", policy, n, len(doc.Statements))
	}
}

// TestRecorderPage: the recorder's table is the page's 34 rows.
func TestRecorderPage(t *testing.T) {
	i, err := known.Find("verint")
	if err != nil {
		t.Fatal(err)
	}
	grants, err := i.Published()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range grants {
		for _, action := range g.Actions {
			_, name, _ := strings.Cut(action, ":")
			got = append(got, name)
		}
	}
	if root := guides(); root != "" {
		table, err := os.ReadFile(filepath.Join(root, "recorder-permissions-page", "permissions.tsv"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, line := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
			want = append(want, strings.Split(line, "\t")[1])
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))); diff != "" {
			t.Errorf("published.tsv (-) and the page (+):\n%s", diff)
		}
	}
	if len(got) != 34 {
		t.Errorf("got %d actions, want 34", len(got))
	}
}

// TestDefectsSaid: what only a comparison with the job can find is said by --diff-published, with its number.
func TestDefectsSaid(t *testing.T) {
	said := map[string]bool{}
	number := regexp.MustCompile(`\b[EOMS]\d+\b`)
	for _, i := range known.All() {
		for _, p := range i.Policies {
			for _, on := range [][]string{nil, p.Optional()} {
				given := i.Examples(p, on...)
				r, err := i.Render(p, given)
				if err != nil {
					continue // nothing stands without values
				}
				changes, err := r.Compare(given)
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(changes)
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range number.FindAllString(string(text), -1) {
					said[id] = true
				}
			}
		}
	}
	for _, id := range []string{"O1", "O2", "O3", "O4", "O6", "O14", "M12", "M14"} {
		if !said[id] {
			t.Errorf("%s is not said", id)
		}
	}
	if len(said) < 55 {
		t.Errorf("%d defects are said, want most of the 69: %v", len(said), said)
	}
}
