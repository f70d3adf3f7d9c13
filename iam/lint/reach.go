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
			if r := &s.Resources[i]; r.stars || r.unknown() || r.wholeService(a.Service.Prefix) {
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
	gs := p.grants
	if gs.takesOf != s {
		gs.takesOf, gs.takes = s, gs.takes[:0]
	}
	for i := range gs.takes {
		if gs.takes[i].t == t {
			return gs.takes[i].takes
		}
	}
	takes := false
	for i := range s.Resources {
		if takes = p.isOf(&s.Resources[i], t); takes {
			break
		}
	}
	gs.takes = append(gs.takes, typeTaken{t, takes})
	return takes
}

func (p *Pass) isOf(r *Resource, t *catalog.ResourceType) bool {
	if r.Any || r.Fields < 6 || r.is == t || !p.grants.spend(len(t.Formats)*(1+len(r.Text)/64)) {
		return true
	}
	for i := range t.Formats {
		if follows(r, i, t) {
			r.is = t
			return true
		}
	}
	return false
}

// follows compares with one of the type's formats, field by field. IAM's "*" runs on beyond the colon, so that
// arn:aws:events:*:*:destination/x would cover an API destination with the name y:destination/x; nobody means that, and services do
// not take such names.
func follows(r *Resource, format int, t *catalog.ResourceType) bool {
	f := splitFormat(t.Formats[format])
	if !r.meetsHead(&f) {
		return false
	}
	// Lambda authorizes a call of a version or an alias on its ARN, and the reference has the function alone for it.
	if r.Service == "lambda" && t.Name == "function" && strings.HasPrefix(r.Name, "function:") {
		return true
	}
	// What is left is the resource itself; the type knows more about its names than the format says.
	if len(t.Formats) == 1 {
		return t.IntersectsResource(format, r.Name)
	}
	return t.Intersects(sample(f) + r.Name)
}

// meetsHead tells whether the fields in front of the resource can be those of a format.
func (r *Resource) meetsHead(format *[6]string) bool {
	return meetField(r.Service, format[2]) && meetField(r.Partition, format[1]) && meetField(r.Region, format[3]) && meetField(r.Account, format[4])
}

// usualHead is what nearly all formats have behind their service.
const usualHead = "${Region}:${Account}:"

// splitFormat is splitARN for a format, whose placeholders have no colons.
func splitFormat(format string) (f [6]string) {
	for i := range 3 {
		f[i], format, _ = strings.Cut(format, ":")
	}
	if rest, usual := strings.CutPrefix(format, usualHead); usual {
		f[3], f[4], f[5] = "${Region}", "${Account}", rest
		return f
	}
	f[3], format, _ = strings.Cut(format, ":")
	f[4], f[5], _ = strings.Cut(format, ":")
	return f
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
	if pattern == format {
		return true
	}
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
