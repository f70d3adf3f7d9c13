package enrich

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"trunkline/internal/document"
)

// readJSON adds the rows of an array of objects, or of objects one after the other.
func (t *table) readJSON(content []byte) error {
	d := json.NewDecoder(bytes.NewReader(content))
	array := bytes.TrimLeft(content, " \t\r\n")[0] == '['
	if array {
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	p := objects{row: document.Document{Limits: document.Limits{Size: MaxBytes, Depth: maxDepth}}}
	l := lines{content: content}
	var raw json.RawMessage
	for d.More() {
		if err := d.Decode(&raw); err != nil {
			return syntaxError(content, d, err)
		}
		line := l.of(int(d.InputOffset()) - len(raw))
		key, err := p.key(raw, t.column)
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		at := len(t.text)
		b := bytes.NewBuffer(t.text)
		if err := json.Compact(b, raw); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		t.text = b.Bytes()
		if err := t.add(key, at, line); err != nil {
			return err
		}
	}
	if array {
		if _, err := d.Token(); err != nil {
			return syntaxError(content, d, err)
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("line %d: text goes on behind the rows", l.of(int(d.InputOffset())))
	}
	return nil
}

// objects reads the keys of JSON rows.
type objects struct {
	row     document.Document
	scratch []byte
}

// key returns the row's key, valid until the next one; nil where the row has none.
func (p *objects) key(raw []byte, column string) ([]byte, error) {
	d := &p.row
	if err := d.Parse(raw); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	if kind := d.Kind(d.Root()); kind != document.Object {
		return nil, fmt.Errorf("row is of type %s; want objects, in an array or one after the other", kind)
	}
	var key []byte
	found := false
	for c, end := d.Children(d.Root()); c < end; c = d.After(c) {
		if !d.KeyIs(c, column) {
			continue
		}
		if found {
			return nil, fmt.Errorf("the row has %s more than once", column)
		}
		found = true
		switch kind := d.Kind(c); kind {
		case document.String:
			p.scratch = d.AppendText(p.scratch[:0], c)
			key = p.scratch
		case document.Number:
			key = d.Raw(c)
		case document.Null:
		default:
			return nil, fmt.Errorf("%s is of type %s; want a text or a number", column, kind)
		}
	}
	return key, nil
}

// lines counts the lines of content as far as it was asked for.
type lines struct {
	content  []byte
	at, line int
}

// of returns the number of the line that a byte stands in. Bytes are asked for in rising order.
func (l *lines) of(at int) int {
	l.line += bytes.Count(l.content[l.at:at], []byte("\n"))
	l.at = at
	return 1 + l.line
}

// syntaxError says where the text is no JSON. The decoder's own error may quote the text.
func syntaxError(content []byte, d *json.Decoder, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: the JSON text is cut off", lineAt(content, len(content)))
	}
	at := int(d.InputOffset())
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(bad.Offset)
	}
	return fmt.Errorf("line %d: no valid JSON", lineAt(content, min(at, len(content))))
}
