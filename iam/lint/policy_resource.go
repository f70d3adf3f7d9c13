package lint

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/catalog"
)

var (
	unsupportedAction = &Check{
		Code: "UNSUPPORTED_ACTION_IN_POLICY", Severity: Error, Title: "Action of another service than the resource's",
		Detail: "The action {{action}} is not supported for the resource-based policy attached to the resource type {{resourceType}}.",
		Doc: `The policy of a resource decides on calls of its own service alone. An action of another service in it does nothing, and most
services refuse the policy. The same holds for the trust policy of a role and actions other than those of sts, and in a bucket's policy for actions
on something else than the bucket and its objects.

Silent: when it is not known what the policy hangs on; "*"; patterns within the right service; actions unknown to the catalogue.

Source: Service Authorization Reference; IAM User Guide, Identity-based policies and resource-based policies.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad:  `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["s3:GetObject", "kms:Decrypt"], "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			on := p.hangsOn()
			if len(on.services) == 0 {
				return
			}
			list := p.allGrants()
			for i := range list {
				g := &list[i]
				if g.Placeholder || g.Service == "*" || !validPrefix(g.Service) {
					continue
				}
				if !on.has(g.Service) {
					p.Report(g.Node, fmt.Sprintf("This is the policy of %s, which decides on actions of %s alone: take %s out.", on.name, on.services[0], g.Text),
						"action", g.Text, "resourceType", on.resourceType)
					continue
				}
				if on.types != nil && !g.Wild && len(g.actions) == 1 && !takesOne(g.actions[0], on.types) {
					p.Report(g.Node, fmt.Sprintf("%s is not about %s, so it does nothing in its policy: take it out.", g.Text, on.name),
						"action", g.Text, "resourceType", on.resourceType)
				}
			}
		},
	}
	unsupportedResource = &Check{
		Code: "UNSUPPORTED_RESOURCE_ARN_IN_POLICY", Severity: Error, Title: "Resource of another service than the policy's",
		Detail: "The resource ARN is not supported for the resource-based policy attached to the resource type {{resourceType}}.",
		Doc: `The policy of a resource decides on that resource alone: a resource of another service in it is never asked for, and most
services refuse the policy.

Silent: when it is not known what the policy hangs on; wildcards, policy variables and placeholders in the service.

Source: IAM User Guide, Identity-based policies and resource-based policies.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad:  `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:sqs:eu-west-2:111122223333:orders"}`,
		Good: `{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}`,
		run: func(p *Pass) {
			on := p.hangsOn()
			if len(on.services) == 0 || p.Type == iam.TrustPolicy {
				return
			}
			for s := range p.Each() {
				for i := range s.Resources {
					r := &s.Resources[i]
					if r.Fields < 6 || r.Prefix != "arn" || special(r.Service) || strings.ContainsAny(r.Service, "*?") {
						continue
					}
					if !on.has(r.Service) {
						p.Report(r.Node, fmt.Sprintf("This is the policy of %s: a resource of %s is never asked for here.", on.name, r.Service), "resourceType", on.resourceType)
					}
				}
			}
		},
	}
	irrelevantKey = &Check{
		Code: "IRRELEVANT_CONDITION_KEY_IN_POLICY", Severity: Suggestion, Title: "Key about the resource in the resource's own policy",
		Detail: "The condition key {{condition-key}} is not relevant for the {{resource-type}} policy.  Use this key in an identity-based policy to govern access to this resource.",
		Doc: `s3:ResourceAccount and aws:ResourceAccount are the account that owns the bucket or access point. In its own policy that is always
the same one, so the condition always matches or never. They are for the policies of principals.

Silent: policy variables as values, which compare the owner with the caller; other resources than those of S3.

Source: IAM Access Analyzer policy check reference.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringNotEquals": {"s3:ResourceAccount": "111122223333"}}}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}}`,
		run: func(p *Pass) {
			on := p.hangsOn()
			if !strings.HasPrefix(on.resourceType, "AWS::S3::") {
				return
			}
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Name != "s3:resourceaccount" && k.Name != "aws:resourceaccount" || k.variable() {
					continue
				}
				p.ReportKey(k.Key, fmt.Sprintf("%s is the same in every request that this policy decides on: it is for the policies of principals.", k.Key.Text),
					"condition-key", k.Key.Text, "resource-type", on.resourceType)
			}
		},
	}
	rcpAction = &Check{
		Code: "RCP_SYNTAX_ERROR_ACTION", Severity: Error, Title: "Resource control policy about a service it does not reach",
		Detail: "RCPs only support specifying select service prefixes in the Action element. Learn more here.",
		Doc: `Resource control policies reach some services only, and one that names another is refused.

A service may be reached since the date of the catalogue. The finding is therefore a warning with that date, where Access Analyzer has an
error; its output format keeps the error.

Silent: "*"; services unknown to the catalogue.

Source: AWS Organizations User Guide, services that support RCPs.`,
		Type: iam.ResourceControlPolicy,
		Bad:  `{"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "iam:*"], "Resource": "*"}`,
		Good: `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}`,
		run: func(p *Pass) {
			if p.Type != iam.ResourceControlPolicy {
				return
			}
			list := p.allGrants()
			for i := range list {
				g := &list[i]
				if len(g.actions) > 0 && !g.actions[0].Service.ResourceControl {
					p.Report(g.Node, fmt.Sprintf("Resource control policies did not reach %s as of %s.", g.Service, p.asOf())).Severity = Warning
				}
			}
		},
	}
)

// variable tells whether a value holds a policy variable.
func (k *testedKey) variable() bool {
	for _, value := range k.Values {
		if strings.Contains(value.Text, "${") {
			return true
		}
	}
	return false
}

// A holder is what a resource policy hangs on.
type holder struct {
	resourceType string   // CloudFormation's name
	name         string   // for people
	services     []string // whose actions and ARNs its policy may name; empty when it is not known
	types        []string // resource types that its actions may be about; nil for all of the services'
}

func (h *holder) has(service string) bool {
	return slices.Contains(h.services, service)
}

// hangsOn is what the policy hangs on, as far as it is known. Of most types it is the service alone that is known.
func (p *Pass) hangsOn() holder {
	if p.Type == iam.TrustPolicy {
		return holder{"AWS::IAM::AssumeRolePolicyDocument", "a role", []string{"sts"}, nil}
	}
	if p.Type != iam.ResourcePolicy {
		return holder{}
	}
	h := holder{resourceType: p.ResourceType, name: p.ResourceType}
	switch p.ResourceType {
	case "AWS::S3::Bucket":
		h.name, h.services, h.types = "a bucket", []string{"s3"}, []string{"bucket", "object"}
	case "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint":
		h.name, h.services = "an access point", []string{"s3"}
	case "AWS::S3ObjectLambda::AccessPoint":
		h.name, h.services = "an Object Lambda access point", []string{"s3-object-lambda"}
	case "AWS::DynamoDB::Table":
		h.name, h.services = "a table", []string{"dynamodb"}
	case "AWS::KMS::Key":
		h.name, h.services = "a key", []string{"kms"}
	case "AWS::SQS::Queue":
		h.name, h.services = "a queue", []string{"sqs"}
	case "AWS::SNS::Topic":
		h.name, h.services = "a topic", []string{"sns"}
	case "AWS::Lambda::Function":
		h.name, h.services = "a function", []string{"lambda"}
	case "AWS::SecretsManager::Secret":
		h.name, h.services = "a secret", []string{"secretsmanager"}
	case "AWS::Kinesis::Stream", "AWS::Kinesis::StreamConsumer":
		h.name, h.services = "a stream", []string{"kinesis"}
	case "AWS::ECR::Repository":
		h.name, h.services = "a repository", []string{"ecr"}
	case "AWS::EFS::FileSystem":
		h.name, h.services = "a file system", []string{"elasticfilesystem"}
	case "AWS::Events::EventBus":
		h.name, h.services = "an event bus", []string{"events"}
	case "AWS::ApiGateway::RestApi":
		h.name, h.services = "an API", []string{"execute-api"}
	}
	return h
}

// takesOne tells whether an action is authorized on one of some types.
func takesOne(a *catalog.Action, types []string) bool {
	for i := range a.Resources {
		if slices.Contains(types, a.Resources[i].Type.Name) {
			return true
		}
	}
	return false
}
