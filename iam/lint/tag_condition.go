package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

var (
	denyWithTag = &Check{
		Code: "DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", Severity: SecurityWarning, Title: "Deny by tag of what has no tags",
		Detail: "Using the effect Deny with the tag condition key {{conditionKeyName}} and actions for services with the following prefixes can be overly permissive: {{serviceNames}}. Actions for the listed services are not denied by this statement. We recommend that you move these actions to a different statement without this condition key.",
		Doc: `Calls of these actions never carry aws:ResourceTag, so the Deny never hits them. Move them to a statement without the condition.
…IfExists and negated operators are no way out: they deny the actions always.

Silent: a service of which one of the statement's actions carries the tags; "*"; negated operators, …IfExists, Null and
ForAllValues, which are another matter.

Source: Service Authorization Reference, tables "Actions" and "Resource types".`,
		Bad: `{"Effect": "Deny", "Action": ["ec2:TerminateInstances", "iam:ListUsers"], "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/environment": "production"}}}`,
		Good: `{"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/environment": "production"}}}`,
		run: func(p *Pass) {
			p.reportTags(func(s *Statement) bool { return s.Deny && s.Action != nil },
				"No call of these actions of %s carries the tags of a resource, so the Deny never hits them: move them to a statement without this condition.")
		},
	}
	denyNotActionWithTag = &Check{
		Code: "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", Severity: SecurityWarning, Title: "Deny by tag of all but some actions",
		Detail: "Using the effect Deny with NotAction and the tag condition key {{conditionKeyName}} can be overly permissive because some service actions are not denied by this statement. This is because the condition key doesn't apply to some service actions. We recommend that you use Action instead of NotAction.",
		Doc: `NotAction covers actions whose calls never carry aws:ResourceTag: the Deny does not hit those. List with Action what it is about.

Silent: negated operators, …IfExists, Null and ForAllValues.

Source: Service Authorization Reference.`,
		Bad: `{"Effect": "Deny", "NotAction": "ec2:DescribeInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/environment": "production"}}}`,
		Good: `{"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/environment": "production"}}}`,
		run: func(p *Pass) {
			p.reportTagsNotAction(func(s *Statement) bool { return s.Deny }, "Many actions never carry the tags of a resource, so this Deny does not hit them: list with Action what it is about.")
		},
	}
	allowWithTag = &Check{
		Code: "ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", Severity: Suggestion, Title: "Allow by tag of what has no tags",
		Detail: "Using the effect Allow with the tag condition key {{conditionKeyName}} and actions for services with the following prefixes does not affect the policy: {{serviceNames}}. Actions for the listed service are not allowed by this statement. We recommend that you move these actions to a different statement without this condition key.",
		Doc: `Calls of these actions never carry aws:ResourceTag, so the statement never allows them. Move them to a statement without the
condition. …IfExists and negated operators are no way out: they allow the actions always.

Silent: a service of which one of the statement's actions carries the tags; "*"; negated operators, …IfExists, Null and
ForAllValues, which are another matter.

Source: Service Authorization Reference, tables "Actions" and "Resource types".`,
		Bad: `{"Effect": "Allow", "Action": ["ec2:StartInstances", "iam:ListUsers"], "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		run: func(p *Pass) {
			p.reportTags(func(s *Statement) bool { return s.Allow && s.Action != nil },
				"No call of these actions of %s carries the tags of a resource, so this never allows them: move them to a statement without this condition.")
		},
	}
	allowNotActionWithTag = &Check{
		Code: "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", Severity: Suggestion, Title: "Allow by tag of all but some actions",
		Detail: "Using the effect Allow with NotAction and the tag condition key {{conditionKeyName}} allows only service actions that support the condition key. The condition key doesn't apply to some service actions. We recommend that you use Action instead of NotAction.",
		Doc: `NotAction covers actions whose calls never carry aws:ResourceTag: the statement does not allow those. List with Action what it is
about.

Silent: negated operators, …IfExists, Null and ForAllValues.

Source: Service Authorization Reference.`,
		Bad: `{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		Good: `{"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}`,
		run: func(p *Pass) {
			p.reportTagsNotAction(func(s *Statement) bool { return s.Allow }, "Many actions never carry the tags of a resource, so this does not allow them: list with Action what it is about.")
		},
	}
)

// asksForTag tells whether a condition matches only calls that carry a tag of the resource.
func (k *testedKey) asksForTag() bool {
	return k.known != nil && strings.HasPrefix(k.Name, "aws:resourcetag/") && !k.Negated && !k.IfExists && k.Set != ForAllValues &&
		k.Family != NullFamily && k.Family != UnknownFamily
}

// reportTags reports the conditions on resource tags of the statements that are meant, each with the services of which no action in
// the statement carries them.
func (p *Pass) reportTags(meant func(*Statement) bool, format string) {
	keys := p.testedKeys()
	list, at := []grant(nil), 0
	var of *Statement // that without is about
	var without []string
	for i := range keys {
		k := &keys[i]
		if !k.asksForTag() || !meant(k.s) {
			continue
		}
		if list == nil {
			list = p.allGrants()
		}
		for at < len(list) && list[at].s.Index < k.s.Index {
			at++
		}
		if of != k.s {
			of, without = k.s, servicesWithout(list[at:], k.s)
		}
		if len(without) > 0 {
			p.ReportKey(k.Key, fmt.Sprintf(format, listed(without, 5)), "conditionKeyName", "aws:ResourceTag", "serviceNames", strings.Join(without, ", "))
		}
	}
}

// servicesWithout are the services of which no action that the grants of a statement cover carries the tags of a resource. The grants
// begin with the statement's.
func servicesWithout(list []grant, s *Statement) []string {
	type use struct {
		service string
		carried bool
	}
	var uses []use
	for i := range list {
		g := &list[i]
		if g.s != s {
			break
		}
		if g.all || len(g.actions) == 0 {
			continue
		}
		at := -1
		for j := range uses {
			if uses[j].service == g.Service {
				at = j
			}
		}
		if at < 0 {
			at = len(uses)
			uses = append(uses, use{service: g.Service})
		}
		for _, a := range g.actions {
			if uses[at].carried {
				break
			}
			uses[at].carried = carriesTags(a)
		}
	}
	var without []string
	for _, u := range uses {
		if !u.carried {
			without = append(without, u.service)
		}
	}
	return without
}

// carriesTags tells whether calls of an action can carry the tags of a resource.
func carriesTags(a *catalog.Action) bool {
	if severalPages(a.Service.Prefix) || isTagKey(a.Keys) {
		return true
	}
	for i := range a.Resources {
		if r := &a.Resources[i]; isTagKey(r.Keys) || isTagKey(r.Type.Keys) {
			return true
		}
	}
	return false
}

func isTagKey(keys []*catalog.Key) bool {
	for _, k := range keys {
		if strings.HasPrefix(k.Name, "aws:ResourceTag/") {
			return true
		}
	}
	return false
}

func (p *Pass) reportTagsNotAction(meant func(*Statement) bool, message string) {
	keys := p.testedKeys()
	for i := range keys {
		if k := &keys[i]; k.asksForTag() && k.s.NotAction != nil && k.s.Action == nil && meant(k.s) {
			p.ReportKey(k.Key, message, "conditionKeyName", "aws:ResourceTag")
		}
	}
}
