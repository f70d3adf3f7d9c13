package lint

import (
	"strconv"
	"unicode/utf8"

	"trunkline/iam"
)

// path leads from the root to a value, or to a member's name when at is one, as Access Analyzer writes it:
// [{"value": "Statement"}, {"index": 0}, {"value": "Action"}].
func path(at *iam.Node) []Element {
	if isName(at) {
		return keyPath(at)
	}
	depth := 0
	for n := at; n.Parent != nil; n = n.Parent {
		depth++
	}
	elements := make([]Element, depth)
	for n := at; n.Parent != nil; n = n.Parent {
		depth--
		if n.Parent.Kind == iam.Array {
			elements[depth] = Element{Kind: Index, Index: n.Index}
		} else {
			elements[depth] = Element{Kind: Value, Name: n.Key.Text}
		}
	}
	return elements
}

// keyPath leads to a member's name.
func keyPath(name *iam.Node) []Element {
	if !isName(name) {
		return path(name)
	}
	return append(path(name.Parent), Element{Kind: Key, Name: name.Text})
}

// isName tells whether a node is the name of a member rather than a value.
func isName(n *iam.Node) bool {
	return n.Parent != nil && n.Parent.Kind == iam.Object && n.Key == nil
}

// partPath leads to a part of a string. Access Analyzer counts characters, our callers bytes of the decoded text.
func partPath(at *iam.Node, start, length int) []Element {
	return append(path(at), Element{
		Kind:   Substring,
		Start:  utf8.RuneCountInString(at.Text[:start]),
		Length: utf8.RuneCountInString(at.Text[start : start+length]),
	})
}

// partSpan is where a part of a string's decoded text stands in the source. It is the whole string when the two cannot be laid
// side by side, as in a string that recovery has put together.
func partSpan(source []byte, at *iam.Node, start, length int) iam.Span {
	if at.Virtual || at.Kind != iam.String || at.Span.End-at.Span.Start < 2 {
		return at.Span
	}
	raw := source[at.Span.Start+1 : at.Span.End-1]
	if len(raw) == len(at.Text) && string(raw) == at.Text { // no escapes, which is nearly always
		return iam.Span{Start: at.Span.Start + 1 + start, End: at.Span.Start + 1 + start + length}
	}
	from, ok := rawOffset(raw, start)
	to, ok2 := rawOffset(raw, start+length)
	if !ok || !ok2 {
		return at.Span
	}
	return iam.Span{Start: at.Span.Start + 1 + from, End: at.Span.Start + 1 + to}
}

// rawOffset is the offset in a string as written, without its quotes, of a byte offset into its decoded text.
func rawOffset(raw []byte, decoded int) (offset int, ok bool) {
	for offset < len(raw) && decoded > 0 {
		if raw[offset] != '\\' {
			offset++
			decoded--
			continue
		}
		width, bytes := escape(raw[offset:])
		if width == 0 || bytes > decoded {
			return 0, false
		}
		offset += width
		decoded -= bytes
	}
	return offset, decoded == 0
}

// escape is the width of the escape sequence that raw begins with and the number of bytes that it stands for in UTF-8.
func escape(raw []byte) (width, bytes int) {
	if len(raw) < 2 {
		return 0, 0
	}
	if raw[1] != 'u' {
		return 2, 1
	}
	if len(raw) < 6 {
		return 0, 0
	}
	code, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	r := rune(code)
	switch {
	case err != nil:
		return 0, 0
	case r >= 0xD800 && r < 0xDC00 && len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u':
		return 12, 4 // a surrogate pair
	case r >= 0xD800 && r < 0xE000:
		return 6, 3 // a lone surrogate, decoded as U+FFFD
	}
	return 6, utf8.RuneLen(r)
}
