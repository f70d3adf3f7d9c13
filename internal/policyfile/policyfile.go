// Package policyfile finds IAM policies where people keep them, and knows where in the file each byte of them stands.
//
//	paths ─▶ files ─▶ format ─▶ policies ─▶ iam.Parse ─▶ Found{Document, Type, where it stands}
//	                    │ JSON: a policy, a CloudFormation template, a Terraform plan, state or configuration, an answer of the AWS CLI
//	                    │ YAML: a policy, a CloudFormation or SAM template
//	                    └ Markdown: fenced blocks of these
//
// A policy that is written as JSON is parsed as it stands. One that is not (YAML, a text inside a text, functions of
// CloudFormation) becomes the JSON text that a deployment would send, with a placeholder such as <region> or <Bucket.Arn> for
// what only the deployment knows, and a map from each of its bytes to the file.
//
// Files are read one at a time and are bounded in size, depth and number of values; hostile ones give an error that names the
// file and, where known, the line.
package policyfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"trunkline/iam"
)

// ErrNoPolicy is what Read reports for a file that was named and holds no policy, and for a folder or pattern without any.
var ErrNoPolicy = errors.New("no policy found")

// Options say what a caller knows about the policies.
type Options struct {
	Type         *iam.Type // what they are meant as; nil: as the place where they stand, or their content, has it
	ResourceType string    // what resource policies hang on, as CloudFormation names it; empty: as the place or the content has it
}

// A Found is a policy and where it stands.
type Found struct {
	File         string // as named, or found below the folder named; "-" is standard input
	Where        string // place in the file, such as Resources.Role.AssumeRolePolicyDocument or block 2; empty: the whole file
	Document     *iam.Document
	Type         iam.Type
	Guessed      bool      // Type is told by the content only
	ResourceType string    // AWS::S3::Bucket; empty when unknown or no resource policy
	ReadOnly     string    // why edits of Document cannot be written to the file; empty when they can
	Ignores      []*Ignore // all those of the file, the same for each of its policies

	file   *file
	text   *text
	prefix string // of the lines of a Markdown block
}

// Position tells where in the file an offset of Document's text stands. What has no place of its own, such as the inside of a
// value that a function gives, stands where the value begins.
func (f *Found) Position(offset int) iam.Position { return f.file.position(f.text.origin(offset)) }

// Span tells where in the file a span of Document's text begins and ends.
func (f *Found) Span(span iam.Span) (start, end iam.Position) {
	from := f.text.origin(span.Start)
	to := from
	if span.End > span.Start {
		to = max(from, f.text.originEnd(span.End))
	}
	return f.file.position(from), f.file.position(to)
}

// FilePosition tells the line and column of an offset of the file.
func (f *Found) FilePosition(offset int) iam.Position { return f.file.position(offset) }

// Characters tells how many characters of the file stand before a byte offset.
func (f *Found) Characters(offset int) int {
	return f.file.characters(min(max(offset, 0), len(f.file.data)))
}

// An Excerpt is a line of the file, or of a long line what is around a place.
type Excerpt struct {
	Text  string
	First int  // column of its first character, from 1
	Cut   bool // more of the line follows
}

const excerptSize = 600 // bytes before and behind the place

// Excerpt returns the line of a place in the file.
func (f *Found) Excerpt(at iam.Position) Excerpt {
	line := f.file.line(at.Line)
	if len(line) <= 2*excerptSize {
		return Excerpt{Text: string(line), First: 1}
	}
	start := f.file.lines[at.Line-1]
	place := min(at.Offset-start, len(line))
	from, to := max(0, place-excerptSize), min(len(line), place+excerptSize)
	for from > 0 && !utf8.RuneStart(line[from]) {
		from--
	}
	for to < len(line) && !utf8.RuneStart(line[to]) {
		to++
	}
	return Excerpt{Text: string(line[from:to]), First: f.file.position(start + from).Column, Cut: to < len(line)}
}

// Source returns the file as read. It must not be changed.
func (f *Found) Source() []byte { return f.file.data }

// Edits turns edits of Document's text into edits of the file. It must not be called when ReadOnly says why not.
func (f *Found) Edits(edits []iam.Edit) []iam.Edit {
	inFile := make([]iam.Edit, len(edits))
	for i, e := range edits {
		from := f.text.origin(e.Span.Start)
		to := from
		if e.Span.End > e.Span.Start {
			to = f.text.origin(e.Span.End)
		}
		inFile[i] = iam.Edit{Span: iam.Span{Start: from, End: to}, Text: strings.ReplaceAll(e.Text, "\n", "\n"+f.prefix)}
	}
	return inFile
}

// Skipped is reported for a policy that is there and cannot be known, such as one that a plan computes on apply. What follows it
// is read.
type Skipped struct {
	File  string
	Line  int // from 1
	Where string
	Why   string
}

func (e *Skipped) Error() string { return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Where, e.Why) }

// Read finds the policies in files, in folders and below them, in what glob patterns match, and, for "-", in standard input. No
// path at all is an error too.
//
// In folders it takes *.json, *.yaml, *.yml, *.template, *.md and *.markdown in the order of their names, passes over .git and
// node_modules, does not follow links to folders, and leaves files without a policy alone. An error is about one file, or the
// end of the walk when ctx is done; the caller decides whether to go on.
func Read(ctx context.Context, paths []string, stdin io.Reader, opts Options) iter.Seq2[*Found, error] {
	return func(yield func(*Found, error) bool) {
		for _, path := range paths {
			w := &walk{ctx: ctx, opts: opts, yield: yield}
			if !w.path(path, stdin) {
				return
			}
		}
	}
}

// Scan finds the policies in one text, as Read does in a file of that name.
func Scan(name string, data []byte, opts Options) iter.Seq2[*Found, error] {
	return func(yield func(*Found, error) bool) {
		s := &scan{file: newFile(name, data), opts: opts, left: maxValues}
		err := s.read(formatOf(name, data), true)
		s.deliver(err, true, yield)
	}
}
