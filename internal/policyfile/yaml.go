package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"trunkline/iam"
)

// Bounds of a YAML file. Aliases of aliases are bounded where they are followed, by maxValues.
const (
	maxYAMLSize   = 1 << 20 // bytes: what CloudFormation takes
	maxYAMLMerged = 100_000 // members that merge keys bring in
)

// yamlReader makes nodes of a YAML file.
type yamlReader struct {
	file   *file
	known  map[*yaml.Node]*node // anchored values, so that aliases share them
	merged int
}

// fromYAML reads the documents of a YAML file.
func fromYAML(f *file) (roots []*node, err error) {
	if len(f.data) > maxYAMLSize {
		return nil, fmt.Errorf("%d bytes of YAML; the most that is read is %d", len(f.data), maxYAMLSize)
	}
	if !utf8.Valid(f.data) {
		return nil, errors.New("not UTF-8; save it as UTF-8")
	}
	r := &yamlReader{file: f, known: map[*yaml.Node]*node{}}
	decoder := yaml.NewDecoder(bytes.NewReader(f.data))
	for {
		var doc yaml.Node
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return roots, nil
		case err != nil:
			return nil, yamlError(err)
		}
		for _, body := range doc.Content {
			root, err := r.convert(body, 0)
			if err != nil {
				return nil, err
			}
			roots = append(roots, root)
		}
	}
}

// atLine is an error about a line of a file.
type atLine struct {
	line int
	text string
}

func (e *atLine) Error() string { return fmt.Sprintf("%d: %s", e.line, e.text) }

var yamlErrorLine = regexp.MustCompile(`^line ([0-9]+): `)

func yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlErrorLine.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &atLine{line, "not YAML, here or in the next lines: " + text[len(m[0]):]} // it may name the line where the list began
	}
	return errors.New("not YAML: " + text)
}

func (r *yamlReader) convert(from *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, &atLine{from.Line, fmt.Sprintf("nested deeper than %d", maxDepth)}
	}
	if from.Kind == yaml.AliasNode {
		if n := r.known[from.Alias]; n != nil {
			return n, nil
		}
		return nil, &atLine{from.Line, fmt.Sprintf("alias *%s stands inside what it stands for", from.Value)}
	}
	n := &node{at: r.file.offset(from.Line, from.Column)}
	if from.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(from.Tag, "!!") {
		n.tag = strings.TrimPrefix(from.Tag, "!")
	}
	switch from.Kind {
	case yaml.MappingNode:
		n.kind = iam.Object
		if err := r.members(n, from.Content, depth); err != nil {
			return nil, err
		}
	case yaml.SequenceNode:
		n.kind = iam.Array
		for _, value := range from.Content {
			item, err := r.convert(value, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	default:
		r.scalar(n, from)
	}
	if from.Anchor != "" {
		r.known[from] = n // only now: inside itself it is not known
	}
	return n, nil
}

func (r *yamlReader) members(n *node, content []*yaml.Node, depth int) error {
	var merges []*node
	for i := 0; i+1 < len(content); i += 2 {
		key := content[i]
		value, err := r.convert(content[i+1], depth+1)
		if err != nil {
			return err
		}
		if key.Kind != yaml.ScalarNode {
			return &atLine{key.Line, "a key that is no text; templates have none"}
		}
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		m := member{name: key.Value, at: r.file.offset(key.Line, key.Column), value: value}
		m.inside = r.inside(m.at, key)
		m.exact = r.stands(m.inside, m.name)
		n.members = append(n.members, m)
	}
	for _, merge := range merges {
		if err := r.merge(n, merge); err != nil {
			return err
		}
	}
	return nil
}

// merge brings in the members that n lacks.
func (r *yamlReader) merge(n, from *node) error {
	for _, item := range from.items { // of a list of mappings
		if item.kind != iam.Object {
			continue
		}
		if err := r.merge(n, item); err != nil {
			return err
		}
	}
	have := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		have[m.name] = true
	}
	if r.merged += len(n.members) + len(from.members) + 1; r.merged > maxYAMLMerged {
		return fmt.Errorf("merge keys bring in more than %d members", maxYAMLMerged)
	}
	for _, m := range from.members {
		if !have[m.name] {
			n.members = append(n.members, m)
		}
	}
	return nil
}

// jsonNumber is what may stand as a number in a policy. YAML takes more for numbers: 0x10, .5, 012345678901.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (r *yamlReader) scalar(n *node, from *yaml.Node) {
	n.kind, n.text, n.inside = iam.String, from.Value, r.inside(n.at, from)
	switch from.ShortTag() {
	case "!!null":
		n.kind, n.text = iam.Null, "null"
	case "!!bool":
		n.kind, n.text = iam.Bool, strings.ToLower(from.Value)
	case "!!int", "!!float":
		if jsonNumber.MatchString(from.Value) {
			n.kind = iam.Number
		}
	}
	switch from.Style &^ yaml.TaggedStyle {
	case yaml.LiteralStyle:
		r.lines(n)
	case yaml.FoldedStyle:
	default:
		n.exact = r.stands(n.inside, n.text)
	}
}

// stands tells whether a text stands at an offset of the file as it is.
func (r *yamlReader) stands(at int, text string) bool {
	return bytes.HasPrefix(r.file.data[min(at, len(r.file.data)):], []byte(text))
}

// inside is where the content of a scalar begins: behind its tag, its anchor and its quote.
func (r *yamlReader) inside(at int, from *yaml.Node) int {
	data := r.file.data
	for (from.Style&yaml.TaggedStyle != 0 || from.Anchor != "") && at < len(data) && (data[at] == '!' || data[at] == '&') {
		for at < len(data) && !isSpace(data[at]) {
			at++
		}
		for at < len(data) && isSpace(data[at]) {
			at++
		}
	}
	if from.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		at++
	}
	return min(at, len(data))
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// lines tells where the lines of a literal block stand. Of a folded one only its beginning is told.
func (r *yamlReader) lines(n *node) {
	number, at := r.file.position(n.inside).Line, 0
	for line := range strings.SplitAfterSeq(n.text, "\n") {
		number++
		source, begin := r.file.line(number), r.file.offset(number, 1)
		plain := strings.TrimSuffix(line, "\n")
		exact := bytes.HasSuffix(source, []byte(plain))
		if exact {
			begin += len(source) - len(plain)
		}
		n.runs = append(n.runs, run{at, begin, exact})
		at += len(line)
	}
}
