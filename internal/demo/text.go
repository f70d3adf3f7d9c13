package demo

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"trunkline/contact"
	"trunkline/internal/document"
)

// Style marks up text for a terminal; the zero Style does not.
type Style struct{ Colour bool }

func (s Style) paint(code, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) bold(text string) string  { return s.paint("1", text) }
func (s Style) dim(text string) string   { return s.paint("2", text) }
func (s Style) red(text string) string   { return s.paint("31", text) }
func (s Style) green(text string) string { return s.paint("32", text) }

// Print writes the account for people.
func (s *Summary) Print(out io.Writer, style Style) error {
	var b bytes.Buffer
	s.printExample(&b, style)
	s.printAccount(&b, style)
	s.printTrouble(&b, style)
	_, err := out.Write(b.Bytes())
	return err
}

// printAccount is the table of who counted what.
func (s *Summary) printAccount(b *bytes.Buffer, style Style) {
	fmt.Fprintln(b, style.bold(fmt.Sprintf("%-14s %15s %15s %15s", "records", "centre expects", "collector says", "receiver got")))
	row := func(name string, centre, collected int64, received string) {
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("%-14s %15d %15d %15s", name, centre, collected, received), " "))
	}
	c, k := s.Centre, s.Collector
	row("delivered", c.Delivered, k.Delivered, fmt.Sprint(s.Receiver.Taken))
	row("filtered", c.Filtered, k.Filtered, "-")
	row("duplicate", c.Duplicate, k.Duplicate, "-")
	row("superseded", c.Superseded, k.Superseded, "-")
	row("dead letter", c.DeadLetter, k.DeadLetter, fmt.Sprintf("%d refused", s.Receiver.Refused))
	row("sum", int64(s.Written), k.Sum, "")
	if s.Balanced {
		fmt.Fprintln(b, style.green("Every record is accounted for, and the three sides agree."))
	}
	for _, p := range s.Problems {
		fmt.Fprintln(b, style.red("does not agree: "+p))
	}
	fmt.Fprintln(b)
}

// printTrouble tells what went wrong on purpose, and what became of it.
func (s *Summary) printTrouble(b *bytes.Buffer, style Style) {
	r := s.Receiver
	fmt.Fprintf(b, "%s 503: %d, connections reset: %d, answers lost: %d, records refused: %d.\n",
		style.bold("The receiver misbehaved on purpose:"), r.Unavailable, r.Reset, r.Lost, r.Refused)
	fmt.Fprintf(b, "%d requests brought %d records; %d came again, under the same Idempotency-Key.\n", r.Requests, r.Taken, r.Again)
	fmt.Fprintf(b, "Records that came with a telephone number, an e-mail address, a card or an account number: %d.\n", r.Personal)
	if len(s.DeadLetters) == 0 {
		return
	}
	fmt.Fprintln(b, style.bold("Dead letters, their records encrypted (trunkline replay --list shows them, --identity opens them):"))
	const most = 5
	for _, d := range s.DeadLetters[:min(len(s.DeadLetters), most)] {
		fmt.Fprintf(b, "%6d × %s: %s\n", d.Records, d.Stage, d.Reason)
	}
	if more := len(s.DeadLetters) - most; more > 0 {
		fmt.Fprintf(b, "         and for %d more reasons\n", more)
	}
}

// shown are the fields of the record that is printed before and after.
var shown = [][]string{
	{"ContactId"},
	{"CustomerEndpoint", "Address"},
	{"Agent", "Username"},
	{"AgentData", "Site"},
	{"AgentData", "Team"},
	{"Queue", "Name"},
	{"Attributes", "customerName"},
	{"Attributes", "customerEmail"},
	{"Attributes", "language"},
	{"Attributes", "agentNotes"},
}

const (
	nameWidth = 24
	cellWidth = 38
)

// printExample shows some fields of one record, side by side.
func (s *Summary) printExample(b *bytes.Buffer, style Style) {
	if s.before == nil {
		return
	}
	var before, after contact.Record
	if before.Parse(s.before) != nil || after.Parse(s.after) != nil {
		return
	}
	fmt.Fprintln(b, style.bold(fmt.Sprintf("%-*s %-*s %s", nameWidth, "one record", cellWidth, "the centre wrote", "the receiver got")))
	for _, path := range shown {
		was, is := value(before.Document(), path), value(after.Document(), path)
		if was == "" && is == "" {
			continue
		}
		paint := style.green
		switch {
		case was == is:
			paint = func(text string) string { return text }
		case is == "":
			is, paint = "(removed)", style.red
		case was == "":
			was = "(nothing)"
		}
		printRow(b, strings.Join(path, "."), was, is, paint)
	}
	fmt.Fprintln(b)
}

func value(doc *document.Document, path []string) string {
	return string(doc.AppendText(nil, doc.Lookup(path...)))
}

// printRow writes a row of three columns, the cells on as many lines as they need.
func printRow(b *bytes.Buffer, name, was, is string, paint func(string) string) {
	left, right := wrap(was, cellWidth), wrap(is, cellWidth)
	for i := range max(len(left), len(right)) {
		var l, r string
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = paint(right[i])
		}
		if i > 0 {
			name = ""
		}
		line := fmt.Sprintf("%-*s %s%s %s", nameWidth, name, l, strings.Repeat(" ", cellWidth-utf8.RuneCountInString(l)), r)
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
}

// wrap breaks text between words, or within one that is too long. What a terminal would obey becomes blank.
func wrap(text string, width int) (lines []string) {
	line := []rune{}
	for word := range strings.FieldsSeq(strings.Map(printable, text)) {
		runes := []rune(word)
		if len(line) > 0 && len(line)+1+len(runes) > width {
			lines, line = append(lines, string(line)), line[:0]
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for len(runes) > width {
			lines, runes = append(lines, string(runes[:width])), runes[width:]
		}
		line = append(line, runes...)
	}
	return append(lines, string(line))
}

func printable(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 {
		return ' '
	}
	return r
}

// clock is a time as the summary shows it.
func clock(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
