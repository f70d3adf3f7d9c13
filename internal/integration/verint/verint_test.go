package verint_test

import (
	"bytes"
	"strings"
	"testing"

	"trunkline/internal/integration"
	"trunkline/internal/integration/integrationtest"
	"trunkline/internal/integration/verint"
)

func TestIntegration(t *testing.T) { integrationtest.Run(t, verint.Integration()) }

// TestTables: the names of the lease tables are those that the vendor's page gives as examples, and every form of the request says the
// same table.
func TestTables(t *testing.T) {
	i := verint.Integration()
	given := map[string]string{
		"instance":    "arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-4333-8444-555555555555",
		"application": "verintCTREvents", "agents_application": "verintAgentEvents", "host": "verintris", "adapter": "2",
	}
	want := map[string]string{"records-table": "verintCTREvents", "agents-table": "verintAgentEvents_verintris.2"}
	for _, table := range i.Tables {
		r, err := i.RenderTable(table, given)
		if err != nil {
			t.Fatal(err)
		}
		if r.TableName != want[table.Name] {
			t.Errorf("%s: got %s, want %s", table.Name, r.TableName, want[table.Name])
		}
		var terraform, cloudFormation bytes.Buffer
		if err := integration.WriteTerraform(&terraform, nil, []*integration.RenderedTable{r}); err != nil {
			t.Fatal(err)
		}
		if err := integration.WriteCloudFormation(&cloudFormation, "tables", nil, []*integration.RenderedTable{r}); err != nil {
			t.Fatal(err)
		}
		input, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{
			"command": r.Command(), "JSON": string(input), "Terraform": terraform.String(), "CloudFormation": cloudFormation.String(),
		} {
			for _, part := range []string{r.TableName, "leaseKey", "HASH", "PROVISIONED", "10"} {
				if form == "Terraform" && part == "HASH" {
					part = "hash_key"
				}
				if !strings.Contains(text, part) {
					t.Errorf("%s of %s does not say %s:\n%s", form, table.Name, part, text)
				}
			}
		}
	}
}

// TestMadeByHand: with tables that are made by hand no policy of the recorder allows to make one.
func TestMadeByHand(t *testing.T) {
	i := verint.Integration()
	for _, name := range []string{"post-call", "real-time"} {
		p, _ := i.Policy(name)
		r, err := i.Render(p, i.Examples(p, "agents_stream", "tables_made"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.Explain() {
			for _, action := range e.Actions {
				if action == "dynamodb:CreateTable" {
					t.Errorf("%s %s allows %s", name, e.Statement, action)
				}
			}
		}
	}
}
