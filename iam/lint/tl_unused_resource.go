package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

var unusedResource = &Check{
	Code: "TL_UNUSED_RESOURCE", Severity: Warning, Title: "Resource that no action of the statement takes",
	Doc: `No action of the statement is authorized on resources of this kind, so the resource does nothing. Most often the
type is misspelt ("destination/" for "api-destination/"), or the actions that were meant for it are missing.

To mend it, correct the type, add the missing actions, or remove the resource.

Silent when an action of the statement is unknown to the catalogue, for NotAction, for resources that AWS owns, and when no action of the statement is granted at
all, which TL_ACTION_WITHOUT_RESOURCE_TYPE reports.

Source: Service Authorization Reference, tables "Actions" and "Resource types".`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "events:DescribeApiDestination",
  "Resource": ["arn:aws:events:*:111122223333:api-destination/upload/*", "arn:aws:events:*:111122223333:destination/upload/*"]}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "events:DescribeApiDestination",
  "Resource": "arn:aws:events:*:111122223333:api-destination/upload/*"}]}`,
	run: func(p *Pass) {
		if p.Type == iam.TrustPolicy {
			return
		}
		for grants := range p.grantsByStatement() {
			p.unusedResources(grants)
		}
	},
}

// unusedResources looks at one statement, given its grants.
func (p *Pass) unusedResources(grants []grant) {
	s := grants[0].s
	if s.Resource == nil || len(s.Resources) < 2 || s.any() { // one resource alone: the actions are dead then
		return
	}
	for i := range grants {
		if len(grants[i].actions) == 0 || severalPages(grants[i].Service) {
			return
		}
	}
	var unused []*Resource
	used := 0
	for i := range s.Resources {
		r := &s.Resources[i]
		switch {
		case r.Fields < 6 || r.Prefix != "arn" || r.Account == "aws": // what AWS owns is asked for beside the types of the reference
		case p.used(r, grants):
			used++
		default:
			unused = append(unused, r)
		}
	}
	if used == 0 {
		return
	}
	var types []*catalog.ResourceType
	for _, r := range unused {
		if types == nil {
			for i := range grants {
				for _, t := range typesOf(grants[i].actions) {
					types = appendNew(types, t)
				}
			}
		}
		p.Report(r.Node, "no action of this statement is authorized on a resource of this kind, so it does nothing: "+p.advice(r, types))
	}
}

// used tells whether an action takes a resource.
func (p *Pass) used(r *Resource, grants []grant) bool {
	var last *catalog.ResourceType // most actions of a service take the same one
	for i := range grants {
		for _, a := range grants[i].actions {
			for j := range a.Resources {
				if t := a.Resources[j].Type; t != last {
					if p.isOf(r, t) {
						return true
					}
					last = t
				}
			}
		}
	}
	return false
}

// advice says what the resource may have been meant as: a type whose ARN goes on like it, or one of the same service.
func (p *Pass) advice(r *Resource, types []*catalog.ResourceType) string {
	service, ok := p.Catalog.Service(r.Service)
	if !ok {
		return "remove it, or add the actions that it is for"
	}
	kind := firstWord(r.Name)
	for i := range service.Types {
		for _, format := range service.Types[i].Formats {
			parts := strings.SplitN(format, ":", 6)
			if len(parts) < 6 {
				continue
			}
			known := firstWord(parts[5])
			if kind != "" && known != kind && (strings.HasSuffix(known, "-"+kind) || strings.HasSuffix(kind, "-"+known) || strings.EqualFold(known, kind)) {
				return fmt.Sprintf("write %s instead of %s, which is no resource type of %s", known, kind, service.Prefix)
			}
		}
	}
	var same []string
	for _, t := range types {
		for _, format := range t.Formats {
			if parts := strings.SplitN(format, ":", 4); len(parts) == 4 && parts[2] == r.Service {
				same = append(same, typeName(t))
				break
			}
		}
	}
	if len(same) == 0 {
		return "remove it, or add the actions of " + service.Prefix + " that it is for"
	}
	return "remove it, or write one of type " + listed(same, 3)
}

// firstWord is what the resource part of an ARN begins with, up to the separator; empty when it holds a wildcard or a variable.
func firstWord(name string) string {
	if i := strings.IndexAny(name, "/:"); i >= 0 {
		name = name[:i]
	}
	if strings.ContainsAny(name, "*?${}<>") {
		return ""
	}
	return name
}
