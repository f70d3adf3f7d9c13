package iam

import "unicode/utf8"

// A Quota is how long a policy of one type may be.
type Quota struct {
	Type       Type
	For        string // what it is for, where the type has several: "managed policy", "inline policies of a role" …
	Limit      int    // characters
	Default    int    // what an account has that has not asked for more; Limit where nobody can
	Whitespace bool   // counted
}

// Quotas is the one table of size quotas, as far as they concern one policy: those of inline policies hold for the sum of all inline
// policies of the user, group or role. Sources: "IAM and AWS STS quotas" in the IAM User Guide, "Quotas for AWS Organizations", and
// the services' own pages for resource policies.
func Quotas() []Quota {
	return []Quota{
		{IdentityPolicy, "managed policy", 6144, 6144, false},
		{IdentityPolicy, "inline policies of a user", 2048, 2048, false},
		{IdentityPolicy, "inline policies of a group", 5120, 5120, false},
		{IdentityPolicy, "inline policies of a role", 10240, 10240, false},
		{ResourcePolicy, "bucket policy", 20 << 10, 20 << 10, true},
		{ResourcePolicy, "function or secret policy", 20 << 10, 20 << 10, true},
		{ResourcePolicy, "key policy", 32 << 10, 32 << 10, true},
		{TrustPolicy, "role trust policy", 4096, 2048, false},
		{PermissionsBoundary, "managed policy", 6144, 6144, false},
		{SessionPolicy, "session policy", 2048, 2048, true},
		{ServiceControlPolicy, "service control policy", 5120, 5120, true},
		{ResourceControlPolicy, "resource control policy", 5120, 5120, true},
		{EndpointPolicy, "endpoint policy", 20480, 20480, true},
	}
}

// Size is the length of the text in characters, as a Quota counts them: with all white space or without any.
func (d *Document) Size(whitespace bool) int {
	size := utf8.RuneCount(d.Source)
	if whitespace {
		return size
	}
	for _, c := range d.Source {
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			size--
		}
	}
	return size
}

// exceeded is the most generous quota of the type, if the text is longer than even that allows.
func (d *Document) exceeded(t Type) (Quota, bool) {
	var most Quota
	for _, q := range Quotas() {
		if q.Type == t && q.Limit > most.Limit {
			most = q
		}
	}
	return most, d.Size(most.Whitespace) > most.Limit
}
