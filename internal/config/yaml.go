package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a config file. They keep the YAML parser, which is quadratic for some hostile texts, at seconds.
const (
	maxSize   = 1 << 20
	maxTokens = 100_000
	maxDepth  = 64
)

// kind of a YAML value, told as JSON would tell it.
type kind uint8

const (
	aNull kind = iota
	aBool
	aNumber
	aText
	aList
	aMap
)

func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// node is a value of the file: all that the rest of the package sees of YAML.
type node struct {
	kind    kind
	text    string // of a scalar: its content; of a number as it was written
	at      Position
	members []member // of a mapping, in the file's order, no name twice
	items   []node   // of a list
}

type member struct {
	name  string
	at    Position
	value node
}

// parse reads a YAML text of one document. It refuses the parts of YAML that a config has no use for and that hide what a value
// is: anchors, aliases, merge keys, tags, directives, complex keys. ok is false where r has been told why.
func (r *reader) parse(content []byte) (root node, ok bool) {
	content, ok = r.decode(content)
	if !ok {
		return node{}, false
	}
	tokens := lexer.Tokenize(string(content))
	if !r.checkTokens(tokens) {
		return node{}, false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // convert reports duplicates, with their names
	if err != nil {
		r.syntaxError(err)
		return node{}, false
	}
	var body ast.Node
	if len(file.Docs) > 0 {
		body = file.Docs[0].Body
	}
	if body == nil {
		r.fail(Position{1, 1}, "", "is empty%s", r.ifEmpty)
		return node{}, false
	}
	return r.convert("", body, 0), true
}

// decode checks the encoding and takes a byte order mark off.
func (r *reader) decode(content []byte) ([]byte, bool) {
	start := Position{1, 1}
	if len(content) > maxSize {
		r.fail(start, "", "is larger than %d bytes; is it a config?", maxSize)
		return nil, false
	}
	if bytes.HasPrefix(content, []byte("\xfe\xff")) || bytes.HasPrefix(content, []byte("\xff\xfe")) {
		r.fail(start, "", "is UTF-16; save it as UTF-8")
		return nil, false
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	at := start
	for i := 0; i < len(content); {
		c, size := utf8.DecodeRune(content[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.fail(at, "", "is not UTF-8 here")
			return nil, false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f:
			r.fail(at, "", "control character %U; is it a config?", c)
			return nil, false
		case c == '\n':
			at = Position{at.Line + 1, 1}
		default:
			at.Column++
		}
		i += size
	}
	return content, true
}

// checkTokens looks for what is refused before the parser sees it.
func (r *reader) checkTokens(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		r.fail(Position{1, 1}, "", "has more than %d keys and values; is it a config?", maxTokens)
		return false
	}
	depth, dashes, line, content := 0, 0, 0, false
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		refused := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refused = "anchors, aliases and merge keys are not supported; write the value out"
		case token.TagType:
			refused = "tags are not supported; put a text in quotes instead"
		case token.DirectiveType:
			refused = "directives are not supported; remove the line"
		case token.MappingKeyType:
			refused = "write a key as name: value"
		case token.DocumentHeaderType:
			if content {
				refused = "a second document begins; a config is one document"
			}
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		}
		if max(depth, dashes) > maxDepth {
			refused = "is nested too deeply"
		}
		if refused != "" {
			r.fail(position(t), "", "%s", refused)
			return false
		}
		content = content || t.Type != token.CommentType && t.Type != token.DocumentHeaderType
	}
	return true
}

func (r *reader) syntaxError(err error) {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) || syntax.Token == nil {
		r.fail(Position{1, 1}, "", "not YAML: %w", err)
		return
	}
	message := syntax.Message // err.Error() would quote the lines around, which may hold a secret
	if strings.Contains(message, `'`+"\t"+`'`) || strings.HasPrefix(message, "tab character") {
		message = "a tab; YAML wants spaces here"
	}
	r.fail(position(syntax.Token), "", "not YAML: %s", message)
}

func position(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1}
	}
	return Position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// start is where a value begins. Of a mapping in lines, the parser tells where its first colon is.
func start(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return position(n.Values[0].Key.GetToken())
		}
	case *ast.MappingValueNode:
		return position(n.Key.GetToken())
	}
	return position(n.GetToken())
}

// convert makes nodes of the parser's tree. key is the path of the value, for messages.
func (r *reader) convert(key string, n ast.Node, depth int) node {
	at := start(n)
	if depth > maxDepth {
		r.fail(at, key, "is nested too deeply")
		return node{at: at}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.convertMap(key, n.Values, at, depth)
	case *ast.MappingValueNode:
		return r.convertMap(key, []*ast.MappingValueNode{n}, at, depth)
	case *ast.SequenceNode:
		list := node{kind: aList, at: at}
		for i, item := range n.Values {
			list.items = append(list.items, r.convert(element(key, i), item, depth+1))
		}
		return list
	case *ast.LiteralNode:
		return node{kind: aText, text: n.Value.Value, at: at}
	case *ast.StringNode:
		quoted := n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		if !quoted && jsonNumber(n.Value) { // the parser takes 1e3 and long numbers for texts
			return node{kind: aNumber, text: n.Value, at: at}
		}
		return node{kind: aText, text: n.Value, at: at}
	case *ast.BoolNode:
		return node{kind: aBool, text: strings.ToLower(n.Token.Value), at: at}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return node{kind: aNumber, text: n.GetToken().Value, at: at}
	case *ast.NullNode:
		return node{kind: aNull, text: "null", at: at}
	}
	r.fail(at, key, "is a form of YAML that a config has no use for")
	return node{at: at}
}

// jsonNumber tells a number of JSON, with nothing around it.
func jsonNumber(text string) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return text != "" && (text[0] == '-' || digit(text[0])) && digit(text[len(text)-1]) && json.Valid([]byte(text))
}

func (r *reader) convertMap(key string, values []*ast.MappingValueNode, at Position, depth int) node {
	m := node{kind: aMap, at: at}
	first := make(map[string]Position, len(values))
	for _, v := range values {
		t := v.Key.GetToken()
		name, at := t.Value, position(t)
		if line, twice := first[name]; twice {
			r.fail(at, join(key, name), "stands twice; the first is in line %d", line.Line)
			continue
		}
		first[name] = at
		value := r.convert(join(key, name), v.Value, depth+1)
		if v.Value.GetToken().Type == token.ImplicitNullType { // nothing is nowhere
			value.at = at
		}
		m.members = append(m.members, member{name, at, value})
	}
	m.members = slices.Clip(m.members)
	return m
}
