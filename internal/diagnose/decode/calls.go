package decode

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. Their feature has no values.
func Calls() []call.Call {
	return []call.Call{{
		Operation: "sts:DecodeAuthorizationMessage",
		Features:  []string{"doctor.decode"},
		Why:       "doctor --decode cannot say what an encoded authorization message holds",
		Asks:      []call.Ask{{Action: "sts:DecodeAuthorizationMessage", Resources: []string{"*"}}},
	}}
}
