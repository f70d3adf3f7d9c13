package lint

import "fmt"

var redundantGrant = &Check{
	Code: "TL_REDUNDANT_GRANT", Severity: Suggestion, Title: "Another statement grants it everywhere",
	Doc: `Another statement allows the same action on "*" and without a condition, so allowing it here on some resources does nothing,
and suggests a limit that is not there.

To mend it, take the action out of one of the two statements: out of this one to keep what works, out of the other when the limit is meant.

The safe fix takes it out of this one. Silent for patterns of actions, and for statements that grant everything.

Source: IAM User Guide, policy evaluation logic: one Allow is enough.`,
	Bad: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::records/*"},
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::records/*"},
  {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		list := p.allGrants()
		for i := range list {
			g := &list[i]
			if !g.s.Allow || g.Wild || len(g.actions) != 1 || g.s.Resource == nil || g.s.any() || p.reaches(g)[0] != granted {
				continue
			}
			for other := range p.covering(g.Service, g.Name) {
				if other.s != g.s && other.s.Allow && !other.all && len(other.s.Tests) == 0 && other.s.any() {
					f := p.Report(g.Node, fmt.Sprintf(`line %d allows %s on "*", so this does nothing: take it out here, or there when the limit is meant`, p.line(other.Node), g.Text))
					edits, ok := remove(p.Source, g.Node)
					f.safeFix("remove the action that is allowed everywhere", edits, ok)
					break
				}
			}
		}
	},
}
