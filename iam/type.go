package iam

import (
	"fmt"
	"strings"
)

// Types lists all policy types, in the order of their constants.
func Types() []Type {
	return []Type{
		IdentityPolicy, ResourcePolicy, TrustPolicy, PermissionsBoundary, SessionPolicy, ServiceControlPolicy, ResourceControlPolicy, EndpointPolicy,
	}
}

// String is the name of the type as ParseType reads it.
func (t Type) String() string {
	switch t {
	case IdentityPolicy:
		return "identity"
	case ResourcePolicy:
		return "resource"
	case TrustPolicy:
		return "trust"
	case PermissionsBoundary:
		return "boundary"
	case SessionPolicy:
		return "session"
	case ServiceControlPolicy:
		return "scp"
	case ResourceControlPolicy:
		return "rcp"
	case EndpointPolicy:
		return "endpoint"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// ParseType reads the name of a policy type: identity, resource, trust, boundary, session, scp, rcp or endpoint.
func ParseType(s string) (Type, error) {
	names := make([]string, 0, len(Types()))
	for _, t := range Types() {
		if s == t.String() {
			return t, nil
		}
		names = append(names, t.String())
	}
	return 0, fmt.Errorf("no policy type %q: write one of %s", s, strings.Join(names, ", "))
}
