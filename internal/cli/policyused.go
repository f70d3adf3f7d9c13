package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/cloudtrail"
	"trunkline/internal/permission/used"
	"trunkline/internal/policyfile"
)

// policyUsed is what the flags of policy used say.
type policyUsed struct {
	logs, policies []string
	principal      string
	smaller        bool
	out            output
}

func (a *app) policyUsedCommand() *cobra.Command {
	var u policyUsed
	cmd := &cobra.Command{
		Use:   "used --cloudtrail FILE… --policy FILE…",
		Short: "Compare a policy with what CloudTrail says was used, and propose the smaller one",
		Long: `Read log files of AWS CloudTrail, and say of each action and resource that the policies grant whether an event used it. --smaller
prints the policy without what was not used.

A log file is what CloudTrail delivers to a bucket, with Records, or events one after another; it may be compressed by gzip, and - is
standard input. Name the principal that has the policies with --principal: without it, everybody's events count.

Where the log cannot tell, a grant is called unlogged, and stays: actions on data, such as s3:GetObject and kinesis:GetRecords, unless
the log has data events of the service; actions that no event is named after, such as iam:PassRole. Statements with Deny, NotAction or
NotResource stay as they are. What was denied, or called and not granted by these policies, is listed besides.

Exit status: 0 everything is used or unlogged, 1 failed, 2 wrong call, 3 something is unused.`,
		Example: `  trunkline policy used --cloudtrail trail.json.gz --policy collector.json --principal arn:aws:iam::111122223333:role/collector
  trunkline policy used --cloudtrail monday.json.gz --cloudtrail tuesday.json.gz --policy collector.json --smaller > smaller.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.usedPolicies(cmd.Context(), &u) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&u.logs, "cloudtrail", nil, "a log file of CloudTrail, or - for standard input; may be repeated")
	flags.StringArrayVar(&u.policies, "policy", nil, "a policy of the principal; may be repeated")
	flags.StringVar(&u.principal, "principal", "", "ARN of the role or user that has the policies (default everybody)")
	flags.BoolVar(&u.smaller, "smaller", false, "print the policy without what was not used; of several, an object from file to policy")
	_ = cmd.MarkFlagFilename("policy", "json", "yaml", "yml")
	withOutput(cmd, &u.out)
	cmd.MarkFlagsMutuallyExclusive("smaller", "output")
	return cmd
}

func (a *app) usedPolicies(ctx context.Context, u *policyUsed) error {
	if len(u.logs) == 0 || len(u.policies) == 0 {
		return wrongCall(errors.New("which log, and which policy? name them with --cloudtrail FILE and --policy FILE"))
	}
	if u.principal != "" && (!strings.Contains(u.principal, ":iam::") || strings.ContainsAny(u.principal, "*?")) {
		return wrongCall(fmt.Errorf("--principal %s: want the ARN of a role or user", u.principal))
	}
	var policies []used.Policy
	kind := iam.IdentityPolicy
	for found, err := range policyfile.Read(ctx, u.policies, a.stdin, policyfile.Options{Type: &kind}) {
		if err != nil {
			return wrongCall(err)
		}
		policies = append(policies, used.Policy{Name: strings.TrimSpace(found.File + " " + found.Where), Document: found.Document})
	}
	use, err := used.New(policies, u.principal, catalog.Default())
	if err != nil {
		return wrongCall(err)
	}
	for _, name := range u.logs {
		if err := a.readTrail(ctx, name, use); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	report := use.Report()
	if report.Events == 0 {
		return errors.New("the log has no event of the principal: nothing can be said")
	}
	if u.smaller {
		return a.printSmaller(use, policies)
	}
	return a.printUse(&report, u.out)
}

func (a *app) readTrail(ctx context.Context, name string, use *used.Use) error {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return errors.Unwrap(err)
		}
		defer f.Close()
		in = f
	}
	for e, err := range cloudtrail.Read(in) {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		use.Add(e)
	}
	return nil
}

func (a *app) printSmaller(use *used.Use, policies []used.Policy) error {
	whole := map[string]json.RawMessage{}
	for i, p := range policies {
		text, err := use.Smaller(i)
		switch {
		case err != nil:
			return err
		case text == nil:
			fmt.Fprintf(a.stderr, "%s: nothing of it was used\n", p.Name)
		case len(policies) == 1:
			_, err := a.stdout.Write(text)
			return err
		default:
			whole[p.Name] = text
		}
	}
	if len(policies) == 1 {
		return nil
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(append(text, '\n'))
	return err
}

func (a *app) printUse(r *used.Report, out output) error {
	unused := 0
	for _, g := range r.Grants {
		if g.State == used.Unused {
			unused++
		}
	}
	var err error
	if out == asJSON {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(r)
	} else {
		err = writeUse(a.stdout, r, unused)
	}
	if err == nil && unused > 0 {
		return &exit{status: exitFound}
	}
	return err
}

// writeUse writes a report for people.
func writeUse(w io.Writer, r *used.Report, unused int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d events", r.Events)
	if !r.From.IsZero() {
		fmt.Fprintf(&b, " from %s to %s", r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(&b, "\n")
	if len(r.Principals) > 1 {
		fmt.Fprintf(&b, "of several principals; --principal takes one: %s\n", legible(strings.Join(r.Principals, ", ")))
	}
	at := ""
	for _, g := range r.Grants {
		if here := fmt.Sprint(g.Policy, g.Statement); here != at {
			at = here
			fmt.Fprintf(&b, "\n%s:%d %s\n", g.Policy, g.Line, legible(g.Sid))
		}
		what, times := g.Action, ""
		if what == "" {
			what = "on " + g.Resource
		}
		if g.Times > 0 {
			times = fmt.Sprintf(" (%d)", g.Times)
		}
		fmt.Fprintf(&b, "  %-8s  %s%s\n", g.State, legible(what), times)
		if len(g.Actions) > 0 {
			fmt.Fprintf(&b, "            that is %s\n", strings.Join(g.Actions, ", "))
		}
	}
	if len(r.Beside) > 0 {
		b.WriteString("\nbesides\n")
	}
	for _, c := range r.Beside {
		state := "elsewhere" // granted by what is not among these policies
		if c.Denied {
			state = "denied"
		}
		fmt.Fprintf(&b, "  %-9s %s on %s (%d)\n", state, c.Action, legible(orNone(c.Resource)), c.Times)
	}
	if unused > 0 {
		fmt.Fprintf(&b, "\n%d unused; the policy without: --smaller\n", unused)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func orNone(resource string) string {
	if resource == "" {
		return "something that the log does not name"
	}
	return resource
}
