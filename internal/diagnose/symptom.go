package diagnose

import (
	"cmp"
	"fmt"
	"strings"
)

// passes are the services that a call passes a role to.
func passes(call string) []string {
	switch strings.ToLower(call) {
	case "pipes:createpipe", "pipes:updatepipe":
		return []string{"pipes.amazonaws.com"}
	case "lambda:createfunction", "lambda:updatefunctionconfiguration":
		return []string{"lambda.amazonaws.com"}
	}
	return nil
}

// A step of a deployment, in the order in which each needs those before it.
const (
	stepSecret      = "step 1, the secret"
	stepRoles       = "step 2, the roles"
	stepFunction    = "step 4, the function"
	stepConnection  = "step 5, the connection"
	stepDestination = "step 6, the API destination"
	stepPipe        = "step 7, the pipe"
)

// stepOf is what is not there when a call of a service finds nothing.
func stepOf(service, operation string) string {
	switch service {
	case "secretsmanager":
		return stepSecret
	case "iam":
		return stepRoles
	case "lambda":
		return stepFunction
	case "events":
		switch {
		case strings.Contains(operation, "ApiDestination") && !strings.HasPrefix(operation, "Create"):
			return stepDestination
		case strings.Contains(operation, "Connection"), strings.Contains(operation, "ApiDestination"):
			return stepConnection
		}
	case "pipes":
		return stepPipe
	case "kinesis":
		return "the stream, which comes before step 1"
	case "connect":
		return "the instance of Amazon Connect, or its storage association"
	}
	return ""
}

// missing says what is not there.
func (f *Finding) missing(m Message) {
	if m.Form == "stream is gone" {
		f.Cause = "the stream of the pipe was deleted, or deleted and made again; an update of the pipe does not help"
		f.Do = []string{"create the stream, delete the pipe, and create the pipe again"}
		return
	}
	service, operation, _ := strings.Cut(f.Call, ":")
	if service == "" {
		service = strings.ToLower(plainWord(m.Service))
	}
	what := cmp.Or(m.Resource, "what the call names")
	f.Cause = what + " does not exist, or not in the Region and account of the call"
	if step := stepOf(service, operation); step != "" {
		f.Do = append(f.Do, fmt.Sprintf("of the checklist (secret, roles, policies, function, connection, API destination, pipe) see to %s", step))
	}
	f.Do = append(f.Do, "check the name, the Region and the account of the call")
}

// invalid says why a parameter or a role was refused.
func (f *Finding) invalid(m Message) {
	switch {
	case m.Form == "role cannot be assumed":
		f.Cause = "Lambda may not assume the role: its trust policy does not name lambda.amazonaws.com, or the role was made moments ago"
		f.put(Trust, "the trust policy of the role", statement{Effect: "Allow", Principal: map[string]string{"Service": "lambda.amazonaws.com"}, Action: "sts:AssumeRole"})
		f.Do = []string{"when the role was made less than two minutes ago, try again"}
	case m.Form == "secret being deleted":
		f.Cause = "a secret of this name waits for its deletion, and keeps the name for 7 to 30 days"
		f.Do = []string{"restore it and put the value: secretsmanager:RestoreSecret, then secretsmanager:PutSecretValue; or take another name"}
	default:
		f.Cause = "EventBridge Pipes refused a parameter"
		if m.Code != "ValidationException" {
			f.Cause += "; " + m.Code + " is not among its own errors, so it may come from what the pipe works with"
		}
		f.Do = []string{
			"when the pipe is there, its StateReason says more: aws pipes describe-pipe --name NAME | trunkline doctor -",
			"the role of the pipe needs the actions on its source: kinesis:DescribeStream, kinesis:DescribeStreamSummary, kinesis:GetRecords, kinesis:GetShardIterator, kinesis:ListShards",
			"check that Region and account in each ARN are right, and that BatchSize is 1 where the target is an API destination",
		}
	}
}

// timeout says what was not reached, and what a function in a VPC needs for it.
func (f *Finding) timeout(m Message, region string) {
	service, in, ofAWS := endpoint(m.Host)
	switch {
	case m.Form == "pipe network":
		f.Cause = "the source of the pipe is in a VPC that has no way to EventBridge Pipes"
		f.Do = []string{"give the subnets of the source a NAT route or an interface endpoint for Pipes, and let its security groups out to 443"}
		return
	case m.Form == "function timeout":
		f.Cause = "the function took longer than its timeout; in a VPC without a way out, a call of a service does that"
	case ofAWS:
		f.Cause = "the service at " + m.Host + " was not reached"
	default:
		f.Cause = m.Host + " was not reached"
	}
	region = cmp.Or(in, region, "REGION")
	to := "the interface endpoint com.amazonaws." + region + "." + cmp.Or(service, "secretsmanager")
	switch {
	case service == "s3" || service == "dynamodb":
		to = "the gateway endpoint com.amazonaws." + region + "." + service
	case m.Form == "function timeout" || !ofAWS:
		to += " for the secret (and the gateway endpoint of s3 for agents' data)"
	}
	f.Do = []string{
		"for a function in a VPC: its subnets need a NAT route, or " + to,
		"its security groups have to let 443 out, those of the endpoint have to let it in, and the endpoint's policy has to allow the call",
		"a public subnet does not help: the network interfaces of a function have no public address",
		"the API destination is called by EventBridge, not from the VPC",
	}
	if m.Form == "function timeout" {
		f.Do = append(f.Do, "not in a VPC: the lines of the log before it say what it waited for; the metric EnrichmentStageFailed counts such batches")
	}
}

// endpoint takes service and Region out of the name of one of AWS's hosts.
func endpoint(host string) (service, region string, ok bool) {
	name, ok := strings.CutSuffix(strings.TrimSuffix(host, ".cn"), ".amazonaws.com")
	if !ok {
		return "", "", false
	}
	labels := strings.Split(name, ".")
	if len(labels) < 2 {
		return labels[len(labels)-1], "", true
	}
	service, region = labels[len(labels)-2], labels[len(labels)-1]
	if service == "" || !strings.Contains(region, "-") {
		return region, "", true
	}
	return service, region, true
}

// A reasonCode is what Lambda says of a function that does not work: see StateReasonCode in its API reference.
type reasonCode struct{ cause, do string }

func reasonCodes() map[string]reasonCode {
	return map[string]reasonCode{
		"EniLimitExceeded":            {"the account has no network interfaces left for the function", "raise the quota of network interfaces in the Region, or use fewer subnets"},
		"InsufficientRolePermissions": {"the role of the function may not make network interfaces", "attach the managed policy AWSLambdaVPCAccessExecutionRole to the role, or allow its EC2 actions"},
		"SubnetOutOfIPAddresses":      {"a subnet of the function has no address left", "use a larger subnet, or free addresses in this one"},
		"InvalidSubnet":               {"a subnet of the function does not exist", "name subnets that exist, all in one VPC"},
		"InvalidSecurityGroup":        {"a security group of the function does not exist", "name security groups of the VPC of its subnets"},
		"KMSKeyAccessDenied":          {"the function may not use the key that encrypts its environment", "allow kms:Decrypt on the key to the role, in both policies"},
		"KMSKeyNotFound":              {"the key that encrypts the environment of the function does not exist", "name a key that exists, in the Region of the function"},
		"DisabledKMSKey":              {"the key that encrypts the environment of the function is disabled", "enable the key"},
		"InvalidStateKMSKey":          {"the key that encrypts the environment of the function cannot be used", "look at the state of the key"},
		"InvalidRuntime":              {"the runtime of the function is not there any more", "use provided.al2023"},
		"InvalidZipFileException":     {"the code of the function is no zip file that Lambda can read", "build it anew, and upload it again"},
	}
}

// stopped says what a reason code means.
func (f *Finding) stopped(m Message) {
	reason := reasonCodes()[m.Code]
	f.Cause = reason.cause
	f.Do = []string{reason.do}
	if m.Code == "InsufficientRolePermissions" {
		f.Actions = []string{"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"}
		f.put(IdentityBased, "the identity policy of the role of the function", statement{Effect: "Allow", Action: f.Actions, Resource: "*"})
	}
}
