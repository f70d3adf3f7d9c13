package pattern

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"trunkline/internal/spelling"
)

// Finding is something to say about one place of a pattern. It quotes names and operators, never the values compared with.
type Finding struct {
	Pattern int    // index of the pattern in the call to Compile
	Offset  int    // bytes before the place
	Line    int    // line of the place, from 1
	Column  int    // characters from the line's first, from 1
	Path    string // joined path of the field, "" outside of one
	Reason  string // the rule, and how the pattern breaks it
	Hint    string // what to write instead, where that is known
}

// String is one line for a person: which pattern, place, field, reason, hint.
func (f Finding) String() string { return fmt.Sprintf("pattern %d, %s", f.Pattern+1, f.Message()) }

// Message is the line without the pattern's number.
func (f Finding) Message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, column %d: ", f.Line, f.Column)
	if f.Path != "" {
		fmt.Fprintf(&b, "field %q: ", f.Path)
	}
	b.WriteString(f.Reason)
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// Error is a Finding that makes a pattern invalid.
type Error struct{ Finding }

func (e *Error) Error() string { return "invalid event " + e.String() }

// place fills in where offset is in text.
func (f *Finding) place(text []byte, offset int) {
	offset = min(offset, len(text))
	line := bytes.LastIndexByte(text[:offset], '\n') + 1
	f.Offset = offset
	f.Line = 1 + bytes.Count(text[:offset], []byte{'\n'})
	f.Column = 1 + utf8.RuneCount(text[line:offset])
}

// nearest returns the word of the list that name is most likely a misspelling of, or "".
func nearest(name string, words []string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	}
	best, distance := "", 3
	for _, w := range words {
		if d := spelling.Distance(plain(name), plain(w)); d < distance && d < len(w) {
			best, distance = w, d
		}
	}
	return best
}

// didYouMean is the hint for a misspelt word, or "".
func didYouMean(name string, words []string) string {
	if w := nearest(name, words); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return ""
}

// list writes words for a person: "a, b or c".
func list(words []string) string {
	words = slices.Clone(words)
	if n := len(words); n > 1 {
		words = append(words[:n-2], words[n-2]+" or "+words[n-1])
	}
	return strings.Join(words, ", ")
}
