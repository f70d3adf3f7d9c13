package integrationtest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"trunkline/internal/integration"
	"trunkline/internal/policyfile"
)

// exported checks that Terraform and CloudFormation say the same as the policy in JSON.
func exported(t *testing.T, r *integration.Rendered) {
	t.Helper()
	var b bytes.Buffer
	if err := integration.WriteTerraform(&b, []*integration.Rendered{r}, nil); err != nil {
		t.Fatal(err)
	}
	documents := readTerraform(t, b.Bytes())
	for n, d := range r.Documents {
		if diff := cmp.Diff(documents[n], normal(t, d.Text)); diff != "" {
			t.Errorf("%s: Terraform (-) and JSON (+) differ:\n%s\n%s", d.Name, diff, b.Bytes())
		}
	}
	b.Reset()
	if err := integration.WriteCloudFormation(&b, "a test", []*integration.Rendered{r}, nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	for found, err := range policyfile.Scan("template.yaml", b.Bytes(), policyfile.Options{}) {
		if err != nil || n == len(r.Documents) {
			t.Fatalf("%s: found %d policies in the template: %v\n%s", r.Policy.Name, n, err, b.Bytes())
		}
		if found.Type != r.Policy.Type && found.Type.String() != "identity" { // a boundary is a managed policy like others
			t.Errorf("%s: type in the template: got %s, want %s", r.Policy.Name, found.Type, r.Policy.Type)
		}
		if diff := cmp.Diff(normal(t, found.Document.Source), normal(t, r.Documents[n].Text)); diff != "" {
			t.Errorf("%s: CloudFormation (-) and JSON (+) differ:\n%s\n%s", r.Policy.Name, diff, b.Bytes())
		}
		n++
	}
	if n != len(r.Documents) {
		t.Errorf("%s: found %d policies in the template, want %d:\n%s", r.Policy.Name, n, len(r.Documents), b.Bytes())
	}
}

// normal is a policy with a list wherever IAM takes one.
func normal(t *testing.T, text []byte) any {
	t.Helper()
	var policy map[string]any
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, s := range policy["Statement"].([]any) {
		s := s.(map[string]any)
		for _, name := range []string{"Action", "NotAction", "Resource", "NotResource"} {
			if value, found := s[name]; found {
				s[name] = list(value)
			}
		}
		if p, ok := s["Principal"].(map[string]any); ok {
			for kind := range p {
				p[kind] = list(p[kind])
			}
		}
		if conditions, ok := s["Condition"].(map[string]any); ok {
			for _, block := range conditions {
				for key, value := range block.(map[string]any) {
					block.(map[string]any)[key] = list(value)
				}
			}
		}
	}
	return policy
}

func list(value any) []any {
	if all, ok := value.([]any); ok {
		return all
	}
	return []any{value}
}

// readTerraform reads the policies of data sources aws_iam_policy_document back, and checks that a resource uses each.
func readTerraform(t *testing.T, text []byte) (documents []any) {
	t.Helper()
	file, problems := hclsyntax.ParseConfig(text, "main.tf", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("Terraform cannot be read: %v\n%s", problems, text)
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "data" {
			continue
		}
		if !strings.Contains(string(text), "= data.aws_iam_policy_document."+block.Labels[1]+".json\n") {
			t.Errorf("no resource uses %s:\n%s", block.Labels[1], text)
		}
		policy := map[string]any{"Version": "2012-10-17"}
		var statements []any
		for _, s := range block.Body.Blocks {
			statements = append(statements, readStatement(t, s.Body))
		}
		policy["Statement"] = statements
		documents = append(documents, policy)
	}
	return documents
}

func readStatement(t *testing.T, body *hclsyntax.Body) map[string]any {
	t.Helper()
	s := map[string]any{}
	names := map[string]string{
		"sid": "Sid", "effect": "Effect", "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource",
	}
	for name, attribute := range body.Attributes {
		s[names[name]] = value(t, attribute)
	}
	for _, block := range body.Blocks {
		switch block.Type {
		case "principals":
			s["Principal"] = map[string]any{value(t, block.Body.Attributes["type"]).(string): value(t, block.Body.Attributes["identifiers"])}
		case "condition":
			if s["Condition"] == nil {
				s["Condition"] = map[string]any{}
			}
			operators, test := s["Condition"].(map[string]any), value(t, block.Body.Attributes["test"]).(string)
			if operators[test] == nil {
				operators[test] = map[string]any{}
			}
			operators[test].(map[string]any)[value(t, block.Body.Attributes["variable"]).(string)] = value(t, block.Body.Attributes["values"])
		default:
			t.Errorf("block %s in a statement", block.Type)
		}
	}
	return s
}

// value is a constant of Terraform: a string or a list of them.
func value(t *testing.T, attribute *hclsyntax.Attribute) any {
	t.Helper()
	v, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	if !v.Type().IsTupleType() {
		return v.AsString()
	}
	all := []any{}
	for _, item := range v.AsValueSlice() {
		all = append(all, item.AsString())
	}
	return all
}
