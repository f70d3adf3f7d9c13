package pattern_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"trunkline/internal/document"
	"trunkline/internal/pattern"
)

// repeat writes n items, made from their numbers, with commas between them.
func repeat(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(items, ",")
}

func TestPatternLimits(t *testing.T) {
	or := func(n int) string { return `"$or":[` + repeat(n, `{"a%d":[1]}`) + `]` }
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + `[1]` + strings.Repeat("}", n) }
	for _, c := range []struct {
		about   string
		level   pattern.Level
		pattern string
		want    string // part of the error, "" for none
	}{
		{"1000 combinations", pattern.Bus, `{"x":{` + or(10) + `},"y":{` + or(10) + `},"z":{` + or(10) + `}}`, ""},
		{"1001 combinations", pattern.Bus, `{` + or(1001) + `}`, "more than 1000 combinations; split the pattern"},
		{"1024 combinations", pattern.Bus, `{` + repeat(10, `"n%d":{"$or":[{"a":[1]},{"b":[1]}]}`) + `}`, `more than 1000 combinations`},
		{"2^60 combinations", pattern.Bus, `{` + repeat(60, `"n%d":{"$or":[{"a":[1]},{"b":[1]}]}`) + `}`, `more than 1000 combinations`},
		{"256 fields", pattern.Bus, `{` + repeat(256, `"a%d":[1]`) + `}`, ""},
		{"257 fields", pattern.Bus, `{` + repeat(257, `"a%d":[1]`) + `}`, `field "a256": more than 256 fields in one combination`},
		{"256 fields, 1000 times", pattern.Bus, `{` + or(1000) + `,` + repeat(300, `"b%d":[1]`) + `}`, "more than 256 fields"},
		{"a path of 100000 names", pattern.Bus, `{"a` + strings.Repeat(".a", 100000) + `":[1]}`, ""},
		{"many paths behind a long one", pattern.Bus, `{"a` + strings.Repeat(".a", 10000) + `":{` + or(1000) + `}}`, ""},
		{"99 objects deep", pattern.Bus, nested(99), ""},
		{"too deep", pattern.Bus, nested(200), "more than 100 objects and arrays inside each other"},
		{"too long", pattern.Bus, `{"a":["` + strings.Repeat("x", 1<<18) + `"]}`, "the limit is 262144"},
		{"4096 characters", pattern.Pipe, `{"data":{"a":["` + strings.Repeat("é", 4096-19) + `"]}}`, ""},
		{"4097 characters", pattern.Pipe, `{"data":{"a":["` + strings.Repeat("é", 4097-19) + `"]}}`, "4097 characters; a pipe's filter may have 4096"},
		{"binary", pattern.Bus, "{\"a\":[\"\x00\"]}", "control character"},
		{"not UTF-8", pattern.Bus, "{\"a\":[\"\xff\"]}", "invalid UTF-8"},
		{"byte order mark", pattern.Bus, "\xef\xbb\xbf{}", "byte order mark"},
		{"nothing", pattern.Bus, "", "text ends where a value should stand"},
	} {
		_, err := pattern.Compile(c.level, []byte(c.pattern))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.about, err, c.want)
		}
	}
}

func TestWarningsOfSize(t *testing.T) {
	long := `{"data":{"a":["` + strings.Repeat("x", 4090) + `"]}}`
	for level, want := range map[pattern.Level]string{
		pattern.Bus:    "4109 characters; a rule's pattern may have 2048 unless the account's quota was raised",
		pattern.Filter: "4109 characters; a pipe's filter may have 4096",
	} {
		if s := compile(t, level, long); !warns(s, want) {
			t.Errorf("level %d: %v, want %q", level, s.Warnings(), want)
		}
	}
	six := make([]string, 6)
	for i := range six {
		six[i] = `{"data":{"a":[1]}}`
	}
	s := compile(t, pattern.Filter, six...)
	if !warns(s, "pattern 6, line 1, column 1: a pipe has at most 5 filters; join them with $or") {
		t.Errorf("six filters: %v", s.Warnings())
	}
	if _, err := pattern.Compile(pattern.Pipe, [][]byte{5: []byte(six[5]), 0: []byte(six[0]), 1: []byte(six[1]), 2: []byte(six[2]), 3: []byte(six[3]), 4: []byte(six[4])}...); err == nil {
		t.Error("a pipe takes six filters")
	}
}

func TestEmptySet(t *testing.T) {
	m := compile(t, pattern.Bus).NewMatcher()
	if got := first(t, m, parse(t, `{"a":1}`)); got != -1 {
		t.Errorf("a Set without patterns matches: %d", got)
	}
}

func TestEventThatIsNoObject(t *testing.T) {
	m := compile(t, pattern.Bus, `{"a":[{"exists":false}]}`).NewMatcher()
	for _, event := range []string{`[{"a":1}]`, `1`, `"x"`, `null`, `[]`} {
		if got := first(t, m, parse(t, event)); got != -1 {
			t.Errorf("%s matches", event)
		}
	}
}

// TestHostileEvents: events made to cost much are decided, or refused, in bounded time.
func TestHostileEvents(t *testing.T) {
	const n = 20000
	half := repeat(n, `{"a":1,"n":%d}`) + "," + repeat(n, `{"b":1,"n":%d}`)
	// A satisfiability problem: with repeated names, each array is a variable whose elements are its two values, and each field a
	// clause that some of the values satisfy.
	var wants, arrays []string
	r := rand.New(rand.NewPCG(1, 1))
	values := make([][]string, 80)
	for c := range 250 {
		wants = append(wants, fmt.Sprintf(`"c%d":[1]`, c))
		for range 3 {
			v := r.IntN(len(values))
			values[v] = append(values[v], fmt.Sprintf(`"c%d":1`, c))
		}
	}
	for v := 0; v < len(values); v += 2 {
		arrays = append(arrays, `"x":[{`+strings.Join(values[v], ",")+`},{`+strings.Join(values[v+1], ",")+`}]`)
	}
	for _, c := range []struct {
		about, pattern, event string
		want                  bool
		err                   error
	}{
		{"one array, two conditions", `{"x":{"a":[1],"b":[1]}}`, `{"x":[` + half + `]}`, false, nil},
		{"the last element", `{"x":{"a":[1],"b":[1]}}`, `{"x":[` + half + `,{"a":1,"b":1}]}`, true, nil},
		{"two arrays, the second in vain", `{"x":{"a":[1],"n":[{"exists":true}]},"y":{"a":[1],"b":[1]}}`, `{"x":[` + half + `],"y":[` + half + `]}`, false, nil},
		{"three arrays", `{"x":{"a":[1],"n":[5]},"y":{"a":[1],"n":[5]},"z":{"a":[1],"b":[1]}}`, `{"x":[` + half + `],"y":[` + half + `],"z":[` + half + `]}`, false, nil},
		{"exists false at the end", `{"x":{"a":[1],"n":[{"exists":false}]}}`, `{"x":[` + half + `]}`, false, nil},
		{"deep arrays", `{"x":{"a":[1],"b":[1]}}`, `{"x":` + strings.Repeat("[", 100) + `{"a":1},{"b":1}` + strings.Repeat("]", 100) + `}`, false, nil},
		{"repeated names", `{"x":{` + strings.Join(wants, ",") + `}}`, `{` + strings.Join(arrays, ",") + `}`, false, pattern.ErrTooComplex},
		{"wildcards", `{"a":[{"wildcard":"` + strings.Repeat("*a", 500) + `*b"}]}`, `{"a":"` + strings.Repeat("a", 1<<20) + `"}`, false, nil},
		{"nearly matching wildcards", `{"a":[{"wildcard":"*` + strings.Repeat("a", 500) + `b*"}]}`, `{"a":"` + strings.Repeat("a", 1<<20) + `"}`, false, nil},
		{"a long number", `{"a":[{"numeric":[">",0]}]}`, `{"a":1` + strings.Repeat("0", 1<<20) + `}`, false, nil},
		{"a huge exponent", `{"a":[{"numeric":[">=",0]}]}`, `{"a":1e` + strings.Repeat("9", 1<<16) + `}`, false, nil},
		{"zero with a huge exponent", `{"a":[{"numeric":[">=",0]}]}`, `{"a":0e` + strings.Repeat("9", 1<<16) + `}`, true, nil},
	} {
		d := parse(t, c.event)
		m := compile(t, pattern.Bus, c.pattern).NewMatcher()
		began := time.Now()
		got, err := m.Match(d)
		if took := time.Since(began); took > 30*time.Second { // many times what is needed
			t.Errorf("%s: took %v", c.about, took)
		}
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v; want %v, %v", c.about, got, err, c.want, c.err)
		}
		if got, err := m.Match(parse(t, `{"a":1}`)); got || err != nil {
			// Every pattern above wants more than that.
			if !strings.Contains(c.pattern, "numeric") {
				t.Errorf("%s: the next event: %v, %v", c.about, got, err)
			}
		}
	}
}

// TestWarmMatcherDoesNotAllocate, whatever the operators, with escapes, arrays of objects and metadata.
func TestWarmMatcherDoesNotAllocate(t *testing.T) {
	patterns := append(
		benchPatterns(200),
		`{"data":{"x":{"a":[1],"b":[{"exists":false},5]},"y":[{"cidr":"10.0.0.0/8"}]},"partitionKey":["q"]}`,
		`{"data":{"x":{"a":[1],"b":[2],"c":[12345678901234567890]},"y":["::1",{"prefix":{"equals-ignore-case":"é"}}]}}`,
		`{"data":{"n":[{"numeric":["=",0.30000000000000004]}]}}`,
	)
	m := compile(t, pattern.Filter, patterns...).NewMatcher()
	_, docs, _ := benchRecords(t)
	event := `{"x":[{"a":1,"b":2},{"a":1,"b":"\u0062","c":12345678901234567890},{"c":1e400}],"y":["10.0.0.1","0:0::2","É\n"],"Ch\u0061nnel":"VO\u0049CE","n":[1.7976931348623157e308,0.1e-5,0.12345678901234567]}`
	docs = append(docs, parse(t, event))
	meta := []pattern.Meta{{Name: "partitionKey", Value: "k"}, {Name: "approximateArrivalTimestamp", Value: "1.5", Number: true}}
	got := testing.AllocsPerRun(20, func() {
		for _, d := range docs {
			if match, err := m.MatchRecord(meta, d); match || err != nil {
				t.Fatal(match, err)
			}
		}
	})
	if got != 0 {
		t.Errorf("%v allocations for %d records, want 0", got, len(docs))
	}
}

func TestConcurrentMatchers(t *testing.T) {
	s := compile(t, pattern.Bus, benchPatterns(50)...)
	done := make(chan bool)
	for range 4 {
		go func() {
			m := s.NewMatcher()
			ok := true
			for i := range 200 {
				var d document.Document
				if err := d.Parse(fmt.Appendf(nil, `{"data":{"Agent":{"Username":"nobody-%d"}}}`, i%60)); err != nil {
					ok = false
				}
				match, err := m.Match(&d)
				ok = ok && err == nil && match == (i%60 < 50 && i%60%10 == 1)
			}
			done <- ok
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("a Matcher decides otherwise beside others")
		}
	}
}
