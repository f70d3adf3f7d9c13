package integration

import (
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/iam"
)

// WriteCloudFormation writes policies as a template in YAML: managed policies, roles with their trust policies, policies of an
// organization, tables.
func WriteCloudFormation(w io.Writer, about string, policies []*Rendered, tables []*RenderedTable) error {
	resources := mapping()
	for _, r := range policies {
		for _, d := range r.Documents {
			add(resources, logicalID(r.Integration.Name+"-"+d.Name), r.cloudFormation(d))
		}
	}
	for _, t := range tables {
		add(resources, logicalID(t.Name), t.cloudFormation())
	}
	root := mapping()
	add(root, "AWSTemplateFormatVersion", text("2010-09-09"))
	add(root, "Description", text(about))
	add(root, "Resources", resources)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return err
	}
	return encoder.Close()
}

// logicalID is a name as CloudFormation takes it: operata-pipe-role becomes OperataPipeRole.
func logicalID(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

func (r *Rendered) cloudFormation(d Document) *yaml.Node {
	kind, document, name := "AWS::IAM::ManagedPolicy", "PolicyDocument", "ManagedPolicyName"
	switch r.Policy.Type {
	case iam.TrustPolicy:
		kind, document, name = "AWS::IAM::Role", "AssumeRolePolicyDocument", "RoleName"
	case iam.ServiceControlPolicy, iam.ResourceControlPolicy:
		kind, document, name = "AWS::Organizations::Policy", "Content", "Name"
	case iam.IdentityPolicy, iam.PermissionsBoundary, iam.ResourcePolicy, iam.SessionPolicy, iam.EndpointPolicy:
	}
	properties := mapping()
	add(properties, name, text(r.Name(d.Name)))
	add(properties, "Description", text(r.Policy.Title+". For: "+r.Policy.Attached))
	if kind == "AWS::Organizations::Policy" {
		add(properties, "Type", text(organizationsType(r.Policy.Type)))
	}
	if r.boundary != "" {
		add(properties, "PermissionsBoundary", text(r.boundary))
	}
	add(properties, document, yamlOf(iam.Parse(d.Text).Root))
	resource := mapping()
	add(resource, "Type", text(kind))
	add(resource, "Properties", properties)
	return resource
}

func (r *RenderedTable) cloudFormation() *yaml.Node {
	attribute, key, units := mapping(), mapping(), mapping()
	add(attribute, "AttributeName", text(r.Key))
	add(attribute, "AttributeType", text("S"))
	add(key, "AttributeName", text(r.Key))
	add(key, "KeyType", text("HASH"))
	add(units, "ReadCapacityUnits", number(r.Read))
	add(units, "WriteCapacityUnits", number(r.Write))
	properties := mapping()
	add(properties, "TableName", text(r.TableName))
	add(properties, "AttributeDefinitions", sequence(attribute))
	add(properties, "KeySchema", sequence(key))
	add(properties, "BillingMode", text("PROVISIONED"))
	add(properties, "ProvisionedThroughput", units)
	resource := mapping()
	add(resource, "Type", text("AWS::DynamoDB::Table"))
	add(resource, "DeletionPolicy", text("Retain"))
	add(resource, "UpdateReplacePolicy", text("Retain"))
	add(resource, "Properties", properties)
	return resource
}

// yamlOf is a value of a policy in YAML. Strings are quoted where YAML would read something else, a date for the Version.
func yamlOf(n *iam.Node) *yaml.Node {
	switch n.Kind {
	case iam.Object:
		m := mapping()
		for _, member := range n.Members {
			add(m, member.Key.Text, yamlOf(member.Value))
		}
		return m
	case iam.Array:
		items := make([]*yaml.Node, len(n.Items))
		for k, item := range n.Items {
			items[k] = yamlOf(item)
		}
		return sequence(items...)
	case iam.String:
		return text(n.Text)
	case iam.Null, iam.Bool, iam.Number:
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text}
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

func add(m *yaml.Node, key string, value *yaml.Node) { m.Content = append(m.Content, text(key), value) }

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func number(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}
