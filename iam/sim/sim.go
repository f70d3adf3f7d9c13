// Package sim decides what a principal may do under a set of IAM policies, offline, and says why.
//
//	iam.Document ──▶ Compile ──▶ Policy ──┐
//	                                      ├──▶ Policies.Decide(Query)  ──▶ Decision: allowed, denied, undecided, and by what
//	Request ──▶ NewQuery ──▶ Query ───────┘    Policies.Explain(Query) ──▶ and why: statements, facts, what would have to be added
//
// Policies are compiled once and decide any number of queries; Decide allocates nothing. The order of the layers, the forms of
// principals, access between accounts and all exemptions stand in decide.go, to be read beside the documentation.
//
// What is not known stays undecided, and only where it could change the result: a condition key whose value the request leaves open,
// the key policy of a KMS key that is not at hand. Nothing is guessed.
//
// The promises: a Decision depends on its arguments alone. An allowed action would be allowed by IAM under these policies, as far as
// they are documented; grants of KMS, access control lists and service settings lie outside of policies and are not considered.
// Policies, Policy and Query are safe for concurrent use while nobody writes their fields.
package sim

// Policies is all that has a say about a request, by where it is attached.
type Policies struct {
	// Identity holds the policies of the principal: of a user, also those of its groups; of a federated user, those of the user who
	// made the session.
	Identity []*Policy

	// Boundary is the permissions boundary. Nil means that there is none; empty but not nil, one that allows nothing.
	Boundary []*Policy

	// Session holds the policies that were passed when the session was made, likewise.
	Session []*Policy

	// Resource is the policy of the resource: a bucket policy, a queue policy …; of a KMS key its key policy, and for sts:AssumeRole…
	// the trust policy of the role. Nil means that there is none; a key or a role always has one, so there nil means not known.
	Resource *Policy

	// ResourceUnknown says that the resource has a policy that is not at hand.
	ResourceUnknown bool

	// SCP holds the service control policies for the principal's account and RCP the resource control policies for the resource's
	// account, each by level: root, organizational units from the top, account. Nil means that no organization has a say.
	SCP, RCP [][]*Policy

	// Endpoint is the policy of the VPC endpoint that the request comes through, or nil.
	Endpoint *Policy
}

// An Outcome is what becomes of a request.
type Outcome uint8

const (
	ImplicitDeny Outcome = iota // nothing allows it
	ExplicitDeny                // a Deny applies
	Allowed
	Undecided // a fact that is not known would decide
)

func (o Outcome) String() string {
	return [...]string{"implicitDeny", "explicitDeny", "allowed", "undecided"}[o]
}

// A Layer is a place where policies are attached.
type Layer uint8

const (
	NoLayer Layer = iota
	RCPLayer
	SCPLayer
	EndpointLayer
	ResourceLayer
	KeyLayer   // the key policy of a KMS key
	TrustLayer // the trust policy of a role
	IdentityLayer
	BoundaryLayer
	SessionLayer
	RootLayer // no policy: the root user is allowed by default
	layerCount
)

func (l Layer) String() string {
	return [...]string{
		"", "resource control policy", "service control policy", "VPC endpoint policy", "resource policy", "key policy", "trust policy",
		"identity policy", "permissions boundary", "session policy", "root user",
	}[l]
}

// A Decision is the answer to a query. By is the layer that decided: that denies, that lacks an Allow, or that allows; when
// several do, the first in the order of the constants for a denial, and the identity policies for an Allow. An undecided query
// has no layer.
type Decision struct {
	Outcome Outcome
	By      Layer
}

// Decide answers the query. It allocates nothing and is bounded by the size of the policies and the request.
func (p *Policies) Decide(q *Query) Decision {
	v := p.consult(q, nil)
	return q.decide(&v)
}
