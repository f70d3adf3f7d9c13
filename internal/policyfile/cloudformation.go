package policyfile

import (
	"slices"

	"trunkline/iam"
)

// cloudFormation lists where policies stand in the properties of CloudFormation's resources, from its resource reference. The
// policies of AWS::IoT are of another language.
var cloudFormation = []place{
	{"AWS::IAM::Policy", "PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::ManagedPolicy", "PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::RolePolicy", "PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::UserPolicy", "PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::GroupPolicy", "PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::Role", "AssumeRolePolicyDocument", iam.TrustPolicy, ""},
	{"AWS::IAM::Role", "Policies[].PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::User", "Policies[].PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::IAM::Group", "Policies[].PolicyDocument", iam.IdentityPolicy, ""},
	{"AWS::SSO::PermissionSet", "InlinePolicy", iam.IdentityPolicy, ""},
	{"AWS::Organizations::Policy", "Content", iam.ServiceControlPolicy, ""},
	{"AWS::Organizations::ResourcePolicy", "Content", iam.ResourcePolicy, ""},
	{"AWS::EC2::VPCEndpoint", "PolicyDocument", iam.EndpointPolicy, ""},
	{"AWS::ApiGateway::RestApi", "Policy", iam.ResourcePolicy, "AWS::ApiGateway::RestApi"},
	{"AWS::Backup::BackupVault", "AccessPolicy", iam.ResourcePolicy, "AWS::Backup::BackupVault"},
	{"AWS::CodeArtifact::Domain", "PermissionsPolicyDocument", iam.ResourcePolicy, "AWS::CodeArtifact::Domain"},
	{"AWS::CodeArtifact::Repository", "PermissionsPolicyDocument", iam.ResourcePolicy, "AWS::CodeArtifact::Repository"},
	{"AWS::DynamoDB::GlobalTable", "Replicas[].ResourcePolicy.PolicyDocument", iam.ResourcePolicy, "AWS::DynamoDB::Table"},
	{"AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument", iam.ResourcePolicy, "AWS::DynamoDB::Table"},
	{"AWS::DynamoDB::Table", "StreamSpecification.ResourcePolicy.PolicyDocument", iam.ResourcePolicy, "AWS::DynamoDB::Stream"},
	{"AWS::ECR::RegistryPolicy", "PolicyText", iam.ResourcePolicy, ""},
	{"AWS::ECR::Repository", "RepositoryPolicyText", iam.ResourcePolicy, "AWS::ECR::Repository"},
	{"AWS::ECR::PublicRepository", "RepositoryPolicyText", iam.ResourcePolicy, "AWS::ECR::PublicRepository"},
	{"AWS::EFS::FileSystem", "FileSystemPolicy", iam.ResourcePolicy, "AWS::EFS::FileSystem"},
	{"AWS::Elasticsearch::Domain", "AccessPolicies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"AWS::Events::EventBus", "Policy", iam.ResourcePolicy, "AWS::Events::EventBus"},
	{"AWS::Kinesis::ResourcePolicy", "ResourcePolicy", iam.ResourcePolicy, "AWS::Kinesis::Stream"},
	{"AWS::KMS::Key", "KeyPolicy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"AWS::KMS::ReplicaKey", "KeyPolicy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"AWS::Logs::Destination", "DestinationPolicy", iam.ResourcePolicy, "AWS::Logs::Destination"},
	{"AWS::Logs::ResourcePolicy", "PolicyDocument", iam.ResourcePolicy, ""},
	{"AWS::OpenSearchService::Domain", "AccessPolicies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"AWS::S3::AccessPoint", "Policy", iam.ResourcePolicy, "AWS::S3::AccessPoint"},
	{"AWS::S3::BucketPolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::S3::Bucket"},
	{"AWS::S3::MultiRegionAccessPointPolicy", "Policy", iam.ResourcePolicy, "AWS::S3::MultiRegionAccessPoint"},
	{"AWS::S3Express::BucketPolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::S3Express::DirectoryBucket"},
	{"AWS::S3ObjectLambda::AccessPointPolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::S3ObjectLambda::AccessPoint"},
	{"AWS::S3Outposts::AccessPoint", "Policy", iam.ResourcePolicy, "AWS::S3Outposts::AccessPoint"},
	{"AWS::S3Outposts::BucketPolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::S3Outposts::Bucket"},
	{"AWS::S3Tables::TableBucketPolicy", "ResourcePolicy", iam.ResourcePolicy, "AWS::S3Tables::TableBucket"},
	{"AWS::S3Tables::TablePolicy", "ResourcePolicy", iam.ResourcePolicy, "AWS::S3Tables::Table"},
	{"AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", iam.ResourcePolicy, "AWS::SecretsManager::Secret"},
	{"AWS::SNS::TopicInlinePolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::SNS::Topic"},
	{"AWS::SNS::TopicPolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::SNS::Topic"},
	{"AWS::SQS::QueueInlinePolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::SQS::Queue"},
	{"AWS::SQS::QueuePolicy", "PolicyDocument", iam.ResourcePolicy, "AWS::SQS::Queue"},
	{"AWS::VpcLattice::AuthPolicy", "Policy", iam.ResourcePolicy, ""},
	{"AWS::VpcLattice::ResourcePolicy", "Policy", iam.ResourcePolicy, ""},
	{"AWS::Serverless::Function", "AssumeRolePolicyDocument", iam.TrustPolicy, ""},
	{"AWS::Serverless::Function", "Policies[]", iam.IdentityPolicy, ""},
	{"AWS::Serverless::StateMachine", "Policies[]", iam.IdentityPolicy, ""},
}

// isTemplate tells whether a value is a CloudFormation or SAM template.
func isTemplate(n *node) bool {
	resources := n.member("Resources")
	if resources == nil || resources.kind != iam.Object {
		return false
	}
	for _, m := range resources.members {
		if m.value.member("Type").isText() {
			return true
		}
	}
	return false
}

// template finds the policies of a template.
func (s *scan) template(base *text, root *node) {
	for _, m := range root.member("Resources").members {
		kind := m.value.member("Type")
		if !kind.isText() {
			continue
		}
		properties := m.value.member("Properties")
		for _, p := range cloudFormation {
			if p.in != kind.text {
				continue
			}
			if !p.organizations(properties.member("Type")) {
				continue
			}
			s.each(properties, p.path, "Resources."+m.name, func(n *node, where string) {
				if p.path == "Policies[]" && n.member("Statement") == nil { // the name of a policy, or a SAM policy template
					return
				}
				s.templatePolicy(base, n, where, p)
			})
		}
	}
}

// organizations takes the kind of a policy of AWS Organizations from its type. It is false for tag policies and the like, which are
// of another language.
func (p *place) organizations(kind *node) bool {
	if p.kind != iam.ServiceControlPolicy {
		return true
	}
	switch kind.content() {
	case "", "SERVICE_CONTROL_POLICY":
	case "RESOURCE_CONTROL_POLICY":
		p.kind = iam.ResourceControlPolicy
	default:
		return false
	}
	return true
}

// content is the text of a string, and nothing for anything else.
func (n *node) content() string {
	if !n.isText() {
		return ""
	}
	return n.text
}

func (s *scan) templatePolicy(base *text, n *node, where string, p place) {
	s.seen++
	if n.end > 0 && n.kind == iam.Object && !s.functions(n) { // JSON as it will be sent
		s.emit(base.part(n.at, n.end), where, p, "")
		return
	}
	policy, known := s.render(base, n)
	if !known {
		s.skip(base.origin(n.at), where, "not known before the template is deployed")
		return
	}
	why := "it holds functions of CloudFormation; edit the template"
	switch {
	case n.end == 0:
		why = "it is written in YAML; edit the template"
	case n.kind == iam.String:
		why = "it is a text inside a JSON text; edit the template"
	}
	s.emit(policy, where, p, why)
}

// functions tells whether a value holds anything that the deployment changes.
func (s *scan) functions(n *node) bool {
	if _, _, ok := n.function(); ok || !s.spend() || n.kind == iam.String && isReference(n.text) {
		return true
	}
	if slices.ContainsFunc(n.items, s.functions) {
		return true
	}
	for _, m := range n.members {
		if s.functions(m.value) {
			return true
		}
	}
	return false
}
