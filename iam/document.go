// Package iam reads, checks and edits IAM policy documents without losing a byte of them.
//
// Parse is tolerant: it recovers from what people really publish (commas too many or too few, missing closers, a statement
// without its policy, comments, placeholders), says what it recovered and where, and goes on:
//
//	text ──▶ Parse ──▶ Document ──▶ typed view: Statements, Actions, Principals, Conditions
//	                      │            each with its Node: kind, decoded text, span in the text
//	                      └─────────▶ Problems, each with the edits that mend it
//
// Strict accepts exactly what the IAM service accepts and words its refusal as the service does.
//
// A Document never changes its text; edits are planned as data and applied to a copy, so whatever is not edited stays as it was,
// byte for byte. A parsed Document is immutable and safe for concurrent use.
//
// The grammar followed is that of the "Grammar of the IAM JSON policy language" page of the IAM User Guide.
package iam

// A Type is the kind of policy a document is meant as. The same text can be right as one type and wrong as another.
type Type uint8

const (
	IdentityPolicy        Type = iota // attached to a user, group or role
	ResourcePolicy                    // attached to a resource: bucket policy, key policy, queue policy …
	TrustPolicy                       // a role's trust policy (assume-role policy document)
	PermissionsBoundary               // bounds what identity policies can grant
	SessionPolicy                     // passed when a session is made
	ServiceControlPolicy              // SCP
	ResourceControlPolicy             // RCP
	EndpointPolicy                    // VPC endpoint policy
)

// A Document is one policy as parsed. Its fields are nil or empty where the text lacks the element.
type Document struct {
	Source     []byte       // the text as given; the Document keeps it and must be the only one to
	Root       *Node        // nil when the text holds nothing like a policy
	Version    *Node        // the value; absent means the rules of 2008-10-17
	ID         *Node        // the value of "Id"
	Statements []*Statement // in order; members of Statement that are no objects have only their Node
	Problems   []Problem    // what Parse recovered from, in order of position

	lines lineIndex
}

// A Statement is one member of Statement. Both elements of a pair (Action, NotAction) are there when the text has both, which no
// policy type allows. Of an element that is written twice the last counts, as it does in IAM; Problems lists the others.
type Statement struct {
	Node         *Node // the object
	Index        int   // from 0
	Sid          *Node // any of these is nil when the element is absent
	Effect       *Node
	Principal    *Principal
	NotPrincipal *Principal
	Action       *Values
	NotAction    *Values
	Resource     *Values
	NotResource  *Values
	Conditions   []Condition // one for each operator and key, in order
	Condition    *Node       // the whole element
}

// Values is an element that is one string or a list of them.
type Values struct {
	Key  *Node   // the element's name
	Node *Node   // its value
	List []*Node // the strings of it; members of other kinds are left out (Problems does not list them: they are well-formed)
}

// A Principal is the Principal or NotPrincipal element.
type Principal struct {
	Key  *Node // the element's name
	Node *Node // its value
	Any  bool  // written as the string "*"; {"AWS": "*"} is in List
	List []PrincipalValue
}

// A PrincipalValue is one principal of a Principal element.
type PrincipalValue struct {
	Type *Node // the key it stands under: AWS, Service, Federated, CanonicalUser or an unknown one
	Node *Node // the string
}

// A Condition is one key of one operator's block: {"Operator": {"Key": Values}}.
type Condition struct {
	Operator *Node   // the operator with its prefix and suffix, as written: ForAnyValue:StringLikeIfExists
	Key      *Node   // the condition key as written
	Value    *Node   // its value as written: a scalar or an array
	Values   []*Node // the scalars of it: String, Number or Bool
}
