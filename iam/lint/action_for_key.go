package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

var (
	unsupportedActionForKey = &Check{
		Code: "UNSUPPORTED_ACTION_FOR_CONDITION_KEY", Severity: Error, Title: "Action without the key that a condition asks for",
		Detail: "The following actions: {{actions}} are not supported by the condition key {{key}}. The condition will not be evaluated for these actions. We recommend that you move these actions to a different statement without this condition key.",
		Doc: `Calls of these actions do not carry the key of their service that the condition asks for: the condition never matches, or negated always. Move
them to a statement without it.

The reference does not list every key that is sent. The finding is therefore a warning, where Access Analyzer has an error; its output format
keeps the error.

Silent: actions written with wildcards; services described on several pages; sts, of which one call is decided by several
actions with the same keys; keys of other services than the action's, which a session may carry; Null, …IfExists
and ForAllValues, with which a statement may be meant for calls with and without the key; a key that the reference lists for no action of the service.

Source: Service Authorization Reference, tables "Actions" and "Resource types".`,
		Bad: `{"Effect": "Allow", "Action": ["iam:PassRole", "iam:GetRole"], "Resource": "arn:aws:iam::111122223333:role/reader",
 "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}`,
		Good: `{"Version": "2012-10-17", "Statement": [
 {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/reader"},
 {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/reader",
  "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}]}`,
		run: func(p *Pass) {
			keys, list := p.testedKeys(), p.allGrants()
			at := 0 // of the first grant of the key's statement: both come in the order of the statements
			for i := range keys {
				k := &keys[i]
				for at < len(list) && list[at].s.Index < k.s.Index {
					at++
				}
				if k.known == nil || k.Family == NullFamily || k.Family == UnknownFamily || k.IfExists || k.Set == ForAllValues || k.claim() {
					continue
				}
				prefix := k.prefix()
				if prefix == "aws" || prefix == "sts" || severalPages(prefix) || k.known.Presence != catalog.Unstated {
					continue
				}
				var without []string
				for j := at; j < min(len(list), at+manyActions) && list[j].s == k.s; j++ {
					if g := &list[j]; !g.Wild && g.Service == prefix && len(g.actions) == 1 && !carries(g.actions[0], k.known) {
						without = append(without, g.Text)
					}
				}
				if len(without) > 0 && listedSomewhere(p.Catalog, prefix, k.known) {
					p.ReportKey(k.Key, fmt.Sprintf("Calls of %s carried no %s as of %s: move them to a statement without this condition.", listed(without, 5), k.Key.Text, p.asOf()),
						"actions", strings.Join(without, ", "), "key", k.Key.Text).Severity = Warning
				}
			}
		},
	}
	missingActionForKey = &Check{
		Code: "MISSING_ACTION_FOR_CONDITION_KEY", Severity: Error, Title: "Action that sets a key is not allowed",
		Detail: "The {{actionName}} action must be in the action block to allow setting values for the condition key {{keyName}}. Add {{actionName}} to the action block.",
		Doc: `Whoever assumes the role can give the session a source identity or tags only when the trust policy allows sts:SetSourceIdentity
or sts:TagSession. Without it a call that carries the key is denied, and one that does not fails the condition: nobody can assume the role.

The pairs of key and action are not published; these are the ones that the documentation of session tags and source identity describes.

Silent: the action anywhere in the policy, also by a pattern; negated operators, Null, …IfExists and ForAllValues.

Source: IAM User Guide, Pass session tags in AWS STS, and Monitor and control actions taken with assumed roles.`,
		Type: iam.TrustPolicy,
		Bad: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": "sts:AssumeRole",
 "Condition": {"StringLike": {"sts:SourceIdentity": "ci-*"}}}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
 "Condition": {"StringLike": {"sts:SourceIdentity": "ci-*"}}}`,
		run: func(p *Pass) {
			if p.Type != iam.TrustPolicy {
				return
			}
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if !k.s.Allow || k.Negated || k.Family == NullFamily || k.IfExists || k.Set == ForAllValues {
					continue
				}
				action := ""
				switch {
				case k.Name == "sts:sourceidentity":
					action = "SetSourceIdentity"
				case k.Name == "sts:transitivetagkeys", strings.HasPrefix(k.Name, "aws:requesttag/"):
					action = "TagSession"
				}
				if action == "" || len(k.s.Actions) == 0 || k.s.Action == nil || p.allowsAnywhere("sts", action) {
					continue
				}
				p.ReportKey(k.Key, fmt.Sprintf("Nothing allows sts:%s, so nobody can send %s: add it to Action.", action, k.Key.Text), "actionName", "sts:"+action, "keyName", k.Key.Text)
			}
		},
	}
)

// manyActions is how many actions of a statement are looked at for each key: more than anybody writes.
const manyActions = 512

// carries tells whether calls of an action carry a key of its service: listed for the action, for a resource type, or for the
// action on one.
func carries(a *catalog.Action, key *catalog.Key) bool {
	if hasKey(a.Keys, key) {
		return true
	}
	for i := range a.Resources {
		if r := &a.Resources[i]; hasKey(r.Keys, key) || hasKey(r.Type.Keys, key) {
			return true
		}
	}
	return false
}

func hasKey(keys []*catalog.Key, key *catalog.Key) bool {
	for _, k := range keys {
		if k == key || k.Name == key.Name {
			return true
		}
	}
	return false
}

// listedSomewhere tells whether the reference lists a key for any action of a service. Some it only describes.
func listedSomewhere(c *catalog.Catalog, prefix string, key *catalog.Key) bool {
	service, ok := c.Service(prefix)
	if !ok {
		return false
	}
	for i := range service.Actions {
		if carries(&service.Actions[i], key) {
			return true
		}
	}
	return false
}

// allowsAnywhere tells whether a statement of the policy allows an action to somebody.
func (p *Pass) allowsAnywhere(service, name string) bool {
	for g := range p.covering(service, name) {
		if g.s.Allow {
			return true
		}
	}
	for s := range p.Each() {
		if s.Allow && s.NotAction != nil {
			return true
		}
	}
	return false
}
