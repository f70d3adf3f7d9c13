package sim

import (
	"strconv"
	"strings"
	"time"

	"trunkline/iam/arn"
)

// A Request is one question: may this principal do this to that. An API call can ask several of them (events:CreateApiDestination
// one for the destination and one for its connection); it goes through when all are allowed.
type Request struct {
	Caller   Caller
	Action   string // prefix:Name
	Resource string // ARN, or "*" for an action without resource types

	// ResourceAccount owns the resource. Where it is empty, it is the account in the ARN, and without one (a bucket, "*") that of the
	// caller.
	ResourceAccount string

	// ManagementAccount is that of the organization, which SCPs and RCPs do not bind; empty when it plays no part.
	ManagementAccount string

	Context Context

	// Time is when the request is made, for aws:CurrentTime and aws:EpochTime; zero when it is not known.
	Time time.Time
}

// A Query is a Request made ready to be decided, any number of times.
type Query struct {
	Request

	// Warnings say what is odd about the request, such as an action that the catalog does not know.
	Warnings []string

	action   action
	facts    *table
	cross    bool // caller and resource belong to different accounts
	key      bool // the resource is a KMS key
	trust    bool // the caller wants to assume a role, or to set a session's tags or source identity
	scp, rcp bool // bound by them
}

// name gives the layer of resource-based policies the name that it has for the resource.
func (q *Query) name(l Layer) Layer {
	switch {
	case l == ResourceLayer && q.key:
		return KeyLayer
	case l == ResourceLayer && q.trust:
		return TrustLayer
	default:
		return l
	}
}

// prepare does all of NewQuery that needs no catalog.
func prepare(r Request, takesRCP bool) *Query {
	if r.ResourceAccount == "" {
		if fields, _ := arn.Split(r.Resource); arn.IsAccount(fields[4]) {
			r.ResourceAccount = fields[4]
		} else {
			r.ResourceAccount = r.Caller.Account
		}
	}
	q := &Query{Request: r, action: newAction(r.Action)}
	q.cross = r.Caller.member() && r.Caller.Account != r.ResourceAccount
	q.key = q.action.service.name == "kms" && resourceIs(r.Resource, "kms", "key/")
	q.trust = isAssumption(&q.action) && resourceIs(r.Resource, "iam", "role/")
	q.scp = r.boundBySCP()
	q.rcp = q.boundByRCP(&q.action, takesRCP)
	q.facts = newTable(&r.Context)
	q.derive()
	q.facts.seal()
	return q
}

func resourceIs(resource, service, start string) bool {
	fields, _ := arn.Split(resource)
	return fields[2] == service && strings.HasPrefix(fields[5], start)
}

// Assumes tells whether the action (prefix:Name) is one that the trust policy of a role decides on.
func Assumes(name string) bool {
	a := newAction(name)
	return isAssumption(&a)
}

func isAssumption(a *action) bool {
	return a.service.name == "sts" && (strings.HasPrefix(a.name, "assumerole") || a.name == "tagsession" || a.name == "setsourceidentity")
}

// derive fills in the keys that follow from the rest of the request, and marks those as unknown that the documentation says are
// there without the request telling their value ("AWS global condition context keys", "Availability" of each key; for what a
// principal's keys hold: "IAM policy elements: Variables and tags", table "Principal key values").
func (q *Query) derive() {
	fill := q.facts.fill
	for _, always := range []string{"aws:SecureTransport", "aws:RequestedRegion", "aws:ViaAWSService", "aws:UserAgent"} {
		fill(always, somehow)
	}
	if q.Time.IsZero() {
		fill("aws:CurrentTime", somehow)
		fill("aws:EpochTime", somehow)
	} else {
		fill("aws:CurrentTime", present, q.Time.UTC().Format(time.RFC3339))
		fill("aws:EpochTime", present, strconv.FormatInt(q.Time.Unix(), 10))
	}
	if q.ResourceAccount == "" {
		fill("aws:ResourceAccount", somehow)
	} else {
		fill("aws:ResourceAccount", present, q.ResourceAccount)
	}
	c := &q.Caller
	switch c.Kind {
	case Anonymous:
		fill("aws:PrincipalAccount", present, "anonymous")
		fill("aws:PrincipalType", present, "Anonymous")
		fill("aws:userid", present, "anonymous")
		fill("aws:PrincipalArn", absent)
		fill("aws:PrincipalIsAWSService", absent)
	case Service:
		fill("aws:PrincipalIsAWSService", present, "true")
		fill("aws:PrincipalServiceName", present, c.ARN)
		for _, open := range []string{"aws:PrincipalServiceNamesList", "aws:PrincipalAccount", "aws:PrincipalType", "aws:userid"} {
			fill(open, somehow)
		}
		fill("aws:PrincipalArn", perhaps)
	case Identity:
		for _, open := range []string{"aws:PrincipalAccount", "aws:PrincipalType", "aws:userid"} {
			fill(open, somehow)
		}
	case User, RoleSession, FederatedUser, RootUser:
		fill("aws:PrincipalAccount", present, c.Account)
		fill("aws:PrincipalArn", present, c.principalARN())
		fill("aws:PrincipalIsAWSService", present, "false")
		q.deriveMember()
	}
	if c.Kind != User {
		fill("aws:username", absent)
	}
}

// deriveMember fills in what is particular to the kinds of principals of an account.
func (q *Query) deriveMember() {
	fill, c := q.facts.fill, &q.Caller
	id := func(text string, known bool) {
		if known {
			fill("aws:userid", present, text)
		} else {
			fill("aws:userid", somehow)
		}
	}
	temporary := false
	switch c.Kind {
	case User:
		fill("aws:PrincipalType", present, "User")
		fill("aws:username", present, lastSegment(c.ARN))
		id(c.ID, c.ID != "")
	case RoleSession:
		fill("aws:PrincipalType", present, "AssumedRole")
		id(c.ID+":"+lastSegment(c.ARN), c.ID != "" && c.ARN != "")
		temporary = true
	case FederatedUser:
		fill("aws:PrincipalType", present, "FederatedUser")
		id(c.Account+":"+lastSegment(c.ARN), true)
		temporary = true
	case RootUser:
		fill("aws:PrincipalType", present, "Account")
		id(c.Account, true)
	case Anonymous, Service, Identity:
	}
	if temporary {
		fill("aws:TokenIssueTime", somehow)
		fill("aws:MultiFactorAuthPresent", perhaps)
	}
}
