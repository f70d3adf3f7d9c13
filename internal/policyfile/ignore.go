package policyfile

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"

	"trunkline/iam"
)

// An Ignore says that findings of some codes are accepted, and why: in a comment of a policy file, or in a file of its own, which
// ReadIgnores reads.
//
//	# trunkline:ignore CODE[,CODE…] reason
//
// in YAML, with // in JSON that has comments and with <!-- … --> in Markdown. It covers what begins on its line, or, alone on its
// line, what begins on the next: a value with all that is inside it, in Markdown the next fenced block.
type Ignore struct {
	File     string       // where it is written
	Position iam.Position // of the comment or entry
	Codes    []string     // at least one
	Reason   string       // empty where it is missing, which is a defect

	from, to int    // lines covered by a comment, both included
	pattern  string // files that an entry of a file of its own is about
	where    string
	sid      string
}

// Concerns tells whether it is about the file of a policy at all.
func (i *Ignore) Concerns(f *Found) bool {
	if i.pattern == "" {
		return i.File == f.File
	}
	return matchPath(i.pattern, f.File)
}

// InSource tells whether it is a comment in the policy's own file.
func (i *Ignore) InSource() bool { return i.pattern == "" }

// Covers tells whether it is about what stands at an offset of a policy's text.
func (i *Ignore) Covers(f *Found, offset int) bool {
	if !i.Concerns(f) {
		return false
	}
	if i.InSource() {
		line := f.Position(offset).Line
		return line >= i.from && line <= i.to
	}
	return (i.where == "" || i.where == f.Where) && (i.sid == "" || i.sid == sidAt(f.Document, offset))
}

func sidAt(doc *iam.Document, offset int) string {
	for _, s := range doc.Statements {
		if s.Sid != nil && s.Node.Span.Start <= offset && offset <= s.Node.Span.End {
			return s.Sid.Text
		}
	}
	return ""
}

// matchPath matches a pattern with a file: the path itself, a folder above it, or a shell pattern of either.
func matchPath(pattern, path string) bool {
	if path == stdinName {
		return false
	}
	pattern, err := filepath.Abs(pattern)
	if err != nil {
		return false
	}
	if path, err = filepath.Abs(path); err != nil {
		return false
	}
	for {
		if ok, err := filepath.Match(pattern, path); ok && err == nil || path == pattern {
			return true
		}
		above := filepath.Dir(path)
		if above == path {
			return false
		}
		path = above
	}
}

var directive = regexp.MustCompile(`\btrunkline:ignore\b[ \t]*([A-Za-z0-9_,]*)[ \t]*(.*)`)

// comment makes an Ignore of a comment's text; nil when it is some other comment.
func (s *scan) comment(comment string, at iam.Position, from, to int) *Ignore {
	m := directive.FindStringSubmatch(comment)
	if m == nil {
		return nil
	}
	if len(s.ignores) == maxIgnores {
		s.left = 0
		return nil
	}
	i := &Ignore{File: s.file.name, Position: at, Reason: strings.TrimSpace(m[2]), from: from, to: to}
	for code := range strings.SplitSeq(m[1], ",") {
		if code != "" {
			i.Codes = append(i.Codes, code)
		}
	}
	s.ignores = append(s.ignores, i)
	return i
}

// htmlComment reads the comments of a line of Markdown, and returns those that wait for a block.
func (s *scan) htmlComment(line string, number int) (waiting []*Ignore) {
	for at := 0; ; {
		begin := strings.Index(line[at:], "<!--")
		if begin < 0 {
			return waiting
		}
		begin += at
		end := len(line)
		if n := strings.Index(line[begin:], "-->"); n >= 0 {
			end = begin + n
		}
		if i := s.comment(line[begin:end], s.file.position(s.file.offset(number, 1)+begin), number, number); i != nil {
			waiting = append(waiting, i)
		}
		at = end
	}
}

var yamlDirective = regexp.MustCompile(`(?:^|[ \t])#[ \t]*trunkline:ignore\b.*`)

// yamlComments reads the comments of a text in YAML.
func (s *scan) yamlComments(t *text, f *file) {
	for line := range f.lines {
		if at := yamlDirective.FindIndex(f.line(line + 1)); at != nil && s.left > 0 {
			s.yamlComment(t, f, line+1, at[0])
		}
	}
}

// yamlComment reads the comment at an offset of a line, and tells by indentation what it covers.
func (s *scan) yamlComment(t *text, f *file, line, offset int) {
	indent := func(n int) int {
		text := f.line(n)
		return len(text) - len(bytes.TrimLeft(text, " "))
	}
	bare := func(n int) bool {
		text := bytes.TrimSpace(f.line(n))
		return len(text) == 0 || text[0] == '#'
	}
	first := line
	for first < len(f.lines) && bare(first) {
		first++
	}
	item := bytes.HasPrefix(bytes.TrimSpace(f.line(first)), []byte("-"))
	last := first
	for n := first + 1; n <= len(f.lines); n++ {
		switch {
		case bare(n):
			continue
		case indent(n) > indent(first), !item && indent(n) == indent(first) && bytes.HasPrefix(f.line(n)[indent(n):], []byte("- ")):
			last = n
			continue
		}
		break
	}
	at := func(n int) int { return s.file.position(t.origin(f.offset(n, 1))).Line }
	comment := bytes.TrimLeft(f.line(line)[offset:], " \t")
	begin := f.lines[line-1] + len(f.line(line)) - len(comment)
	s.comment(string(comment), s.file.position(t.origin(begin)), at(first), at(last))
}

// commentsOf reads the comments of a policy in JSON.
func (s *scan) commentsOf(f *Found) {
	for _, p := range f.Document.Problems {
		if p.Code != iam.Comment {
			continue
		}
		at := f.Position(p.Span.Start)
		line := at.Line
		before := f.file.line(line)[:at.Offset-f.file.lines[line-1]]
		if len(bytes.Trim(before, " \t>")) == 0 { // alone on its line
			for line++; line < len(f.file.lines); line++ {
				text := bytes.Trim(f.file.line(line), " \t>")
				if len(text) > 0 && !bytes.HasPrefix(text, []byte("//")) {
					break
				}
			}
		}
		comment := strings.TrimSuffix(string(f.Document.Source[p.Span.Start:p.Span.End]), "*/")
		s.comment(comment, at, line, f.coverage(f.Document.Root, line))
	}
}

// coverage is the last line of what begins on a line of the file, inside a value.
func (f *Found) coverage(n *iam.Node, line int) int {
	last := line
	if n == nil {
		return last
	}
	begin := n.Span.Start
	if n.Key != nil {
		begin = n.Key.Span.Start
	}
	start, end := f.Span(iam.Span{Start: begin, End: n.Span.End})
	switch {
	case start.Line == line:
		return max(last, end.Line)
	case start.Line > line || end.Line < line:
		return last
	}
	for _, item := range n.Items {
		last = max(last, f.coverage(item, line))
	}
	for _, m := range n.Members {
		last = max(last, f.coverage(m.Value, line))
	}
	return last
}
