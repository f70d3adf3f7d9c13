package lint

import "strings"

var invalidRegion = &Check{
	Code: "INVALID_REGION", Severity: Error, Title: "Region in a condition does not exist",
	Detail: "The Region {{region}} is not valid. Update the condition value to a supported Region.",
	Doc: `A value of aws:RequestedRegion or ec2:Region is no Region, so the condition never matches it: a Deny for all other Regions denies
this one too.

A Region that may be newer than the list is a warning with the list's date, where Access Analyzer has an error; its output format keeps the
error.

Silent: wildcards under StringLike, policy variables, placeholders.

Source: the list of Regions of the AWS SDKs.`,
	Bad: `{"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-2", "eu_west_1"]}}}`,
	Good: `{"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*",
 "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-2", "eu-west-1"]}}}`,
	run: func(p *Pass) {
		keys := p.testedKeys()
		for i := range keys {
			k := &keys[i]
			if k.Name != "aws:requestedregion" && k.Name != "ec2:region" || k.Family != StringFamily {
				continue
			}
			for _, value := range k.Values {
				name := value.Text
				if strings.HasSuffix(k.Base, "IgnoreCase") {
					name = strings.ToLower(name)
				}
				if regionPartition(name) != "" || strings.HasSuffix(name, "-global") { // aws-global: what the SDKs call no Region
					continue
				}
				if verdict := judgeRegion(name, ""); verdict.wrong && !hasPlaceholder(value.Text) {
					p.Report(value, verdict.message, "region", name).Severity = verdict.severity
				}
			}
		}
	},
}
