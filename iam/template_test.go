package iam_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

func TestParseTemplate(t *testing.T) {
	literal := func(start int, text string) iam.TemplatePart {
		return iam.TemplatePart{Span: iam.Span{Start: start, End: start + len(text)}, Text: text}
	}
	variable := func(start, end int, key string) iam.TemplatePart {
		return iam.TemplatePart{Kind: iam.Variable, Span: iam.Span{Start: start, End: end}, Text: key}
	}
	withDefault := func(start, end int, key, value string) iam.TemplatePart {
		part := variable(start, end, key)
		part.Default, part.HasDefault = value, true
		return part
	}
	escape := func(start int, text string) iam.TemplatePart {
		return iam.TemplatePart{Kind: iam.Escape, Span: iam.Span{Start: start, End: start + 4}, Text: text}
	}
	malformed := func(start int, text string, fault iam.VariableFault) iam.TemplatePart {
		return iam.TemplatePart{Kind: iam.Malformed, Span: iam.Span{Start: start, End: start + len(text)}, Text: text, Fault: fault}
	}
	tests := []struct {
		text string
		want iam.Template
	}{
		{"", nil},
		{"plain $ {x}", iam.Template{literal(0, "plain $ {x}")}},
		{"${aws:username}", iam.Template{variable(0, 15, "aws:username")}},
		{"home/${aws:username}/*", iam.Template{literal(0, "home/"), variable(5, 20, "aws:username"), literal(20, "/*")}},
		{"${aws:PrincipalTag/team}${aws:userid}", iam.Template{variable(0, 24, "aws:PrincipalTag/team"), variable(24, 37, "aws:userid")}},
		{"${a:b, 'c d'}", iam.Template{withDefault(0, 13, "a:b", "c d")}},
		{"${a:b, ''}", iam.Template{withDefault(0, 10, "a:b", "")}},
		{"${a:b,'c'}", iam.Template{withDefault(0, 10, "a:b", "c")}},
		{"${a:b, 'c}d'}!", iam.Template{withDefault(0, 13, "a:b", "c}d"), literal(13, "!")}},
		{"${a:b, '${c}'}", iam.Template{withDefault(0, 14, "a:b", "${c}")}},
		{"${*}${?}${$}", iam.Template{escape(0, "*"), escape(4, "?"), escape(8, "$")}},
		{"x${aws:username", iam.Template{literal(0, "x"), malformed(1, "${aws:username", iam.MissingBrace)}},
		{"${a/${b}", iam.Template{malformed(0, "${a/", iam.MissingBrace), variable(4, 8, "b")}},
		{"${", iam.Template{malformed(0, "${", iam.MissingBrace)}},
		{"${}", iam.Template{malformed(0, "${}", iam.EmptyKey)}},
		{"${ }", iam.Template{malformed(0, "${ }", iam.EmptyKey)}},
		{"${, 'x'}", iam.Template{malformed(0, "${, 'x'}", iam.EmptyKey)}},
		{"${aws: username}", iam.Template{malformed(0, "${aws: username}", iam.SpaceInKey)}},
		{"${ a:b}", iam.Template{malformed(0, "${ a:b}", iam.SpaceInKey)}},
		{"${a:b , 'c'}", iam.Template{malformed(0, "${a:b , 'c'}", iam.SpaceInKey)}},
		{"${a:b, c}", iam.Template{malformed(0, "${a:b, c}", iam.MissingQuote)}},
		{"${a:b, 'c}", iam.Template{malformed(0, "${a:b, 'c}", iam.MissingQuote)}},
		{"${a:b, c'}", iam.Template{malformed(0, "${a:b, c'}", iam.MissingQuote)}},
		{"${a:b, '}", iam.Template{malformed(0, "${a:b, '}", iam.MissingQuote)}},
		{"${a:b, 'c'd'}", iam.Template{malformed(0, "${a:b, 'c'd'}", iam.MissingQuote)}},
		{"${a:b'c'}", iam.Template{malformed(0, "${a:b'c'}", iam.MissingQuote)}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(iam.ParseTemplate(test.text), test.want); diff != "" {
			t.Errorf("ParseTemplate(%q): got -, want +\n%s", test.text, diff)
		}
		var variables []iam.TemplatePart
		for _, part := range test.want {
			if part.Kind != iam.Literal {
				variables = append(variables, part)
			}
		}
		if diff := cmp.Diff(iam.Variables(test.text), variables); diff != "" {
			t.Errorf("Variables(%q): got -, want +\n%s", test.text, diff)
		}
	}
}

// The parts cover the string, and every dollar brace begins one.
func FuzzParseTemplate(f *testing.F) {
	f.Add("arn:aws:s3:::b/${aws:username, 'x}'}/${*}${")
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, part := range iam.ParseTemplate(s) {
			text := s[part.Span.Start:part.Span.End]
			if part.Span.Start != at || text == "" {
				t.Fatalf("ParseTemplate(%q): part %+v does not begin at %d", s, part, at)
			}
			at = part.Span.End
			if (part.Kind == iam.Literal) == strings.Contains(text, "${") || (part.Kind == iam.Malformed) != (part.Fault != "") {
				t.Errorf("ParseTemplate(%q): got part %+v", s, part)
			}
		}
		if at != len(s) {
			t.Errorf("ParseTemplate(%q): the parts end at %d of %d", s, at, len(s))
		}
	})
}

// What begins like a variable and does not end is not searched for its end again and again.
func TestTemplateHostile(t *testing.T) {
	const soon = 5 * time.Second // many times what is needed; reading on each time took 9
	for _, unit := range []string{"${", "${a", "${'", "${a,'", "}${", "${','}", "${a, 'b", "${a '} ", "{", "{a", "<a", "a:"} {
		for _, tail := range []string{"", "''" + strings.Repeat(" ", iam.MaxSize/2)} {
			text := "arn:" + strings.Repeat(unit, iam.MaxSize/2/len(unit)) + tail
			start := time.Now()
			iam.ParseTemplate(text)
			iam.Variables(text)
			iam.Placeholders(text)
			if took := time.Since(start); took > soon {
				t.Errorf("%q many times over, %d bytes behind: took %v, want less than %v", unit, len(tail), took, soon)
			}
		}
	}
}
