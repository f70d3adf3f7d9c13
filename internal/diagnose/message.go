package diagnose

// A Kind is what sort of failure a message tells of.
type Kind uint8

// The kinds of failures.
const (
	Unknown Kind = iota
	Denied       // a permission is missing, or a policy denies
	Missing      // something does not exist
	Invalid      // a parameter or a role was refused
	Timeout      // something was not reached, or took too long
	Stopped      // a pipe or a function does not work, for another reason that is known
)

func (k Kind) String() string {
	return [...]string{"unknown", "denied", "missing", "invalid", "timeout", "stopped"}[k]
}

// An Effect says whether a denial is the lack of an Allow or a Deny.
type Effect uint8

// What a message says of a denial's kind.
const (
	Unsaid   Effect = iota
	Implicit        // no policy of the type allows it
	Explicit        // a policy of the type denies it; of SCPs also the lack of an Allow is worded so
)

func (e Effect) String() string { return [...]string{"", "implicit", "explicit"}[e] }

// A PolicyType is AWS's word for a type of policies in a denial.
type PolicyType string

// The types that messages name: see "Troubleshoot access denied error messages" in the IAM User Guide.
const (
	IdentityBased   PolicyType = "identity-based policy"
	ResourceBased   PolicyType = "resource-based policy"
	Boundary        PolicyType = "permissions boundary"
	Session         PolicyType = "session policy"
	ServiceControl  PolicyType = "service control policy"
	ResourceControl PolicyType = "resource control policy"
	Endpoint        PolicyType = "VPC endpoint policy"
	Trust           PolicyType = "role trust policy"
)

// policyWords are the types as messages write them. Of two that begin alike, the longer comes first.
var policyWords = [...]struct {
	word string
	is   PolicyType
}{
	{"identity-based policy", IdentityBased},
	{"resource-based policy", ResourceBased},
	{"permissions boundary", Boundary},
	{"sessions policy", Session},
	{"session policy", Session},
	{"service control policy", ServiceControl},
	{"resource control policy", ResourceControl},
	{"VPC endpoint policy", Endpoint},
	{"role trust policy", Trust},
}

// A Message is what one message of a service says. A field that the message does not hold, or not to its end, is empty.
type Message struct {
	Kind      Kind
	Form      string // its name in the table of forms
	Principal string // an ARN, or anonymous
	Action    string // as written; "connect:*" is none
	Resource  string // an ARN, a bare name or *, with percent-encoding resolved
	Effect    Effect
	Policy    PolicyType
	Through   PolicyType // whose denial the policy's is, where that is another
	PolicyARN string
	Encoded   string // authorization message
	Code      string // error code
	Service   string // that was called, as the message names it
	Operation string // likewise
	RequestID string
	Host      string // that was not reached
	Truncated bool   // it is cut, or where the resource ends is not sure
}
