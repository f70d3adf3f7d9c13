package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A difference is a decision of a peer that is not the expected one. The reason says who is right, or that both can be.
type difference struct {
	contender, input string
	action, got      string
	reason           string
}

// differences are the ones that are known.
func differences() []difference {
	const keyPolicy = "no key policy is at hand. AWS lets it decide (KMS Developer Guide, Key policies): open for trunkline, "
	const variable = "trunkline is right: ARN operators take variables (IAM User Guide, Variables and tags). The peer splits the pattern " +
		"arn:aws:lambda:*:${aws:PrincipalAccount}:function:ingest-* at colons, that of the variable too, before it fills it in"
	return []difference{
		{
			validating, administrator, "lex:DescribeBotAlias", "error: no.resource.types",
			"trunkline is right: the action takes bot aliases (Service Authorization Reference, Lex V2). The peer does not find a type " +
				"whose name has a space",
		},
		{validating, administrator, "kms:Decrypt", "implicitDeny", keyPolicy + "a denial for the peer. Both can be defended"},
		{unvalidated, administrator, "kms:Decrypt", "implicitDeny", keyPolicy + "a denial for the peer. Both can be defended"},
		{cedarGo, administrator, "kms:Decrypt", "allowed", keyPolicy + "nothing that Cedar knows of"},
		{
			unvalidated, administrator, "connect:CreateInstance", "allowed",
			"trunkline is right, and the peer when it validates: the action is authorized on *, which no ARN of an instance matches. " +
				"Unvalidated, the peer takes * in a request for some resource that the policy names",
		},
		{validating, hard, "s3:DeleteObject", "implicitDeny", variable},
		{unvalidated, hard, "s3:DeleteObject", "implicitDeny", variable},
	}
}

// explains tells whether the decision on a request of the input is this difference.
func (d *difference) explains(contender, input string, r *request, got string) bool {
	return d.contender == contender && d.input == input && d.action == r.Action && d.got == got
}

// check holds a contender's decisions against the expected ones and prints a line for each known difference. The error names the
// decisions that nothing explains and the known differences that do not show.
func check(out io.Writer, known []difference, contender, input string, requests []request, got []string) error {
	if len(got) != len(requests) {
		return fmt.Errorf("%s, %s: %d decisions on %d requests", contender, input, len(got), len(requests))
	}
	var errs []error
	counts := make([]int, len(known))
	for i := range requests {
		r := &requests[i]
		if got[i] == r.Want {
			continue
		}
		which := slices.IndexFunc(known, func(d difference) bool { return d.explains(contender, input, r, got[i]) })
		if which < 0 {
			errs = append(errs, fmt.Errorf("%s, %s, request %d, %s on %s: got %s, want %s", contender, input, i+1, r.Action, r.Resource, got[i], r.Want))
			continue
		}
		counts[which]++
	}
	for i, d := range known {
		if d.contender != contender || d.input != input {
			continue
		}
		if counts[i] == 0 {
			errs = append(errs, fmt.Errorf("%s, %s: a difference is listed that does not show: %s %s", contender, input, d.action, d.got))
			continue
		}
		fmt.Fprintf(out, "  %s, %s, %s (%d of %d requests): %s; %s\n", contender, input, d.action, counts[i], len(requests), d.got, d.reason)
	}
	return errors.Join(errs...)
}
