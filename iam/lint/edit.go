package lint

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"trunkline/iam"
)

// replace is the edit that puts another string in the place of a value or a name; ok is false when it is not in the text.
func replace(n *iam.Node, text string) (edits []iam.Edit, ok bool) {
	if n.Virtual {
		return nil, false
	}
	return []iam.Edit{{Span: n.Span, Text: quote(text)}}, true
}

// quote is a string as JSON, with <, > and & left as they are.
func quote(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""` // strings always encode
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// remove is the edit that takes an item out of its list, or a member out of its object, with the comma that goes with it and the
// white space between. ok is false when it is not in the text, is the only one, or the commas around it were recovered.
func remove(source []byte, n *iam.Node) (edits []iam.Edit, ok bool) {
	parent := n.Parent
	if parent == nil || n.Virtual || parent.Virtual {
		return nil, false
	}
	bounds := func(i int) (iam.Span, bool) {
		if parent.Kind == iam.Array {
			item := parent.Items[i]
			return item.Span, !item.Virtual
		}
		member := parent.Members[i]
		return iam.Span{Start: member.Key.Span.Start, End: member.Value.Span.End}, !member.Key.Virtual && !member.Value.Virtual
	}
	count := len(parent.Items) + len(parent.Members)
	own, written := bounds(n.Index)
	if !written || count < 2 {
		return nil, false
	}
	cut := own
	if n.Index+1 < count {
		next, written := bounds(n.Index + 1)
		if !written || !onlyComma(source[own.End:next.Start]) {
			return nil, false
		}
		cut.End = next.Start
	} else {
		previous, written := bounds(n.Index - 1)
		if !written || !onlyComma(source[previous.End:own.Start]) {
			return nil, false
		}
		cut.Start = previous.End
	}
	return []iam.Edit{{Span: cut}}, true
}

// onlyComma tells whether what stands between two members is one comma and white space.
func onlyComma(between []byte) bool {
	commas := 0
	for _, c := range between {
		switch c {
		case ',':
			commas++
		case ' ', '\t', '\r', '\n':
		default:
			return false
		}
	}
	return commas == 1
}

// safeFix and riskyFix attach a fix to a finding when the edits exist. A safe one grants nothing more and takes away nothing
// that worked: policy lint --fix applies it unasked.
func (f *Finding) safeFix(message string, edits []iam.Edit, ok bool) {
	if ok {
		f.Fix = &Fix{Message: message, Safe: true, Edits: slices.Clip(edits)}
	}
}

func (f *Finding) riskyFix(message string, edits []iam.Edit, ok bool) {
	if ok {
		f.Fix = &Fix{Message: message, Edits: slices.Clip(edits)}
	}
}
