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
	"github.com/spf13/pflag"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/iam/sim/cases"
)

// simulation is what the flags of policy simulate say.
type simulation struct {
	identity, boundary, session []string
	scp, rcp                    []string // one flag a level, files separated by commas
	resourcePolicy, trust       string
	endpoint                    string

	principal, role            string
	action, resource           string
	account, managementAccount string
	context, unknown, absent   []string
	time                       string
	fill                       []string // PLACEHOLDER=VALUE

	cases   string
	catalog string
}

func (a *app) policySimulateCommand() *cobra.Command {
	var s simulation
	var out output
	cmd := &cobra.Command{
		Use:   "simulate --principal ARN --action SERVICE:ACTION [--resource ARN] --identity FILE…",
		Short: "Decide what a principal may do, and say why",
		Long: `Decide one request under the given policies, as AWS would, and explain the decision: which kind of policy made it, which
statements, and for a denial the smallest statement that would have to be added. What is not known leaves the request undecided, and
the answer names the fact that would decide it: a condition key that every request carries, the key policy of a KMS key.

--scp and --rcp are given once for each level, from the root of the organization to the account, with the files of a level separated
by commas. A key that --context does not name is absent, but for those that follow from the principal and those that every request
carries.

With --cases, read JSON lines {"id", "principal", "action", "resource", "resourceAccount", "context", "policies"} and answer each with a
line {"id", "decision", "by", "reason"}; the decision is allowed, implicitDeny, explicitDeny, undecided or invalid. See
doc/policy-simulate.md.

Exit status: 0 allowed (with --cases: all lines were answered), 1 failed, 2 wrong call, 3 denied or undecided.`,
		Example: `  trunkline policy simulate --identity role.json --principal arn:aws:iam::111122223333:role/collector \
      --action kinesis:GetRecords --resource arn:aws:kinesis:eu-west-2:111122223333:stream/contact-records
  trunkline policy simulate --identity a.json --scp root.json --scp unit.json,account.json --context aws:PrincipalTag/team=voice …
  trunkline policy simulate --cases cases.jsonl`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.cases != "" {
				if err := onlyCases(cmd.Flags()); err != nil {
					return wrongCall(err)
				}
				return a.simulateCases(cmd.Context(), &s)
			}
			return a.simulateOne(&s, out)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&s.identity, "identity", nil, "a policy of the principal; may be repeated")
	flags.StringArrayVar(&s.boundary, "boundary", nil, "its permissions boundary")
	flags.StringArrayVar(&s.session, "session", nil, "a session policy; may be repeated")
	flags.StringVar(&s.resourcePolicy, "resource-policy", "", "the policy of the resource: bucket policy, key policy, queue policy …")
	flags.StringVar(&s.trust, "trust", "", "the trust policy of the role that sts:AssumeRole asks for")
	flags.StringArrayVar(&s.scp, "scp", nil, "the service control policies of a level")
	flags.StringArrayVar(&s.rcp, "rcp", nil, "the resource control policies of a level")
	flags.StringVar(&s.endpoint, "endpoint", "", "the policy of the VPC endpoint that the request comes through")
	flags.StringVar(&s.principal, "principal", "", "who asks: a user, role, session or root ARN, an account, x.amazonaws.com, a provider, or anonymous")
	flags.StringVar(&s.role, "role", "", "the ARN of the session's role, where the role has a path")
	flags.StringVar(&s.action, "action", "", "the action: s3:GetObject")
	flags.StringVar(&s.resource, "resource", "*", "the ARN of the resource")
	flags.StringVar(&s.account, "resource-account", "", "who owns the resource, where its ARN does not say (default the principal's account)")
	flags.StringVar(&s.managementAccount, "management-account", "", "the organization's management account, which SCPs do not bind")
	flags.StringArrayVar(&s.context, "context", nil, "a condition key and a value, KEY=VALUE; repeated for the same key, several values")
	flags.StringArrayVar(&s.unknown, "unknown", nil, "a condition key of which nothing is known")
	flags.StringArrayVar(&s.absent, "absent", nil, "a condition key that the request does not carry, although others do")
	flags.StringVar(&s.time, "time", "", "when the request is made, RFC 3339, for conditions on the time")
	flags.StringArrayVar(&s.fill, "fill", nil, "what to put for a placeholder in the policies, PLACEHOLDER=VALUE")
	flags.StringVar(&s.cases, "cases", "", "a file of cases, or - for standard input")
	withCatalog(cmd, &s.catalog)
	withOutput(cmd, &out)
	return cmd
}

// onlyCases refuses flags that a file of cases leaves no room for.
func onlyCases(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && f.Name != "cases" && f.Name != "catalog" && f.Name != "output" {
			err = fmt.Errorf("--cases brings its own requests and policies; leave --%s out", f.Name)
		}
	})
	return err
}

func (a *app) simulateCases(ctx context.Context, s *simulation) error {
	facts, err := openCatalog(s.catalog)
	if err != nil {
		return err
	}
	var in io.Reader = a.stdin
	if s.cases != "-" {
		f, err := os.Open(s.cases)
		if err != nil {
			return wrongCall(err)
		}
		defer f.Close()
		in = f
	}
	_, err = cases.Run(ctx, in, a.stdout, facts)
	return err
}

func (a *app) simulateOne(s *simulation, out output) error {
	facts, err := openCatalog(s.catalog)
	if err != nil {
		return err
	}
	request, err := s.request()
	if err != nil {
		return wrongCall(err)
	}
	policies, err := a.simulatedPolicies(s)
	if err != nil {
		return wrongCall(err)
	}
	query, err := sim.NewQuery(request, facts)
	if err != nil {
		return wrongCall(err)
	}
	x := policies.Explain(query)
	if out == asJSON {
		err = json.NewEncoder(a.stdout).Encode(newSimulated(&request, &x))
	} else {
		err = writeExplanation(a.stdout, &request, &x)
	}
	if err == nil && x.Outcome != sim.Allowed {
		err = &exit{status: exitFound}
	}
	return err
}

func (s *simulation) request() (sim.Request, error) {
	r := sim.Request{Action: s.action, Resource: s.resource, ResourceAccount: s.account, ManagementAccount: s.managementAccount}
	if s.principal == "" || s.action == "" {
		return r, errors.New("no request; give --principal and --action, or --cases FILE; see: trunkline policy simulate --help")
	}
	var err error
	if r.Caller, err = sim.ParseCaller(s.principal); err != nil {
		return r, err
	}
	if s.role != "" {
		r.Caller.Role = s.role
	}
	if s.time != "" {
		if r.Time, err = time.Parse(time.RFC3339, s.time); err != nil {
			return r, fmt.Errorf("--time %s: want the form 2026-01-31T12:00:00Z", s.time)
		}
	}
	return r, s.fillContext(&r.Context)
}

func (s *simulation) fillContext(c *sim.Context) error {
	values := map[string][]string{}
	for _, flag := range s.context {
		key, value, found := strings.Cut(flag, "=")
		if !found || !strings.Contains(key, ":") {
			return fmt.Errorf("--context %s: want KEY=VALUE, such as aws:SourceIp=203.0.113.7", flag)
		}
		values[key] = append(values[key], value)
		c.Set(key, values[key]...)
	}
	for _, key := range s.unknown {
		c.SetUnknown(key)
	}
	for _, key := range s.absent {
		c.SetAbsent(key)
	}
	return nil
}

func (a *app) simulatedPolicies(s *simulation) (*sim.Policies, error) {
	p := &sim.Policies{}
	fill, err := placeholders(s.fill)
	if err != nil {
		return nil, err
	}
	read := policyReader{app: a, fill: fill}
	p.Identity = read.files(s.identity, iam.IdentityPolicy)
	p.Boundary = read.files(s.boundary, iam.PermissionsBoundary)
	p.Session = read.files(s.session, iam.SessionPolicy)
	p.SCP = read.levels(s.scp, iam.ServiceControlPolicy)
	p.RCP = read.levels(s.rcp, iam.ResourceControlPolicy)
	p.Endpoint = read.file(s.endpoint, iam.EndpointPolicy)
	switch {
	case s.trust != "" && s.resourcePolicy != "":
		return nil, errors.New("--trust and --resource-policy: the trust policy is the policy of the resource; give one of them")
	case s.trust != "" && !sim.Assumes(s.action):
		return nil, fmt.Errorf("--trust: the trust policy of a role decides on sts:AssumeRole and its like, not on %s", s.action)
	case sim.Assumes(s.action) && s.trust == "":
		p.Resource = read.file(s.resourcePolicy, iam.TrustPolicy)
	case s.trust != "":
		p.Resource = read.file(s.trust, iam.TrustPolicy)
	default:
		p.Resource = read.file(s.resourcePolicy, iam.ResourcePolicy)
	}
	return p, read.err
}
