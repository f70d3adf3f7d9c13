package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/cloud"
	"trunkline/internal/config"
	"trunkline/internal/diagnose"
	"trunkline/internal/diagnose/decode"
)

// doctor is one call of doctor.
type doctor struct {
	policies  []string // [TYPE:]FILE
	fill      []string // PLACEHOLDER=VALUE
	principal string
	region    string
	decode    bool
	catalog   string
	out       output
}

func (a *app) doctorCommand() *cobra.Command {
	var d doctor
	cmd := &cobra.Command{
		Use:   "doctor [MESSAGE|FILE|-]…",
		Short: "Say what an AWS error means, and name the missing permission",
		Long: `Read what AWS said when something was not allowed or did not work, and say what it means: who wanted to do what to which resource,
which type of policy stood in the way, whether an allow is missing or a deny must go, and the smallest statement to add and where.

An argument is a message in quotes, a file, or - for standard input, which is also read without arguments. A file is any log, or JSON
as AWS writes it: CloudTrail's files and LookupEvents, describe-stack-events, describe-pipe, get-function, a decoded authorization
message; plain or compressed with gzip. Its content tells which. Of a log, only the fields of messages are shown.

With --policy, the engine of policy simulate decides with the policies at hand which statement denies, and whether what is to be added
is enough. A text without a message that is known is unknown: nothing is said about its cause. AWS is not called but with --decode.

Exit status: 0 nothing wrong in the records that were read, 1 failed, 2 wrong call, 3 something was found, or a text is unknown.`,
		Example: `  trunkline doctor 'User: arn:aws:iam::111122223333:user/ann is not authorized to perform: …'
  trunkline doctor run.log cloudtrail.json.gz --output json
  aws pipes describe-pipe --name operataEventsPipe | trunkline doctor
  trunkline doctor run.log --policy role.json --policy boundary:limits.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.diagnose(cmd.Context(), &d, args, cmd.Flags().Changed("config"))
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&d.policies, "policy", nil, "a policy at hand, [TYPE:]FILE with the type "+strings.Join(policyTypeNames(), ", ")+" (default identity); may be repeated, of scp and rcp once for each level")
	flags.StringArrayVar(&d.fill, "fill", nil, "what to put for a placeholder in the policies, PLACEHOLDER=VALUE")
	flags.StringVar(&d.principal, "principal", "", "with --policy: whose policies they are, the ARN of a user or role (default: the only principal that the messages name)")
	flags.StringVar(&d.region, "region", "", "the Region of the calls of which nothing says it, and of STS for --decode")
	flags.BoolVar(&d.decode, "decode", false, "have STS decode encoded authorization messages; needs credentials and sts:DecodeAuthorizationMessage")
	_ = cmd.MarkFlagFilename("policy", "json")
	withCatalog(cmd, &d.catalog)
	withOutput(cmd, &d.out)
	return a.withConfig(cmd)
}

// diagnose reads the arguments and prints what was found. The config is read only where it is named: it says how STS is called.
func (a *app) diagnose(ctx context.Context, d *doctor, args []string, configured bool) error {
	o, err := a.doctorOptions(d, configured)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if f, ok := a.stdin.(*os.File); ok && onTerminal(f) {
			return wrongCall(errors.New("nothing to read; give a message in quotes or a file; see: trunkline doctor --help"))
		}
		args = []string{"-"}
	}
	doctor := diagnose.New(o)
	var unread error // what was found before it is shown all the same
	for _, arg := range args {
		if unread = a.examine(ctx, doctor, arg); unread != nil {
			break
		}
	}
	if e, ok := errors.AsType[*exit](unread); ok {
		return e
	}
	report, err := doctor.Report(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		return wrongCall(fmt.Errorf("--policy: %w", err))
	}
	if err := a.printReport(report, d.out); err != nil {
		return err
	}
	if unread != nil {
		return unread
	}
	if len(report.Findings) > 0 {
		return &exit{status: exitFound}
	}
	return nil
}

// printReport prints the findings; as JSON, what was read goes to standard error.
func (a *app) printReport(report *diagnose.Report, out output) error {
	if out != asJSON {
		return report.Write(a.stdout)
	}
	inputs := diagnose.Report{Inputs: report.Inputs}
	if err := inputs.Write(a.stderr); err != nil {
		return err
	}
	for i := range report.Findings {
		if err := json.NewEncoder(a.stdout).Encode(&report.Findings[i]); err != nil {
			return err
		}
	}
	return nil
}

// examine reads one argument.
func (a *app) examine(ctx context.Context, doctor *diagnose.Doctor, arg string) error {
	if arg == "-" {
		return doctor.Read(ctx, arg, a.stdin)
	}
	if strings.TrimSpace(arg) == "" {
		return wrongCall(errors.New("an argument is empty; give a message in quotes or a file"))
	}
	// A message has spaces, and the name of a file that is there is a file.
	info, err := os.Stat(arg)
	switch {
	case err != nil && strings.ContainsAny(arg, " \t\n"):
		return doctor.Text(ctx, arg)
	case err != nil:
		return wrongCall(fmt.Errorf("no file %s; a message is given in quotes, as one argument", legible(arg)))
	case info.IsDir():
		return wrongCall(fmt.Errorf("%s is a folder; name the files in it: %s/*", arg, strings.TrimSuffix(arg, "/")))
	}
	f, err := os.Open(arg)
	if err != nil {
		return err
	}
	defer f.Close()
	return doctor.Read(ctx, arg, f)
}

func (a *app) doctorOptions(d *doctor, configured bool) (o diagnose.Options, err error) {
	o.Region = d.region
	if o.Catalog, err = openCatalog(d.catalog); err != nil {
		return o, err
	}
	switch {
	case len(d.policies) > 0:
		if o.Policies, err = a.atHand(d); err != nil {
			return o, wrongCall(err)
		}
	case d.principal != "" || len(d.fill) > 0:
		return o, wrongCall(errors.New("--principal and --fill go with --policy FILE"))
	}
	switch {
	case d.decode:
		c := &config.Config{}
		if configured {
			if c, err = config.Load(a.configPath); err != nil {
				return o, err
			}
		}
		o.Decoder = decode.New(cloud.New(c.AWS).Clients, d.region)
	case configured:
		return o, wrongCall(errors.New("--config goes with --decode: it says how STS is called"))
	}
	return o, nil
}

// atHand reads the policies that findings are checked against.
func (a *app) atHand(d *doctor) (*diagnose.AtHand, error) {
	fill, err := placeholders(d.fill)
	if err != nil {
		return nil, err
	}
	if d.principal != "" {
		if _, err := sim.ParseCaller(d.principal); err != nil {
			return nil, fmt.Errorf("--principal: %w", err)
		}
	}
	at := &diagnose.AtHand{Principal: d.principal}
	read := policyReader{app: a, fill: fill}
	one := func(into **sim.Policy, text *[]byte, file string, kind iam.Type) {
		if *into != nil && read.err == nil {
			read.err = fmt.Errorf("--policy %s:%s: one policy of this type is given already", kind, file)
		}
		*into = read.file(file, kind)
		if read.err == nil && file != "-" {
			content, err := read.text(file)
			*text, read.err = []byte(fill.Replace(content)), err
		}
	}
	for _, flag := range d.policies {
		kind, files := guardFiles(flag)
		if kind == iam.ResourceControlPolicy {
			files = strings.Split(files[0], ",")
		}
		if files[0] == "" || files[0] == "-" {
			return nil, fmt.Errorf("--policy %s: name a file; standard input is for what is diagnosed", flag)
		}
		switch kind {
		case iam.IdentityPolicy:
			at.Identity = append(at.Identity, read.files(files, kind)...)
		case iam.PermissionsBoundary:
			at.Boundary = append(at.Boundary, read.files(files, kind)...)
		case iam.SessionPolicy:
			at.Session = append(at.Session, read.files(files, kind)...)
		case iam.ServiceControlPolicy:
			at.SCP = append(at.SCP, read.files(files, kind))
		case iam.ResourceControlPolicy:
			at.RCP = append(at.RCP, read.files(files, kind))
		case iam.ResourcePolicy, iam.TrustPolicy:
			one(&at.Resource, &at.ResourceText, files[0], kind)
		case iam.EndpointPolicy:
			one(&at.Policies.Endpoint, &at.EndpointText, files[0], kind)
		}
	}
	return at, read.err
}
