package enrich

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"trunkline/internal/document"
)

// readCSV adds the rows of a CSV text.
func (t *table) readCSV(content []byte) error {
	in := &rowReader{content: content, left: maxCSVRow}
	r := csv.NewReader(in)
	r.Comma = delimiter(content)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return rowError(err, 1, 0)
	}
	names, key, err := columns(header, t.column)
	if err != nil {
		return err
	}
	for line := 1; ; {
		in.left = maxCSVRow
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return rowError(err, line+1, len(names))
		}
		line, _ = r.FieldPos(0)
		at := len(t.text)
		for i, cell := range cells {
			t.text = append(t.text, names[i]...)
			t.text = document.AppendString(t.text, cell)
		}
		t.text = append(t.text, '}')
		if err := t.add([]byte(cells[key]), at, line); err != nil {
			return err
		}
	}
	return nil
}

// columns returns, for each column, what stands in a row's object before its value, and the index of the key's column.
func columns(header []string, column string) (names [][]byte, key int, err error) {
	key = -1
	seen := map[string]int{}
	var list []string
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name == "" {
			return nil, 0, fmt.Errorf("line 1: column %d has no name; the first line names the columns", i+1)
		}
		if first, found := seen[name]; found {
			return nil, 0, fmt.Errorf("line 1: column %d has the same name as column %d; rename one", i+1, first)
		}
		seen[name] = i + 1
		if name == column {
			key = i
		}
		before := []byte{'{'}
		if i > 0 {
			before[0] = ','
		}
		names = append(names, append(document.AppendString(before, name), ':'))
		list = append(list, name)
	}
	if key < 0 {
		if at := slices.IndexFunc(list, func(name string) bool { return strings.EqualFold(name, column) }); at >= 0 {
			return nil, 0, fmt.Errorf("line 1: no column %q; there is %q: set enrich.agents.column to it", column, list[at])
		}
		return nil, 0, fmt.Errorf("line 1: no column %q among %d; name the one that tells the agent in enrich.agents.column", column, len(list))
	}
	return names, key, nil
}

// delimiter is the one that the first line has most of outside quotes; of equals, the one that came to that count first.
func delimiter(content []byte) rune {
	const all = ",;\t"
	var counts [len(all)]int
	best, quoted := 0, false
	for _, c := range content {
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if c == '\n' {
			break
		}
		if i := strings.IndexByte(all, c); i >= 0 {
			counts[i]++
			if counts[i] > counts[best] {
				best = i
			}
		}
	}
	return rune(all[best])
}

// maxCSVRow is how many bytes the reader may take to find the end of a row: a row of quotes is half as long in JSON.
const maxCSVRow = 2*MaxRow + 4096

var errLongRow = fmt.Errorf("a row of over %d bytes; is a quote never closed?", 2*MaxRow)

// rowReader reads content, and fails when one row takes more than left bytes of it.
type rowReader struct {
	content []byte
	left    int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if len(r.content) == 0 {
		return 0, io.EOF
	}
	if r.left <= 0 {
		return 0, errLongRow
	}
	n := copy(p, r.content)
	r.content = r.content[n:]
	r.left -= n
	return n, nil
}

// rowError says what is wrong with the row that begins in a line.
func rowError(err error, line, columns int) error {
	bad, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return fmt.Errorf("line %d: %w", line, err)
	case errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("line %d: the row has not the %d columns of the first line; is it cut off, or a delimiter not in quotes?", bad.Line, columns)
	}
	return fmt.Errorf("line %d, column %d: %w", bad.Line, bad.Column, bad.Err)
}
