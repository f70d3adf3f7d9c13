package lint

import (
	"slices"
	"strings"

	"trunkline/iam/catalog"
)

// A reach says what the resources of a statement are for an action.
type reach uint8

const (
	granted    reach = iota // one is of a type that the action takes, or it cannot be known
	needsStar               // the action takes no type: "*" is needed, and not there
	otherTypes              // the action takes other types
)

func (p *Pass) reach(s *Statement, a *catalog.Action) reach {
	if s.Resource == nil || len(s.Resources) == 0 || severalPages(a.Service.Prefix) {
		return granted
	}
	if a.ResourceLess() {
		if !p.grants.spend(len(s.Resources)) {
			return granted
		}
		for i := range s.Resources {
			if r := &s.Resources[i]; strings.Trim(r.Text, "*") == "" || r.unknown() || r.wholeService(a.Service.Prefix) {
				return granted
			}
		}
		return needsStar
	}
	for i := range a.Resources {
		if p.takes(s, a.Resources[i].Type) {
			return granted
		}
	}
	return otherTypes
}

// severalPages tells whether the reference describes a service on several pages, of which the catalogue's actions have the types of
// one: nothing can be said of what they do not take.
func severalPages(prefix string) bool {
	switch prefix {
	case "elasticloadbalancing", "greengrass", "kinesisanalytics", "aws-marketplace":
		return true
	}
	return false
}

// wholeService tells whether a resource is everything of a service: arn:aws:s3:::*. The documentation says that it does not grant
// actions without a type, and older examples of S3 use it for s3:ListAllMyBuckets.
func (r *Resource) wholeService(prefix string) bool {
	return r.Service == prefix && r.Name != "" && strings.Trim(r.Name, "*") == ""
}

// unknown tells whether nothing can be said about what a resource is: a placeholder or a variable for all of it that is not called
// an ARN, or text that is no ARN at all, which other checks report.
func (r *Resource) unknown() bool {
	if r.Fields == 6 && r.Prefix == "arn" {
		return false
	}
	if len(r.Text) > 2 && (r.Text[0] == '{' || r.Text[0] == '<') && strings.IndexAny(r.Text, "}>") == len(r.Text)-1 {
		words := strings.FieldsFunc(strings.ToLower(r.Text), func(c rune) bool { return c < 'a' || c > 'z' })
		return !slices.Contains(words, "arn")
	}
	return true
}

// reaches are what the resources of a grant's statement are for the actions that it covers.
func (p *Pass) reaches(g *grant) []reach {
	if g.reached == nil {
		g.reached = make([]reach, len(g.actions))
		if g.s.Resource != nil && !g.s.any() {
			for i, a := range g.actions {
				g.reached[i] = p.reach(g.s, a)
			}
		}
	}
	return g.reached
}

// takes tells whether a resource of the statement can be of a type.
func (p *Pass) takes(s *Statement, t *catalog.ResourceType) bool {
	key := typeOfStatement{s, t}
	takes, known := p.grants.reached[key]
	if !known {
		for i := range s.Resources {
			if takes = p.isOf(&s.Resources[i], t); takes {
				break
			}
		}
		if p.grants.reached == nil {
			p.grants.reached = make(map[typeOfStatement]bool)
		}
		p.grants.reached[key] = takes
	}
	return takes
}

func (p *Pass) isOf(r *Resource, t *catalog.ResourceType) bool {
	if r.Any || r.Fields < 6 || !p.grants.spend(len(t.Formats)*(1+len(r.Text)/64)) {
		return true
	}
	for _, format := range t.Formats {
		if p.follows(r, format, t) {
			return true
		}
	}
	return false
}

// follows compares field by field. IAM's "*" runs on beyond the colon, so that arn:aws:events:*:*:destination/x would cover an API
// destination with the name y:destination/x; nobody means that, and services do not take such names.
func (p *Pass) follows(r *Resource, format string, t *catalog.ResourceType) bool {
	h := p.grants.fit(r, format)
	// Lambda authorizes a call of a version or an alias on its ARN, and the reference has the function alone for it.
	if h.fits && r.Service == "lambda" && t.Name == "function" && strings.HasPrefix(r.Name, "function:") {
		return true
	}
	// What is left is the resource itself; the type knows more about its names than the format says.
	return h.fits && t.Intersects(h.text)
}

// A fit says whether a resource can be of a format, as far as the head of the ARN goes.
type fit struct {
	of   *Resource
	head string // of the format, up to the resource
	fits bool
	text string // the resource with a head of that format in the place of its own
}

// fit compares the head of a format with a resource's, or finds that done: most types of a service have the same.
func (gs *grants) fit(r *Resource, format string) *fit {
	for i := range gs.fits {
		if h := &gs.fits[i]; h.of == r && strings.HasPrefix(format, h.head) {
			return h
		}
	}
	gs.oldest = (gs.oldest + 1) % len(gs.fits)
	h := &gs.fits[gs.oldest]
	f := splitARN(format)
	*h = fit{of: r, head: format[:len(format)-len(f[5])]}
	h.fits = meetField(r.Partition, f[1]) && meetField(r.Service, f[2]) && meetField(r.Region, f[3]) && meetField(r.Account, f[4])
	if h.fits {
		h.text = sample(f) + r.Name
	}
	return h
}

// splitARN splits into six fields; the last keeps its colons.
func splitARN(arn string) [6]string {
	var f [6]string
	rest := arn
	for i := range 5 {
		at := colon(rest)
		if at < 0 {
			f[i] = rest
			return f
		}
		f[i], rest = rest[:at], rest[at+1:]
	}
	f[5] = rest
	return f
}

// meetField tells whether a field of a pattern can be that of a format, in which a placeholder is never empty.
func meetField(pattern, format string) bool {
	if strings.HasPrefix(format, "${") {
		return pattern != ""
	}
	return meet(pattern, format)
}

// sample is the head of an ARN of a format, up to the resource.
func sample(f [6]string) string {
	for i, field := range f[:5] {
		if strings.HasPrefix(field, "${") {
			f[i] = "x"
		}
	}
	return strings.Join(f[:5], ":") + ":"
}
