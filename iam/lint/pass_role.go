package lint

import "strings"

var passRole = &broadGrant{
	action: "PassRole", key: "iam:passedtoservice", narrow: isServiceRoleName,
	advice: "roles that nobody named: name them, or add a condition on iam:PassedToService",
}

// isServiceRoleName tells whether a role name with a wildcard follows the convention of a service, whose roles it then covers:
// service-role/…, AWSServiceRole…, Service….
func isServiceRoleName(name string) bool {
	for _, prefix := range [...]string{"service-role/", "aws-service-role/", "AWSServiceRole", "Service"} {
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, prefix+"?") {
			return true
		}
	}
	return false
}

var (
	passRoleWithNotResource = &Check{
		Code: "PASS_ROLE_WITH_NOT_RESOURCE", Severity: SecurityWarning, Title: "iam:PassRole with NotResource",
		Detail: "Using the iam:PassRole action with NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:PassRole", "NotResource": "arn:aws:iam::111122223333:role/admin"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{namedAction, notResource}),
	}
	passRoleWithStarInActionAndNotResource = &Check{
		Code: "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", Severity: SecurityWarning, Title: "Action pattern with iam:PassRole and NotResource",
		Detail: "Using an action with a wildcard (*) and NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:*", "NotResource": "arn:aws:iam::111122223333:role/admin"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{wildAction, notResource}),
	}
	passRoleWithNotActionAndNotResource = &Check{
		Code: "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE", Severity: SecurityWarning, Title: "NotAction without iam:PassRole, and NotResource",
		Detail: "Using NotAction with NotResource can be overly permissive because it can allow iam:PassRole permissions on multiple resources.. We recommend that you specify resource ARNs instead.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:iam::111122223333:role/admin"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{notAction, notResource}),
	}
	passRoleWithStarInResource = &Check{
		Code: "PASS_ROLE_WITH_STAR_IN_RESOURCE", Severity: SecurityWarning, Title: "iam:PassRole on a wildcard",
		Detail: "Using the iam:PassRole action with wildcards (*) in the resource can be overly permissive because it allows iam:PassRole permissions on multiple resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/*"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{namedAction, wildResource}),
	}
	passRoleWithStarInActionAndResource = &Check{
		Code: "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", Severity: SecurityWarning, Title: "Action pattern with iam:PassRole on a wildcard",
		Detail: "Using wildcards (*) in the action and the resource can be overly permissive because it allows iam:PassRole permissions on all resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{wildAction, wildResource}),
	}
	passRoleWithStarInResourceAndNotAction = &Check{
		Code: "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", Severity: SecurityWarning, Title: "NotAction without iam:PassRole on a wildcard",
		Detail: "Using a resource with wildcards (*) and NotAction can be overly permissive because it allows iam:PassRole permissions on all resources. We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement.",
		Doc:    passRoleDoc,
		Bad:    `{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}`,
		Good:   passRoleGood,
		run:    passRole.check(form{notAction, wildResource}),
	}
)

const (
	passRoleDoc = `iam:PassRole lets its holder give a role to a service: to a Lambda function, an EC2 instance, a CloudFormation stack. Whoever may pass
any role may run code with the rights of the most powerful one. The six PASS_ROLE_… checks say how the statement grants that: the
action named, reached by a wildcard, or left out of NotAction; the resource with a wildcard, or NotResource.

Name the roles that are to be passed. Where they cannot be named, add a condition on iam:PassedToService.

Silent: with iam:PassedToService in the statement (wildcard in Resource); role names that follow a service's convention, such as
service-role/* or Service*; a wildcard in the account field; Deny; policies that only bound what others grant.

Source: IAM User Guide, Granting a user permissions to pass a role to an AWS service.`
	passRoleGood = `{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app-function"}`
)
