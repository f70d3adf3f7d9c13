package iam

import (
	"cmp"
	"fmt"
	"slices"
)

// Apply returns a copy of src with the edits made; src stays as it is. The order of edits does not matter but for insertions at one
// offset, which go in in the order given; an insertion where a replacement begins goes in front of it. Edits that are equal are made
// once. Edits that overlap, or whose span is not in src, are an error.
func Apply(src []byte, edits []Edit) ([]byte, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if c := cmp.Compare(a.Span.Start, b.Span.Start); c != 0 {
			return c
		}
		return cmp.Compare(min(a.Span.End-a.Span.Start, 1), min(b.Span.End-b.Span.Start, 1))
	})
	size := len(src)
	for _, e := range sorted {
		size += len(e.Text)
	}
	out := make([]byte, 0, size)
	done := 0               // what stands in front of it in src is in out
	made := map[Edit]bool{} // at the offset of the last edit
	last := Edit{Span: Span{-1, -1}}
	for _, e := range sorted {
		if e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(src) {
			return nil, fmt.Errorf("edit of bytes %d to %d: the text has %d", e.Span.Start, e.Span.End, len(src))
		}
		if e.Span.Start != last.Span.Start {
			clear(made)
		}
		if made[e] {
			continue
		}
		if e.Span.Start < done {
			return nil, fmt.Errorf("edit of bytes %d to %d overlaps that of %d to %d", e.Span.Start, e.Span.End, last.Span.Start, last.Span.End)
		}
		out = append(append(out, src[done:e.Span.Start]...), e.Text...)
		done, last, made[e] = e.Span.End, e, true
	}
	return append(out, src[done:]...), nil
}
