// Package guard makes a client of the AWS SDK behave as if AWS had the given policies: each request is mapped to the actions,
// resources and condition keys that AWS would ask policies for, and what they do not allow is answered as AWS would.
//
//	input ─ declared call ─▶ actions, resources, keys ─ iam/sim ─▶ allowed:   the request is sent, and its grants are noted
//	                                                            ├▶ denied:    the service's own answer: error code, status, message
//	                                                            └▶ undecided: an *Error that names what is not known
//
// Its promises: it fails closed. An operation that no package declares, an input without the members that name its resource, and a
// decision that hangs on a fact that is not known are refused with an *Error, and nothing is sent. What it allows, AWS would allow
// under these policies, as far as iam/sim goes: policies of resources are not among them, and a key or role whose policy would have
// a say is taken to leave it to its account.
//
// It decides on each attempt, behind signing, so that retries and credentials are those of a real call. Requests that find
// credentials pass: no policy of the caller decides on them. A presigned URL is not a request and is not looked at.
package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
	"trunkline/internal/permission/call"
)

// A Policy is one of the policies that AWS is to have.
type Policy struct {
	Name     string // for reports: where it stands
	Document *iam.Document

	// Type is iam.IdentityPolicy, PermissionsBoundary, SessionPolicy, ServiceControlPolicy or EndpointPolicy.
	Type iam.Type
	// Level of a service control policy: 0 is the root of the organization.
	Level int
}

// Options of New.
type Options struct {
	Calls    []call.Call // of all packages
	Policies []Policy
	Caller   sim.Caller // whose policies they are; its account is that of what is named without one

	// Context holds the condition keys that requests carry whatever they ask for, such as aws:SourceIp.
	Context sim.Context
	// Encrypted says which resources are encrypted with a customer key of KMS: calls that reach their content need the key too.
	Encrypted []Encrypted

	Catalog *catalog.Catalog // nil: the embedded one
	Now     func() time.Time // nil: time.Now
}

// Encrypted is a resource, or a pattern of them with * and ?, and the ARN of the key that encrypts it.
type Encrypted struct{ Resource, Key string }

// Guard decides on requests. It is safe for concurrent use.
type Guard struct {
	o        Options
	calls    map[string]call.Call // by operation; of one that several packages declare, any: AWS asks for the same
	policies sim.Policies
	trusting *sim.Policies // the same, with a policy of the resource that leaves it to the account
	report   recorder
}

// An Error is a request that the guard cannot decide on; it is not sent. A denial is no *Error: it is what the service would answer.
type Error struct {
	Operation string
	Reason    string
}

func (e *Error) Error() string { return "guard: " + e.Operation + ": " + e.Reason }

// New makes a Guard. The error names a policy that cannot be evaluated, and its line.
func New(o Options) (*Guard, error) {
	if o.Catalog == nil {
		o.Catalog = catalog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if !arn.IsAccount(o.Caller.Account) {
		return nil, errors.New("the caller is no principal of an account: name a user, a role or a session of one")
	}
	if o.Caller.ARN == "" { // of a role, without a session
		_, name, _ := strings.Cut(o.Caller.Role, ":role/")
		o.Caller.ARN = fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/trunkline", partitionOf(o.Caller.Role), o.Caller.Account, name[strings.LastIndexByte(name, '/')+1:])
	}
	g := &Guard{o: o, calls: map[string]call.Call{}}
	for _, c := range o.Calls {
		g.calls[c.Operation] = c
	}
	for _, p := range o.Policies {
		if err := g.add(p); err != nil {
			return nil, err
		}
	}
	if len(g.policies.Identity) == 0 {
		return nil, errors.New("no identity policy is given: nothing would be allowed")
	}
	trusting, err := sim.Compile(iam.Parse(fmt.Appendf(nil, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": %q}, "Action": "*", "Resource": "*"}]}`, o.Caller.Account)), iam.ResourcePolicy)
	if err != nil {
		return nil, err
	}
	copied := g.policies
	copied.Resource = trusting
	g.trusting = &copied
	return g, nil
}

// add compiles a policy and takes its grants apart.
func (g *Guard) add(p Policy) error {
	if problems := p.Document.Problems; len(problems) > 0 {
		at := p.Document.Position(problems[0].Span.Start)
		return fmt.Errorf("%s:%d:%d: %s: %s", p.Name, at.Line, at.Column, problems[0].Code, problems[0].Text)
	}
	compiled, err := sim.Compile(p.Document, p.Type)
	if err != nil {
		return fmt.Errorf("%s:%w", p.Name, err)
	}
	compiled.Name = p.Name
	all := &g.policies
	switch p.Type {
	case iam.IdentityPolicy:
		all.Identity = append(all.Identity, compiled)
	case iam.PermissionsBoundary:
		all.Boundary = append(all.Boundary, compiled)
	case iam.SessionPolicy:
		all.Session = append(all.Session, compiled)
	case iam.ServiceControlPolicy:
		for len(all.SCP) <= p.Level {
			all.SCP = append(all.SCP, nil)
		}
		all.SCP[p.Level] = append(all.SCP[p.Level], compiled)
	case iam.EndpointPolicy:
		all.Endpoint = compiled
	default:
		return fmt.Errorf("%s: the guard takes no policy of this type", p.Name)
	}
	if p.Type != iam.IdentityPolicy {
		return nil
	}
	return g.report.add(p)
}

// Middleware puts the guard into a client's calls: see awsclient.Options.
func (g *Guard) Middleware(stack *middleware.Stack) error {
	if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("trunkline.guard.input", g.input), middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("trunkline.guard.decide", g.decide), middleware.After)
}

// inputKey is where the operation's input stands for decide.
type inputKey struct{}

// input keeps the operation's input, and refuses operations that nobody declares.
func (g *Guard) input(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	operation := operationOf(ctx)
	if passes(operation) {
		return next.HandleInitialize(ctx, in)
	}
	if _, ok := g.calls[operation]; !ok {
		return middleware.InitializeOutput{}, middleware.Metadata{}, &Error{operation, "no package declares this call, so its actions and resources are not known; declare it in calls.go of the package that makes it"}
	}
	if out, metadata, handled, err := g.deleteObjects(ctx, in, next); handled {
		return out, metadata, err
	}
	return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
}

// decide sends an attempt, or answers it as the service would.
func (g *Guard) decide(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	input := middleware.GetStackValue(ctx, inputKey{})
	if input == nil {
		return next.HandleDeserialize(ctx, in)
	}
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return middleware.DeserializeOutput{}, middleware.Metadata{}, fmt.Errorf("guard: a request of type %T", in.Request)
	}
	d, err := g.judge(newSubject(ctx, g.calls[operationOf(ctx)], input, request))
	switch {
	case err != nil:
		return middleware.DeserializeOutput{}, middleware.Metadata{}, err
	case d != nil:
		return middleware.DeserializeOutput{RawResponse: d.answer(request)}, middleware.Metadata{}, nil
	}
	return next.HandleDeserialize(ctx, in)
}

// operationOf names the operation as declarations do.
func operationOf(ctx context.Context) string {
	service := strings.ToLower(strings.ReplaceAll(middleware.GetServiceID(ctx), " ", ""))
	if service == "" {
		service = strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
	}
	operation := middleware.GetOperationName(ctx)
	if operation == "" {
		operation = awsmiddleware.GetOperationName(ctx)
	}
	return service + ":" + operation
}

// passes tells whether no policy of the caller decides on an operation: those that find out who the caller is.
func passes(operation string) bool {
	service, name, _ := strings.Cut(operation, ":")
	switch service {
	case "ec2imds", "sso", "ssooidc", "signin":
		return true
	case "sts":
		return name == "AssumeRoleWithWebIdentity" || name == "AssumeRoleWithSAML" || name == "GetCallerIdentity"
	}
	return false
}

// partitionOf is the partition that an ARN names.
func partitionOf(name string) string {
	fields, _ := arn.Split(name)
	return fields[1]
}
