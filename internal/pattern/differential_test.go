package pattern_test

import (
	"fmt"
	"testing"

	"trunkline/internal/document"
	"trunkline/internal/pattern"
	"trunkline/internal/pattern/patterntest"
)

func parse(t testing.TB, text string) *document.Document {
	t.Helper()
	var d document.Document
	if err := d.Parse([]byte(text)); err != nil {
		t.Fatalf("event %s: %v", text, err)
	}
	return &d
}

func compile(t testing.TB, level pattern.Level, patterns ...string) *pattern.Set {
	t.Helper()
	texts := make([][]byte, len(patterns))
	for i, p := range patterns {
		texts[i] = []byte(p)
	}
	s, err := pattern.Compile(level, texts...)
	if err != nil {
		t.Fatalf("compile %s: %v", patterns, err)
	}
	return s
}

func first(t testing.TB, m *pattern.Matcher, event *document.Document) int {
	t.Helper()
	i, err := m.First(event)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// checkPair holds one pattern and one event against the reference.
func checkPair(t testing.TB, p string, m *pattern.Matcher, event string, d *document.Document) bool {
	t.Helper()
	got, err := m.Match(d)
	if want := refMatch(p, event); got != want || err != nil {
		t.Fatalf("pattern %s\nevent %s\ngot %v, %v; want %v", p, event, got, err, want)
	}
	return got
}

func TestReference(t *testing.T) {
	r := patterntest.NewRandom(1)
	var tried, matched int
	for range 600 {
		event := r.Event()
		d := parse(t, event.Text)
		for range 3 {
			for _, p := range []string{r.PatternFor(event), r.Pattern()} {
				set, err := pattern.Compile(pattern.Bus, []byte(p))
				if err != nil {
					continue // a random pattern can set a path twice
				}
				tried++
				if checkPair(t, p, set.NewMatcher(), event.Text, d) {
					matched++
				}
			}
		}
	}
	if tried < 3000 || matched < tried/10 {
		t.Errorf("%d matches of %d: the random patterns have become too one-sided", matched, tried)
	}
}

// TestSet: a Set decides like its patterns one by one, and one Matcher serves event after event.
func TestSet(t *testing.T) {
	r := patterntest.NewRandom(2)
	for range 60 {
		var events []*patterntest.Event
		for range 20 {
			events = append(events, r.Event())
		}
		var patterns []string
		var singles []*pattern.Matcher
		for len(patterns) < 1+r.IntN(120) {
			p := r.Pattern()
			if r.IntN(2) == 0 {
				p = r.PatternFor(events[r.IntN(len(events))])
			}
			s, err := pattern.Compile(pattern.Bus, []byte(p))
			if err != nil {
				continue
			}
			patterns = append(patterns, p)
			singles = append(singles, s.NewMatcher())
		}
		m := compile(t, pattern.Bus, patterns...).NewMatcher()
		for _, e := range events {
			d := parse(t, e.Text)
			want := -1
			for i, s := range singles {
				if first(t, s, d) == 0 {
					want = i
					break
				}
			}
			if got := first(t, m, d); got != want {
				t.Fatalf("event %s: first of %d patterns is %d, want %d\n%s", e.Text, len(patterns), got, want, patterns[max(got, want)])
			}
			if got, err := m.Match(d); got != (want >= 0) || err != nil {
				t.Fatalf("event %s: match is %v, %v; want %v", e.Text, got, err, want >= 0)
			}
		}
	}
}

// TestRecord: a record with its metadata decides like the envelope that a pipe makes of them.
func TestRecord(t *testing.T) {
	r := patterntest.NewRandom(3)
	meta := []pattern.Meta{{Name: "partitionKey", Value: `x"y`}, {Name: "approximateArrivalTimestamp", Value: "1.0", Number: true}, {Name: "other", Value: "1"}}
	for range 1000 {
		event := r.Event()
		p := fmt.Sprintf(`{"data":%s,"partitionKey":[%s],"approximateArrivalTimestamp":[1,{"exists":true}]}`, r.PatternFor(event), []string{`"x\"y"`, `{"prefix":"x"}`, `"z"`}[r.IntN(3)])
		set, err := pattern.Compile(pattern.Filter, []byte(p))
		if err != nil {
			continue
		}
		m := set.NewMatcher()
		got, err := m.MatchRecord(meta, parse(t, event.Text))
		if err != nil {
			t.Fatal(err)
		}
		envelope := `{"partitionKey":"x\"y","approximateArrivalTimestamp":1.0,"other":"1","data":` + event.Text + `}`
		if want, err := m.Match(parse(t, envelope)); got != want || err != nil {
			t.Fatalf("pattern %s, envelope %s: got %v, want %v (%v)", p, envelope, got, want, err)
		}
		i, err := m.FirstRecord(meta, parse(t, event.Text))
		if err != nil || (i == 0) != got {
			t.Fatalf("FirstRecord is %d, %v; MatchRecord %v", i, err, got)
		}
	}
}

// FuzzMatch: random patterns and events from a fuzzed seed, and fuzzed events, decide as the reference does.
func FuzzMatch(f *testing.F) {
	f.Add(uint64(1), `{"a":[{"b":1,"c":[2]},{"b":3}],"a":{"b":"x"}}`)
	f.Add(uint64(2), `{"":{"a":null},"a.b":1e400,"b!":[[{"a":"\ud83d\ude00"}],"10.0.0.1"]}`)
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		r := patterntest.NewRandom(seed)
		event := r.Event()
		var random, fuzzed document.Document
		if err := random.Parse([]byte(event.Text)); err != nil {
			t.Fatal(err)
		}
		object := fuzzed.Parse([]byte(text)) == nil && fuzzed.Kind(fuzzed.Root()) == document.Object && len(text) < 200
		for _, p := range []string{r.PatternFor(event), r.Pattern(), r.Pattern()} {
			set, err := pattern.Compile(pattern.Bus, []byte(p))
			if err != nil {
				continue
			}
			m := set.NewMatcher()
			checkPair(t, p, m, event.Text, &random)
			if object {
				checkPair(t, p, m, text, &fuzzed)
			}
		}
	})
}

// FuzzCompile: Compile never panics, errors have a place inside the text, and what compiles decides the same when compiled again.
func FuzzCompile(f *testing.F) {
	cases, err := patterntest.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add([]byte(c.Pattern), []byte(c.Event))
	}
	f.Fuzz(func(t *testing.T, text, event []byte) {
		for _, level := range []pattern.Level{pattern.Bus, pattern.Filter, pattern.Pipe} {
			set, err := pattern.Compile(level, text)
			if err != nil {
				e := err.(*pattern.Error)
				if e.Offset < 0 || e.Offset > len(text) || e.Line < 1 || e.Column < 1 || e.Reason == "" {
					t.Fatalf("%q: %+v", text, e)
				}
				continue
			}
			var d document.Document
			if d.Parse(event) != nil {
				continue
			}
			again, err := pattern.Compile(level, text, []byte(`{"data":{"no":["x"]}}`), text)
			if err != nil {
				if level == pattern.Pipe {
					continue
				}
				t.Fatalf("%q compiles once and not again: %v", text, err)
			}
			one, oneErr := set.NewMatcher().First(&d)
			two, twoErr := again.NewMatcher().First(&d)
			if one != two && !(one == -1 && two == 1) || (oneErr == nil) != (twoErr == nil) {
				t.Fatalf("%q with %q is %d (%v), then %d (%v)", text, event, one, oneErr, two, twoErr)
			}
		}
	})
}
