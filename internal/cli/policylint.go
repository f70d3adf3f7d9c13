package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/lint"
	"trunkline/internal/lintreport"
	"trunkline/internal/policyfile"
	"trunkline/internal/spelling"
)

// policyLint is one call of policy lint.
type policyLint struct {
	*app
	kind, resourceType, form, failOn, explain, suppressions, catalogPath string
	fix, dryRun                                                          bool

	least    lint.Severity // the least that counts
	read     policyfile.Options
	catalog  *catalog.Catalog
	accepted lintreport.Suppressions
	found    bool // something that counts
	failed   bool // a file could not be read
}

func (a *app) policyLintCommand() *cobra.Command {
	l := &policyLint{app: a}
	cmd := &cobra.Command{
		Use:   "lint [PATH…|-]",
		Short: "Find what is wrong in IAM policies",
		Long: `Find what is wrong in IAM policies: all that IAM Access Analyzer's policy validation can find without an account, under its codes,
and more under codes that begin with TL_. No credentials and no network are needed.

A PATH is a file, a folder, a glob pattern, or - for standard input. Policies are found in JSON, in CloudFormation and SAM templates
(YAML and JSON), in what terraform show -json prints, in answers of the AWS CLI, and in the code blocks of Markdown.

A finding is accepted by a comment with the reason, above the place or on its line: # trunkline:ignore CODE reason, in Markdown
<!-- trunkline:ignore CODE reason -->; or by an entry in .trunkline-lint.yaml of the current folder.

Exit status: 0 nothing found that counts, 1 something could not be read, 2 wrong call, 3 findings at or above --fail-on.`,
		Example: `  trunkline policy lint role.json                    one policy
  trunkline policy lint --fix policies/              mend what can be mended safely, and report the rest
  trunkline policy lint --output github template.yaml
  terraform show -json plan | trunkline policy lint -
  trunkline policy lint --explain INVALID_ACTION`,
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&l.kind, "type", "", "what the policies are meant as: "+strings.Join(policyTypeNames(), ", ")+" (default: as their place or content has it)")
	flags.StringVar(&l.resourceType, "resource-type", "", "what resource policies hang on, such as AWS::S3::Bucket")
	flags.StringVar(&l.form, "output", "text", strings.Join(lintreport.Formats(), ", "))
	flags.StringVar(&l.failOn, "fail-on", "security-warning", "the least severity that makes the exit status 3: error, security-warning, warning or suggestion")
	flags.StringVar(&l.explain, "explain", "", "explain a code instead, or list them: all")
	flags.BoolVar(&l.fix, "fix", false, "mend what can be mended safely, show the difference, and report the rest")
	flags.BoolVar(&l.dryRun, "dry-run", false, "with --fix: show the difference, write nothing, and report all")
	flags.StringVar(&l.suppressions, "suppressions", "", "the file of accepted findings (default: "+policyfile.IgnoreFile+", where it is there)")
	withCatalog(cmd, &l.catalogPath)
	complete := func(flag string, values []string) {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	complete("type", policyTypeNames())
	complete("resource-type", resourceTypes)
	complete("output", lintreport.Formats())
	complete("fail-on", severityNames())
	_ = cmd.RegisterFlagCompletionFunc("explain", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return checkCodes(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.MarkFlagFilename("suppressions", "yaml", "yml")
	return cmd
}

// resourceTypes are those to which Access Analyzer has checks of their own.
var resourceTypes = []string{
	"AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint", "AWS::S3ObjectLambda::AccessPoint",
	"AWS::IAM::AssumeRolePolicyDocument", "AWS::DynamoDB::Table",
}

func policyTypeNames() (names []string) {
	for _, t := range iam.Types() {
		names = append(names, t.String())
	}
	return names
}

func severityNames() (names []string) {
	for s := lint.Error; ; s-- {
		names = append(names, lintreport.Name(s))
		if s == lint.Suggestion {
			return names
		}
	}
}

// checkCodes are the codes with their titles, as shells complete them.
func checkCodes() []string {
	codes := []string{"all\tlist them"}
	for _, c := range lintreport.Checks() {
		codes = append(codes, c.Code+"\t"+c.Title)
	}
	return codes
}

func (l *policyLint) run(ctx context.Context, paths []string) error {
	if l.explain != "" {
		return l.explainCheck(paths)
	}
	if err := l.prepare(paths); err != nil {
		return err
	}
	color := onTerminal(l.stdout) && os.Getenv("NO_COLOR") == ""
	writer, err := lintreport.New(l.form, l.stdout, lintreport.Options{Color: color, Version: version()})
	if err != nil {
		return wrongCall(fmt.Errorf("--output %s: %w", l.form, err))
	}
	if l.fix {
		if err := l.fixAll(ctx, paths); err != nil {
			return err
		}
	}
	for found, err := range policyfile.Read(ctx, paths, l.stdin, l.read) {
		if err != nil {
			if err := l.unread(ctx, err); err != nil {
				return err
			}
			continue
		}
		results := lintreport.Of(found, l.catalog)
		l.accepted.Apply(found, results)
		if err := l.report(writer, results); err != nil {
			return err
		}
	}
	if err := l.reportSuppressions(writer); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	switch {
	case l.failed:
		return &exit{status: exitFailed}
	case l.found:
		return &exit{status: exitFound}
	}
	return nil
}

// prepare checks the flags and reads the files that they name.
func (l *policyLint) prepare(paths []string) error {
	if len(paths) == 0 {
		return wrongCall(errors.New("nothing to lint; name files or folders, such as: trunkline policy lint . — or - for standard input"))
	}
	if l.dryRun && !l.fix {
		return wrongCall(errors.New("--dry-run goes with --fix"))
	}
	if l.fix && slices.Contains(paths, "-") {
		return wrongCall(errors.New("--fix writes files; what comes from standard input cannot be written back"))
	}
	if l.kind != "" {
		kind, err := iam.ParseType(l.kind)
		if err != nil {
			return wrongCall(fmt.Errorf("--type: %w", err))
		}
		l.read.Type = &kind
	}
	if l.resourceType != "" && strings.Count(l.resourceType, "::") != 2 {
		return wrongCall(fmt.Errorf("--resource-type %s: want a type as CloudFormation names it, such as AWS::S3::Bucket", l.resourceType))
	}
	l.read.ResourceType = l.resourceType
	var err error
	if l.least, err = lint.ParseSeverity(l.failOn); err != nil {
		return wrongCall(fmt.Errorf("--fail-on: %w", err))
	}
	if l.catalog, err = openCatalog(l.catalogPath); err != nil {
		return wrongCall(fmt.Errorf("--catalog: %w", err))
	}
	ignores, err := policyfile.ReadIgnores(cmp.Or(l.suppressions, policyfile.IgnoreFile))
	if err != nil && (l.suppressions != "" || !errors.Is(err, fs.ErrNotExist)) {
		return wrongCall(err)
	}
	l.accepted.Add(ignores)
	return nil
}

// unread reports what could not be read. Only the end of the context ends the call.
func (l *policyLint) unread(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if skipped, ok := errors.AsType[*policyfile.Skipped](err); ok {
		fmt.Fprintln(l.stderr, "note:", legible(skipped.Error()))
		return nil
	}
	l.failed = true
	fmt.Fprintln(l.stderr, "trunkline:", legible(err.Error()))
	return nil
}

func (l *policyLint) report(writer lintreport.Writer, results []lintreport.Result) error {
	for _, r := range results {
		if r.Ignore == nil && r.Severity >= l.least {
			l.found = true
		}
	}
	return writer.Policy(results)
}

// reportSuppressions reports what is wrong with the suppressions. Access Analyzer's form has no place for it.
func (l *policyLint) reportSuppressions(writer lintreport.Writer) error {
	defects := l.accepted.Defects()
	if len(defects) == 0 {
		return nil
	}
	if l.form == "access-analyzer" {
		for _, d := range defects {
			fmt.Fprintf(l.stderr, "%s:%d: %s\n", legible(d.File), d.Start.Line, legible(d.Message))
		}
	}
	return l.report(writer, defects)
}

// explainCheck prints the page of a check, or the list of them.
func (l *policyLint) explainCheck(paths []string) error {
	if len(paths) > 0 {
		return wrongCall(errors.New("--explain takes no paths"))
	}
	if l.explain == "all" {
		for _, c := range lintreport.Checks() {
			if _, err := fmt.Fprintf(l.stdout, "%-62s %-16s %s\n", c.Code, lintreport.Name(c.Severity), c.Title); err != nil {
				return err
			}
		}
		return nil
	}
	check := lintreport.Lookup(l.explain)
	if check == nil {
		hint := "; the codes are listed by: trunkline policy lint --explain all"
		if near := nearestCheck(strings.ToUpper(l.explain)); near != "" {
			hint = "; did you mean: trunkline policy lint --explain " + near
		}
		return wrongCall(fmt.Errorf("no check has the code %s%s", l.explain, hint))
	}
	_, err := fmt.Fprint(l.stdout, lintreport.Explain(check))
	return err
}

// nearestCheck is the code that was probably meant; empty when none is near.
func nearestCheck(code string) string {
	best, least := "", 1+len(code)/3
	for _, c := range lintreport.Checks() {
		if d := spelling.Distance(code, c.Code); d < least {
			best, least = c.Code, d
		}
	}
	return best
}
