package lint

import "strings"

var createServiceLinkedRole = &broadGrant{
	action: "CreateServiceLinkedRole", key: "iam:awsservicename", narrow: namesService,
	advice: "for more than one service: name role/aws-service-role/SERVICE/* for the services that are meant",
}

// namesService tells whether the path of a service-linked role names its service: aws-service-role/connect.amazonaws.com/….
func namesService(name string) bool {
	path, found := strings.CutPrefix(name, "aws-service-role/")
	service, _, found2 := strings.Cut(path, "/")
	return found && found2 && service != "" && !Wild(service)
}

var (
	createSLRWithNotResource = &Check{
		Code: "CREATE_SLR_WITH_NOT_RESOURCE", Severity: Warning, Title: "iam:CreateServiceLinkedRole with NotResource",
		Detail: "Using the iam:CreateServiceLinkedRole action with NotResource can allow creation of unintended service-linked roles for multiple resources. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "NotResource": "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{namedAction, notResource}),
	}
	createSLRWithStarInActionAndNotResource = &Check{
		Code: "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", Severity: Warning, Title: "Action pattern with iam:CreateServiceLinkedRole and NotResource",
		Detail: "Using an action with a wildcard(*) and NotResource can allow creation of unintended service-linked roles because it can allow iam:CreateServiceLinkedRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:Create*", "NotResource": "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{wildAction, notResource}),
	}
	createSLRWithNotActionAndNotResource = &Check{
		Code: "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE", Severity: Warning, Title: "NotAction without iam:CreateServiceLinkedRole, and NotResource",
		Detail: "Using NotAction with NotResource can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on multiple resources. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{notAction, notResource}),
	}
	createSLRWithStarInResource = &Check{
		Code: "CREATE_SLR_WITH_STAR_IN_RESOURCE", Severity: Warning, Title: "iam:CreateServiceLinkedRole on a wildcard",
		Detail: "Using the iam:CreateServiceLinkedRole action with wildcards (*) in the resource can allow creation of unintended service-linked roles. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{namedAction, wildResource}),
	}
	createSLRWithStarInActionAndResource = &Check{
		Code: "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", Severity: Warning, Title: "Action pattern with iam:CreateServiceLinkedRole on a wildcard",
		Detail: "Using wildcards (*) in the action and the resource can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "Action": "iam:Create*", "Resource": "*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{wildAction, wildResource}),
	}
	createSLRWithStarInResourceAndNotAction = &Check{
		Code: "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", Severity: Warning, Title: "NotAction without iam:CreateServiceLinkedRole on a wildcard",
		Detail: "Using a resource with wildcards (*) and NotAction can allow creation of unintended service-linked roles because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify resource ARNs instead.",
		Doc:    createSLRDoc,
		Bad:    `{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}`,
		Good:   createSLRGood,
		run:    createServiceLinkedRole.check(form{notAction, wildResource}),
	}
)

const (
	createSLRDoc = `A service-linked role gives a service rights in the account, with a policy that only AWS can change. Whoever may create any of them can
let services in that nobody uses. The six CREATE_SLR_… checks say how the statement grants that: the action named, reached by a
wildcard, or left out of NotAction; the resource with a wildcard, or NotResource.

Name the services: arn:aws:iam::*:role/aws-service-role/connect.amazonaws.com/*, or a condition on iam:AWSServiceName.

Silent: resources whose path names the service; with iam:AWSServiceName in the statement (wildcard in Resource); Deny; policies that
only bound what others grant.

Source: IAM User Guide, Service-linked role permissions.`
	createSLRGood = `{"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole",
 "Resource": "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/*"}`
)
