package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func parse(t testing.TB, text string) *Document {
	t.Helper()
	var d Document
	if err := d.Parse([]byte(text)); err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return &d
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
		reason string
	}{
		{"", 0, "text ends where a value should stand"},
		{" \n", 2, "text ends where a value should stand"},
		{"\xef\xbb\xbf{}", 0, "byte order mark"},
		{"{", 1, "want a member's name"},
		{`{"a"`, 4, "want ':'"},
		{`{"a":`, 5, "text ends"},
		{`{"a":1`, 6, "text ends inside"},
		{`{"a":1,}`, 7, "want a member's name"},
		{`{"a":1 "b":2}`, 7, "want ',' or '}'"},
		{`{a:1}`, 1, "want a member's name"},
		{`[1,]`, 3, "want a value"},
		{`[1 2]`, 3, "want ',' or ']'"},
		{`[1}`, 2, "want ',' or ']'"},
		{`{"a":1]`, 6, "want ',' or '}'"},
		{`{} {}`, 3, "goes on after"},
		{`{}x`, 2, "goes on after"},
		{"{}\x00", 2, "goes on after"},
		{`tru`, 0, "want a value"},
		{`{"a":tru}`, 5, "want a value"},
		{`nulL`, 0, "want a value"},
		{`01`, 1, "goes on after"},
		{`-`, 1, "want a digit"},
		{`+1`, 0, "want a value"},
		{`1.`, 2, "behind a number's point"},
		{`.5`, 0, "want a value"},
		{`1e`, 2, "exponent"},
		{`1e+`, 3, "exponent"},
		{`NaN`, 0, "want a value"},
		{`"abc`, 4, "ends inside a string"},
		{`"abcdefghijk`, 12, "ends inside a string"},
		{"\"a\nb\"", 2, "control character"},
		{"\"abcdefgh\x00\"", 9, "control character"},
		{`"\x"`, 1, "invalid escape"},
		{`"\u12g4"`, 1, "invalid escape"},
		{`"\u12`, 1, "invalid escape"},
		{"\"\xff\"", 1, "invalid UTF-8"},
		{"\"abcdefgh\xc3\"", 9, "invalid UTF-8"},
		{"\"\xed\xa0\x80\"", 1, "invalid UTF-8"}, // an encoded surrogate
		{"{\"\xff\":1}", 2, "invalid UTF-8"},
		{strings.Repeat("[", 129), 128, "more than 128 objects and arrays"},
	} {
		var d Document
		err := d.Parse([]byte(c.text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%q) = %v, want a *SyntaxError", c.text, err)
			continue
		}
		if syntax.Offset != c.offset || !strings.Contains(syntax.Reason, c.reason) {
			t.Errorf("Parse(%q) = byte %d, %q; want byte %d, %q", c.text, syntax.Offset, syntax.Reason, c.offset, c.reason)
		}
		if d.Root() != None {
			t.Errorf("Parse(%q) left a root behind", c.text)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		text   string
		ok     bool
	}{
		{Limits{Size: 2}, `{}`, true},
		{Limits{Size: 2}, `{ }`, false},
		{Limits{Depth: 2}, `[[1]]`, true},
		{Limits{Depth: 2}, `[[[]]]`, false},
		{Limits{Values: 3}, `[1,2]`, true},
		{Limits{Values: 3}, `[1,2,3]`, false},
	} {
		d := Document{Limits: c.limits}
		if err := d.Parse([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%+v: Parse(%s) = %v, want ok %v", c.limits, c.text, err, c.ok)
		}
	}
}

func TestLookup(t *testing.T) {
	d := parse(t, `{"a":{"b":[1,{"c":2}],"B":"x"},"\u0061b":"q\"\u00e9\ud83d\ude00\ud800","n":null,"a":{"b":"last"}}`)
	if got := string(d.Raw(d.Lookup("a", "b"))); got != `"last"` {
		t.Errorf("a.b is %s, want the last occurrence", got)
	}
	if got := string(d.AppendText(nil, d.Lookup("ab"))); got != "q\"é😀\uFFFD" {
		t.Errorf("ab is %q", got)
	}
	if !d.TextIs(d.Lookup("ab"), "q\"é😀\uFFFD") || d.TextIs(d.Lookup("ab"), "q\"é😀") {
		t.Error("TextIs does not resolve escapes")
	}
	if n := d.Lookup("A"); n != None {
		t.Errorf("A found as %s: names match by case", d.Raw(n))
	}
	if got := d.Kind(d.Lookup("n")); got != Null {
		t.Errorf("n is %v, want null", got)
	}
	if n := d.Lookup("n", "x"); n != None || d.Kind(n) != Invalid {
		t.Errorf("n.x found")
	}
}

func TestRender(t *testing.T) {
	// The edits: "-x" removes every member named x, "=x" replaces it by "T", "+x" inserts "new":0 into every object named x
	// ("+" alone: into the root).
	for _, c := range []struct{ text, edits, want string }{
		{`{"a":1,"b":2,"c":3}`, "", `{"a":1,"b":2,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "-a", `{"b":2,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "-b", `{"a":1,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "-c", `{"a":1,"b":2}`},
		{`{"a":1,"b":2,"c":3}`, "-a -b", `{"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "-b -a", `{"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "-a -c", `{"b":2}`},
		{`{"a":1,"b":2,"c":3}`, "-a -b -c", `{}`},
		{`{ "a" : 1 , "b" : 2 , "c" : 3 }`, "-a", `{ "b" : 2 , "c" : 3 }`},
		{`{ "a" : 1 , "b" : 2 , "c" : 3 }`, "-c", `{ "a" : 1 , "b" : 2  }`},
		{`{"a":1,"a":2,"b":3,"a":4}`, "-a", `{"b":3}`},
		{`{"a":{"b":1,"c":2},"d":3}`, "-b =c", `{"a":{"c":"T"},"d":3}`},
		{`{"a":{"b":1,"c":2},"d":3}`, "=c -a", `{"d":3}`},
		{`{"a":{"b":1,"c":2},"d":3}`, "-a =c", `{"d":3}`},
		{`{"a":{"b":1}}`, "-b =a", `{"a":"T"}`},
		{`{"a":1}`, "=a -a", `{}`},
		{`{"a":1}`, "-a =a", `{}`},
		{`{}`, "+", `{"new":0}`},
		{`{ }`, "+", `{ "new":0}`},
		{`{"a":1}`, "+", `{"a":1,"new":0}`},
		{`{"a":1}`, "-a +", `{"new":0}`},
		{`{"a":1,"b":2}`, "+ -b", `{"a":1,"new":0}`},
		{`{"o":{},"b":2}`, "+o -b", `{"o":{"new":0}}`},
		{`{"o":{"a":"{"},"b":2}`, "+o =b +", `{"o":{"a":"{","new":0},"b":"T","new":0}`},
		{`{"l":[{"a":1},{"a":2,"b":1.0}]}`, "-a", `{"l":[{},{"b":1.0}]}`},
	} {
		d := parse(t, c.text)
		for e := range strings.FieldsSeq(c.edits) {
			if e == "+" {
				d.Insert(d.Root(), "new", []byte("0"))
			}
			for n, end := d.Children(d.Root()); n < end; n++ {
				if d.RawKey(n) == nil || !d.KeyIs(n, e[1:]) {
					continue
				}
				switch e[0] {
				case '-':
					d.Remove(n)
				case '=':
					d.ReplaceString(n, []byte("T"))
				case '+':
					d.Insert(n, "new", []byte("0"))
				}
			}
		}
		if got := string(d.Render(nil)); got != c.want {
			t.Errorf("%s with %q is %s, want %s", c.text, c.edits, got, c.want)
		}
	}
}

func TestRemoveElementsAndRoot(t *testing.T) {
	for drop, want := range []string{`[2,3]`, `[1,3]`, `[1,2]`} {
		d := parse(t, `[1,2,3]`)
		d.Remove(Node(drop + 1))
		if got := string(d.Render(nil)); got != want {
			t.Errorf("[1,2,3] without element %d is %s, want %s", drop, got, want)
		}
	}
	d := parse(t, `{"a":1}`)
	d.Remove(d.Root())
	if got := string(d.Render(nil)); got != "null" {
		t.Errorf("removed root renders as %s, want null", got)
	}
}

func TestUndo(t *testing.T) {
	d := parse(t, `{"a":1,"b":2}`)
	d.Remove(1)
	mark := d.Edits()
	d.Remove(2)
	d.Undo(mark)
	if got := string(d.Render(nil)); got != `{"b":2}` {
		t.Errorf("got %s, want only the first edit done", got)
	}
}

func TestWarmDocumentDoesNotAllocate(t *testing.T) {
	text := []byte(`{"a":{"b":[1,2,{"c":"x\u00e9"}]},"d":"secret","e":null}`)
	var d Document
	var out []byte
	got := testing.AllocsPerRun(100, func() {
		if err := d.Parse(text); err != nil {
			t.Fatal(err)
		}
		d.ReplaceString(d.Lookup("d"), text[:5])
		d.Remove(d.Lookup("e"))
		out = d.Render(out[:0])
	})
	if got != 0 {
		t.Errorf("%v allocations a record, want 0", got)
	}
}

// TestRemovedElementStaysRemoved: a removal wins over a replacement of the same value whichever was planned first, in arrays as in
// objects.
func TestRemovedElementStaysRemoved(t *testing.T) {
	for _, c := range []struct{ text, want string }{{`[1]`, `[]`}, {`[1,2]`, `[2]`}, {`{"a":1,"b":2}`, `{"b":2}`}} {
		for _, plan := range []string{"=-", "-=", "=-=", "==-"} {
			d := parse(t, c.text)
			n, _ := d.Children(d.Root())
			for _, op := range plan {
				if op == '-' {
					d.Remove(n)
				} else {
					d.ReplaceString(n, []byte("T"))
				}
			}
			if got := string(d.Render(nil)); got != c.want {
				t.Errorf("%s with %s on its first value is %s, want %s", c.text, plan, got, c.want)
			}
		}
	}
}

// TestHugeRecordIsForgotten: what a huge record and its edits needed goes back with the next one.
func TestHugeRecordIsForgotten(t *testing.T) {
	var d Document
	if err := d.Parse([]byte("[" + strings.Repeat("1,", 100_000) + "1]")); err != nil {
		t.Fatal(err)
	}
	for c, end := d.Children(d.Root()); c < end; c = d.After(c) {
		d.ReplaceString(c, []byte("a longer text"))
	}
	if err := d.Parse([]byte("1")); err != nil {
		t.Fatal(err)
	}
	if cap(d.tape) > keepTape || cap(d.edits) > keepEdits || cap(d.arena) > keepArena {
		t.Errorf("room for %d values, %d edits and %d bytes is kept, want at most %d, %d and %d", cap(d.tape), cap(d.edits), cap(d.arena), keepTape, keepEdits, keepArena)
	}
}

// FuzzParse: Parse accepts what encoding/json accepts in valid UTF-8, and an untouched document renders as it came.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `{"a":[1,-0.5e+3,true,null,"\u00e9é"],"a":{}}`, " [ 1 , { } ] ", `"\ud800"`, "\xef\xbb\xbf1", "[\"\xff\"]",
		`{"abcdefghijklmnop":"abcdefgh\"ijkl"}`, strings.Repeat("[", 130) + strings.Repeat("]", 130), "1 2", "\"\x01\"",
	} {
		f.Add([]byte(s))
	}
	var d Document
	f.Fuzz(func(t *testing.T, text []byte) {
		got := d.Parse(text)
		want := json.Valid(text) && utf8.Valid(text) && depth(text) <= DefaultDepth
		if (got == nil) != want {
			t.Fatalf("Parse(%q) = %v, want ok %v", text, got, want)
		}
		if got != nil {
			return
		}
		if out := d.Render(nil); !bytes.Equal(out, text) {
			t.Fatalf("%q renders as %q", text, out)
		}
		for n := range Node(len(d.tape)) {
			var s string
			if d.Kind(n) == String {
				if err := json.Unmarshal(d.Raw(n), &s); err != nil || string(d.AppendText(nil, n)) != s || !d.TextIs(n, s) {
					t.Fatalf("text of %q is %q, want %q", d.Raw(n), d.AppendText(nil, n), s)
				}
				if back := AppendString(nil, []byte(s)); json.Unmarshal(back, new(any)) != nil {
					t.Fatalf("AppendString(%q) = %q", s, back)
				}
			}
		}
	})
}

// depth counts how deep brackets stand inside each other, outside of strings.
func depth(text []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == '{' || c == '['):
			now++
			deepest = max(deepest, now)
		case !inString && (c == '}' || c == ']'):
			now--
		}
	}
	return deepest
}

// FuzzRender: random edits of a random document give what the same edits give on a decoded tree.
func FuzzRender(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[1,2,{"d":null}]},"e":"x"}`), []byte{0, 1, 1, 2, 0, 3})
	f.Add([]byte(` [ 1 , [ ] , { } , [ {"a" : 2 } ] ] `), []byte{0, 1, 0, 2, 0, 3, 2, 3, 0, 5})
	f.Add([]byte(`{"a":{"a":{"a":1}}}`), []byte{1, 3, 0, 2, 2, 1})
	var d Document
	f.Fuzz(func(t *testing.T, text, program []byte) {
		if d.Parse(text) != nil {
			return
		}
		removed, replaced, inserted := map[Node]bool{}, map[Node]string{}, map[Node]string{}
		for i := 0; i+1 < len(program) && i < 40; i += 2 {
			n := Node(int(program[i+1]) % len(d.tape))
			switch program[i] % 3 {
			case 0:
				if n != d.Root() {
					d.Remove(n)
					removed[n] = true
				}
			case 1:
				s := fmt.Sprintf(`"r%d"`, i)
				d.Replace(n, []byte(s))
				replaced[n] = s
			case 2:
				if d.Kind(n) == Object {
					s := fmt.Sprintf(`"i%d"`, i)
					d.Insert(n, "k", []byte(s))
					inserted[n] += `,"k":` + s
				}
			}
		}
		var model func(n Node) string
		model = func(n Node) string {
			if s, ok := replaced[n]; ok {
				return s
			}
			open, shut := "", ""
			switch d.Kind(n) {
			case Object:
				open, shut = "{", "}"
			case Array:
				open, shut = "[", "]"
			default:
				return string(d.Raw(n))
			}
			var parts strings.Builder
			for c, end := d.Children(n); c < end; c = d.After(c) {
				if removed[c] {
					continue
				}
				parts.WriteString(",")
				if d.Kind(n) == Object {
					parts.WriteString(`"` + string(d.RawKey(c)) + `":`)
				}
				parts.WriteString(model(c))
			}
			return open + strings.TrimPrefix(parts.String()+inserted[n], ",") + shut
		}
		got, want := compact(t, d.Render(nil)), compact(t, []byte(model(d.Root())))
		if got != want {
			t.Fatalf("%q edited by %v is\n%s, want\n%s", text, program, got, want)
		}
	})
}

func compact(t *testing.T, text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("rendered %q: %v", text, err)
	}
	return b.String()
}
