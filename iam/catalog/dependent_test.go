package catalog

import (
	"slices"
	"strings"
	"testing"
)

func needs(t *testing.T, name string) map[string]Dependent {
	t.Helper()
	a, ok := Default().Action(name)
	if !ok {
		t.Fatalf("Action(%q): not found", name)
	}
	all := map[string]Dependent{}
	for d := range a.Dependents() {
		if _, twice := all[d.Action+d.When]; twice {
			t.Errorf("%s: %s twice", name, d.Action)
		}
		all[d.Action] = d
	}
	return all
}

// TestDependents has what published guides forgot: M1 to M10.
func TestDependents(t *testing.T) {
	for action, want := range map[string]string{
		"events:CreateConnection":                 "iam:CreateServiceLinkedRole secretsmanager:CreateSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue",
		"events:DeleteConnection":                 "secretsmanager:DeleteSecret",
		"iam:CreatePolicy":                        "iam:TagPolicy",
		"kinesis:GetRecords":                      "kms:Decrypt",
		"connect:DescribeInstance":                "ds:DescribeDirectories",
		"connect:AssociateInstanceStorageConfig":  "ds:DescribeDirectories firehose:DescribeDeliveryStream iam:AttachRolePolicy iam:CreateServiceLinkedRole iam:PutRolePolicy kinesis:DescribeStream kms:CreateGrant kms:DescribeKey s3:GetBucketAcl s3:GetBucketLocation",
		"app-integrations:CreateEventIntegration": "iam:AttachRolePolicy iam:CreateServiceLinkedRole iam:PutRolePolicy",
		"app-integrations:CreateDataIntegration":  "appflow:DeleteFlow appflow:DescribeConnectorProfiles iam:AttachRolePolicy iam:CreateServiceLinkedRole iam:PutRolePolicy kms:CreateGrant profile:GetDomain profile:GetProfileObjectType s3:GetBucketNotification s3:GetEncryptionConfiguration s3:PutBucketNotification",
		"connect:ListUsers":                       "",
	} {
		var got []string
		for name, d := range needs(t, action) {
			got = append(got, name)
			if d.Source == "" {
				t.Errorf("%s: %s has no source", action, name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", action, got, want)
		}
	}
	d := needs(t, "connect:AssociateInstanceStorageConfig")["kinesis:DescribeStream"]
	if d.On != "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}" || d.When == "" {
		t.Errorf("the curated row does not take the place of the reference's: %+v", d)
	}
	if n := len(needs(t, "connect:CreateInstance")); n != 12 { // eleven of the reference, and connect:TagResource
		t.Errorf("connect:CreateInstance: %d dependents, want 12", n)
	}
}

// TestDependentsCount: the older release's dependents have survived.
func TestDependentsCount(t *testing.T) {
	actions, pairs := 0, 0
	for a := range Default().Expand("*") {
		if a.dependents != "" {
			actions++
			pairs += strings.Count(a.dependents, ",") + 1
		}
	}
	if actions != 1584 || pairs != 4141 {
		t.Errorf("the reference's dependents: %d actions, %d pairs, want 1584, 4141", actions, pairs)
	}
}

// checkDependent holds a curated row to the catalogue: the action exists, takes what it stands on, and its condition's key is known.
func checkDependent(t *testing.T, of string, d Dependent) {
	t.Helper()
	a, ok := Default().Action(d.Action)
	if !ok || a.String() != d.Action {
		t.Errorf("%s: no action %s", of, d.Action)
		return
	}
	switch {
	case d.On == "" || d.On == "*" && a.ResourceLess():
	case d.On == "*":
		if a.Service.Prefix != "logs" && a.Service.Prefix != "ec2" { // documented with "*" although there is a type
			t.Errorf("%s: %s takes resources, but stands on *", of, d.Action)
		}
	case !slices.ContainsFunc(a.Resources, func(r ActionResource) bool { return r.Type.Intersects(d.On) }):
		t.Errorf("%s: %s takes no %s", of, d.Action, d.On)
	}
	if d.Condition != "" {
		key, _, _ := strings.Cut(d.Condition, "=")
		if _, ok := Default().Key(key); !ok {
			t.Errorf("%s: %s: condition key %s is not known", of, d.Action, key)
		}
	}
	if d.Source == "" || d.When != "" && !strings.HasPrefix(d.When, "if ") && !strings.HasPrefix(d.When, "for ") {
		t.Errorf("%s: %s: source %q, when %q", of, d.Action, d.Source, d.When)
	}
}

func TestCurated(t *testing.T) {
	rows := Default().hand().dependents
	for _, d := range rows {
		if a, ok := Default().Action(d.of); !ok || a.String() != d.of {
			t.Errorf("no action %s", d.of)
		}
		checkDependent(t, d.of, d)
	}
	if len(rows) < 140 {
		t.Errorf("%d curated rows, want 140 or more", len(rows))
	}
}

func TestJobs(t *testing.T) {
	var names []string
	for j := range Default().Jobs() {
		names = append(names, j.Name)
		if j.Principal == "" || len(j.Needs) < 4 {
			t.Errorf("job %s: principal %q, %d needs", j.Name, j.Principal, len(j.Needs))
		}
		for _, d := range j.Needs {
			checkDependent(t, j.Name, d)
		}
	}
	want := []string{"Lambda function in a VPC", "enhanced fan-out consumer of a Kinesis stream", "pipe with a Kinesis stream as its source"}
	if !slices.Equal(names, want) {
		t.Errorf("jobs: got %q, want %q", names, want)
	}
}

// TestRequiresAll: the listed actions exist and have several rows to require.
func TestRequiresAll(t *testing.T) {
	var got []string
	for a := range Default().Expand("*") {
		if !a.RequiresAll() {
			continue
		}
		got = append(got, a.String())
		n := 0
		for _, r := range a.Resources {
			if r.Required {
				n++
			}
		}
		if n < 2 {
			t.Errorf("%s: %d rows marked required", a, n)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d actions need all their rows, want 10: %q", len(got), got)
	}
	for _, name := range []string{"connect:DescribeView", "connect:ListViewVersions", "s3:GetObject"} {
		if a, _ := Default().Action(name); a.RequiresAll() {
			t.Errorf("RequiresAll of %s: true; its rows are alternatives", name)
		}
	}
}
