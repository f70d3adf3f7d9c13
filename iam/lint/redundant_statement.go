package lint

import (
	"fmt"
	"hash/maphash"

	"trunkline/iam"
)

var redundantStatement = &Check{
	Code: "REDUNDANT_STATEMENT", Severity: Suggestion, Title: "Statement stands there twice",
	Detail: "The statements are redundant because they provide identical permissions. Update the policy to remove the redundant statement.",
	Doc: `Another statement says the same: only its Sid differs. One of them does nothing.

The safe fix removes the second.

Silent: lists in another order, and everything else that is not written alike.

Source: IAM User Guide, IAM JSON policy elements: Statement.`,
	Bad: `{"Version": "2012-10-17", "Statement": [
 {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
 {"Sid": "Get", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [
 {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
 {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}]}`,
	run: func(p *Pass) {
		if len(p.statements) < 2 {
			return
		}
		seen := make(map[uint64]*Statement, len(p.statements))
		var hash maphash.Hash
		for s := range p.Each() {
			if len(s.Actions) == 0 {
				continue
			}
			hash.Reset()
			write(&hash, s.Node, true)
			sum := hash.Sum64()
			first, ok := seen[sum]
			if !ok {
				seen[sum] = s
				continue
			}
			if !same(first.Node, s.Node, true) {
				continue
			}
			finding := p.Report(s.Node, fmt.Sprintf("The statement in line %d says the same: remove one of them.", p.line(first.Node)))
			finding.also(first.Node)
			edits, ok := remove(p.Source, s.Node)
			finding.safeFix("remove the second", edits, ok)
		}
	},
}

// write adds what a value says to a hash: two that are the same have the same sum.
func write(hash *maphash.Hash, n *iam.Node, statement bool) {
	_ = hash.WriteByte(byte(n.Kind))
	_, _ = hash.WriteString(n.Text)
	for _, item := range n.Items {
		write(hash, item, false)
	}
	for _, m := range n.Members {
		if statement && m.Key.Text == "Sid" {
			continue
		}
		_, _ = hash.WriteString(m.Key.Text)
		write(hash, m.Value, false)
	}
}

// same tells whether two values say the same in the same order, the Sid of statements aside.
func same(a, b *iam.Node, statement bool) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) {
		return false
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i], false) {
			return false
		}
	}
	x, y := a.Members, b.Members
	for {
		x, y = withoutSid(x, statement), withoutSid(y, statement)
		if len(x) == 0 || len(y) == 0 {
			return len(x) == len(y)
		}
		if x[0].Key.Text != y[0].Key.Text || !same(x[0].Value, y[0].Value, false) {
			return false
		}
		x, y = x[1:], y[1:]
	}
}

// withoutSid goes over the Sid that members of a statement begin with.
func withoutSid(members []iam.Member, statement bool) []iam.Member {
	for statement && len(members) > 0 && members[0].Key.Text == "Sid" {
		members = members[1:]
	}
	return members
}
