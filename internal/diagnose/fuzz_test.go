package diagnose

import (
	"net/url"
	"strings"
	"testing"

	"trunkline/iam/catalog"
)

// FuzzFind: whatever the text, no panic, and what is reported of it stands in it, as it is or with percent-encoding resolved.
func FuzzFind(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.text, c.quality.whole, c.quality.cut)
	}
	p := newParser(catalog.Default())
	f.Fuzz(func(t *testing.T, text string, whole, cut bool) {
		for _, m := range p.find(text, quality{whole, cut}) {
			for key, value := range described(m) {
				switch key {
				case "kind", "form", "effect", "truncated":
					continue
				case "policy", "through":
					if value == string(Session) && strings.Contains(text, "sessions policy") || m.Form == "web identity" {
						continue
					}
				case "service":
					if m.Form == "connect" || m.Form == "ec2" || m.Kind == Missing {
						continue // the form says it
					}
				}
				if !stands(text, value) {
					t.Errorf("%q\n%s: got %q, which does not stand in the text", text, key, value)
				}
				if !isPlain(value) {
					t.Errorf("%q\n%s: got %q, which could steer a terminal", text, key, value)
				}
			}
		}
	})
}

// stands tells whether a value stands in a text, perhaps percent-encoded.
func stands(text, value string) bool {
	if strings.Contains(text, value) {
		return true
	}
	for word := range strings.FieldsSeq(text) {
		if decoded, err := url.PathUnescape(strings.Trim(word, `"\'.`)); err == nil && strings.Contains(decoded, value) {
			return true
		}
	}
	// A word may hold a % that is none of an encoding beside the value that is encoded.
	return strings.Contains(unescaped(text), value)
}

// unescaped resolves each encoding of a text by itself.
func unescaped(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
