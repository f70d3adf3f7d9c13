package redact

import (
	"strings"
	"testing"
	"time"

	"trunkline/contact"
)

// TestTruncateElsewhere: what a time becomes does not depend on where the program runs.
func TestTruncateElsewhere(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	for _, c := range []struct{ to, in, want string }{
		{"year", "2026-07-22T10:59:58+01:00", "2026-01-01T00:00:00+01:00"},
		{"month", "2026-03-30T10:59:58+01:00", "2026-03-01T00:00:00+01:00"},
		{"day", "2026-03-29T10:59:58+01:00", "2026-03-29T00:00:00+01:00"},
		{"year", "2026-01-22T10:59:58Z", "2026-01-01T00:00:00Z"},
	} {
		for _, place := range []*time.Location{time.UTC, london} {
			time.Local = place
			got, err := redact(t, Options{Keep: All, Rules: rules(t, "truncate V to="+c.to)}, `{`+head+`,"V":"`+c.in+`"}`)
			if want := `{` + head + `,"V":"` + c.want + `"}`; err != nil || got != want {
				t.Errorf("%s to the %s in %s: got %s, %v; want %s", c.in, c.to, place, got, err, want)
			}
		}
	}
}

// TestScrubNumbers: a card number is found in a number however a program wrote it.
func TestScrubNumbers(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`4111111111111111`, `"[CARD]"`},
		{`4111111111111111.0`, `"[CARD]"`},
		{`4.111111111111111E15`, `"[CARD]"`},
		{`41111111.11111111e+8`, `"[CARD]"`},
		{`1.5e3`, `1.5e3`},
		{`0.93`, `0.93`},
		{`1e999999999`, `1e999999999`},
		{`4111111111111112.0`, `4111111111111112.0`},
	} {
		got, err := redact(t, Options{Keep: All, Rules: rules(t, "scrub V")}, `{`+head+`,"V":{"a":[`+c.in+`]}}`)
		if want := `{` + head + `,"V":{"a":[` + c.want + `]}}`; err != nil || got != want {
			t.Errorf("scrub %s: got %s, %v; want %s", c.in, got, err, want)
		}
	}
}

// TestHugeRecordIsForgotten: what a huge record needed goes back with the next one.
func TestHugeRecordIsForgotten(t *testing.T) {
	p, err := Compile(Options{Keep: All, Key: key, Rules: rules(t, "mask M, hash H")})
	if err != nil {
		t.Fatal(err)
	}
	r := p.Redactor()
	var rec contact.Record
	for _, text := range []string{
		`{` + head + `,"M":"\u00e9` + strings.Repeat("x", 4<<20) + `","H":[` + strings.Repeat(`"a",`, 100_000) + `"a"]}`,
		`{` + head + `,"M":"x"}`,
	} {
		if err := rec.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := r.Redact(&rec); err != nil {
			t.Fatal(err)
		}
	}
	if got := cap(r.text) + cap(r.out); got > 2*keepText {
		t.Errorf("the redactor keeps %d bytes after a huge record", got)
	}
}
