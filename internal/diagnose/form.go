package diagnose

// A form is one way in which services word a failure.
type form struct {
	name    string
	kind    Kind
	phrase  string // that every message of the form holds; others may hold it too
	source  string // where it is documented, or was seen
	example string
	// read takes a message apart, from the phrase on. False: it has another form.
	read func(*reader) bool
}

// Sources of forms.
const (
	userGuide  = "IAM User Guide: Troubleshoot access denied error messages"
	publicLogs = "public logs and issues"
	pipesGuide = "EventBridge user guide: troubleshooting pipes; public issues"
	lambdaAPI  = "Lambda API reference, State and StateReasonCode; public issues"
)

const (
	performs  = " is not authorized to perform: "
	me        = "User: arn:aws:iam::111122223333:user/ann"
	kmsCauses = " because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
)

// forms is the table. Of several with the same phrase, the first that can read a message has it.
func forms() []form {
	return []form{
		// Denials.
		{
			"connect", Denied, performs, publicLogs, me + performs + "connect:* on resource: * with an explicit deny",
			func(r *reader) bool { // it names neither the action nor a policy, and comes for a foreign instance too
				r.principal()
				if !r.skip(performs+"connect:* on resource: * with an explicit deny") || len(r.rest()) > 3 && r.rest()[:4] == " in " {
					return false
				}
				r.m.Service = "connect"
				return true
			},
		},
		{
			"kms key", Denied, performs, publicLogs, me + performs + "kms:Decrypt on this resource" + kmsCauses,
			func(r *reader) bool { return r.act() && r.cause(" on this resource") },
		},
		{
			"kms ciphertext", Denied, performs, publicLogs, me + performs + "kms:Decrypt on the resource associated with this ciphertext" + kmsCauses,
			func(r *reader) bool { return r.act() && r.cause(" on the resource associated with this ciphertext") },
		},
		{
			"firehose", Denied, performs, publicLogs, "Role arn:aws:iam::111122223333:role/delivery" + performs + "kinesis:DescribeStream on resource arn:aws:kinesis:eu-west-2:111122223333:stream/records.",
			func(r *reader) bool {
				if !r.act() || !r.skip(" on resource ") {
					return false
				}
				r.resource()
				r.reason()
				r.tail()
				return true
			},
		},
		{
			"standard", Denied, performs, userGuide, me + performs + "s3:GetObject on resource: \"arn:aws:s3:::example/a\" because no identity-based policy allows the s3:GetObject action",
			standard,
		},
		{
			"no action", Denied, " is not authorized to access this resource", publicLogs, me + " is not authorized to access this resource",
			func(r *reader) bool {
				r.principal()
				return r.m.Principal != "" && r.skip(" is not authorized to access this resource")
			},
		},
		{
			"cut phrase", Denied, " is not authorized to perf", pipesGuide, me + " is not authorized to perf",
			func(r *reader) bool {
				r.principal()
				return r.m.Principal != "" && r.ends(performs)
			},
		},
		{
			"ec2", Denied, "You are not authorized to perform this operation", "EC2 API reference: UnauthorizedOperation",
			"You are not authorized to perform this operation. Encoded authorization failure message: 3Yc7abc_-def",
			func(r *reader) bool {
				r.skip("You are not authorized to perform this operation")
				r.m.Service = "ec2"
				r.skip(".")
				if r.skip(" User: ") {
					user := r.at
					if r.at += len(r.upTo(performs)); r.at < len(r.text) {
						r.floor = user - len("User: ")
						start := r.start
						if standard(r) {
							r.start = start
							return true
						}
					}
					r.at = user
				}
				r.tail()
				return true
			},
		},
		{
			"encoded", Denied, "Encoded authorization failure message: ", "STS API reference: DecodeAuthorizationMessage", "Encoded authorization failure message: 3Yc7abc_-def",
			func(r *reader) bool { r.tail(); return r.m.Encoded != "" },
		},
		{
			"web identity", Denied, "Not authorized to perform sts:", "STS API reference: AssumeRoleWithWebIdentity; public issues", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
			func(r *reader) bool {
				r.skip("Not authorized to perform ")
				r.m.Policy = Trust // it is the only policy that has a say then
				return r.action() && r.m.Action != ""
			},
		},
		{
			"kms by a service", Denied, "Access to KMS is not allowed", "Secrets Manager user guide: secret encryption and decryption", "Access to KMS is not allowed",
			func(r *reader) bool {
				r.skip("Access to KMS is not allowed")
				return len(r.rest()) < 6 || r.rest()[:6] != ": User"
			},
		},
		{
			"plain", Denied, "AccessDenied: Access Denied", "S3 API reference: error responses", "AccessDenied: Access Denied",
			func(r *reader) bool { r.m.Code = "AccessDenied"; return r.skip("AccessDenied: Access Denied") },
		},
		{
			"plain", Denied, "Access Denied (Service: ", "S3 API reference: error responses; AWS SDK for Java", "Access Denied (Service: S3, Status Code: 403, Request ID: 4442587FB7D0A2F9)",
			func(r *reader) bool { return r.skip("Access Denied") },
		},

		// Pipes and functions that say what their role may not do.
		{
			"pipe role", Denied, "The provided customer role does not have permissions to call ", pipesGuide,
			"Input parameter is invalid from the request due to : The provided customer role does not have permissions to call DescribeStream on Kinesis",
			func(r *reader) bool { return r.calls("The provided customer role does not have permissions to call ") },
		},
		{
			"pipe stream", Denied, "Cannot access stream ", pipesGuide,
			"Cannot access stream arn:aws:kinesis:eu-west-2:111122223333:stream/records. Please ensure the customer role can perform actions on source stream",
			func(r *reader) bool {
				r.skip("Cannot access stream ")
				r.m.Resource = r.arn()
				return r.m.Resource != "" || r.m.Truncated
			},
		},
		{
			"pipe source", Denied, "Pipes does not have enough permission to process your event source", pipesGuide,
			"PROBLEM: Pipes does not have enough permission to process your event source. Please add kinesis:GetRecords permission to role.",
			func(r *reader) bool {
				r.skip("Pipes does not have enough permission to process your event source")
				if r.skip(". Please add ") {
					r.action()
				}
				return true
			},
		},
		{
			"pipe invocation", Denied, "invocation failed with error from ", pipesGuide, "Target invocation failed with error from Logs. Not allowed to invoke.",
			func(r *reader) bool {
				r.skip("invocation failed with error from ")
				r.m.Service = r.service()
				return r.m.Service != "" && r.skip(". Not allowed to invoke")
			},
		},
		{
			"function role", Denied, "The provided execution role does not have permissions to call ", lambdaAPI, "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
			func(r *reader) bool {
				return r.calls("The provided execution role does not have permissions to call ")
			},
		},

		// What is wrong in another way.
		{"role cannot be assumed", Invalid, "cannot be assumed by Lambda", lambdaAPI, "The role defined for the function cannot be assumed by Lambda.", says("cannot be assumed by Lambda")},
		{
			"stream is gone", Missing, "Stream not found. To resume processing please delete the pipe", pipesGuide, "Stream not found. To resume processing please delete the pipe and create a new one.",
			says("Stream not found. To resume processing please delete the pipe"),
		},
		{
			"pipe network", Timeout, "Your VPC must be able to connect to pipes", pipesGuide, "Connection error. Your VPC must be able to connect to pipes",
			says("Your VPC must be able to connect to pipes"),
		},
		{
			"secret being deleted", Invalid, "a secret with this name is already scheduled for deletion", "public issues", "You can't create this secret because a secret with this name is already scheduled for deletion.",
			says("a secret with this name is already scheduled for deletion"),
		},
		{
			"no such secret", Missing, "Secrets Manager can't find the specified secret", "Secrets Manager API reference: ResourceNotFoundException", "Secrets Manager can't find the specified secret.",
			func(r *reader) bool {
				r.m.Service = "secretsmanager"
				return r.skip("Secrets Manager can't find the specified secret")
			},
		},
		{
			"no such function", Missing, "Function not found: arn:", "Lambda API reference: ResourceNotFoundException", "Function not found: arn:aws:lambda:eu-west-2:111122223333:function:redactor",
			func(r *reader) bool {
				r.skip("Function not found: ")
				r.m.Service, r.m.Resource = "lambda", r.arn()
				return true
			},
		},
		{
			"function timeout", Timeout, "Task timed out after ", "Lambda developer guide: troubleshooting invocations", "Task timed out after 60.00 seconds",
			func(r *reader) bool {
				r.skip("Task timed out after ")
				return r.word(".") != "" && r.skip(" seconds")
			},
		},
		{
			"dial timeout", Timeout, ": i/o timeout", "net package of Go", "dial tcp 203.0.113.7:443: i/o timeout",
			func(r *reader) bool {
				r.m.Host = r.dialled()
				return r.skip(": i/o timeout") && r.m.Host != ""
			},
		},
		{
			"endpoint timeout", Timeout, "onnect timeout on endpoint URL: ", "botocore", `Connect timeout on endpoint URL: "https://secretsmanager.eu-west-2.amazonaws.com/"`,
			func(r *reader) bool {
				r.skip("onnect timeout on endpoint URL: ")
				r.skip(`\`)
				r.skip(`"`)
				return r.skip("https://") && r.host()
			},
		},
		{
			"java timeout", Timeout, "Unable to execute HTTP request: Connect to ", "AWS SDK for Java", "Unable to execute HTTP request: Connect to secretsmanager.eu-west-2.amazonaws.com:443 [secretsmanager.eu-west-2.amazonaws.com/203.0.113.7] failed: connect timed out",
			func(r *reader) bool {
				r.skip("Unable to execute HTTP request: Connect to ")
				return r.host() && len(r.upTo("timed out")) < min(200, len(r.rest()))
			},
		},
		{
			"node timeout", Timeout, "connect ETIMEDOUT ", "Node.js: net", "connect ETIMEDOUT 203.0.113.7:443",
			func(r *reader) bool { return r.skip("connect ETIMEDOUT ") && r.host() },
		},
	}
}

// standard reads the form of the IAM User Guide.
func standard(r *reader) bool {
	if !r.act() {
		return false
	}
	switch {
	case r.skip(" on resource: "):
		r.resource()
	case r.ends(" on resource: "):
		return true
	}
	r.reason()
	r.tail()
	return true
}

// says is a form that says all by being there.
func says(phrase string) func(*reader) bool {
	return func(r *reader) bool { return r.skip(phrase) }
}
