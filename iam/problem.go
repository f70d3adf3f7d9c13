package iam

// A Problem is something Parse recovered from.
type Problem struct {
	Code  ProblemCode
	Span  Span   // where the text is wrong; empty where something is missing
	Text  string // what is wrong, in a few words, without the value of any string
	Edits []Edit // what mends it; empty when only a person can know
}

// A ProblemCode names a kind of Problem.
type ProblemCode string

const (
	TrailingComma   ProblemCode = "trailing comma"
	MissingComma    ProblemCode = "missing comma"
	MissingColon    ProblemCode = "missing colon"
	MissingValue    ProblemCode = "missing value"     // a name without one: only its author knows
	MissingCloser   ProblemCode = "missing closer"    // bracket, brace or quote at the end
	ExtraText       ProblemCode = "extra text"        // a closer too many, text behind the policy
	HeadlessText    ProblemCode = "headless text"     // begins inside a statement
	BareStatement   ProblemCode = "bare statement"    // a statement, or a list of them, without its policy
	DuplicateKey    ProblemCode = "duplicate key"     // the same name twice in one object
	Comment         ProblemCode = "comment"           // // …, /* … */, # …
	Ellipsis        ProblemCode = "ellipsis"          // … or ... in place of something
	SmartQuote      ProblemCode = "smart quote"       // “ ” ‘ ’ or ' where " belongs
	BadString       ProblemCode = "bad string"        // control character, wrong escape, invalid UTF-8
	BadLiteral      ProblemCode = "bad literal"       // True, NULL, 01, a bare word
	PlaceholderText ProblemCode = "placeholder text"  // a placeholder where a value belongs, unquoted
	TooDeep         ProblemCode = "too deep"          // nested deeper than MaxDepth: the rest is not read
	TooLarge        ProblemCode = "too large"         // longer than MaxSize: nothing is read
	TooMany         ProblemCode = "too many problems" // more than MaxProblems: the rest is not read
	NoPolicy        ProblemCode = "no policy"         // nothing in the text looks like a policy
)

// An Edit replaces the bytes of a span by Text; an empty span inserts.
type Edit struct {
	Span Span
	Text string
}
