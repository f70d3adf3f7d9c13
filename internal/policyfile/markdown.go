package policyfile

import (
	"regexp"
	"strings"
)

// A block is a fenced code block.
type block struct {
	number     int    // which one of those that hold policies or could, from 1
	first, end int    // lines of its content, from 1; end is behind the last
	prefix     string // what stands before its lines: quoting, indentation
}

// fence opens a block: quoting and list markers, the fence, the info string.
var fence = regexp.MustCompile("^([ \\t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \\t]+)*[ \\t>]*)(`{3,}|~{3,})[ \\t]*([^`]*)$")

// labels are the info strings of blocks that may hold a policy.
var labels = map[string]format{"": unknownFormat, "json": inJSON, "jsonc": inJSON, "json5": inJSON, "policy": inJSON, "iam": inJSON, "yaml": inYAML, "yml": inYAML}

// markdown finds the policies in the fenced blocks of a page. Blocks of other languages, and of JSON that is no policy, are left
// alone.
func (s *scan) markdown() error {
	number := 0
	var waiting []*Ignore // for the block that they stand above
	for line := 1; line <= len(s.file.lines); line++ {
		text := string(s.file.line(line))
		m := fence.FindStringSubmatch(text)
		if m == nil {
			waiting = append(waiting, s.htmlComment(text, line)...)
			continue
		}
		number++
		content, b := s.content(line+1, m[1], m[2])
		b.number = number
		for _, i := range waiting {
			i.from, i.to = b.first, b.end
		}
		waiting, line = nil, b.end
		word, _, _ := strings.Cut(strings.TrimSpace(m[3]), " ")
		word, _, _ = strings.Cut(word, "{")
		format, ok := labels[strings.ToLower(word)]
		if !ok {
			continue
		}
		s.block = b
		err := s.fenced(content, format)
		s.block = nil
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) fenced(t *text, format format) error {
	if format == unknownFormat {
		format = sniff(t.data)
	}
	if format == inYAML {
		return s.yaml(t, false)
	}
	return s.json(t, false)
}

// content reads the content of a block from its first line on, without what stands before its lines.
func (s *scan) content(first int, before, fence string) (*text, *block) {
	quotes := strings.Count(before, ">")
	indent := len(before) - strings.LastIndexByte(before, '>') - 1
	if quotes > 0 && indent > 0 {
		indent-- // the space behind the mark belongs to it
	}
	b := &block{first: first, prefix: spaced(before)}
	content := builder{text{base: &s.file.text}}
	for b.end = first; b.end <= len(s.file.lines); b.end++ {
		line := string(s.file.line(b.end))
		skip, quoted := prefixLength(line, quotes, indent)
		if !quoted {
			break // the quotation ends, and the block with it
		}
		rest := line[skip:]
		if bare := strings.TrimSpace(rest); len(bare) >= len(fence) && strings.Trim(bare, fence[:1]) == "" {
			break
		}
		from := s.file.lines[b.end-1] + skip
		end := len(s.file.data)
		if b.end < len(s.file.lines) {
			end = s.file.lines[b.end]
		}
		content.add(string(s.file.data[from:end]), from, true)
	}
	return &content.text, b
}

// spaced is what the lines of a block begin with: as its first line, a list's mark replaced by spaces.
func spaced(before string) string {
	return strings.Map(func(c rune) rune {
		if c == '>' || c == '\t' {
			return c
		}
		return ' '
	}, before)
}

// prefixLength is how many bytes of a line stand before the block's content; quoted is false where the line lacks a quotation
// mark.
func prefixLength(line string, quotes, indent int) (length int, quoted bool) {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	i := 0
	for range quotes {
		for i < len(line) && blank(line[i]) {
			i++
		}
		if i == len(line) || line[i] != '>' {
			return 0, false
		}
		if i++; i < len(line) && blank(line[i]) {
			i++
		}
	}
	for n := 0; n < indent && i < len(line) && blank(line[i]); n++ {
		i++
	}
	return i, true
}
