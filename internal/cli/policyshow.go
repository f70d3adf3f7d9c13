package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
)

// policyShow is what the arguments and flags of policy show say.
type policyShow struct {
	set              []string // NAME=VALUE
	format           string
	explain, compare bool
	out              output
}

// formats of policies, the default first.
var policyFormats = []string{"json", "terraform", "cloudformation"}

func (a *app) policyShowCommand() *cobra.Command {
	var s policyShow
	cmd := &cobra.Command{
		Use:   "show INTEGRATION [POLICY] --set NAME=VALUE…",
		Short: "Print a policy of an integration, explain it, or compare it with the published one",
		Long: `Print a policy that an integration needs, with its values filled in; without POLICY all of them that have what they need, in JSON
as one object from name to policy. What is missing is asked for, with its form and an example. A policy that would be too long becomes
several, each to be attached.

--explain says of each statement why it is there and what fails without it. --diff-published says statement by statement how the
policy differs from the one that is published for the same job, and why; the numbers are those of doc/published-policies.md.

A table that has to be made by hand is printed as the request to make it.

Exit status: 0 printed, 1 failed, 2 wrong call, also for values that are missing or wrong.`,
		Example: `  trunkline policy show operata pipe-role --set stream=arn:aws:kinesis:eu-west-2:111122223333:stream/records --set group=GROUP
  trunkline policy show operata deployer --explain --set stream=ARN --set group=GROUP --set vpc=on
  trunkline policy show operata --format terraform --set stream=ARN --set group=GROUP > operata.tf`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return wrongCall(errors.New("which integration, and which policy? see: trunkline policy list"))
			}
			return nil
		},
		ValidArgsFunction: completePolicy,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.showPolicy(&s, args, cmd.Flags().Changed("format"))
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&s.set, "set", nil, "a value of a parameter, NAME=VALUE; may be repeated")
	flags.StringVar(&s.format, "format", policyFormats[0], strings.Join(policyFormats, ", "))
	flags.BoolVar(&s.explain, "explain", false, "say of each statement why it is there and what fails without it")
	flags.BoolVar(&s.compare, "diff-published", false, "say how the policy differs from the published one, and why")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(policyFormats, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("explain", "diff-published")
	cmd.MarkFlagsMutuallyExclusive("explain", "format")
	cmd.MarkFlagsMutuallyExclusive("diff-published", "format")
	withOutput(cmd, &s.out)
	cmd.Flags().Lookup("output").Usage = "of --explain and --diff-published: text or json, one object a line"
	return cmd
}

func completePolicy(cmd *cobra.Command, args []string, typed string) (names []string, _ cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeIntegration(cmd, args, typed)
	}
	i, err := known.Find(args[0])
	if err != nil || len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, p := range i.Policies {
		names = append(names, p.Name+"\t"+p.Title)
	}
	for _, t := range i.Tables {
		names = append(names, t.Name+"\t"+t.Title)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) showPolicy(s *policyShow, args []string, formatted bool) error {
	if !slices.Contains(policyFormats, s.format) {
		return wrongCall(fmt.Errorf("--format %s: want %s", s.format, strings.Join(policyFormats, ", ")))
	}
	i, err := known.Find(args[0])
	if err != nil {
		return wrongCall(err)
	}
	given, err := pairs("--set", s.set)
	if err != nil {
		return wrongCall(err)
	}
	var policies []*integration.Rendered
	var tables []*integration.RenderedTable
	if len(args) == 2 {
		policies, tables, err = renderNamed(i, args[1], given)
	} else {
		policies, tables, err = a.renderAll(i, given)
	}
	if err != nil {
		return wrongCall(err)
	}
	switch {
	case s.explain:
		return a.explainPolicies(policies, s.out)
	case s.compare:
		return a.comparePolicies(policies, given, s.out)
	case s.format == "terraform":
		return integration.WriteTerraform(a.stdout, policies, tables)
	case s.format == "cloudformation":
		return integration.WriteCloudFormation(a.stdout, "Policies of "+i.Title+", by trunkline", policies, tables)
	}
	if len(policies) == 0 {
		return a.printTables(tables, formatted)
	}
	return a.printPolicies(policies, len(args) == 1)
}

// renderNamed makes one policy, or one table.
func renderNamed(i *integration.Integration, name string, given map[string]string) ([]*integration.Rendered, []*integration.RenderedTable, error) {
	if p, found := i.Policy(name); found {
		r, err := i.Render(p, given)
		return []*integration.Rendered{r}, nil, err
	}
	var names []string
	for _, p := range i.Policies {
		names = append(names, p.Name)
	}
	for _, t := range i.Tables {
		if t.Name == name {
			r, err := i.RenderTable(t, given)
			return nil, []*integration.RenderedTable{r}, err
		}
		names = append(names, t.Name)
	}
	return nil, nil, fmt.Errorf("%s has no policy %q; it has: %s", i.Name, name, strings.Join(names, ", "))
}

// renderAll makes everything that has what it needs, and says what is left out. When nothing has, the error says what the first one
// needs.
func (a *app) renderAll(i *integration.Integration, given map[string]string) (policies []*integration.Rendered, tables []*integration.RenderedTable, err error) {
	var first error
	var notes []string
	leftOut := func(name string, err error) error {
		missing := new(integration.Missing)
		switch {
		case errors.As(err, &missing):
			var flags []string
			for _, p := range missing.Parameters {
				flags = append(flags, "--set "+p.Name+"=…")
			}
			notes = append(notes, name+" needs "+strings.Join(flags, ", "))
		case !errors.Is(err, integration.ErrNothing):
			return err
		}
		if first == nil {
			first = err
		}
		return nil
	}
	for _, p := range i.Policies {
		r, err := i.Render(p, given)
		if err == nil {
			policies = append(policies, r)
		} else if err := leftOut(p.Name, err); err != nil {
			return nil, nil, err
		}
	}
	for _, t := range i.Tables {
		r, err := i.RenderTable(t, given)
		if err == nil {
			tables = append(tables, r)
		} else if err := leftOut(t.Name, err); err != nil {
			return nil, nil, err
		}
	}
	if len(policies)+len(tables) == 0 {
		return nil, nil, first
	}
	for _, note := range notes {
		fmt.Fprintln(a.stderr, "left out:", note)
	}
	return policies, tables, nil
}

// printPolicies prints the one policy as it is, and several as an object of them.
func (a *app) printPolicies(policies []*integration.Rendered, all bool) error {
	var documents []integration.Document
	for _, r := range policies {
		documents = append(documents, r.Documents...)
	}
	if len(documents) == 1 && !all {
		_, err := a.stdout.Write(documents[0].Text)
		return err
	}
	for n, d := range documents {
		open, name := ",\n  ", ""
		if n == 0 {
			open = "{\n  "
		}
		quoted, err := json.Marshal(d.Name)
		if err != nil {
			return err
		}
		name = string(quoted)
		text := strings.ReplaceAll(strings.TrimSuffix(string(d.Text), "\n"), "\n", "\n  ")
		if _, err := fmt.Fprintf(a.stdout, "%s%s: %s", open, name, text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(a.stdout, "\n}\n")
	return err
}

// printTables prints the requests to make tables; as JSON when that is asked for.
func (a *app) printTables(tables []*integration.RenderedTable, asked bool) error {
	for _, t := range tables {
		text := "# " + t.Why + "\n" + t.Command()
		if asked {
			input, err := t.JSON()
			if err != nil {
				return err
			}
			text = string(input)
		}
		if _, err := fmt.Fprint(a.stdout, text); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explainPolicies(policies []*integration.Rendered, out output) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	for n, r := range policies {
		if out == asJSON {
			for _, e := range r.Explain() {
				if err := encoder.Encode(e); err != nil {
					return err
				}
			}
			continue
		}
		if n > 0 {
			fmt.Fprintln(a.stdout)
		}
		if err := r.WriteExplanations(a.stdout); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) comparePolicies(policies []*integration.Rendered, given map[string]string, out output) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	for n, r := range policies {
		changes, err := r.Compare(given)
		if err != nil {
			return err
		}
		if out == asJSON {
			for _, c := range changes {
				if err := encoder.Encode(c); err != nil {
					return err
				}
			}
			continue
		}
		if n > 0 {
			fmt.Fprintln(a.stdout)
		}
		if err := r.WriteComparison(a.stdout, changes); err != nil {
			return err
		}
	}
	return nil
}
