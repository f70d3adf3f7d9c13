//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"trunkline/internal/document"
	"trunkline/internal/pattern"
	"trunkline/internal/pattern/patterntest"
)

// Numbers of random pairs that are compared, beside the conformance cases.
const (
	seed             = 20261122
	randomEvents     = 6000
	patternsPerEvent = 3 // that fit the event, and as many that do not care
	damagedPatterns  = 6000
)

// ruling is what one matcher says about a case.
type ruling struct {
	Match   bool   `json:"match"`
	Invalid string `json:"invalid"`
	Error   string `json:"error"`
}

func (r ruling) String() string {
	switch {
	case r.Invalid != "":
		return "invalid: " + r.Invalid
	case r.Error != "":
		return "error: " + r.Error
	case r.Match:
		return "match"
	}
	return "no match"
}

func (r ruling) agrees(other ruling) bool {
	return (r.Invalid == "") == (other.Invalid == "") && (r.Error == "") == (other.Error == "") && r.Match == other.Match
}

type question struct{ pattern, event string }

// difference is a known one: where we decide otherwise than event-ruler, and why.
type difference struct {
	name, why string
	applies   func(q question, ours, theirs ruling) bool
}

// addresses finds what may be IP literals.
var (
	ipv4         = regexp.MustCompile(`"\d+\.\d+\.\d+\.\d+[/"]`)
	ipv6         = regexp.MustCompile(`"[0-9a-fA-F]*:[0-9a-fA-F:]*[/"]`)
	beyondPlane0 = regexp.MustCompile(`[\x{10000}-\x{10FFFF}]`)
)

var differences = []difference{
	{
		"path set twice", "EventBridge silently uses the later list; it is never what the writer meant, so we refuse it",
		func(_ question, ours, theirs ruling) bool {
			return strings.Contains(ours.Invalid, "the path is set twice") && theirs.Invalid == ""
		},
	},
	{
		"text behind the pattern", "event-ruler stops reading at the closing brace; we refuse what follows",
		func(_ question, ours, theirs ruling) bool {
			return strings.Contains(ours.Invalid, "goes on after") && theirs.Invalid == ""
		},
	},
	{
		"anything-but with an operator and an empty list", "event-ruler compiles it and then fails at the first event; we refuse it",
		func(_ question, ours, theirs ruling) bool {
			return strings.Contains(ours.Invalid, "with an empty list") && strings.Contains(theirs.Error, "NullPointerException")
		},
	},
	{
		"addresses of the other family", "event-ruler compares the hexadecimal digits of addresses and takes 4 bytes of the one family for " +
			"the first 4 of the other; we compare within a family only",
		func(q question, ours, theirs ruling) bool {
			both := q.pattern + q.event
			return theirs.Match && !ours.Match && ours.Invalid == "" && ipv4.MatchString(both) && ipv6.MatchString(both)
		},
	},
	{
		"exactly with an address next to numbers or blocks", "where numeric or cidr stand in the same list, event-ruler rewrites addresses before it " +
			"compares and exactly no longer finds them; ours compares the text",
		func(q question, ours, theirs ruling) bool {
			return ours.Match && !theirs.Match && strings.Contains(q.pattern, "exactly") && (ipv4.MatchString(q.event) || ipv6.MatchString(q.event)) &&
				(strings.Contains(q.pattern, "numeric") || strings.Contains(q.pattern, "cidr"))
		},
	},
	{
		"one path in several arrays", "an event that repeats a name, or joins names to the same path, can have leaves of one path in two arrays side by " +
			"side; event-ruler then misses some combinations that its rule of arrays allows",
		func(q question, ours, theirs ruling) bool {
			return ours.Match && !theirs.Match && theirs.Invalid == "" && theirs.Error == "" && repeatsPath(q.event)
		},
	},
	{
		"characters beyond U+FFFF ignoring case", "event-ruler folds each half of the pair by itself and then never matches; we compare them as they stand",
		func(q question, ours, theirs ruling) bool {
			return strings.Contains(q.pattern, "equals-ignore-case") && beyondPlane0.MatchString(q.pattern) && ours.Invalid == "" && theirs.Invalid == ""
		},
	},
}

// TestRuler holds our matcher against event-ruler: validity and match, on the conformance cases, random pairs, and damaged patterns.
func TestRuler(t *testing.T) {
	var questions []question
	cases, err := patterntest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Level == "bus" && c.Warning == "" {
			event := c.Event
			if c.Invalid != "" {
				event = "{}"
			}
			questions = append(questions, question{c.Pattern, event})
		}
	}
	conformance := len(questions)
	r := patterntest.NewRandom(seed)
	for range randomEvents {
		event := r.Event()
		for range patternsPerEvent {
			questions = append(questions, question{r.PatternFor(event), event.Text}, question{r.Pattern(), event.Text})
		}
	}
	for range damagedPatterns {
		questions = append(questions, question{r.Damaged(), r.Event().Text})
	}

	theirs := ask(t, questions)
	tally := map[string]int{}
	var matches, invalid, unexplained int
	for i, q := range questions {
		ours := decide(q)
		if ours.Match {
			matches++
		}
		if ours.Invalid != "" {
			invalid++
		}
		if ours.agrees(theirs[i]) {
			continue
		}
		if name := explain(q, ours, theirs[i]); name != "" {
			tally[name]++
			continue
		}
		if unexplained++; unexplained <= 20 {
			t.Errorf("pattern %s\nevent   %s\nours %v\nruler %v", q.pattern, q.event, ours, theirs[i])
		}
	}
	t.Logf("%d cases (%d of conformance): %d match, %d are invalid, %d differ without explanation", len(questions), conformance, matches, invalid, unexplained)
	for _, d := range differences {
		t.Logf("%5d explained: %s (%s)", tally[d.name], d.name, d.why)
		if n := tally[d.name]; n == 0 || n > len(questions)/1000 {
			t.Errorf("%q explains %d of %d cases: it is gone, or it explains too much", d.name, n, len(questions))
		}
	}
	// Matches, misses and refusals must all be frequent, or the comparison says little.
	if n := len(questions); matches < n/8 || n-matches-invalid < n/8 || invalid < damagedPatterns/2 {
		t.Errorf("%d matches and %d invalid of %d: the random patterns and events have become too one-sided", matches, invalid, n)
	}
}

// repeatsPath reports whether an object of the event has two members of the same joined path, and there are arrays.
func repeatsPath(event string) bool {
	var d document.Document
	if d.Parse([]byte(event)) != nil || !strings.Contains(event, "[") {
		return false
	}
	var repeats func(seen map[string]bool, object document.Node, prefix string) bool
	repeats = func(seen map[string]bool, object document.Node, prefix string) bool {
		for c, end := d.Children(object); c < end; c = d.After(c) {
			path := prefix + string(d.AppendKey(nil, c))
			if seen[path] || d.Kind(c) == document.Object && repeats(seen, c, path+".") {
				return true
			}
			seen[path] = true
		}
		return false
	}
	_, end := d.Children(d.Root())
	for n := d.Root(); n < end; n++ {
		if d.Kind(n) == document.Object && repeats(map[string]bool{}, n, "") {
			return true
		}
	}
	return false
}

func explain(q question, ours, theirs ruling) string {
	for _, d := range differences {
		if d.applies(q, ours, theirs) {
			return d.name
		}
	}
	return ""
}

// ask returns event-ruler's rulings.
func ask(t *testing.T, questions []question) []ruling {
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for i, q := range questions {
		if err := lines.Encode(map[string]any{"id": i, "pattern": q.pattern, "event": q.event}); err != nil {
			t.Fatal(err)
		}
	}
	out := json.NewDecoder(bytes.NewReader(java(t, "trunkline.interop.RulerOracle", &in)))
	rulings := make([]ruling, len(questions))
	for i := range rulings {
		answer := struct {
			ID int
			ruling
		}{ID: -1}
		if err := out.Decode(&answer); err != nil || answer.ID != i {
			t.Fatalf("answer %d of %d: got id %d, %v", i, len(rulings), answer.ID, err)
		}
		rulings[i] = answer.ruling
	}
	return rulings
}

// decide returns our ruling.
func decide(q question) ruling {
	set, err := pattern.Compile(pattern.Bus, []byte(q.pattern))
	if err != nil {
		return ruling{Invalid: err.Error()}
	}
	var event document.Document
	if err := event.Parse([]byte(q.event)); err != nil {
		return ruling{Error: err.Error()}
	}
	match, err := set.NewMatcher().Match(&event)
	if err != nil {
		return ruling{Error: err.Error()}
	}
	return ruling{Match: match}
}
