package sim

import (
	"strings"

	"trunkline/iam"
	"trunkline/iam/arn"
)

// A form says what an Allow of a resource-based policy is worth to the caller it names, by how it names it. The greater one
// includes the smaller.
type form uint8

const (
	unnamed   form = iota
	delegated      // its account: the account's own policies decide
	limited        // its role, or the user behind a federated session: boundary and session policy still limit it
	direct         // itself, or everybody: nothing of the caller's own limits it but a Deny
	formCount
)

// A principalSet is a Principal or NotPrincipal element, compiled.
type principalSet struct {
	negated bool
	refs    []principalRef
}

// A principalRef is one principal of the element.
type principalRef struct {
	kind refKind
	text string // ARN, account, service name, provider, canonical id
	role string // session ARN: "ACCOUNT:ROLE" without path and session
}

type refKind uint8

const (
	refNobody    refKind = iota // a wildcard in an ARN, a unique id, a group: matches nobody
	refAnyone                   // *
	refAccount                  // 12 digits or root ARN
	refEntity                   // user, role, federated user
	refSession                  // role session
	refService                  // Service
	refProvider                 // Federated
	refCanonical                // CanonicalUser
)

func compilePrincipal(p *iam.Principal, negated bool) *principalSet {
	set := &principalSet{negated: negated}
	if p.Any {
		set.refs = append(set.refs, principalRef{kind: refAnyone})
	}
	for _, value := range p.List {
		set.refs = append(set.refs, newPrincipalRef(value.Type.Text, value.Node.Text))
	}
	return set
}

// newPrincipalRef follows "AWS JSON policy elements: Principal". There are no wildcards but the lone *: "You cannot use a wildcard to
// match part of a principal name or ARN". A unique id is what remains in the text when the entity was deleted; it names nobody any
// more, also not one of the same name.
func newPrincipalRef(kind, text string) principalRef {
	switch kind {
	case "AWS":
		switch account, entity, ok := cutIdentityARN(text); {
		case text == "*":
			return principalRef{kind: refAnyone}
		case arn.IsAccount(text):
			return principalRef{kind: refAccount, text: text}
		case !ok || strings.ContainsAny(text, "*?"):
			return principalRef{}
		case entity == "root":
			return principalRef{kind: refAccount, text: account}
		case strings.HasPrefix(entity, "assumed-role/"):
			role, _, _ := strings.Cut(strings.TrimPrefix(entity, "assumed-role/"), "/")
			return principalRef{kind: refSession, text: text, role: account + ":" + role}
		case strings.HasPrefix(entity, "group/"):
			return principalRef{}
		default:
			return principalRef{kind: refEntity, text: text}
		}
	case "Service":
		return principalRef{kind: refService, text: text}
	case "Federated":
		return principalRef{kind: refProvider, text: text}
	case "CanonicalUser":
		return principalRef{kind: refCanonical, text: text}
	}
	return principalRef{}
}

// cutIdentityARN takes account and entity out of an ARN of iam or sts.
func cutIdentityARN(s string) (account, entity string, ok bool) {
	fields, n := arn.Split(s)
	if n < arnFields || fields[0] != "arn" || fields[2] != "iam" && fields[2] != "sts" {
		return "", "", false
	}
	return fields[4], fields[5], true
}

// match tells in which form the element names the caller for sure, and in which it may, where what is known of the caller leaves it
// open.
func (s *principalSet) match(c *Caller, deny bool) (sure, perhaps form) {
	listed := identities{}
	for i := range s.refs {
		f, known := s.refs[i].match(c)
		if known == unknown {
			perhaps = max(perhaps, f)
			continue
		}
		sure = max(sure, f)
		if f != unnamed {
			listed.add(&s.refs[i], c)
		}
	}
	if !s.negated {
		return sure, perhaps
	}
	// "AWS JSON policy elements: NotPrincipal": everybody but the listed. With Deny "you must also specify the account ARN of the
	// not-denied principal", and for a session its role too, because a service may check each of them in turn: whoever is not listed
	// with all of them is denied.
	excepted := sure != unnamed
	if deny {
		excepted = listed.all(c)
	}
	switch {
	case excepted:
		return unnamed, unnamed
	case perhaps != unnamed:
		return unnamed, direct
	default:
		return direct, unnamed
	}
}

// identities are the names of a caller that a NotPrincipal lists.
type identities struct{ anyone, self, role, account bool }

func (l *identities) add(r *principalRef, c *Caller) {
	l.anyone = l.anyone || r.kind == refAnyone
	l.account = l.account || r.kind == refAccount || r.kind == refCanonical
	l.role = l.role || c.Kind == RoleSession && r.text == c.Role
	l.self = l.self || r.kind != refAccount && r.kind != refCanonical && r.text == c.ARN
}

func (l *identities) all(c *Caller) bool {
	switch {
	case l.anyone:
		return true
	case c.Kind == RootUser:
		return l.account
	case c.Kind == RoleSession:
		return l.self && l.role && l.account
	case c.member():
		return l.self && l.account
	default:
		return l.self
	}
}

func (r *principalRef) match(c *Caller) (form, truth) {
	matches, f := false, direct
	switch r.kind {
	case refNobody:
	case refAnyone:
		matches = true
	case refAccount:
		matches, f = c.member() && c.Account == r.text, delegated
	case refEntity:
		switch {
		case !c.member():
		case c.ARN == r.text:
			matches = true
		case c.Role == r.text || c.User == r.text:
			matches, f = true, limited
		}
	case refSession:
		if c.Kind == RoleSession && c.ARN == "" && c.sameRole(r.role) {
			return direct, unknown // the name of the session is not known
		}
		matches = c.Kind == RoleSession && c.ARN == r.text
	case refService:
		matches = c.Kind == Service && c.ARN == r.text
	case refProvider:
		matches = c.Kind == Identity && c.ARN == r.text
	case refCanonical:
		if c.member() && c.CanonicalID == "" {
			return delegated, unknown
		}
		matches, f = c.member() && c.CanonicalID == r.text, delegated
	}
	if !matches {
		return unnamed, no
	}
	return f, yes
}

// sameRole compares with "ACCOUNT:ROLE".
func (c *Caller) sameRole(role string) bool {
	account, name, _ := strings.Cut(role, ":")
	return c.Account == account && lastSegment(c.Role) == name
}
