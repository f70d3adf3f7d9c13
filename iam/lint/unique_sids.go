package lint

import (
	"fmt"
	"strconv"

	"trunkline/iam"
)

var (
	uniqueSidsRequired = &Check{
		Code: "UNIQUE_SIDS_REQUIRED", Severity: Error, Title: "Sid appears twice",
		Detail: "Duplicate statement IDs are not supported for this policy type. Update the Sid value.",
		Doc: `Two statements of an IAM policy have the same Sid. IAM refuses the policy.

A Sid is a name for people only, so the fix, which numbers the second one, is safe.

Silent: empty Sids, and policies of other services, for which UNIQUE_SIDS_RECOMMENDED exists.

Source: IAM User Guide, IAM JSON policy elements: Sid.`,
		Bad: `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
  {"Sid": "Read", "Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]}`,
		Good: `{"Version": "2012-10-17", "Statement": [
  {"Sid": "ReadBuckets", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
  {"Sid": "ReadQueues", "Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]}`,
		run: func(p *Pass) {
			if p.Identity() || p.Type == iam.TrustPolicy {
				p.reportSids("IAM refuses a policy with two of them", true)
			}
		},
	}
	uniqueSidsRecommended = &Check{
		Code: "UNIQUE_SIDS_RECOMMENDED", Severity: Warning, Title: "Sid appears twice",
		Detail: "We recommend that you use statement IDs that are unique to your policy. Update the Sid value.",
		Doc: `Two statements have the same Sid. Some services refuse that, others find statements by their Sid when one is removed. Give each
its own.

Silent: IAM's own policy types, where UNIQUE_SIDS_REQUIRED reports it.

Source: IAM User Guide, IAM JSON policy elements: Sid.`,
		Type: iam.ServiceControlPolicy,
		Bad: `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Guard", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
  {"Sid": "Guard", "Effect": "Deny", "Action": "account:CloseAccount", "Resource": "*"}]}`,
		Good: `{"Version": "2012-10-17", "Statement": [
  {"Sid": "GuardMembership", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
  {"Sid": "GuardAccount", "Effect": "Deny", "Action": "account:CloseAccount", "Resource": "*"}]}`,
		run: func(p *Pass) {
			if !p.Identity() && p.Type != iam.TrustPolicy {
				p.reportSids("a service may refuse that, or confuse them", false)
			}
		},
	}
)

func (p *Pass) reportSids(why string, safe bool) {
	if len(p.statements) < 2 {
		return
	}
	seen := p.sids()
	number := make(map[string]int) // the last one put behind a Sid
	for i := range p.statements {
		sid := p.statements[i].Sid
		if sid == nil || sid.Kind != iam.String || sid.Text == "" || seen[sid.Text] == i {
			continue
		}
		finding := p.Report(sid, fmt.Sprintf("Another statement has the Sid %q: %s. Give it a name of its own.", sid.Text, why))
		name, n := "", max(number[sid.Text], 1)
		for taken := true; taken; {
			n++
			name = sid.Text + strconv.Itoa(n)
			_, taken = seen[name]
		}
		number[sid.Text] = n
		edits, ok := replace(sid, name)
		if safe {
			finding.safeFix("number the Sid", edits, ok)
		} else {
			finding.riskyFix("number the Sid", edits, ok)
		}
	}
}

// sids are the Sids of the policy, each with the first statement that has it.
func (p *Pass) sids() map[string]int {
	seen := make(map[string]int, len(p.statements))
	for i := range p.statements {
		if sid := p.statements[i].Sid; sid != nil && sid.Kind == iam.String {
			if _, found := seen[sid.Text]; !found {
				seen[sid.Text] = i
			}
		}
	}
	return seen
}
