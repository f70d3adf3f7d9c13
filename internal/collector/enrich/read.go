package enrich

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of a file.
const (
	MaxBytes = 64 << 20  // the file
	MaxRows  = 1_000_000 // agents
	MaxRow   = 64 << 10  // a row as JSON: it goes into each record of its agent
	maxTable = 256 << 20 // all rows as JSON: in CSV, the column names stand once
	maxDepth = 64        // objects and arrays inside each other in a row
)

// Read makes a Directory of the content of a file, by the values of one column. The content is UTF-8, with or without a byte order
// mark, in one of these forms, told apart by the first character:
//
//   - JSON: an array of objects, or one object after the other. A row is such an object as it stands, without white space between its
//     parts. Its key is the text or number of its member of that name.
//   - CSV, with commas, semicolons or tabs, whichever the first line has most of, and columns named by that line. A row becomes an
//     object with a text for each column, "" for an empty cell.
//
// A row without a key, or with null or "", belongs to nobody and is left out. Keys are compared byte for byte. Two rows with one key
// are an error: which is the agent's, nobody can tell. So is a file without any row that has a key. Errors name lines, columns and
// limits, and no value.
func Read(content []byte, column string) (Directory, error) {
	return read(content, column, MaxRows, maxTable)
}

func read(content []byte, column string, maxRows, maxText int) (Directory, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%d bytes; the limit is %d", len(content), MaxBytes)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if err := checkText(content); err != nil {
		return nil, err
	}
	start := bytes.TrimLeft(content, " \t\r\n")
	if len(start) == 0 {
		return nil, errors.New("the file is empty; write its rows, or remove enrich.agents")
	}
	t := table{column: column, maxRows: maxRows, maxText: maxText, rows: map[string]span{}}
	parse := t.readCSV
	if start[0] == '[' || start[0] == '{' {
		parse = t.readJSON
	}
	if err := parse(content); err != nil {
		return nil, err
	}
	if len(t.rows) == 0 {
		return nil, fmt.Errorf("no row has a value in the column %q; set enrich.agents.column to the one that has", column)
	}
	return &t, nil
}

func checkText(content []byte) error {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return errors.New("the file is UTF-16; save it as UTF-8")
	}
	if at := bytes.IndexByte(content, 0); at >= 0 {
		return fmt.Errorf("line %d: a NUL byte; the file is no text", lineAt(content, at))
	}
	if utf8.Valid(content) {
		return nil
	}
	for at := 0; ; {
		c, size := utf8.DecodeRune(content[at:])
		if c == utf8.RuneError && size == 1 {
			return fmt.Errorf("line %d: not UTF-8; save the file as UTF-8", lineAt(content, at))
		}
		at += size
	}
}

// lineAt returns the number of the line that a byte stands in, from 1.
func lineAt(content []byte, at int) int { return 1 + bytes.Count(content[:at], []byte("\n")) }

// table is a Directory in memory: the rows one after the other, and where each begins.
type table struct {
	column           string
	maxRows, maxText int
	text             []byte
	rows             map[string]span
}

type span struct {
	at, end uint32 // of table.text
	line    uint32
}

func (t *table) Len() int { return len(t.rows) }

func (t *table) Lookup(key []byte) (row []byte, found bool) {
	s, found := t.rows[string(key)]
	return t.text[s.at:s.end:s.end], found
}

// add ends the row that was appended to text from at on.
func (t *table) add(key []byte, at, line int) error {
	if len(key) == 0 {
		t.text = t.text[:at]
		return nil
	}
	if first, found := t.rows[string(key)]; found {
		return fmt.Errorf("line %d: the same %s as in line %d; leave one row for each", line, t.column, first.line)
	}
	switch {
	case len(t.text)-at > MaxRow:
		return fmt.Errorf("line %d: a row of %d bytes as JSON; the limit is %d", line, len(t.text)-at, MaxRow)
	case len(t.text) > t.maxText:
		return fmt.Errorf("line %d: more than %d bytes of rows as JSON; leave out columns", line, t.maxText)
	case len(t.rows) == t.maxRows:
		return fmt.Errorf("line %d: more than %d rows", line, t.maxRows)
	}
	t.rows[string(key)] = span{uint32(at), uint32(len(t.text)), uint32(line)}
	return nil
}
