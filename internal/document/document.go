// Package document holds one JSON record as the bytes it arrived in, plus an index over them.
//
//	bytes ─▶ Parse ─▶ tape of values ─▶ look up, plan edits ─▶ Render ─▶ bytes
//
// A record is never decoded into maps or structs: what is not edited comes out of Render byte for byte as it went in. Number
// text, key order, nulls, unknown fields, duplicate keys and keys that differ only in case all survive.
//
// Parse is strict: it accepts exactly the texts of RFC 8259 in valid UTF-8, within [Limits]. A Document is reused for record
// after record and allocates nothing once it has seen a record of the usual size. It is not safe for concurrent use.
package document

// Kind is the JSON type of a value.
type Kind uint8

// The kinds of values. The zero Kind is no value at all.
const (
	Invalid Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case False, True:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "no value"
}

// Limits bound what one record may cost. A zero field stands for its default.
type Limits struct {
	Size   int // bytes of a record, default 10 MiB (the largest Kinesis record)
	Depth  int // objects and arrays inside each other, default 128
	Values int // values of all kinds in a record, default 1,048,576
}

// Defaults of [Limits].
const (
	DefaultSize   = 10 << 20
	DefaultDepth  = 128
	DefaultValues = 1 << 20
)

// Node names a value of the document that Parse indexed last: an index into its tape. Values stand on the tape in text order,
// each followed by what it contains.
type Node int32

// None is the Node of a value that is not there.
const None Node = -1

// entry is one value on the tape.
type entry struct {
	start, end uint32 // the value's bytes, quotes and brackets included
	key        uint32 // the first byte of the member's name after its quote; 0 for the root and array elements
	keyLen     uint32 // bytes of the member's name as written
	next       uint32 // index on the tape behind this value and all that it contains
	kind       Kind
	escapes    escapes
}

// escapes tells which texts of an entry cannot be read as they stand.
type escapes uint8

const (
	keyEscaped escapes = 1 << iota
	textEscaped
)

// Document is a record's bytes and their index. The zero Document is ready for Parse.
type Document struct {
	// Limits apply from the next Parse on.
	Limits Limits

	data  []byte
	tape  []entry
	edits []edit
	arena []byte // the new texts of edits
}

// Root is the record's outermost value, or None before a successful Parse.
func (d *Document) Root() Node {
	if len(d.tape) == 0 {
		return None
	}
	return 0
}

// Bytes returns the record as parsed. It aliases the slice that Parse was given.
func (d *Document) Bytes() []byte { return d.data }

// Kind returns the type of n; Invalid for None.
func (d *Document) Kind(n Node) Kind {
	if n < 0 {
		return Invalid
	}
	return d.tape[n].kind
}

// Children returns the first value inside n and the Node behind the last one. Walk them so:
//
//	for c, end := d.Children(n); c < end; c = d.After(c) { … }
//
// A scalar, an empty container and None have no children.
func (d *Document) Children(n Node) (first, end Node) {
	if n < 0 {
		return 0, 0
	}
	return n + 1, Node(d.tape[n].next)
}

// After returns the Node that follows n and everything inside n.
func (d *Document) After(n Node) Node { return Node(d.tape[n].next) }

// Raw returns the value's text as it stands in the record, with quotes or brackets. It aliases the record.
func (d *Document) Raw(n Node) []byte {
	e := &d.tape[n]
	return d.data[e.start:e.end:e.end]
}

// Offset returns where the value begins, in bytes from the record's first.
func (d *Document) Offset(n Node) int { return int(d.tape[n].start) }

// Name returns a member's name as written, without quotes, and whether it is plain: one without escapes. Both in one step, for
// those who walk all members of all records. It is empty for elements and the root, and aliases the record.
func (d *Document) Name(n Node) (name []byte, plain bool) {
	e := &d.tape[n]
	return d.data[e.key : e.key+e.keyLen], e.escapes&keyEscaped == 0
}

// RawKey returns the member's name as written, without quotes and with its escapes; nil for elements and the root.
// It aliases the record.
func (d *Document) RawKey(n Node) []byte {
	e := &d.tape[n]
	if e.key == 0 {
		return nil
	}
	return d.data[e.key : e.key+e.keyLen : e.key+e.keyLen]
}

// KeyEscaped reports whether the member's name holds escapes, so that RawKey is not the name itself.
func (d *Document) KeyEscaped(n Node) bool { return d.tape[n].escapes&keyEscaped != 0 }

// AppendKey appends the member's name with its escapes resolved.
func (d *Document) AppendKey(dst []byte, n Node) []byte {
	if d.KeyEscaped(n) {
		return appendUnescaped(dst, d.RawKey(n))
	}
	return append(dst, d.RawKey(n)...)
}

// KeyIs reports whether the member's name, with escapes resolved, is key. Case matters.
func (d *Document) KeyIs(n Node, key string) bool {
	if d.tape[n].escapes&keyEscaped == 0 {
		return string(d.RawKey(n)) == key
	}
	return d.tape[n].key != 0 && unescapedIs(d.RawKey(n), key)
}

// Text returns the content of a string without its quotes, and whether it is plain: one without escapes, which can be used as it
// stands. It aliases the record. Text of anything but a string is nil.
func (d *Document) Text(n Node) (text []byte, plain bool) {
	if d.Kind(n) != String {
		return nil, true
	}
	e := &d.tape[n]
	return d.data[e.start+1 : e.end-1 : e.end-1], e.escapes&textEscaped == 0
}

// AppendText appends the content of a string with its escapes resolved. An escaped surrogate without its other half becomes
// U+FFFD. Nothing is appended for anything but a string.
func (d *Document) AppendText(dst []byte, n Node) []byte {
	text, plain := d.Text(n)
	if plain {
		return append(dst, text...)
	}
	return appendUnescaped(dst, text)
}

// TextIs reports whether n is a string whose content, with escapes resolved, is s.
func (d *Document) TextIs(n Node, s string) bool {
	text, plain := d.Text(n)
	if text == nil {
		return false
	}
	if plain {
		return string(text) == s
	}
	return unescapedIs(text, s)
}

// Member returns the value of the object's member with that name, the last one where the name occurs more than once (as most
// readers of JSON take it), or None.
func (d *Document) Member(object Node, key string) Node {
	found := None
	if d.Kind(object) != Object {
		return found
	}
	for c, end := d.Children(object); c < end; c = d.After(c) {
		if d.KeyIs(c, key) {
			found = c
		}
	}
	return found
}

// Lookup follows names from the root through objects. It does not enter arrays.
func (d *Document) Lookup(path ...string) Node {
	n := d.Root()
	for _, key := range path {
		n = d.Member(n, key)
	}
	return n
}
