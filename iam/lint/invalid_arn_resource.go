package lint

import (
	"fmt"
	"strings"
)

var invalidARNResource = &Check{
	Code: "INVALID_ARN_RESOURCE", Severity: Error, Title: "Resource is like none of its service",
	Detail: "Resource ARN does not match the expected ARN format. Update the resource portion of the ARN.",
	Doc: `The service has no resource type whose ARN goes on like this behind the account, so the pattern matches no resource: the Allow
grants nothing, the Deny does not apply.

The type may be newer than the catalogue. The finding is therefore a warning with the catalogue's date, where Access Analyzer has an error;
its output format keeps the error.

Silent: placeholders; wildcards that may stand for the right text; ARNs that begin like one of a type and go on otherwise, for the
reference does not show all parts of all names; services of which the reference has no resource type, or several pages.

Source: Service Authorization Reference, tables "Resource types".`,
	Bad:  `{"Effect": "Allow", "Action": "events:UpdateApiDestination", "Resource": "arn:aws:events:eu-west-2:111122223333:destination/upload/*"}`,
	Good: `{"Effect": "Allow", "Action": "events:UpdateApiDestination", "Resource": "arn:aws:events:eu-west-2:111122223333:api-destination/upload/*"}`,
	run: func(p *Pass) {
		p.reportARNFaults(noSuchResource, func(f *arnFault) {
			message := fmt.Sprintf("%s had no resource type with such ARNs as of %s: check what stands behind the account.", f.r.Service, p.asOf())
			if advice := p.advice(f.r, nil); strings.HasPrefix(advice, "write ") {
				message = strings.ToUpper(advice[:1]) + advice[1:] + "."
			}
			p.Report(f.r.Node, message).Severity = Warning
		})
	},
}
