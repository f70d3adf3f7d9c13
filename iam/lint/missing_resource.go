package lint

import (
	"slices"

	"trunkline/iam"
)

var missingResource = &Check{
	Code: "MISSING_RESOURCE", Severity: Error, Title: "Statement has no Resource",
	Detail: "Add a Resource or NotResource element to the policy statement.",
	Doc: `A statement must say which resources it is about, with Resource or NotResource. IAM refuses a policy with one that does not.

Silent: role trust policies, which must not name a resource; policies of ECR repositories, which do not; an empty list is
EMPTY_ARRAY_RESOURCE.

Source: IAM User Guide, IAM JSON policy elements: Resource.`,
	Bad:  `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets"}`,
	Good: `{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}`,
	run: func(p *Pass) {
		if p.Type == iam.TrustPolicy {
			return
		}
		for s := range p.Each() {
			if s.Resource == nil && s.NotResource == nil && !p.forRepository(s) {
				p.Report(s.Node, "The statement has neither Resource nor NotResource: add the resources it is about.")
			}
		}
	},
}

// forRepository tells whether a statement of a resource policy is about an ECR repository.
func (p *Pass) forRepository(s *Statement) bool {
	if p.Type != iam.ResourcePolicy || p.ResourceType != "" && p.ResourceType != "AWS::ECR::Repository" {
		return false
	}
	return !slices.ContainsFunc(s.Actions, func(a Action) bool { return a.Service != "ecr" })
}
