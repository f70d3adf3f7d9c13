package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
)

// listedPolicy is a line of policy list --output json.
type listedPolicy struct {
	Integration string            `json:"integration"`
	Policy      string            `json:"policy"`
	Title       string            `json:"title"`
	Kind        string            `json:"kind"` // identity, trust, boundary, scp; table for a table to make by hand
	Attached    string            `json:"attached"`
	Published   []string          `json:"published,omitempty"`
	Parameters  []listedParameter `json:"parameters,omitempty"`
}

// listedParameter is a parameter of a listed policy.
type listedParameter struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	Form    string `json:"form"`
	Example string `json:"example"`
	Default string `json:"default,omitempty"`
	Needed  bool   `json:"needed"`
	List    bool   `json:"list"`
}

func (a *app) policyListCommand() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "list [INTEGRATION]",
		Short: "List the integrations and their policies",
		Long: `List the integrations that trunkline knows, and the policies of each, one a line. With the name of an integration, also what can
be --set of each policy: its form, its default, an example.

Exit status: 0 listed, 1 failed, 2 wrong call.`,
		Example: `  trunkline policy list
  trunkline policy list operata
  trunkline policy list --output json`,
		Args:              atMostOne("INTEGRATION"),
		ValidArgsFunction: completeIntegration,
		RunE:              func(_ *cobra.Command, args []string) error { return a.listPolicies(args, out) },
	}
	withOutput(cmd, &out)
	return cmd
}

// atMostOne refuses more than one argument.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return wrongCall(fmt.Errorf("%s takes at most one %s; see: %s --help", cmd.CommandPath(), what, cmd.CommandPath()))
		}
		return nil
	}
}

func completeIntegration(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	if len(args) == 0 {
		for _, i := range known.All() {
			names = append(names, i.Name+"\t"+i.Title)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) listPolicies(args []string, out output) error {
	all := known.All()
	if len(args) == 1 {
		i, err := known.Find(args[0])
		if err != nil {
			return wrongCall(err)
		}
		all = []*integration.Integration{i}
	}
	for n, i := range all {
		rows, err := listed(i)
		switch {
		case err != nil:
			return err
		case out == asJSON:
			encoder := json.NewEncoder(a.stdout)
			encoder.SetEscapeHTML(false)
			for _, row := range rows {
				if err := encoder.Encode(row); err != nil {
					return err
				}
			}
			continue
		case n > 0:
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintf(a.stdout, "%s  %s\n", i.Name, i.Title)
		for _, row := range rows {
			fmt.Fprintf(a.stdout, "  %-24s %-9s %s; for %s\n", row.Policy, row.Kind, row.Title, row.Attached)
			for _, p := range row.Parameters {
				if len(args) == 1 {
					fmt.Fprintf(a.stdout, "      %s\n", p.line())
				}
			}
		}
	}
	if out == asJSON {
		return nil
	}
	_, err := fmt.Fprint(a.stdout, hint(args))
	return err
}

func hint(args []string) string {
	if len(args) == 1 {
		return "\nprint one with: trunkline policy show " + args[0] + " POLICY --set NAME=VALUE\n"
	}
	return "\nwhat each needs: trunkline policy list INTEGRATION\n"
}

func (p *listedParameter) line() string {
	text := "--set " + p.Name + "=" + p.Example
	switch {
	case p.Needed:
		text += "  needed: "
	case p.Default != "":
		text += "  by default " + p.Default + ": "
	default:
		text += "  optional: "
	}
	text += p.About + " (" + p.Form
	if p.List {
		text += ", or several with commas"
	}
	return text + ")"
}

// listed are the policies of an integration, and its tables.
func listed(i *integration.Integration) (rows []listedPolicy, err error) {
	for _, p := range i.Policies {
		row := listedPolicy{Integration: i.Name, Policy: p.Name, Title: p.Title, Kind: p.Type.String(), Attached: p.Attached, Published: p.Published}
		uses, err := i.Uses(p)
		if err != nil {
			return nil, err
		}
		for _, u := range uses {
			row.Parameters = append(row.Parameters, parameterRow(u.Parameter, u.Needed))
		}
		rows = append(rows, row)
	}
	for _, t := range i.Tables {
		row := listedPolicy{Integration: i.Name, Policy: t.Name, Title: t.Title, Kind: "table", Attached: "whoever may make tables"}
		for n := range i.Parameters {
			if p := &i.Parameters[n]; strings.Contains(t.Table+t.Region, "${"+p.Name) {
				row.Parameters = append(row.Parameters, parameterRow(p, p.Default == ""))
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func parameterRow(p *integration.Parameter, needed bool) listedParameter {
	return listedParameter{Name: p.Name, About: p.About, Form: p.Form.Says, Example: p.Form.Example, Default: p.Default, Needed: needed, List: p.List}
}
