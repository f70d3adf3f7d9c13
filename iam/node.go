package iam

// A Kind is the JSON type of a Node.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// A Span is a half-open range of byte offsets into the text.
type Span struct{ Start, End int }

// A Position is a place in the text as people count it.
type Position struct {
	Offset int // bytes, from 0
	Line   int // from 1
	Column int // characters (Unicode code points), from 1
}

// A Node is one JSON value with its place in the text.
type Node struct {
	Kind    Kind
	Virtual bool     // supplied by recovery: not in the text; its Span is empty where the value would stand
	Span    Span     // with quotes, brackets or braces
	Text    string   // String: decoded; Number, Bool, Null: as written; otherwise empty
	Items   []*Node  // Array
	Members []Member // Object, duplicates included, in order
	Parent  *Node    // the Array or Object it stands in; nil for the root
	Key     *Node    // the member name it stands under; nil in an array and for the root
	Index   int      // its index in Parent's Items or Members
}

// A Member is one name and value of an object.
type Member struct{ Key, Value *Node }
