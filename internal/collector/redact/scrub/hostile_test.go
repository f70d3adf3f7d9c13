package scrub

import (
	"bytes"
	"testing"
)

// TestHostileTextIsLinear counts the bytes that recognisers look at, over texts made to have them begin at every
// byte and fail late. The bound is per byte of text and holds at any length.
func TestHostileTextIsLinear(t *testing.T) {
	const perByte = 80
	for _, unit := range []string{
		"@", "a@", "a@b.", "a@b.c.d@", "a%40", "1", "12", "1-", "1-1-1-", "1 ", "4 ", "4.", "1.1.1.1", "1.1.1.1 ", "AA11", "AA11 ", "GB11 ",
		"gb11", "LC11LC11 ", ":", "::", "1:", "a:1:", "::1", "f::f:", "arn:", "arn:a ", "+", "+1", "+44", "+44 ", "(0)", "((", "0)(", "00", "00 ",
		"4242 ", "4242-", "42424242424242424 ", "2020 555 ", "1/1/1/", "1/1/2001/", "2026-11-22", "2026-11-22T", "deadbeef-", "a-1-", "0a0a0a0a-0a0a-",
		"12345678-", "1a", "1_", "%2B1", "%", "%25", "\\n1", "1x1", "1ext1", "0123456ext", "020 7946 0123 x", "order 1234567 ", "iddddd1234567 ",
		"phone 1", "1,234,", "1234567,", "$1234567 ", "\xe2\x80\x911", "\xc2\xa01", "é1234567", "\xff", "1\xff", "ssn 111 11 1111 ", "nhs 1234567890 ",
	} {
		size := 64 << 10
		switch unit {
		case "@", "1", "1-1-1-", "AA11":
			size = 2 << 20
		}
		text := bytes.Repeat([]byte(unit), size/len(unit))
		s := scanner{text: text}
		finds := s.all(nil)
		if got, want := s.examined, perByte*len(text); got > want {
			t.Errorf("%.40q…, %d bytes: looked at %d bytes, %.1f a byte, want at most %d a byte",
				text[:min(40, len(text))], len(text), got, float64(got)/float64(len(text)), perByte)
		}
		if len(finds) > len(text) {
			t.Errorf("%.40q…: %d finds", text, len(finds))
		}
	}
}

// TestLongLocalPart has one address as long as the text: what comes before it is not looked at again for each sign.
func TestLongLocalPart(t *testing.T) {
	text := append(bytes.Repeat([]byte("a1."), 1<<20), "@example.com"...)
	s := scanner{text: text}
	finds := s.all(nil)
	if len(finds) != 1 || finds[0] != (Find{Email, 0, len(text)}) {
		t.Errorf("got %v, want one e-mail address of %d bytes", finds, len(text))
	}
	if s.examined > 8*len(text) {
		t.Errorf("looked at %d bytes of %d, want at most 8 times as many", s.examined, len(text))
	}
}
