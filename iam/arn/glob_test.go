package arn_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam/arn"
)

// naive matches by trying everything.
func naive(pattern, s []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '*':
		return naive(pattern[1:], s) || len(s) > 0 && naive(pattern, s[1:])
	case len(s) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == s[0]) && naive(pattern[1:], s[1:])
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a:b/c", true},
		{"**", "a", true},
		{"?", "", false},
		{"?", "é", true},
		{"?", "ab", false},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*?", "", false},
		{"*a", "ba", true},
		{"a*a", "a", false},
		{"*ab?ab*", "abab_ab", true},
		{"*é?", "aéb", true},
		{"*?é", "éé", true},
		{"arn:aws:logs:*:*:log-group:/aws/connect/x:*", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/connect/x:log-stream:y", true},
		{"arn:aws:s3:::calls", "arn:aws:s3:::Calls", false},
		{"arn:aws:s3:::calls/a*", "arn:aws:s3:::calls/a/b", true},
		{"arn:aws:s3:::calls/*", "arn:aws:s3:::calls", false},
		{"arn:aws:sns:*:111122223333:orders", "arn:aws:sns:r:OTHER:x:111122223333:orders", true},
	}
	for _, test := range tests {
		g := arn.Compile(test.pattern)
		if got := g.Match(test.text); got != test.want {
			t.Errorf("Compile(%q).Match(%q): got %v, want %v", test.pattern, test.text, got, test.want)
		}
		if got := g.String(); got != test.pattern {
			t.Errorf("Compile(%q).String(): got %q", test.pattern, got)
		}
	}
}

func TestGlobLiteral(t *testing.T) {
	tests := []struct {
		pattern, want string
		wantLiteral   bool
		wantAny       bool
	}{
		{"", "", true, false},
		{"abc", "abc", true, false},
		{"a?", "", false, false},
		{"a*", "", false, false},
		{"*", "", false, true},
		{"***", "", false, true},
	}
	for _, test := range tests {
		g := arn.Compile(test.pattern)
		if got, literal := g.Literal(); got != test.want || literal != test.wantLiteral || g.Any() != test.wantAny {
			t.Errorf("Compile(%q): got literal %q, %v, any %v, want %q, %v, %v", test.pattern, got, literal, g.Any(), test.want, test.wantLiteral, test.wantAny)
		}
	}
}

// What a variable stands for is no pattern, whatever it holds.
func TestBuilder(t *testing.T) {
	var b arn.Builder
	b.Pattern("home/")
	b.Literal("a*")
	b.Literal("?")
	b.Pattern("/?*")
	g := b.Glob()
	for text, want := range map[string]bool{"home/a*?/x": true, "home/a*?/": false, "home/ab?/x": false, "home/a*x/x": false} {
		if got := g.Match(text); got != want {
			t.Errorf("%s with literal stars: Match(%q): got %v, want %v", g, text, got, want)
		}
	}
	b.Literal("!")
	if again := b.Glob(); !again.Match("home/a*?/x!") || g.Match("home/a*?/x!") != true || again.Match("home/a*?/x") {
		t.Errorf("a Builder that went on: %s", again)
	}
	var zero arn.Glob
	if !zero.Match("") || zero.Match("a") {
		t.Errorf("the zero Glob: got %v for the empty string, %v for a", zero.Match(""), zero.Match("a"))
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*?*", "é")
	f.Add("*ab*?b*", "aabab")
	f.Add("?*a?", "bbab")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		pattern, s = strings.ToValidUTF8(pattern, "!"), strings.ToValidUTF8(s, "!")
		if len(pattern) > 24 || len(s) > 24 || strings.Count(pattern, "*") > 5 {
			return // the naive way takes forever
		}
		g := arn.Compile(pattern)
		if got, want := g.Match(s), naive([]rune(pattern), []rune(s)); got != want {
			t.Errorf("Compile(%q).Match(%q): got %v, want %v", pattern, s, got, want)
		}
	})
}

// A Glob must not panic on what is no UTF-8, and match itself.
func FuzzGlobBytes(f *testing.F) {
	f.Add("a*\xff?", "a\xff\xfe")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		g := arn.Compile(pattern)
		g.Match(s)
		var b arn.Builder
		b.Literal(s)
		if g := b.Glob(); !g.Match(s) {
			t.Errorf("literal %q does not match itself", s)
		}
	})
}

var (
	patternGen = rapid.StringMatching(`[ab*?]{0,7}`)
	textsGen   = rapid.StringMatching(`[abc]{0,9}`)
)

func TestGlobAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, s := patternGen.Draw(t, "pattern"), textsGen.Draw(t, "text")
		g := arn.Compile(pattern)
		if got, want := g.Match(s), naive([]rune(pattern), []rune(s)); got != want {
			t.Errorf("Compile(%q).Match(%q): got %v, want %v", pattern, s, got, want)
		}
	})
}

// strings over a, b and c, which stands for every character that no pattern names, up to a length.
func stringsUpTo(length int) []string {
	all := []string{""}
	for start := 0; length > 0; length-- {
		end := len(all)
		for _, s := range all[start:end] {
			all = append(all, s+"a", s+"b", s+"c")
		}
		start = end
	}
	return all
}

// patternsUpTo is all patterns of a, b, * and ? up to a length.
func patternsUpTo(length int) []string {
	all := []string{""}
	for start := 0; length > 0; length-- {
		end := len(all)
		for _, s := range all[start:end] {
			all = append(all, s+"a", s+"b", s+"*", s+"?")
		}
		start = end
	}
	return all
}

// Every pair of patterns of up to four tokens, against all strings that are long enough to tell them apart.
func TestCompareBruteForce(t *testing.T) {
	texts := stringsUpTo(7)
	patterns := patternsUpTo(4)
	globs := make([]arn.Glob, len(patterns))
	matches := make([][]bool, len(patterns))
	for i, pattern := range patterns {
		globs[i] = arn.Compile(pattern)
		matches[i] = make([]bool, len(texts))
		for j, s := range texts {
			matches[i][j] = globs[i].Match(s)
		}
	}
	for i, a := range patterns {
		for j, b := range patterns {
			intersects, covers := false, true
			for k := range texts {
				intersects = intersects || matches[i][k] && matches[j][k]
				covers = covers && (!matches[j][k] || matches[i][k])
				if intersects && !covers {
					break
				}
			}
			if got := arn.Intersects(globs[i], globs[j]); got != intersects {
				t.Fatalf("Intersects(%q, %q): got %v, want %v", a, b, got, intersects)
			}
			if got := arn.Covers(globs[i], globs[j]); got != covers {
				t.Fatalf("Covers(%q, %q): got %v, want %v", a, b, got, covers)
			}
		}
	}
}

// Longer patterns: what Covers and Intersects deny must be shown by a string, what they grant must hold for all.
func TestCompareLong(t *testing.T) {
	texts := stringsUpTo(9)
	rapid.Check(t, func(t *rapid.T) {
		one, other := patternGen.Draw(t, "a"), patternGen.Draw(t, "b")
		a, b := arn.Compile(one), arn.Compile(other)
		intersects, covers := false, true
		for _, s := range texts {
			inA, inB := a.Match(s), b.Match(s)
			intersects = intersects || inA && inB
			covers = covers && (inA || !inB)
		}
		if got := arn.Intersects(a, b); intersects && !got {
			t.Errorf("Intersects(%q, %q): got false, but they have a string in common", one, other)
		}
		if got := arn.Covers(a, b); got && !covers {
			t.Errorf("Covers(%q, %q): got true, but a string matches the second only", one, other)
		}
	})
}

func TestCompareMeanings(t *testing.T) {
	tests := []struct {
		a, b               string
		covers, intersects bool
	}{
		{"arn:aws:s3:::calls/*", "arn:aws:s3:::calls/2026/*", true, true},
		{"arn:aws:s3:::calls/2026/*", "arn:aws:s3:::calls/*", false, true},
		{"arn:aws:s3:::calls*", "arn:aws:s3:::calls/*", true, true},
		{"arn:aws:s3:::*", "arn:aws:sns:*", false, false},
		{"*:orders", "arn:*", false, true},
		{"s3:Get*", "s3:GetObject?", true, true},
		{"s3:*Object", "s3:Get*", false, true},
		{"*?*", "*", false, true},
		{"?*", "*?", true, true},
		{"*a*?b*", "*a?b*", true, true},
		{"", "", true, true},
		{"*", "", true, true},
	}
	for _, test := range tests {
		a, b := arn.Compile(test.a), arn.Compile(test.b)
		if got := arn.Covers(a, b); got != test.covers {
			t.Errorf("Covers(%q, %q): got %v, want %v", test.a, test.b, got, test.covers)
		}
		if got := arn.Intersects(a, b); got != test.intersects {
			t.Errorf("Intersects(%q, %q): got %v, want %v", test.a, test.b, got, test.intersects)
		}
	}
}

var globs = [...]struct{ name, pattern, text string }{
	{"exact", "arn:aws:s3:::support-recordings", "arn:aws:s3:::support-recordings"},
	{"prefix", "arn:aws:connect:eu-central-1:111122223333:instance/i/*", "arn:aws:connect:eu-central-1:111122223333:instance/i/contact/c"},
	{"stars", "arn:aws:logs:*:*:log-group:/aws/connect/*:*", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/connect/x:log-stream:y"},
	{"hostile", strings.Repeat("*a", 30) + "*b", strings.Repeat("a", 2000)},
	{"hostile question", "*" + strings.Repeat("a", 30) + "?" + strings.Repeat("a", 30) + "b*", strings.Repeat("a", 2000)},
}

func BenchmarkGlob(b *testing.B) {
	for _, test := range globs {
		b.Run(test.name, func(b *testing.B) {
			g := arn.Compile(test.pattern)
			b.ReportAllocs()
			for b.Loop() {
				g.Match(test.text)
			}
		})
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	for _, test := range globs {
		g := arn.Compile(test.pattern)
		p, _ := arn.CompilePattern(test.pattern)
		if got := testing.AllocsPerRun(10, func() { g.Match(test.text); p.Match(test.text) }); got != 0 {
			t.Errorf("Match of %s: got %v allocations, want none", test.name, got)
		}
	}
}
