// Package call says which operations of AWS's services the program calls, and what AWS asks the policies for then, as plain values
// that stand beside the code that calls.
//
//	calls.go of a package ─▶ []Call ─┬─ members of a request's input ──▶ actions, resources and condition keys: what the guard decides on
//	                                 └─ Scope and the config's values ─▶ the same as patterns: what a generated policy grants
//
// Every package that calls AWS has a function Calls; a test of package declared fails when that and the code do not agree.
//
// The package imports nothing, so that whatever calls AWS can declare it at no cost.
package call

// A Call is one operation of a service that a package calls.
type Call struct {
	// Operation is the SDK's package and the name of the operation: s3:GetObject. It is not an action: s3:ListObjectsV2 asks for
	// s3:ListBucket.
	Operation string

	// Features are the parts of the config that turn the call on, each by itself: the key of trunkline.yaml that has to be there
	// (dead_letter.s3), with a value where it hangs on that (source.kinesis.consumer=fanout), or config for a Lambda that fetches it.
	Features []string

	// When says in which cases of a feature it is made, beginning with "for", "if" or "when"; empty: always.
	When string

	// Why says what does not work without it, to complete "without it, …".
	Why string

	// Asks are what AWS asks policies for. All must be allowed that the input gives a resource for; at least one it must.
	Asks []Ask

	// Scope says of each input member that Asks name what it can hold: Templates whose placeholders are the values that a feature's
	// config has (bucket, prefix), with * and ? where only a request tells. The comment of the package's Calls lists these values.
	Scope map[string][]string
}

// An Ask is one action, on the resources that the input names.
type Ask struct {
	// Action is the IAM action: s3:ListBucket.
	Action string

	// Resources are templates of ARNs over members of the input. The first counts of which all members are set; where a member
	// holds several values, each makes a resource. "*" stands for an action without resource types.
	Resources []string

	// Keys are the condition keys that the request carries because of its input. A key whose members are not set is absent from the
	// request. Of the action's other keys nothing is known.
	Keys []Key
}

// A Key is a condition key of a request.
type Key struct {
	Name string // s3:prefix

	// From are templates over members of the input; the values of all of them are the key's.
	From []string

	// Scope says that a generated policy narrows the grant with the key, to what Scope of the Call says of its members.
	Scope bool
}
