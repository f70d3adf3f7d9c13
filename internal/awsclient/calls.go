package awsclient

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The values of their feature: role, the ARN of the role to assume; session, its name.
// They are made with the credentials that are found, all others with those of the role.
func Calls() []call.Call {
	return []call.Call{{
		Operation: "sts:AssumeRole",
		Features:  []string{"aws.role"},
		Why:       "there are no credentials, and no other call is made",
		Asks: []call.Ask{{Action: "sts:AssumeRole", Resources: []string{"${RoleArn}"}, Keys: []call.Key{
			{Name: "sts:RoleSessionName", From: []string{"${RoleSessionName}"}, Scope: true},
			{Name: "sts:ExternalId", From: []string{"${ExternalId}"}},
			{Name: "sts:SourceIdentity", From: []string{"${SourceIdentity}"}},
			{Name: "aws:TagKeys", From: []string{"${Tags.Key}"}},
			{Name: "sts:TransitiveTagKeys", From: []string{"${TransitiveTagKeys}"}},
		}}},
		Scope: map[string][]string{"RoleArn": {"${role}"}, "RoleSessionName": {"${session}"}},
	}}
}
