package scrub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEscapes: what JSON in a text writes as an escape is found, and what is not found stays as it is written.
func TestEscapes(t *testing.T) {
	for _, c := range []struct{ text, want, found string }{
		{`{"mail":"jo\u0040example.com"}`, `{"mail":"[EMAIL]"}`, "jo@example.com"},
		{`{\"mail\":\"jo\\u0040example.com\"}`, `{\"mail\":\"[EMAIL]\"}`, "jo@example.com"},
		{`{\\\"mail\\\":\\\"\\\\u006ao@example.com\\\"}`, `{\\\"mail\\\":\\\"[EMAIL]\\\"}`, "jo@example.com"},
		{`{"\u006Ao@example.com":"caf\u00e9"}`, `{"[EMAIL]":"caf\u00e9"}`, "jo@example.com"},
		{`call \u002b447700 900123\u000a`, `call [PHONE]\u000a`, "+447700 900123"},
		{`4242\u00a04242\u00a04242 4242`, `[CARD]`, "4242\u00a04242\u00a04242 4242"},
		{`j\u00f6rg@b\u00fccher.example`, `[EMAIL]`, "jörg@bücher.example"},
		{`\u0031\u0032\u0037.0.0.1`, `[IP]`, "127.0.0.1"},
		{`order \u0031\u0032\u0033`, `order \u0031\u0032\u0033`, ""},
		{`\ud83d\ude00 jo@example.com \ud83d`, `\ud83d\ude00 [EMAIL] \ud83d`, "jo@example.com"},
		{`c:\users\jo@example.com`, `c:\users\[EMAIL]`, "jo@example.com"},
		{`\u00zz jo@example.com \u`, `\u00zz [EMAIL] \u`, "jo@example.com"},
		{`\u0000 jo@example.com`, `\u0000 [EMAIL]`, "jo@example.com"},
		{`\u0020jo@example.com mo@example.com\u0020`, `\u0020[EMAIL] [EMAIL]\u0020`, "jo@example.com mo@example.com"},
	} {
		var found []string
		got, n := Replace(nil, []byte(c.text), func(dst []byte, k Kind, f []byte) []byte {
			found = append(found, string(f))
			return append(dst, k.Placeholder()...)
		})
		if text := strings.Join(found, " "); string(got) != c.want || text != c.found || n != len(found) {
			t.Errorf("%s:\ngot  %s with %q\nwant %s with %q", c.text, got, text, c.want, c.found)
		}
	}
}

// TestEverythingEscaped: the labelled texts, with every character written as an escape, one or two levels down, come out as they do
// when they are written plainly.
func TestEverythingEscaped(t *testing.T) {
	tried := 0
	for _, line := range slices.Concat(readCorpus(t, "testdata/corpus.jsonl"), readCorpus(t, "testdata/heldout.jsonl")) {
		if mayEscape([]byte(line.Text)) || strings.ContainsFunc(line.Text, func(c rune) bool { return c > 0xffff }) {
			continue
		}
		want, n := Replace(nil, []byte(line.Text), nil)
		for _, form := range []string{`\u%04x`, `\\u%04X`} {
			var escaped []byte
			for _, c := range line.Text {
				escaped = fmt.Appendf(escaped, form, c)
			}
			got, m := Replace(nil, escaped, nil)
			if got = unescape(nil, got); !bytes.Equal(got, want) || m != n {
				t.Errorf("got %q with %d finds, want %q with %d, of %s", got, m, want, n, escaped)
			}
		}
		tried += n
	}
	if tried < 1000 {
		t.Errorf("tried %d finds: the test shows less than it should", tried)
	}
}

// TestNestedStaysJSON: JSON inside a text is JSON afterwards, whatever was replaced in it.
func TestNestedStaysJSON(t *testing.T) {
	for _, name := range []string{`jo\u0040example.com`, `\u006a\u006f@example.com`, `+4\u0034 7700 900123`, `\"jo\u0040example.com\"`} {
		text := fmt.Sprintf(`{"%s": ["x", {"a": "%s"}]}`, name, name)
		got, n := Replace(nil, []byte(text), nil)
		if n != 2 || !json.Valid(got) {
			t.Errorf("got %s with %d finds, want JSON with 2, of %s", got, n, text)
		}
	}
}

// TestEscapesAreLinear has many finds and escapes, each of which is looked at once.
func TestEscapesAreLinear(t *testing.T) {
	for _, unit := range []string{`jo@example.com \u0041`, `\`, `\u`, `\u0040`, "a@b.co "} {
		text := append([]byte(`\u0041`), bytes.Repeat([]byte(unit), 4<<20/len(unit))...)
		began := time.Now()
		Scan(nil, text)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s…, %d bytes: took %v", text[:40], len(text), took)
		}
	}
}
