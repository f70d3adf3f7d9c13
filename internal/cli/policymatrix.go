package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/policymatrix"
)

// matrixCall is what the flags of policy matrix say.
type matrixCall struct {
	principals []string // NAME=FILE[,FILE…]
	callers    []string // NAME=ARN
	boundary   []string
	scp        []string
	questions  string
	set, fill  []string
	expect     []string
	form       string
	catalog    string
}

func (a *app) policyMatrixCommand() *cobra.Command {
	var m matrixCall
	cmd := &cobra.Command{
		Use:   "matrix --principal NAME=FILE[,FILE…]… [--questions SET|FILE] --set PARAMETER=VALUE…",
		Short: "Answer a set of questions for several principals, as a table",
		Long: `Decide for each principal, which is a set of policy files, each question of a set: may it do this. The answers make a table of
allowed and denied, and of what denies; as HTML it is one page without scripts, to hand to an auditor.

The set connect-administrator asks what the administrators of one Amazon Connect instance would otherwise try by hand in the console,
on their instance and on another one: settings, data storage, flows, emergency access, flow logs, recordings, quotas. A set of your own
is a YAML file of the same form: see doc/policy-simulate.md.

Policies often come with placeholders, as <region>; --fill replaces them. With --expect NAME, that principal is meant to be what the set
describes: answers that are not as wanted are marked.

Exit status: 0 done, 1 failed, 2 wrong call, 3 some answer is not as --expect wants it.`,
		Example: `  trunkline policy matrix --principal admins=administrators.json --principal viewers=view.json,deny.json --expect admins \
      --set instance=arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-4333-8444-555555555555 \
      --set alias=example --set bucket=example-recordings
  trunkline policy matrix … --output html > administrators.html`,
		Args: noArgs,
		RunE: func(_ *cobra.Command, _ []string) error { return a.matrix(&m) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&m.principals, "principal", nil, "a column: its name and its policy files; may be repeated")
	flags.StringArrayVar(&m.callers, "as", nil, "who a column is, NAME=ARN (default a role of that name in the account of the first ARN set)")
	flags.StringArrayVar(&m.boundary, "boundary", nil, "a permissions boundary for all of them")
	flags.StringArrayVar(&m.scp, "scp", nil, "the service control policies of a level, for all of them, as in policy simulate")
	flags.StringVar(&m.questions, "questions", "connect-administrator", "a question set that ships with trunkline, or a file")
	flags.StringArrayVar(&m.set, "set", nil, "a parameter of the question set, NAME=VALUE")
	flags.StringArrayVar(&m.fill, "fill", nil, "what to put for a placeholder in the policies, PLACEHOLDER=VALUE")
	flags.StringArrayVar(&m.expect, "expect", nil, "a principal that is meant to be what the set describes")
	flags.StringVar(&m.form, "output", "text", "text, json (a question a line) or html")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "html"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("questions", cobra.FixedCompletions(policymatrix.Builtin(), cobra.ShellCompDirectiveDefault))
	withCatalog(cmd, &m.catalog)
	return cmd
}

func (a *app) matrix(m *matrixCall) error {
	if !slices.Contains([]string{"text", "json", "html"}, m.form) {
		return wrongCall(fmt.Errorf("--output %s: want text, json or html", m.form))
	}
	facts, err := openCatalog(m.catalog)
	if err != nil {
		return wrongCall(err)
	}
	set, err := loadQuestions(m.questions)
	if err != nil {
		return wrongCall(err)
	}
	parameters, err := pairs("--set", m.set)
	if err != nil {
		return wrongCall(err)
	}
	questions, err := set.Ask(parameters)
	if err != nil {
		return wrongCall(err)
	}
	principals, err := a.matrixPrincipals(m, questions)
	if err != nil {
		return wrongCall(err)
	}
	table, err := policymatrix.Answer(set.Title, questions, principals, facts)
	if err != nil {
		return wrongCall(err)
	}
	write := map[string]func() error{
		"text": func() error { return table.WriteText(a.stdout) },
		"json": func() error { return table.WriteJSON(a.stdout) },
		"html": func() error { return table.WriteHTML(a.stdout) },
	}
	if err := write[m.form](); err != nil {
		return err
	}
	if table.Surprises() > 0 {
		return &exit{status: exitFound}
	}
	return nil
}

func loadQuestions(name string) (*policymatrix.Set, error) {
	if slices.Contains(policymatrix.Builtin(), name) {
		return policymatrix.Load(name)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--questions %s: neither a file nor one of %s", name, strings.Join(policymatrix.Builtin(), ", "))
	}
	if err != nil {
		return nil, err
	}
	return policymatrix.Parse(text)
}

func (a *app) matrixPrincipals(m *matrixCall, questions []policymatrix.Question) ([]policymatrix.Principal, error) {
	if len(m.principals) == 0 {
		return nil, errors.New("no principal; give --principal NAME=FILE")
	}
	fill, err := placeholders(m.fill)
	if err != nil {
		return nil, err
	}
	callers, err := pairs("--as", m.callers)
	if err != nil {
		return nil, err
	}
	read := policyReader{app: a, fill: fill}
	boundary, scp := read.files(m.boundary, iam.PermissionsBoundary), read.levels(m.scp, iam.ServiceControlPolicy)
	var principals []policymatrix.Principal
	for _, flag := range m.principals {
		name, files, found := strings.Cut(flag, "=")
		if !found || name == "" || files == "" {
			return nil, fmt.Errorf("--principal %s: want NAME=FILE, or NAME=FILE,FILE", flag)
		}
		if slices.ContainsFunc(principals, func(p policymatrix.Principal) bool { return p.Name == name }) {
			return nil, fmt.Errorf("--principal %s is given twice; its files go behind one another: %s=FILE,FILE", name, name)
		}
		p := policymatrix.Principal{Name: name, Meant: slices.Contains(m.expect, name), Policies: &sim.Policies{Boundary: boundary, SCP: scp}}
		p.Policies.Identity = read.files(strings.Split(files, ","), iam.IdentityPolicy)
		arn, given := callers[name]
		if !given {
			arn = "arn:" + accountOf(questions) + ":role/" + strings.ReplaceAll(name, " ", "-")
		}
		if p.Caller, err = sim.ParseCaller(arn); err != nil {
			return nil, fmt.Errorf("--as %s=%s: %w", name, arn, err)
		}
		principals = append(principals, p)
	}
	for _, name := range slices.Concat(m.expect, names(m.callers)) {
		if !slices.ContainsFunc(principals, func(p policymatrix.Principal) bool { return p.Name == name }) {
			return nil, fmt.Errorf("no principal is called %s; add --principal %s=FILE", name, name)
		}
	}
	return principals, read.err
}

// accountOf takes partition and account, as an ARN of IAM has them, from the first resource with both.
func accountOf(questions []policymatrix.Question) string {
	for _, q := range questions {
		for _, r := range q.Requests {
			if fields := strings.SplitN(r.Resource, ":", 6); len(fields) == 6 && len(fields[4]) == 12 {
				return fields[1] + ":iam::" + fields[4]
			}
		}
	}
	return "aws:iam::000000000000"
}

// pairs reads flags of the form NAME=VALUE.
func pairs(flag string, given []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range given {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%s %s: want NAME=VALUE", flag, pair)
		}
		values[name] = value
	}
	return values, nil
}

func names(pairs []string) (names []string) {
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}
