package policyfile

import (
	"strings"

	"trunkline/iam"
)

// guessType tells from the content alone what a policy is meant as: a Principal makes it a role's trust policy where it speaks of
// assuming roles and names no resource, else a resource policy. Nothing tells an SCP from an identity policy.
func guessType(doc *iam.Document) (kind iam.Type, resource string) {
	principals, trust := false, true
	for _, s := range doc.Statements {
		principals = principals || s.Principal != nil || s.NotPrincipal != nil
		trust = trust && s.Resource == nil && s.NotResource == nil
		for _, action := range values(s.Action) {
			trust = trust && strings.HasPrefix(strings.ToLower(action.Text), "sts:")
		}
	}
	switch {
	case !principals:
		return iam.IdentityPolicy, ""
	case trust:
		return iam.TrustPolicy, ""
	}
	return iam.ResourcePolicy, guessResource(doc)
}

func values(v *iam.Values) []*iam.Node {
	if v == nil {
		return nil
	}
	return v.List
}

// guessResource names the only thing that the resources of all statements can be; empty when they can be several.
func guessResource(doc *iam.Document) string {
	common := ""
	for _, s := range doc.Statements {
		for _, r := range values(s.Resource) {
			one := resourceOf(r.Text)
			if one == "" || common != "" && one != common {
				return ""
			}
			common = one
		}
	}
	return common
}

func resourceOf(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 {
		return ""
	}
	resource := fields[5]
	switch fields[2] {
	case "s3":
		if fields[3] == "" && fields[4] == "" {
			return "AWS::S3::Bucket"
		}
		if strings.HasPrefix(resource, "accesspoint/") {
			return "AWS::S3::AccessPoint"
		}
	case "sqs":
		return "AWS::SQS::Queue"
	case "sns":
		return "AWS::SNS::Topic"
	case "secretsmanager":
		return "AWS::SecretsManager::Secret"
	case "kms":
		return "AWS::KMS::Key"
	case "lambda":
		if strings.HasPrefix(resource, "function:") {
			return "AWS::Lambda::Function"
		}
	case "dynamodb":
		if strings.HasPrefix(resource, "table/") && !strings.Contains(resource, "/stream/") {
			return "AWS::DynamoDB::Table"
		}
	case "kinesis":
		if strings.HasPrefix(resource, "stream/") && !strings.Contains(resource, "/consumer/") {
			return "AWS::Kinesis::Stream"
		}
	}
	return ""
}
