// Package cases answers files of event-pattern cases, so that patterns can be tried in bulk and next to another matcher.
//
//	{"id": 1, "pattern": {"a": [1]}, "event": {"a": 1}}   ─▶   {"id":1,"match":true}
//	{"id": 2, "pattern": {"a": 1}, "event": {}}           ─▶   {"id":2,"invalid":"line 1, column 7: …"}
//
// There is one line out for each line in that is not blank, in order.
package cases

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"trunkline/internal/document"
	"trunkline/internal/pattern"
)

// maxLine is the longest line that is read, in bytes.
const maxLine = 32 << 20

// Summary counts what Run answered.
type Summary struct {
	Matched, Unmatched, Invalid int
	Errors                      int // lines that are no case, and events that cannot be matched
}

// answer is a line of output. Exactly one of Match, Invalid and Error is there.
type answer struct {
	ID      json.RawMessage `json:"id,omitempty"`
	Line    int             `json:"line,omitempty"` // of a line that is no case
	Match   *bool           `json:"match,omitempty"`
	Invalid string          `json:"invalid,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// Run reads cases from r, JSON lines {"id", "pattern", "event"}, and writes an answer for each to w. A pattern or event is JSON, or
// a string that holds the JSON text, which then counts to the byte: number texts and repeated names included. A line that is no
// case is answered with its number and an error, and the next one is read. The error is that of r or w, or a line that is too long.
func Run(level pattern.Level, r io.Reader, w io.Writer) (Summary, error) {
	run := runner{level: level, out: json.NewEncoder(w)}
	run.out.SetEscapeHTML(false)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if err := run.out.Encode(run.answer(lines.Bytes(), n)); err != nil {
			return run.sum, fmt.Errorf("write answer %d: %w", n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return run.sum, fmt.Errorf("read cases: a line is longer than %d bytes", maxLine)
	} else if err != nil {
		return run.sum, fmt.Errorf("read cases: %w", err)
	}
	return run.sum, nil
}

type runner struct {
	level pattern.Level
	out   *json.Encoder
	sum   Summary

	doc     document.Document
	text    string // of the pattern that matcher and err come from: cases often repeat a pattern
	matcher *pattern.Matcher
	err     error
}

func (run *runner) answer(line []byte, n int) answer {
	var c struct{ ID, Pattern, Event json.RawMessage }
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&c); {
	case err != nil:
		return run.fault(answer{Line: n}, "want {\"id\", \"pattern\", \"event\"}: "+strings.TrimPrefix(err.Error(), "json: "))
	case decoder.InputOffset() < int64(len(bytes.TrimRight(line, " \t\r"))):
		return run.fault(answer{Line: n}, "the line goes on behind the case")
	case c.ID == nil || c.Pattern == nil || c.Event == nil:
		return run.fault(answer{Line: n, ID: c.ID}, "id, pattern or event is missing")
	}
	a := answer{ID: c.ID}
	if text := content(c.Pattern); run.matcher == nil && run.err == nil || run.text != text {
		run.text, run.matcher = text, nil
		var set *pattern.Set
		if set, run.err = pattern.Compile(run.level, []byte(text)); run.err == nil {
			run.matcher = set.NewMatcher()
		}
	}
	if run.err != nil {
		run.sum.Invalid++
		a.Invalid = run.err.Error()
		if e, ok := errors.AsType[*pattern.Error](run.err); ok {
			a.Invalid = e.Message()
		}
		return a
	}
	if err := run.doc.Parse([]byte(content(c.Event))); err != nil {
		return run.fault(a, "event: "+err.Error())
	}
	if k := run.doc.Kind(run.doc.Root()); k != document.Object {
		return run.fault(a, fmt.Sprintf("event: want an object, not %s", k))
	}
	match, err := run.matcher.Match(&run.doc)
	if err != nil {
		return run.fault(a, err.Error())
	}
	if a.Match = &match; match {
		run.sum.Matched++
	} else {
		run.sum.Unmatched++
	}
	return a
}

func (run *runner) fault(a answer, reason string) answer {
	run.sum.Errors++
	a.Error = reason
	return a
}

// content returns the text that a string holds, or the JSON itself.
func content(raw json.RawMessage) string {
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
