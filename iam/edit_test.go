package iam_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam"
)

func TestApply(t *testing.T) {
	edit := func(start, end int, text string) iam.Edit {
		return iam.Edit{Span: iam.Span{Start: start, End: end}, Text: text}
	}
	tests := []struct {
		edits []iam.Edit
		want  string
		err   string
	}{
		{nil, "abcdef", ""},
		{[]iam.Edit{edit(0, 1, "")}, "bcdef", ""},
		{[]iam.Edit{edit(4, 6, "X"), edit(0, 0, "Y")}, "YabcdX", ""},
		{[]iam.Edit{edit(3, 3, "1"), edit(3, 3, "2")}, "abc12def", ""},
		{[]iam.Edit{edit(3, 3, "2"), edit(3, 3, "1"), edit(3, 3, "2")}, "abc21def", ""},
		{[]iam.Edit{edit(3, 4, "D"), edit(3, 3, "1")}, "abc1Def", ""},
		{[]iam.Edit{edit(2, 3, "C"), edit(3, 3, "1"), edit(3, 4, "D")}, "abC1Def", ""},
		{[]iam.Edit{edit(1, 3, "X"), edit(1, 3, "X")}, "aXdef", ""},
		{[]iam.Edit{edit(6, 6, "!")}, "abcdef!", ""},
		{[]iam.Edit{edit(1, 3, "X"), edit(1, 3, "Y")}, "", "edit of bytes 1 to 3 overlaps that of 1 to 3"},
		{[]iam.Edit{edit(1, 3, "X"), edit(2, 4, "Y")}, "", "edit of bytes 2 to 4 overlaps that of 1 to 3"},
		{[]iam.Edit{edit(1, 3, "X"), edit(2, 2, "Y")}, "", "edit of bytes 2 to 2 overlaps that of 1 to 3"},
		{[]iam.Edit{edit(5, 7, "")}, "", "edit of bytes 5 to 7: the text has 6"},
		{[]iam.Edit{edit(-1, 0, "")}, "", "edit of bytes -1 to 0: the text has 6"},
		{[]iam.Edit{edit(3, 2, "")}, "", "edit of bytes 3 to 2: the text has 6"},
	}
	for _, test := range tests {
		src := []byte("abcdef")
		got, err := iam.Apply(src, test.edits)
		if string(got) != test.want || (err != nil || test.err != "") && fmt.Sprint(err) != test.err {
			t.Errorf("Apply(%+v): got %q, %v, want %q, %s", test.edits, got, err, test.want, test.err)
		}
		if string(src) != "abcdef" {
			t.Errorf("Apply(%+v) changed the source to %q", test.edits, src)
		}
	}
}

// Position agrees with counting from the start.
func TestPosition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.StringOfN(rapid.RuneFrom([]rune("ab\né€\U0001f600\r")), 0, 2000, -1).Draw(t, "text")
		offset := rapid.IntRange(0, len(src)).Draw(t, "offset")
		doc := iam.Parse([]byte(src))
		want := iam.Position{Offset: offset, Line: 1, Column: 1}
		for i, r := range src {
			if i >= offset {
				break
			}
			want.Column++
			if r == '\n' {
				want.Line, want.Column = want.Line+1, 1
			}
		}
		if got := doc.Position(offset); got != want {
			t.Fatalf("Position(%d) in %q: got %+v, want %+v", offset, src, got, want)
		}
	})
	doc := iam.Parse([]byte("{\n}"))
	for offset, want := range map[int]iam.Position{-5: {0, 1, 1}, 2: {2, 2, 1}, 99: {3, 2, 2}} {
		if got := doc.Position(offset); got != want {
			t.Errorf("Position(%d): got %+v, want %+v", offset, got, want)
		}
	}
}
