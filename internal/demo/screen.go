package demo

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"trunkline/internal/collector"
)

// Block is a Screen that keeps one block of a terminal up to date. An error of the terminal is not noticed: the account comes later.
type Block struct {
	Out   io.Writer
	Style Style
	lines int // of the block as it stands
}

// Lines is a Screen that writes a line every second, for pipes, files and logs beside it.
type Lines struct {
	Out   io.Writer
	Style Style
	last  time.Duration // the whole second of the last line
}

// Begin shows the config.
func (s *Block) Begin(f *Folder) { begin(s.Out, s.Style, f) }

// Begin shows the config.
func (s *Lines) Begin(f *Folder) { begin(s.Out, s.Style, f) }

func begin(out io.Writer, style Style, f *Folder) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", style.bold(f.Config))
	for line := range strings.Lines(string(f.Text)) {
		fmt.Fprintln(&b, style.dim("  "+strings.TrimRight(line, "\n")))
	}
	fmt.Fprintf(&b, "\nA contact centre writes records, the collector takes them to %s, which misbehaves a little on purpose.\n\n", f.Receiver)
	_, _ = out.Write(b.Bytes())
}

// Update draws the block anew in the place of the last one.
func (s *Block) Update(n Now) {
	var b bytes.Buffer
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", s.lines)
	}
	lines := s.draw(n)
	for _, line := range lines {
		fmt.Fprintf(&b, "\x1b[2K%s\n", line)
	}
	s.lines = len(lines)
	_, _ = s.Out.Write(b.Bytes())
}

// draw makes lines that are narrower than any terminal, since a line that wraps is two to go up over.
func (s *Block) draw(n Now) []string {
	c, r := n.Settled, n.Received
	lines := []string{
		fmt.Sprintf("%s %6d records, %.1f MB%s", s.Style.bold("centre   "), n.Written, float64(n.Bytes)/1e6, s.progress(n)),
		fmt.Sprintf("%s %6d delivered  %d filtered  %d duplicate  %d superseded", s.Style.bold("collector"),
			c[collector.Delivered], c[collector.Filtered], c[collector.Duplicate], c[collector.Superseded]),
		fmt.Sprintf("          %6d dead letters  %d on their way", c[collector.DeadLetter], int64(n.Written)-c.Total()),
		fmt.Sprintf("%s %6d taken  %d × 503  %d reset  %d lost answers  %d refused", s.Style.bold("receiver "),
			r.Taken, r.Unavailable, r.Reset, r.Lost, r.Refused),
	}
	for i := range latestKept {
		line := ""
		if i < len(n.Latest) {
			a := n.Latest[i]
			line = s.Style.dim(fmt.Sprintf("                 %-12s %s %s", clip(a.Kind, 12), clip(a.ID, 8), clip(a.Agent, 36)))
		}
		lines = append(lines, line)
	}
	return lines
}

// progress is how far the time has gone.
func (s *Block) progress(n Now) string {
	const width = 20
	switch {
	case n.Ending:
		return "  all written"
	case n.Planned == 0:
		return "  " + clock(n.Elapsed) + ", Ctrl-C ends it"
	}
	done := min(width, int(width*n.Elapsed/n.Planned))
	return fmt.Sprintf("  %s%s %s", strings.Repeat("█", done), s.Style.dim(strings.Repeat("░", width-done)), clock(n.Elapsed))
}

// End leaves the block where it is.
func (s *Block) End() { _, _ = io.WriteString(s.Out, "\n") }

// Update writes a line when a second has passed.
func (s *Lines) Update(n Now) {
	if n.Elapsed < s.last+time.Second {
		return
	}
	s.last = n.Elapsed.Truncate(time.Second)
	c, r := n.Settled, n.Received
	_, _ = fmt.Fprintf(s.Out, "%6s  %d written: %d delivered, %d filtered, %d duplicate, %d superseded, %d dead letters, %d on their way; receiver: %d × 503, %d reset, %d lost\n",
		clock(n.Elapsed), n.Written, c[collector.Delivered], c[collector.Filtered], c[collector.Duplicate], c[collector.Superseded],
		c[collector.DeadLetter], int64(n.Written)-c.Total(), r.Unavailable, r.Reset, r.Lost)
}

// End ends the lines.
func (s *Lines) End() { _, _ = io.WriteString(s.Out, "\n") }
