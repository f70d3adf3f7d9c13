package sim

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
)

// A CallerKind is what sort of principal makes a request.
type CallerKind uint8

const (
	Anonymous     CallerKind = iota // an unsigned request
	User                            // an IAM user
	RoleSession                     // a session of a role, also of a service-linked one
	FederatedUser                   // a session made by GetFederationToken
	RootUser                        // the root user of an account
	Service                         // an AWS service itself, as x.amazonaws.com
	Identity                        // a SAML or web identity that is about to assume a role: no AWS principal yet
)

func (k CallerKind) String() string {
	return [...]string{"anonymous", "user", "role session", "federated user", "root user", "service", "federated identity"}[k]
}

// A Caller is the principal of a request. ParseCaller makes one from its name; the rest can be set afterwards.
type Caller struct {
	Kind CallerKind

	// ARN is the principal itself: a user, session, federated-user or root ARN; of a service its name, of an identity its provider's
	// ARN or domain. Of a role session it may be empty: then statements that name a session of the role are undecided.
	ARN string

	// Role is the ARN of the session's role, with its path, which the session's own ARN does not show.
	Role string

	// User is the ARN of the IAM user behind a federated user.
	User string

	// Account owns the principal: 12 digits; empty for services, identities and anonymous callers.
	Account string

	// ID is the unique id of the user (AIDA…) or role (AROA…); empty when it is not known.
	ID string

	// CanonicalID is the canonical user id of the account, as bucket policies name it; empty when it is not known.
	CanonicalID string
}

// serviceLinkedPath begins the path of roles that belong to a service ("Using service-linked roles", IAM User Guide).
const serviceLinkedPath = "role/aws-service-role/"

// ParseCaller reads the name of a principal: the ARN of a user, of a role session, of a role (then a session of it whose name is not
// known), of a federated user or of an account's root; 12 digits (root); x.amazonaws.com (a service); the ARN of a SAML or OIDC
// provider or an OIDC domain (an identity); "anonymous" or "*".
//
// A role of a session ARN is taken to have no path; set Role when it has one.
func ParseCaller(name string) (Caller, error) {
	fields, n := arn.Split(name)
	switch {
	case name == "anonymous" || name == "*":
		return Caller{Kind: Anonymous}, nil
	case arn.IsAccount(name):
		return Caller{Kind: RootUser, ARN: "arn:aws:iam::" + name + ":root", Account: name}, nil
	case isServiceName(name):
		return Caller{Kind: Service, ARN: name}, nil
	case n == 1 && strings.Contains(name, "."):
		return Caller{Kind: Identity, ARN: name}, nil
	case n < arnFields || fields[0] != "arn":
		return Caller{}, fmt.Errorf("principal %q is no ARN, account, service or provider", name)
	}
	account, entity := fields[4], fields[5]
	c := Caller{ARN: name, Account: account}
	iam := "arn:" + fields[1] + ":iam::" + account + ":"
	service := fields[2]
	kind, rest, _ := strings.Cut(entity, "/")
	switch {
	case service == "iam" && entity == "root":
		c.Kind = RootUser
	case service == "iam" && kind == "user" && rest != "":
		c.Kind = User
	case service == "iam" && kind == "role" && rest != "":
		c.Kind, c.ARN, c.Role = RoleSession, "", name
	case service == "iam" && (kind == "saml-provider" || kind == "oidc-provider"):
		c.Kind, c.Account = Identity, ""
	case service == "sts" && kind == "assumed-role" && strings.Count(rest, "/") == 1:
		role, _, _ := strings.Cut(rest, "/")
		c.Kind, c.Role = RoleSession, iam+"role/"+role
	case service == "sts" && kind == "federated-user" && rest != "":
		c.Kind = FederatedUser
	default:
		return Caller{}, fmt.Errorf("principal %q is no user, role, session, federated user, root or provider", name)
	}
	return c, nil
}

// isServiceName tells service principals from OIDC domains; Cognito's identity pools look like a service.
func isServiceName(s string) bool {
	return !strings.Contains(s, ":") && s != "cognito-identity.amazonaws.com" &&
		(strings.HasSuffix(s, ".amazonaws.com") || strings.HasSuffix(s, ".amazonaws.com.cn"))
}

// member tells whether the caller is a principal of an AWS account.
func (c *Caller) member() bool {
	switch c.Kind {
	case User, RoleSession, FederatedUser, RootUser:
		return true
	case Anonymous, Service, Identity:
	}
	return false
}

func (c *Caller) serviceLinked() bool {
	return c.Kind == RoleSession && strings.Contains(c.Role, ":"+serviceLinkedPath)
}

// principalARN is the value of aws:PrincipalArn: for a session the ARN of its role.
func (c *Caller) principalARN() string {
	if c.Kind == RoleSession {
		return c.Role
	}
	return c.ARN
}

// session is the name of a role session, or of the entity at the end of another ARN.
func lastSegment(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
