package lint

import (
	"fmt"
	"strings"

	"trunkline/iam"
)

// sendingServices are some that call resources of others for a resource of their customer's and then send aws:SourceArn or
// aws:SourceAccount: what stands in front of .amazonaws.com. They are those of which it is widely known from the example policies of
// user guides, as of 2026-11; AWS publishes no list, and this one is neither complete nor checked against each guide.
var sendingServices = [...]string{
	"apigateway", "billingreports", "budgets", "cloudfront", "cloudtrail", "cloudwatch", "codestar-notifications", "config", "connect",
	"costalerts", "delivery.logs", "events", "guardduty", "inspector2", "iot", "lexv2", "macie", "s3", "ses", "sns",
}

var (
	restrictServicePrincipal = &Check{
		Code: "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", Severity: SecurityWarning, Title: "Service may act for anybody",
		Detail: "Granting access to a service principal without specifying a source is overly permissive. Use aws:SourceArn, aws:SourceAccount, aws:SourceOrgID, or aws:SourceOrgPaths condition key to grant fine-grained access.",
		Doc: `The policy lets a service in without saying for whom it may act. Somebody in another account who points the service at this resource has
the service reach it: the confused deputy. Add a condition on aws:SourceArn or aws:SourceAccount.

Found are only services that are known to send these keys, for with others the condition would shut the service out.

Silent: a condition on one of these keys, or on what else names the caller's account or resource (aws:SourceOwner, kms:CallerAccount, kms:EncryptionContext);
role trust policies, of which TL_SERVICE_TRUST_WITHOUT_SOURCE speaks.

Source: IAM User Guide, The confused deputy problem.`,
		Type: iam.ResourcePolicy, Resource: "AWS::SNS::Topic",
		Bad: `{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-2:111122223333:uploads"}`,
		Good: `{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-2:111122223333:uploads",
 "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::amzn-s3-demo-bucket"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}}`,
		run: func(p *Pass) {
			if p.Type != iam.ResourcePolicy {
				return
			}
			for s := range p.Each() {
				if !s.Allow || s.Principal == nil || s.tests(sourceKeys...) ||
					s.tests("aws:sourceowner", "kms:calleraccount", "aws:referer", "aws:principalorgid") || s.testsContext() {
					continue
				}
				for _, principal := range s.Principal.List {
					name, ok := strings.CutSuffix(principal.Node.Text, ".amazonaws.com")
					if ok && principal.Type.Text == "Service" && sends(name) {
						p.Report(principal.Node, fmt.Sprintf("%s.amazonaws.com may act for anybody here: add a condition on aws:SourceArn or aws:SourceAccount.", name))
					}
				}
			}
		},
	}
	recommendedServiceKey = &Check{
		Code: "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", Severity: Suggestion, Title: "Old key for whom a service acts",
		Detail: "To restrict access to the service principal {{servicePrincipalPrefix}} operating on your behalf, we recommend aws:SourceArn, aws:SourceAccount, aws:SourceOrgID, or aws:SourceOrgPaths instead of {{key}}.",
		Doc: `Services once sent the account they act for as aws:SourceOwner or aws:Referer. Use aws:SourceAccount or aws:SourceArn.

Silent: when one of the newer keys is tested too.

Source: IAM User Guide, AWS global condition context keys; user guides of Amazon SNS and Amazon SES.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:Referer": "111122223333"}}}`,
		Good: `{"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Name != "aws:referer" && k.Name != "aws:sourceowner" || !k.s.Allow || !onlyServices(k.s) || k.s.tests(sourceKeys...) {
					continue
				}
				name, _, _ := strings.Cut(k.s.Principal.List[0].Node.Text, ".")
				p.ReportKey(k.Key, fmt.Sprintf("%s is an old key for whom a service acts: use aws:SourceAccount or aws:SourceArn.", k.Key.Text), "servicePrincipalPrefix", name, "key", k.Key.Text)
			}
		},
	}
	unsupportedServiceKey = &Check{
		Code: "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", Severity: Error, Title: "Key that calls of services do not carry",
		Detail: "The following condition keys are not supported when used with the service principal: {{conditionKeys}}.",
		Doc: `A service that calls with its own principal is in no organization, has no tags and no name: the condition never matches, and
the statement lets nobody in. Use aws:SourceOrgID, aws:SourceOrgPaths, aws:SourceAccount or aws:SourceArn, which say for whom the service acts.

Silent: statements with other principals too; negated operators, …IfExists, ForAllValues and Null.

Source: IAM User Guide, AWS global condition context keys, aws:PrincipalOrgID and aws:PrincipalIsAWSService.`,
		Type: iam.ResourcePolicy, Resource: "AWS::S3::Bucket",
		Bad: `{"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}`,
		Good: `{"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
 "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE"}}}`,
		run: func(p *Pass) {
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if !k.s.Allow || k.Negated || k.IfExists || k.Set == ForAllValues || k.Family == NullFamily || !onlyServices(k.s) {
					continue
				}
				switch k.Name {
				case "aws:principalorgid", "aws:principalorgpaths", "aws:username":
				default:
					if !strings.HasPrefix(k.Name, "aws:principaltag/") {
						continue
					}
				}
				p.ReportKey(k.Key, fmt.Sprintf("A service that calls with its own principal has no %s, so this lets nobody in: use aws:SourceOrgID or aws:SourceAccount.", k.Key.Text), "conditionKeys", k.Key.Text)
			}
		},
	}
	invalidServicePrincipal = &Check{
		Code: "INVALID_SERVICE_PRINCIPAL_FORMAT", Severity: Error, Title: "Service principal is not written as one",
		Detail: "The service principal does not match the expected format. Use the format {{expectedFormat}}.",
		Doc: `A service principal is written name.amazonaws.com, in small letters. So are the values of iam:PassedToService,
iam:AWSServiceName and aws:CalledVia; those of kms:ViaService are name.REGION.amazonaws.com.

Silent: wildcards, policy variables, placeholders; other domains than amazonaws.com, which a few services and partitions have.

Source: IAM User Guide, AWS JSON policy elements: Principal, AWS service principals; AWS KMS Developer Guide, kms:ViaService.`,
		Type: iam.ResourcePolicy, Resource: "AWS::SNS::Topic",
		Bad: `{"Effect": "Allow", "Principal": {"Service": "S3"}, "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-2:111122223333:uploads",
 "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}`,
		Good: `{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-2:111122223333:uploads",
 "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}`,
		run: func(p *Pass) {
			for s := range p.Each() {
				for kind, n := range principals(s) {
					if kind == "Service" && n.Text != "*" {
						p.servicePrincipal(n, "service-name.amazonaws.com", plainPrincipal)
					}
				}
			}
			keys := p.testedKeys()
			for i := range keys {
				k := &keys[i]
				if k.Family != StringFamily || k.Like {
					continue
				}
				format, right := "service-name.amazonaws.com", plainPrincipal
				switch k.Name {
				case "iam:passedtoservice", "iam:awsservicename", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast":
				case "kms:viaservice":
					format, right = "service-name.region.amazonaws.com", regionalPrincipal
				default:
					continue
				}
				for _, value := range k.Values {
					p.servicePrincipal(value, format, right)
				}
			}
		},
	}
)

// servicePrincipal reports a name that is not written as one.
func (p *Pass) servicePrincipal(n *iam.Node, format string, right func(string) bool) {
	if right(n.Text) || strings.Contains(n.Text, "${") || Wild(n.Text) || hasPlaceholder(n.Text) {
		return
	}
	finding := p.Report(n, fmt.Sprintf("Write the principal of a service as %s.", format), "expectedFormat", format)
	small := strings.ToLower(n.Text)
	if !strings.Contains(small, ".") && validPrefix(small) && format == "service-name.amazonaws.com" {
		small += ".amazonaws.com"
	}
	if small != n.Text && right(small) {
		edits, ok := replace(n, small)
		finding.riskyFix("write "+small, edits, ok)
	}
}

// plainPrincipal tells whether a text can be the principal of a service: s3.amazonaws.com, logs.eu-west-2.amazonaws.com. Domains other
// than AWS's usual one are taken as they are.
func plainPrincipal(text string) bool {
	return strings.IndexByte(text, '.') > 0 && !hasUpper(text) && !strings.ContainsAny(text, " /:@,") && !strings.HasSuffix(text, ".") && !strings.HasPrefix(text, ".")
}

// regionalPrincipal tells the same of a name with a Region: s3.eu-west-2.amazonaws.com.
func regionalPrincipal(text string) bool {
	name, ok := strings.CutSuffix(strings.TrimSuffix(text, ".cn"), ".amazonaws.com")
	return plainPrincipal(text) && (!ok || strings.IndexByte(name, '.') > 0)
}

// onlyServices tells whether all principals of a statement are services.
func onlyServices(s *Statement) bool {
	if s.Principal == nil || len(s.Principal.List) == 0 {
		return false
	}
	for _, principal := range s.Principal.List {
		if principal.Type.Text != "Service" {
			return false
		}
	}
	return true
}

func sends(name string) bool {
	for _, known := range sendingServices {
		if known == name {
			return true
		}
	}
	return false
}
