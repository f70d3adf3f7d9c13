package diagnose

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"trunkline/internal/document"
)

// Bounds of what is read, in bytes.
const (
	MaxLine     = 1 << 20  // of a line; what is behind it is not read
	MaxDocument = 32 << 20 // of a JSON text that goes over several lines, or whose line is longer than MaxLine
	maxValues   = 4 << 20  // in it
)

// Text reads messages out of a text that was given on the command line.
func (d *Doctor) Text(ctx context.Context, text string) error {
	return d.Read(ctx, "argument", strings.NewReader(text))
}

// Read reads messages out of a file, which may be compressed with gzip. What it is, its content tells: JSON that AWS or its CLI writes
// is read as such, and everything else line by line. name is for people. The error is of reading, of damaged gzip or JSON; what was
// found before it is kept.
func (d *Doctor) Read(ctx context.Context, name string, from io.Reader) error {
	in := &input{doctor: d, ctx: ctx, place: place{Source: name}, Input: Input{Name: name}}
	in.document.Limits = document.Limits{Size: MaxDocument, Values: maxValues}
	buffered := bufio.NewReaderSize(from, 64<<10)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		inflated, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		buffered = bufio.NewReaderSize(inflated, 64<<10)
	}
	err := in.read(buffered)
	in.close()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// input is one input while it is read.
type input struct {
	doctor *Doctor
	ctx    context.Context
	place  place
	Input
	document document.Document
	passed   struct{ offset, line int } // in the document: how far lines are counted
	lone     int                        // lines of text, other than blank ones
	forms    []string                   // of the records, each once
	box      []string                   // the lines of a frame that Terraform draws
	boxLine  int                        // the first of them
}

// read goes through the lines. A JSON object on a line of its own is a record of a log; a first line that begins a JSON text and
// does not end it begins a document.
func (in *input) read(from *bufio.Reader) error {
	for begun := false; ; {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		limit := MaxLine
		if !begun {
			limit = MaxDocument
		}
		line, cut, err := readLine(from, limit)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if line == nil {
			in.unbox()
			return nil
		}
		in.Lines++
		trimmed := bytes.Trim(line, " \t\ufeff")
		if len(trimmed) == 0 {
			continue
		}
		first := !begun
		begun = true
		switch {
		case !beginsJSON(trimmed):
		case in.document.Parse(trimmed) == nil:
			in.object(in.Lines)
			continue
		case first && !cut:
			rest, done, err := in.long(trimmed, from)
			if err != nil || done {
				return err
			}
			from = rest
		}
		if len(line) > MaxLine {
			line, cut = line[:MaxLine], true
		}
		if cut {
			in.Cut++
		}
		in.line(string(line))
	}
}

// readLine reads a line without its end. Of one that is longer than limit the rest is passed over. At the end of the input it is nil.
func readLine(from *bufio.Reader, limit int) (line []byte, cut bool, err error) {
	for {
		part, err := from.ReadSlice('\n')
		if line == nil && len(part) > 0 {
			line = []byte{}
		}
		content := bytes.TrimRight(part, "\r\n")
		if room := limit - len(line); len(content) > room {
			content, cut = content[:room], true
		}
		line = append(line, content...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, cut, err
		}
	}
}

// beginsJSON tells whether a line may begin an object, or a list of objects.
func beginsJSON(line []byte) bool {
	if len(line) > 0 && line[0] == '[' {
		if line = bytes.TrimLeft(line[1:], " \t"); len(line) == 0 {
			return true
		}
	}
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	line = bytes.TrimLeft(line[1:], " \t")
	return len(line) == 0 || line[0] == '"' || line[0] == '}'
}

// long reads a JSON text that goes over lines, the first of which is given. Where it is none, rest is what follows the first line.
func (in *input) long(first []byte, from *bufio.Reader) (rest *bufio.Reader, done bool, err error) {
	text := bytes.NewBuffer(append(bytes.Clone(first), '\n'))
	if _, err := io.Copy(text, io.LimitReader(from, int64(max(0, MaxDocument-text.Len()+1)))); err != nil {
		return nil, false, err
	}
	data := bytes.TrimRight(text.Bytes(), " \t\r\n")
	if text.Len() <= MaxDocument && in.document.Parse(data) == nil {
		line := in.Lines
		in.Lines += bytes.Count(data, []byte{'\n'})
		in.object(line)
		return nil, true, nil
	}
	head := data[:min(len(data), 4096)]
	for _, list := range []string{`"Records"`, `"Events"`, `"StackEvents"`} {
		if bytes.Contains(head, []byte(list)) {
			return nil, false, errDocument
		}
	}
	text.Next(len(first) + 1)
	return bufio.NewReader(io.MultiReader(text, from)), false, nil
}
