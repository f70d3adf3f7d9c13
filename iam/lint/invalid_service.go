package lint

import (
	"fmt"
	"strings"
)

var (
	invalidService = &Check{
		Code: "INVALID_SERVICE", Severity: Error, Title: "Service does not exist",
		Detail: "The service {{service}} does not exist. Use a valid service name.",
		Doc: `No service has this prefix, and none has one like it. In an action it grants and denies nothing, a condition key with it is in no
request. IAM stores the policy all the same.

The service may be newer than the catalogue. The finding is therefore a warning with the catalogue's date, where Access Analyzer has an error;
its output format keeps the error.

Silent: placeholders; condition keys of identity providers, whose prefix is the name of a host.

Source: Service Authorization Reference.`,
		Bad:  `{"Effect": "Allow", "Action": "frobnication:GetObject", "Resource": "*"}`,
		Good: `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`,
		run: func(p *Pass) {
			report := "There was no service with the prefix %s as of %s: check it in the Service Authorization Reference."
			for _, a := range p.unknownActions() {
				if a.service != nil {
					continue
				}
				if _, near := p.Catalog.NearestService(a.Service); !near { // otherwise INVALID_SERVICE_IN_ACTION
					p.Report(a.Node, fmt.Sprintf(report, a.Service, p.asOf()), "service", a.Service).Severity = Warning
				}
			}
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				prefix := k.prefix()
				if k.known != nil || k.Placeholder || k.claim() || len(prefix) == len(k.Name) || !validPrefix(prefix) || strings.Contains(prefix, "*") || prefix == "aws" {
					continue
				}
				if _, ok := p.Catalog.Service(prefix); !ok {
					p.ReportKey(k.Key, fmt.Sprintf(report, prefix, p.asOf()), "service", prefix).Severity = Warning
				}
			}
		},
	}
	invalidServiceInAction = &Check{
		Code: "INVALID_SERVICE_IN_ACTION", Severity: Error, Title: "Service in an action does not exist",
		Detail: "The service {{service}} specified in the action does not exist. Did you mean {{service2}}?",
		Doc: `No service has this prefix, and one has a prefix like it, or is called so in its SDK: qconnect is wisdom in policies. IAM stores
the policy all the same, and the action grants and denies nothing.

The fix writes the prefix that was probably meant, when it has the action. It changes what the policy grants, so it is not made
unasked.

A prefix with capital letters works, for IAM compares actions without regard to case: it is a suggestion, with a safe fix, where Access
Analyzer has an error; its output format keeps the error.

Silent: placeholders; a prefix that is like none, which INVALID_SERVICE reports.

Source: Service Authorization Reference.`,
		Bad:  `{"Effect": "Allow", "Action": "app-integartions:DeleteEventIntegration", "Resource": "*"}`,
		Good: `{"Effect": "Allow", "Action": "app-integrations:DeleteEventIntegration", "Resource": "*"}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for i := range s.Actions {
					a := &s.Actions[i]
					if strings.HasPrefix(a.Text, a.Service) || a.Placeholder {
						continue
					}
					if _, ok := p.Catalog.Service(a.Service); !ok {
						continue
					}
					written := a.Text[:len(a.Service)]
					finding := p.Report(a.Node, fmt.Sprintf("The prefix is %s, in small letters; IAM takes %s as well.", a.Service, written), "service", written, "service2", a.Service)
					finding.Severity = Suggestion
					edits, ok := replace(a.Node, a.Service+a.Text[len(a.Service):])
					finding.safeFix("write the prefix in small letters", edits, ok)
				}
			}
			for _, a := range p.unknownActions() {
				if a.service != nil {
					continue
				}
				near, ok := p.Catalog.NearestService(a.Service)
				if !ok {
					continue
				}
				finding := p.Report(a.Node, fmt.Sprintf("No service has the prefix %s: write %s if that is meant.", a.Service, near), "service", a.Service, "service2", near)
				service, _ := p.Catalog.Service(near)
				if service != nil && covers(service, a.Action) {
					edits, written := replace(a.Node, near+a.Text[len(a.Service):])
					finding.riskyFix("write "+near, edits, written)
				}
			}
		},
	}
)
