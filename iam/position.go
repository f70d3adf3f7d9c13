package iam

import (
	"sort"
	"sync"
	"unicode/utf8"
)

// Bytes is the text as given.
func (d *Document) Bytes() []byte { return d.Source }

// Position says where offset is; an offset outside of the text counts as its nearer end. A line ends with U+000A. Bytes that
// cannot begin a character count with the one in front of them. The first call reads the whole text; the next ones take time logarithmic in the number of lines.
func (d *Document) Position(offset int) Position {
	d.lines.once.Do(func() { d.lines.index(d.Source) })
	offset = max(0, min(offset, len(d.Source)))
	starts := d.lines.starts
	line := sort.Search(len(starts), func(i int) bool { return starts[i] > offset })
	start := 0
	if line > 0 {
		start = starts[line-1]
	}
	return Position{
		Offset: offset,
		Line:   line + 1,
		Column: d.lines.characters(d.Source, offset) - d.lines.characters(d.Source, start) + 1,
	}
}

// lineIndex finds lines and columns of a text.
type lineIndex struct {
	once   sync.Once
	starts []int // of the lines but the first
	blocks []int // characters in front of each block of blockSize bytes; nil when every byte is one
}

const blockSize = 512

func (x *lineIndex) index(src []byte) {
	ascii := true
	for i, c := range src {
		if c == '\n' {
			x.starts = append(x.starts, i+1)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return
	}
	count := 0
	for start := 0; start <= len(src); start += blockSize {
		x.blocks = append(x.blocks, count)
		count += runeStarts(src, start, min(start+blockSize, len(src)))
	}
}

// characters counts the characters that begin in front of offset.
func (x *lineIndex) characters(src []byte, offset int) int {
	if x.blocks == nil {
		return offset
	}
	block := offset / blockSize
	return x.blocks[block] + runeStarts(src, block*blockSize, offset)
}

// runeStarts counts the bytes of src[start:end] that begin a character.
func runeStarts(src []byte, start, end int) int {
	n := 0
	for _, c := range src[start:end] {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}
