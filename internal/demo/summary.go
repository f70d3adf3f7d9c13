package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"trunkline/internal/collector"
)

// Books is what a collector has kept of its run.
type Books struct {
	Outcomes    collector.Counts
	DeadLetters []DeadLetter
}

// DeadLetter is a record that could not be handled.
type DeadLetter struct {
	Stage, Reason string
	Attempts      int // to deliver it
}

// Outcomes are records by what became of them.
type Outcomes struct {
	Delivered  int64 `json:"delivered"`
	Filtered   int64 `json:"filtered"`
	Duplicate  int64 `json:"duplicate"`
	Superseded int64 `json:"superseded"`
	DeadLetter int64 `json:"dead_letter"`
	Sum        int64 `json:"sum"`
}

func outcomes(c collector.Counts) Outcomes {
	return Outcomes{
		Delivered: c[collector.Delivered], Filtered: c[collector.Filtered], Duplicate: c[collector.Duplicate],
		Superseded: c[collector.Superseded], DeadLetter: c[collector.DeadLetter], Sum: c.Total(),
	}
}

// Reason is why records were dead-lettered.
type Reason struct {
	Stage   string `json:"stage"`
	Reason  string `json:"reason"`
	Records int    `json:"records"`
}

// Summary is the account of a demo.
type Summary struct {
	Seed        uint64         `json:"seed"`
	Seconds     float64        `json:"seconds"`
	Written     int            `json:"written"`      // records that the centre wrote
	Bytes       int64          `json:"bytes"`        // of them
	Kinds       map[string]int `json:"kinds"`        // of them: new contact, transfer, update, …
	Centre      Outcomes       `json:"centre"`       // what must become of them
	Collector   Outcomes       `json:"collector"`    // what the collector has kept
	Receiver    Received       `json:"receiver"`     // what came to the receiver
	DeadLetters []Reason       `json:"dead_letters"` // the refused ones, then the most frequent
	Balanced    bool           `json:"balanced"`     // Problems is empty
	Problems    []string       `json:"problems"`     // what does not agree

	before, after []byte // the record to show; nil where there is none
}

// summary compares the three sides, when all is quiet.
func (d *demo) summary(books Books) *Summary {
	c := d.centre
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &Summary{
		Seed: d.o.Seed, Seconds: time.Since(d.began).Round(time.Millisecond).Seconds(), Written: c.count, Bytes: c.bytes,
		Kinds: map[string]int{}, Centre: outcomes(c.want), Collector: outcomes(books.Outcomes), DeadLetters: reasons(books.DeadLetters),
	}
	for kind, n := range c.kinds {
		s.Kinds[kind.String()] = n
	}
	s.Receiver, _ = d.receiver.received()
	d.receiver.mu.Lock()
	if d.receiver.kept != nil {
		s.before, s.after = c.example, d.receiver.kept
	}
	d.receiver.mu.Unlock()
	s.check(books.DeadLetters)
	return s
}

func reasons(letters []DeadLetter) []Reason {
	count := map[Reason]int{}
	for _, l := range letters {
		count[Reason{Stage: l.Stage, Reason: l.Reason}]++
	}
	list := make([]Reason, 0, len(count))
	for _, r := range slices.Collect(maps.Keys(count)) {
		list = append(list, Reason{r.Stage, r.Reason, count[r]})
	}
	refused := func(r Reason) int {
		if r.Stage == "deliver" {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(x, y Reason) int {
		return cmp.Or(cmp.Compare(refused(x), refused(y)), cmp.Compare(y.Records, x.Records), cmp.Compare(x.Stage, y.Stage), cmp.Compare(x.Reason, y.Reason))
	})
	return list
}

// check notes all that does not agree.
func (s *Summary) check(letters []DeadLetter) {
	s.Problems = []string{}
	same := func(what string, one string, n int64, other string, m int64) {
		if n != m {
			s.Problems = append(s.Problems, fmt.Sprintf("%s: %d for the %s, %d for the %s", what, n, one, m, other))
		}
	}
	same("records", "contact centre", int64(s.Written), "collector", s.Collector.Sum)
	same("delivered", "contact centre", s.Centre.Delivered, "collector", s.Collector.Delivered)
	same("delivered", "collector", s.Collector.Delivered, "receiver", int64(s.Receiver.Taken))
	same("filtered", "contact centre", s.Centre.Filtered, "collector", s.Collector.Filtered)
	same("duplicate", "contact centre", s.Centre.Duplicate, "collector", s.Collector.Duplicate)
	same("superseded", "contact centre", s.Centre.Superseded, "collector", s.Collector.Superseded)
	same("dead letters", "contact centre", s.Centre.DeadLetter, "collector", s.Collector.DeadLetter)
	same("dead letters", "collector", s.Collector.DeadLetter, "folder of dead letters", int64(len(letters)))
	refused := 0
	for _, l := range letters {
		if l.Stage == "deliver" {
			refused++
		}
	}
	same("refused records", "folder of dead letters", int64(refused), "receiver", int64(s.Receiver.Refused))
	if n := s.Receiver.Wrong; n > 0 {
		s.Problems = append(s.Problems, fmt.Sprintf("%d requests without API key or Idempotency-Key, or with no record", n))
	}
	if n := s.Receiver.Personal; n > 0 {
		s.Problems = append(s.Problems, fmt.Sprintf("%d records with personal data came to the receiver", n))
	}
	s.Balanced = len(s.Problems) == 0
}
