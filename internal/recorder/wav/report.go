package wav

import (
	"slices"
	"sort"
)

// Report says what is in a file. Places are numbers of samples from its start.
type Report struct {
	Samples  int64 // in each channel: up to the last that came for any
	Channels []ChannelReport
}

// ChannelReport is of one channel.
type ChannelReport struct {
	Placed   int64  // samples that came; the others are silence
	Holes    []Span // where nothing came
	Dropped  []Drop // what was not placed, in the order in which it came, neighbours taken together; the first 4,096
	Unlisted int64  // samples that were dropped and are not in the list any more
	Odd      int64  // blocks that ended with half a sample
}

// Span is from a sample up to, and without, another.
type Span struct{ From, To int64 }

// Drop is what was not placed.
type Drop struct {
	Span // may begin below 0
	Why  Reason
}

// Reason is why samples were dropped.
type Reason int

const (
	Overlap  Reason = iota // others came before for the same time, as they do when a fragment comes twice
	TooEarly               // they are of a time before the start of the file
)

func (r Reason) String() string { return [...]string{"overlap", "too early"}[r] }

func (w *Writer) report() Report {
	r := Report{Samples: w.extent / w.frame()}
	for _, c := range w.channels {
		report := ChannelReport{Dropped: c.dropped, Unlisted: c.unlisted, Odd: c.odd, Holes: c.placed.missing(nil, Span{0, r.Samples})}
		for _, s := range c.placed {
			report.Placed += s.To - s.From
		}
		r.Channels = append(r.Channels, report)
	}
	return r
}

// drop lists what is dropped.
func (c *channel) drop(s Span, why Reason) {
	if s.From >= s.To {
		return
	}
	if n := len(c.dropped); n > 0 && c.dropped[n-1].To == s.From && c.dropped[n-1].Why == why && c.unlisted == 0 {
		c.dropped[n-1].To = s.To
		return
	}
	if len(c.dropped) == maxDrops {
		c.unlisted += s.To - s.From
		return
	}
	c.dropped = append(c.dropped, Drop{s, why})
}

// spans are in order and do not touch.
type spans []Span

// from is the index of the first span that ends at or behind a sample.
func (l spans) from(sample int64) int {
	if n := len(l); n > 0 && l[n-1].From <= sample { // as always when nothing is out of order
		if l[n-1].To < sample {
			return n
		}
		return n - 1
	}
	return sort.Search(len(l), func(i int) bool { return l[i].To >= sample })
}

// missing appends the parts of s that are in none of the spans.
func (l spans) missing(dst []Span, s Span) []Span {
	for _, there := range l[l.from(s.From):] {
		if there.From >= s.To {
			break
		}
		if there.From > s.From {
			dst = append(dst, Span{s.From, there.From})
		}
		s.From = max(s.From, there.To)
	}
	if s.From < s.To {
		dst = append(dst, s)
	}
	return dst
}

// add returns the spans and s.
func (l spans) add(s Span) spans {
	i := l.from(s.From)
	k := i
	for ; k < len(l) && l[k].From <= s.To; k++ {
		s.From, s.To = min(s.From, l[k].From), max(s.To, l[k].To)
	}
	return slices.Replace(l, i, k, s)
}
