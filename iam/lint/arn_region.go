package lint

import "fmt"

var (
	arnRegionNotAllowed = &Check{
		Code: "ARN_REGION_NOT_ALLOWED", Severity: Error, Title: "ARN has a Region where there is none",
		Detail: "The service {{service}} does not support specifying a Region in the resource ARN.",
		Doc: `ARNs of this kind have no Region, so the pattern matches no resource: the Allow grants nothing, the Deny does not apply.

Silent: wildcards that may stand for nothing, policy variables, placeholders; a resource that can be of another type with a Region.

Source: Service Authorization Reference, tables "Resource types".`,
		Bad:  `{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam:eu-west-2:111122223333:role/reader"}`,
		Good: `{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/reader"}`,
		run: func(p *Pass) {
			p.reportARNFaults(regionForbidden, func(f *arnFault) {
				start, length := f.r.field(3)
				finding := p.ReportPart(f.r.Node, start, length, fmt.Sprintf("The ARN of a %s %s has no Region: leave the field empty.", f.r.Service, f.t.Name), "service", f.r.Service)
				edits, ok := replace(f.r.Node, f.r.Text[:start]+f.r.Text[start+length:])
				finding.riskyFix("remove the Region", edits, ok)
			})
		},
	}
	missingARNRegion = &Check{
		Code: "MISSING_ARN_REGION", Severity: Error, Title: "ARN lacks the Region",
		Detail: "Add a Region to the {{service}} resource ARN.",
		Doc: `ARNs of this kind have a Region, so a pattern without one matches no resource: the Allow grants nothing, the Deny does not apply.
Write the Region, or *.

Silent: a resource that can be of another type without a Region.

Source: Service Authorization Reference, tables "Resource types".`,
		Bad:  `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs::111122223333:orders"}`,
		Good: `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:111122223333:orders"}`,
		run: func(p *Pass) {
			p.reportARNFaults(regionMissing, func(f *arnFault) {
				p.Report(f.r.Node, fmt.Sprintf("The ARN of a %s %s has a Region: write it in the fourth field, or *.", f.r.Service, f.t.Name), "service", f.r.Service)
			})
		},
	}
	invalidARNRegion = &Check{
		Code: "INVALID_ARN_REGION", Severity: Error, Title: "Region in an ARN does not exist",
		Detail: "The Region {{region}} is not valid for this resource. Update the resource ARN to include a supported Region.",
		Doc: `There is no such Region, or it belongs to another partition than the ARN. The pattern matches no resource.

A Region that may be newer than the list is a warning with the list's date, where Access Analyzer has an error; its output format keeps the
error.

Silent: wildcards, policy variables, placeholders. Which services exist in which Region is not looked at.

Source: the list of Regions of the AWS SDKs.`,
		Bad:  `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west:111122223333:orders"}`,
		Good: `{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:111122223333:orders"}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for i := range s.Resources {
					r := &s.Resources[i]
					if r.Fields < 6 || r.Prefix != "arn" || r.Region == "" || isRegionOf(r.Region, r.Partition) {
						continue
					}
					if verdict := judgeRegion(r.Region, r.Partition); verdict.wrong && !r.Placeholder() && p.fixedRegion(r) {
						start, length := r.field(3)
						p.ReportPart(r.Node, start, length, verdict.message, "region", r.Region).Severity = verdict.severity
					}
				}
			}
		},
	}
)

// fixedRegion tells whether the Region of a resource is meant to be one. Some formats have a word there, such as global.
func (p *Pass) fixedRegion(r *Resource) bool {
	service, ok := p.Catalog.Service(r.Service)
	if !ok {
		return true
	}
	for i := range service.Types {
		for _, format := range service.Types[i].Formats {
			if splitARN(format)[3] == r.Region {
				return false
			}
		}
	}
	return true
}
