package lint

import (
	"fmt"
)

var invalidAction = &Check{
	Code: "INVALID_ACTION", Severity: Error, Title: "Action does not exist",
	Detail: "The action {{action}} does not exist. Did you mean {{valid_action}}?",
	Doc: `The service has no action of this name, or none that the pattern covers. IAM stores the policy all the same, and the action grants
and denies nothing.

Services add actions every week, so an action that is not in the catalogue may be newer than it. The finding is therefore a warning with the
catalogue's date, where Access Analyzer has an error; its output format keeps the error.

The fix writes the action that was probably meant: that of the SDK's operation of this name, or one with a typing mistake less, or a
word more or less. It changes what the
policy grants, so it is not made unasked.

Silent: placeholders; what is no action at all, which TL_MALFORMED_ACTION reports.

Source: Service Authorization Reference.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:GetObjects", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
	run: func(p *Pass) {
		for _, a := range p.unknownActions() {
			if a.service == nil {
				continue
			}
			if a.Wild {
				p.Report(a.Node, fmt.Sprintf("%s covers no action of %s as of %s: check the spelling.", a.Text, a.service.Prefix, p.asOf()),
					"action", a.Text, "valid_action", a.service.Prefix+":*").Severity = Warning
				continue
			}
			near, ok := p.meant(&a)
			message := fmt.Sprintf("There was no action %s as of %s", a.Text, p.asOf())
			if !ok {
				p.Report(a.Node, message+": check the spelling.", "action", a.Text, "valid_action", a.service.Prefix+":*").Severity = Warning
				continue
			}
			finding := p.Report(a.Node, message+": write "+near+" if that is meant.", "action", a.Text, "valid_action", near)
			finding.Severity = Warning
			edits, written := replace(a.Node, near)
			finding.riskyFix("write "+near, edits, written && !inList(a.Action, near))
		}
	},
}

// meant is the action that was probably meant by one that does not exist: that of the SDK's operation of this name (s3:ListObjectsV2 is
// s3:ListBucket), or one spelt like it.
func (p *Pass) meant(a *unknownAction) (string, bool) {
	if actions, ok := p.Catalog.Operation(a.Service, a.Name); ok && len(actions) == 1 {
		return actions[0], true
	}
	return p.Catalog.NearestAction(a.Service + ":" + a.Name)
}

// inList tells whether the list that an action stands in has another one already.
func inList(a *Action, text string) bool {
	if a.Node.Parent == nil {
		return false
	}
	for _, item := range a.Node.Parent.Items {
		if item.Text == text {
			return true
		}
	}
	return false
}
