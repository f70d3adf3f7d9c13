package policyfile

import (
	"bytes"
	"strings"

	"trunkline/iam"
	"trunkline/internal/document"
)

// terraform lists where policies stand in the attributes of the AWS provider's resources, from its documentation.
var terraform = []place{
	{"aws_iam_policy", "policy", iam.IdentityPolicy, ""},
	{"aws_iam_role_policy", "policy", iam.IdentityPolicy, ""},
	{"aws_iam_user_policy", "policy", iam.IdentityPolicy, ""},
	{"aws_iam_group_policy", "policy", iam.IdentityPolicy, ""},
	{"aws_iam_role", "assume_role_policy", iam.TrustPolicy, ""},
	{"aws_iam_role", "inline_policy[].policy", iam.IdentityPolicy, ""},
	{"aws_ssoadmin_permission_set_inline_policy", "inline_policy", iam.IdentityPolicy, ""},
	{"aws_organizations_policy", "content", iam.ServiceControlPolicy, ""},
	{"aws_organizations_resource_policy", "content", iam.ResourcePolicy, ""},
	{"aws_vpc_endpoint", "policy", iam.EndpointPolicy, ""},
	{"aws_vpc_endpoint_policy", "policy", iam.EndpointPolicy, ""},
	{"aws_api_gateway_rest_api", "policy", iam.ResourcePolicy, "AWS::ApiGateway::RestApi"},
	{"aws_api_gateway_rest_api_policy", "policy", iam.ResourcePolicy, "AWS::ApiGateway::RestApi"},
	{"aws_backup_vault_policy", "policy", iam.ResourcePolicy, "AWS::Backup::BackupVault"},
	{"aws_cloudwatch_event_bus_policy", "policy", iam.ResourcePolicy, "AWS::Events::EventBus"},
	{"aws_cloudwatch_log_destination_policy", "access_policy", iam.ResourcePolicy, "AWS::Logs::Destination"},
	{"aws_cloudwatch_log_resource_policy", "policy_document", iam.ResourcePolicy, ""},
	{"aws_codeartifact_domain_permissions_policy", "policy_document", iam.ResourcePolicy, "AWS::CodeArtifact::Domain"},
	{"aws_codeartifact_repository_permissions_policy", "policy_document", iam.ResourcePolicy, "AWS::CodeArtifact::Repository"},
	{"aws_dynamodb_resource_policy", "policy", iam.ResourcePolicy, "AWS::DynamoDB::Table"},
	{"aws_ecr_registry_policy", "policy", iam.ResourcePolicy, ""},
	{"aws_ecr_repository_policy", "policy", iam.ResourcePolicy, "AWS::ECR::Repository"},
	{"aws_ecrpublic_repository_policy", "policy", iam.ResourcePolicy, "AWS::ECR::PublicRepository"},
	{"aws_efs_file_system_policy", "policy", iam.ResourcePolicy, "AWS::EFS::FileSystem"},
	{"aws_elasticsearch_domain", "access_policies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"aws_elasticsearch_domain_policy", "access_policies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"aws_glacier_vault", "access_policy", iam.ResourcePolicy, "AWS::S3::Glacier"},
	{"aws_kinesis_resource_policy", "policy", iam.ResourcePolicy, "AWS::Kinesis::Stream"},
	{"aws_kms_external_key", "policy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"aws_kms_key", "policy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"aws_kms_key_policy", "policy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"aws_kms_replica_key", "policy", iam.ResourcePolicy, "AWS::KMS::Key"},
	{"aws_opensearch_domain", "access_policies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"aws_opensearch_domain_policy", "access_policies", iam.ResourcePolicy, "AWS::OpenSearchService::Domain"},
	{"aws_s3_access_point", "policy", iam.ResourcePolicy, "AWS::S3::AccessPoint"},
	{"aws_s3_bucket", "policy", iam.ResourcePolicy, "AWS::S3::Bucket"},
	{"aws_s3_bucket_policy", "policy", iam.ResourcePolicy, "AWS::S3::Bucket"},
	{"aws_s3_directory_bucket_policy", "policy", iam.ResourcePolicy, "AWS::S3Express::DirectoryBucket"},
	{"aws_s3control_access_point_policy", "policy", iam.ResourcePolicy, "AWS::S3::AccessPoint"},
	{"aws_s3control_bucket_policy", "policy", iam.ResourcePolicy, "AWS::S3Outposts::Bucket"},
	{"aws_s3control_multi_region_access_point_policy", "details[].policy", iam.ResourcePolicy, "AWS::S3::MultiRegionAccessPoint"},
	{"aws_s3control_object_lambda_access_point_policy", "policy", iam.ResourcePolicy, "AWS::S3ObjectLambda::AccessPoint"},
	{"aws_s3tables_table_bucket_policy", "resource_policy", iam.ResourcePolicy, "AWS::S3Tables::TableBucket"},
	{"aws_s3tables_table_policy", "resource_policy", iam.ResourcePolicy, "AWS::S3Tables::Table"},
	{"aws_secretsmanager_secret", "policy", iam.ResourcePolicy, "AWS::SecretsManager::Secret"},
	{"aws_secretsmanager_secret_policy", "policy", iam.ResourcePolicy, "AWS::SecretsManager::Secret"},
	{"aws_sns_topic", "policy", iam.ResourcePolicy, "AWS::SNS::Topic"},
	{"aws_sns_topic_policy", "policy", iam.ResourcePolicy, "AWS::SNS::Topic"},
	{"aws_sqs_queue", "policy", iam.ResourcePolicy, "AWS::SQS::Queue"},
	{"aws_sqs_queue_policy", "policy", iam.ResourcePolicy, "AWS::SQS::Queue"},
	{"aws_vpclattice_auth_policy", "policy", iam.ResourcePolicy, ""},
	{"aws_vpclattice_resource_policy", "policy", iam.ResourcePolicy, ""},
}

// isPlan tells whether a JSON text is what terraform show -json prints, of a plan or of a state.
func isPlan(doc *document.Document) bool {
	for _, path := range [][]string{{"resource_changes"}, {"planned_values", "root_module"}, {"values", "root_module"}} {
		if doc.Lookup(path...) != document.None && doc.Lookup("format_version") != document.None {
			return true
		}
	}
	return false
}

// plan finds the policies of a plan: those of its changes, which name what is unknown; else those of its values.
func (s *scan) plan(base *text, doc *document.Document) {
	if changes := doc.Lookup("resource_changes"); doc.Kind(changes) == document.Array {
		for c, end := doc.Children(changes); c < end; c = doc.After(c) {
			change := doc.Member(c, "change")
			s.planned(base, doc, c, doc.Member(change, "after"), doc.Member(change, "after_unknown"))
		}
		return
	}
	for _, name := range []string{"planned_values", "values"} {
		s.module(base, doc, doc.Lookup(name, "root_module"))
	}
}

func (s *scan) module(base *text, doc *document.Document, module document.Node) {
	resources := doc.Member(module, "resources")
	for c, end := doc.Children(resources); c < end; c = doc.After(c) {
		s.planned(base, doc, c, doc.Member(c, "values"), document.None)
	}
	modules := doc.Member(module, "child_modules")
	for c, end := doc.Children(modules); c < end; c = doc.After(c) {
		s.module(base, doc, c)
	}
}

// planned finds the policies of one resource.
func (s *scan) planned(base *text, doc *document.Document, resource, values, unknown document.Node) {
	if doc.Kind(values) != document.Object { // it will be destroyed
		return
	}
	kind := string(doc.AppendText(nil, doc.Member(resource, "type")))
	address := string(doc.AppendText(nil, doc.Member(resource, "address")))
	var known, later *node
	for _, p := range terraform {
		if p.in != kind {
			continue
		}
		if known == nil {
			known, later = fromJSON(doc, values), &node{}
			if doc.Kind(unknown) == document.Object {
				later = fromJSON(doc, unknown)
			}
		}
		if !p.organizations(known.member("type")) {
			continue
		}
		s.each(later, p.path, address, func(n *node, where string) {
			if n.kind == iam.Bool && n.text == "true" {
				s.seen++
				s.skip(base.origin(n.at), where, "known after apply only")
			}
		})
		s.each(known, p.path, address, func(n *node, where string) {
			if n.content() == "" {
				return
			}
			s.seen++
			s.emit(content(base, n), where, p, "it stands in a plan; edit the configuration that was planned")
		})
	}
}

// isConfiguration tells whether a value is Terraform configuration in JSON (*.tf.json).
func isConfiguration(n *node) bool {
	resources := n.member("resource")
	if resources == nil {
		return false
	}
	for _, m := range resources.members {
		if m.value.kind == iam.Object && strings.Contains(m.name, "_") {
			return true
		}
	}
	return false
}

// configuration finds the policies of Terraform configuration in JSON that are written out.
func (s *scan) configuration(base *text, root *node) {
	for _, kind := range root.member("resource").members {
		for _, p := range terraform {
			if p.in != kind.name {
				continue
			}
			for _, name := range kind.value.members {
				if !p.organizations(name.value.member("type")) {
					continue
				}
				s.each(name.value, p.path, kind.name+"."+name.name, func(n *node, where string) {
					if n.content() == "" {
						return
					}
					s.seen++
					c := content(base, n)
					plain, known := literal(c)
					if !known {
						s.skip(base.origin(n.at), where, "an expression; lint the plan instead: terraform show -json PLAN > plan.json")
						return
					}
					s.emit(plain, where, p, "it is a text inside a JSON text; edit the configuration")
				})
			}
		}
	}
}

// literal is a text of Terraform's template language without expressions; $${ in it stands for ${.
func literal(c *text) (plain *text, known bool) {
	b := builder{text{base: c.base}}
	at := 0
	for {
		i := bytes.Index(c.data[at:], []byte("${"))
		if i < 0 {
			break
		}
		if i += at; i == at || c.data[i-1] != '$' {
			return nil, false
		}
		b.copy(c, at, i-1, false)
		b.copy(c, i, i+2, false)
		at = i + 2
	}
	b.copy(c, at, len(c.data), false)
	return &b.text, true
}
