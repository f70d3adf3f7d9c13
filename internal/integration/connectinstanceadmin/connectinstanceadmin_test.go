package connectinstanceadmin_test

import (
	"maps"
	"slices"
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
	"trunkline/internal/integration/connectinstanceadmin"
	"trunkline/internal/integration/integrationtest"
	"trunkline/internal/policymatrix"
)

func TestIntegration(t *testing.T) { integrationtest.Run(t, connectinstanceadmin.Integration()) }

const instance = "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-4333-8444-555555555555"

// everything has all modules on.
func everything(t *testing.T) [][]byte {
	t.Helper()
	i := connectinstanceadmin.Integration()
	p, _ := i.Policy("administrator")
	r, err := i.Render(p, i.Examples(p, p.Optional()...))
	if err != nil {
		t.Fatal(err)
	}
	var texts [][]byte
	for _, d := range r.Documents {
		texts = append(texts, d.Text)
	}
	return texts
}

// TestMatrix: the administrator is what the question set for administrators describes, in every answer.
func TestMatrix(t *testing.T) {
	set, err := policymatrix.Load("connect-administrator")
	if err != nil {
		t.Fatal(err)
	}
	questions, err := set.Ask(map[string]string{
		"instance": instance, "alias": "example", "bucket": "example-recordings",
		"service_role":   "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_Ab12Cd34Ef56",
		"function":       "arn:aws:lambda:eu-west-2:111122223333:function:example-lookup",
		"profile_domain": "arn:aws:profile:eu-west-2:111122223333:domains/amazon-connect-example",
	})
	if err != nil {
		t.Fatal(err)
	}
	caller, err := sim.ParseCaller("arn:aws:iam::111122223333:role/administrators")
	if err != nil {
		t.Fatal(err)
	}
	// Adding a function asks for permission without saying whom it lets in; the policy looks at that, so it is answered apart.
	questions = slices.DeleteFunc(questions, func(q policymatrix.Question) bool {
		return slices.ContainsFunc(q.Requests, func(r policymatrix.Request) bool { return r.Action == "lambda:AddPermission" })
	})
	principal := policymatrix.Principal{Name: "administrators", Caller: caller, Meant: true, Policies: &sim.Policies{}}
	for _, text := range everything(t) {
		policy, err := sim.Compile(iam.Parse(text), iam.IdentityPolicy)
		if err != nil {
			t.Fatal(err)
		}
		principal.Policies.Identity = append(principal.Policies.Identity, policy)
	}
	table, err := policymatrix.Answer(set.Title, questions, []policymatrix.Principal{principal}, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) < 30 {
		t.Errorf("got %d questions, want all", len(table.Rows))
	}
	for _, row := range table.Rows {
		if row.Cells[0].Surprise {
			t.Errorf("%s: got %s, want %s: %+v", row.Ask, row.Cells[0].Answer, row.Want, row.Cells[0].Requests)
		}
	}
}

// TestActions: every action of Amazon Connect that can be granted on an instance is, but for its end, and each of the others only with
// the module that has its resources.
func TestActions(t *testing.T) {
	i := connectinstanceadmin.Integration()
	p, _ := i.Policy("administrator")
	r, err := i.Render(p, i.Examples(p))
	if err != nil {
		t.Fatal(err)
	}
	granted := map[string]bool{}
	for _, s := range iam.Parse(r.Joined()).Statements[:2] {
		for _, pattern := range s.Action.List {
			for a := range catalog.Default().Expand(pattern.Text) {
				granted[a.Name] = true
			}
		}
	}
	ends := map[string]bool{"DeleteInstance": true, "ReplicateInstance": true}
	connect, _ := catalog.Default().Service("connect")
	want := map[string]bool{}
	for n := range connect.Actions {
		a := &connect.Actions[n]
		on := slices.ContainsFunc(a.Resources, func(row catalog.ActionResource) bool {
			return slices.ContainsFunc(row.Type.Formats, func(format string) bool {
				return len(format) > 0 && row.Type.Match(instance) || len(format) > len(instanceFormat) && format[:len(instanceFormat)] == instanceFormat
			})
		})
		if on && !a.RequiresAll() && !ends[a.Name] {
			want[a.Name] = true
		}
	}
	if !maps.Equal(granted, want) {
		for name := range granted {
			if !want[name] {
				t.Errorf("%s is granted and should not be", name)
			}
		}
		for name := range want {
			if !granted[name] {
				t.Errorf("%s is not granted", name)
			}
		}
	}
}

const instanceFormat = "arn:${Partition}:connect:${Region}:${Account}:instance/${InstanceId}/"

// TestSplit: with all modules the policy is several, each within what IAM takes.
func TestSplit(t *testing.T) {
	texts := everything(t)
	if len(texts) < 2 {
		t.Errorf("got %d policies, want several", len(texts))
	}
	for _, text := range texts {
		if size := iam.Parse(text).Size(false); size > 6144 || size < 500 {
			t.Errorf("a policy of %d characters", size)
		}
	}
}
