package lint

import (
	"strings"

	"trunkline/iam/catalog"
)

// An arnFault is a resource whose ARN is not written as those of its service are.
type arnFault struct {
	r     *Resource
	t     *catalog.ResourceType // what it seems to be; nil when it is like none
	fault fault
}

type fault uint8

const (
	regionForbidden fault = 1 << iota // the type has no Region in its ARNs, and there is one
	regionMissing                     // the other way round
	accountForbidden
	accountMissing
	noSuchResource // the resource part is like that of no type
)

// arnFaults lists the resources with faults. Where a resource can be of several types, one that it fits is enough to be silent.
func (p *Pass) arnFaults() []arnFault {
	k := &p.known
	if k.hasFaults {
		return k.faults
	}
	k.hasFaults = true
	var service *catalog.Service // of the last resource: policies write them side by side
	for s := range p.Each() {
		for i := range s.Resources {
			r := &s.Resources[i]
			// The paths of API Gateway's second version stand on a page of their own.
			if r.Fields < 6 || r.Prefix != "arn" || special(r.Service) || severalPages(r.Service) || r.Service == "apigateway" || ownedByAWS(r.Account) {
				continue
			}
			if service == nil || service.Prefix != r.Service {
				service, _ = p.Catalog.Service(r.Service)
			}
			j := judgement{r: r, fewest: noSuchResource}
			if service != nil && j.types(service) || p.namedTypes(s, service, &j) {
				continue
			}
			if !j.compared || j.fewest == noSuchResource && (j.begun || r.Placeholder()) {
				continue // of no type that is known, or of one whose names have more parts than the reference says
			}
			if len(k.faults) < MaxFindings {
				k.faults = append(k.faults, arnFault{r, j.t, j.fewest})
			}
		}
	}
	return k.faults
}

// namedTypes compares with the types of other services that the statement names: a type's ARN may have another service in it than
// its prefix.
func (p *Pass) namedTypes(s *Statement, but *catalog.Service, j *judgement) (fits bool) {
	if len(p.known.faults) >= MaxFindings {
		return true // nothing more is reported, so nothing need be found out
	}
	const many = 32 // actions in one statement, more than anybody writes
	for i := range s.Actions[:min(len(s.Actions), many)] {
		a := &s.Actions[i]
		if i > 0 && a.Service == s.Actions[i-1].Service || but != nil && a.Service == but.Prefix {
			continue
		}
		if service, ok := p.Catalog.Service(a.Service); ok && j.types(service) {
			return true
		}
	}
	return false
}

// A judgement compares one resource with types.
type judgement struct {
	r        *Resource
	compared bool // with at least one type that has the service in its ARNs
	begun    bool // the resource part begins like that of a type
	t        *catalog.ResourceType
	fewest   fault // of the type it is most like
}

// types compares with the types of a service and tells whether the resource fits one. Nearly all do, so that comes first: the
// literal text that the resource part begins with, and whether Region and account are there.
func (j *judgement) types(service *catalog.Service) (fits bool) {
	begun := j.begun
	for i := range service.Types {
		for _, format := range service.Types[i].Formats {
			f := cutFormat(format)
			if f.service != j.r.Service {
				if f.service != "" && f.service[0] == '$' && service.Prefix == j.r.Service {
					return true // recovery points of AWS Backup have the service in their ARNs that they are of
				}
				continue
			}
			j.compared = true
			if j.r.Name == "" || differ(f.resource, j.r.Name) {
				continue
			}
			begun = true
			if j.compare(&f) == 0 {
				return true
			}
		}
	}
	j.begun = begun
	if !begun {
		return false
	}
	for i := range service.Types {
		t := &service.Types[i]
		for _, format := range t.Formats {
			f := cutFormat(format)
			if f.service != j.r.Service || differ(f.resource, j.r.Name) || !t.Intersects(sample(splitARN(format))+j.r.Name) {
				continue
			}
			if found := j.compare(&f); j.fewest == noSuchResource || found < j.fewest {
				j.t, j.fewest = t, found
			}
		}
	}
	return false
}

// compare looks at the Region and the account.
func (j *judgement) compare(f *formatFields) fault {
	var found fault
	switch {
	case f.region == "" && !possiblyEmpty(j.r.Region):
		found |= regionForbidden
	case f.region != "" && j.r.Region == "":
		found |= regionMissing
	}
	switch {
	case f.account == "" && !possiblyEmpty(j.r.Account):
		found |= accountForbidden
	case f.account != "" && j.r.Account == "" && !withoutAccount(j.r):
		found |= accountMissing
	}
	return found
}

// possiblyEmpty tells whether the field of a pattern can stand for nothing.
func possiblyEmpty(field string) bool {
	return field == "" || strings.Trim(field, "*") == "" || strings.Contains(field, "${") || hasPlaceholder(field)
}

// withoutAccount tells whether a resource may be one that AWS publishes, which has no account although the customers' own ones have:
// arn:aws:ssm:eu-west-2::document/AWS-StartSSHSession. The list errs on the side of silence.
func withoutAccount(r *Resource) bool {
	switch r.Service {
	case "ssm":
		return strings.HasPrefix(r.Name, "document/") || strings.HasPrefix(r.Name, "parameter/") || strings.HasPrefix(r.Name, "automation-definition/") || Wild(r.Name)
	case "bedrock", "ec2", "elasticbeanstalk", "imagebuilder", "lambda", "license-manager", "sagemaker", "securityhub", "servicecatalog":
		return true
	}
	return false
}

// formatFields are the fields of a type's ARN that a resource is compared with.
type formatFields struct{ service, region, account, resource string }

func cutFormat(format string) (f formatFields) {
	_, format, _ = strings.Cut(format, ":") // arn
	_, format, _ = strings.Cut(format, ":") // partition
	f.service, format, _ = strings.Cut(format, ":")
	f.region, format, _ = strings.Cut(format, ":")
	f.account, f.resource, _ = strings.Cut(format, ":")
	return f
}

// differ tells whether a format and a pattern begin with literal text that is not the same: most types are out at their first letter.
func differ(format, pattern string) bool {
	for i := range min(len(format), len(pattern)) {
		f, c := format[i], pattern[i]
		if f == '$' || f == '*' || c == '*' || c == '?' || c == '$' || c == '<' || c == '{' {
			return false
		}
		if f != c {
			return true
		}
	}
	return false
}

// reportARNFaults reports the resources with one fault, at a field of the ARN.
func (p *Pass) reportARNFaults(which fault, report func(f *arnFault)) {
	faults := p.arnFaults()
	for i := range faults {
		if faults[i].fault&which != 0 {
			report(&faults[i])
		}
	}
}

// field is where a field of an ARN stands in it, counted from 0.
func (r *Resource) field(n int) (start, length int) {
	fields := [...]string{r.Prefix, r.Partition, r.Service, r.Region, r.Account, r.Name}
	for _, f := range fields[:n] {
		start += len(f) + 1
	}
	return start, len(fields[n])
}
