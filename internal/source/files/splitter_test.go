package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// cutting is what a splitter made of a text.
type cutting struct {
	Texts  []string // too long: "!" and the length
	Places []string
	Length []int64
}

// cut gives data to a splitter piece by piece, sizes in turn, as a feed does.
func cut(t rapid.TB, data []byte, limit int, from place, sizes ...int) (c cutting, places, after []place) {
	t.Helper()
	s := splitter{max: limit, off: from.offset, mode: from.mode}
	rest := data[from.offset:]
	var window []byte
	for turn := 0; ; turn++ {
		n := min(max(1, sizes[turn%len(sizes)]), len(rest))
		window, rest = append(bytes.Clone(window), rest[:n]...), rest[n:]
		e := more
		if len(rest) == 0 {
			e = final
		}
		for {
			before := s.off
			r, n, ok := s.next(window, e)
			if n < 0 || n > len(window) || s.off != before+int64(n) {
				t.Fatalf("next(%q) at %d took %d bytes and is at %d", window, before, n, s.off)
			}
			window = window[n:]
			if !ok {
				break
			}
			text := string(r.data)
			if r.data == nil {
				text = fmt.Sprintf("!%d", r.length)
			} else if !bytes.Equal(r.data, data[r.at.offset:r.at.offset+int64(len(r.data))]) {
				t.Fatalf("record at %d is %q, not what stands there", r.at.offset, r.data)
			}
			c.Texts = append(c.Texts, text)
			c.Places = append(c.Places, fmt.Sprintf("%d%c", r.at.offset, r.at.mode))
			c.Length = append(c.Length, r.length)
			places = append(places, r.at)
			after = append(after, place{s.off, s.mode})
		}
		if e == final {
			if len(window) > 0 {
				t.Fatalf("%d bytes left at the end of %q", len(window), data)
			}
			return c, places, after
		}
		if limit := 2*limit + 2*maxBlank + len(data[:n]); len(window) > limit {
			t.Fatalf("%d bytes are held, limit of a record %d", len(window), s.max)
		}
	}
}

func TestBoundaries(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 100) + `"}`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"white space", " \r\n\t\n ", nil},
		{"lines", "{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}},
		{"no line break at the end", "{\"a\":1}\n{\"b\":2}", []string{`{"a":1}`, `{"b":2}`}},
		{"CRLF, blank lines, white space", "\r\n {\"a\":1} \r\n\r\n\t{\"b\":2}\t\r\n", []string{`{"a":1}`, `{"b":2}`}},
		{"byte order mark", "\xef\xbb\xbf{\"a\":1}\n", []string{`{"a":1}`}},
		{"byte order mark and nothing", "\xef\xbb\xbf", nil},
		{"half a byte order mark", "\xef\xbb", []string{"\xef\xbb"}},
		{"byte order mark in the middle", "{}\n\xef\xbb\xbf{}\n", []string{"{}", "\xef\xbb\xbf{}"}},
		{"no separators", `{"a":1}{"b":{"c":[{}]}}{"d":"}{"}`, []string{`{"a":1}`, `{"b":{"c":[{}]}}`, `{"d":"}{"}`}},
		{"pretty", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n  \"c\": [\n    {}\n  ]\n}\n", []string{"{\n  \"a\": {\n    \"b\": 1\n  }\n}", "{\n  \"c\": [\n    {}\n  ]\n}"}},
		{"object that ends a line inside", "{\"a\":{\"b\":1}\n,\"c\":2}\n{}\n", []string{"{\"a\":{\"b\":1}\n,\"c\":2}", "{}"}},
		{"brackets and quotes in strings", `{"a":"}\"},"}` + "\n" + `{"b":"\\"}` + "\n" + `{"c":"{"}` + "\n", []string{`{"a":"}\"},"}`, `{"b":"\\"}`, `{"c":"{"}`}},
		{"array", `[{"a":1}, {"b":2} ,3,"x,]",null,[4,[5]]]`, []string{`{"a":1}`, `{"b":2}`, "3", `"x,]"`, "null", "[4,[5]]"}},
		{"pretty array", "[\n  {\n    \"a\": 1\n  },\n  true\n]\n", []string{"{\n    \"a\": 1\n  }", "true"}},
		{"arrays and lines", "[]\n[{\"a\":1}]\n{\"b\":2}\n[{\"c\":3}][{\"d\":4}]", []string{`{"a":1}`, `{"b":2}`, `{"c":3}`, `{"d":4}`}},
		{"array that goes on", "[{\"a\":1},\n{\"b\":2}", []string{`{"a":1}`, `{"b":2}`}},
		{"array without a comma", `[{"a":1} {"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		{"Records", " { \"Records\" :\n [ {\"a\":1}, {\"b\":2} ] }\n{\"c\":3}", []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}},
		{"Records of something else", `{"Records":1}{"Records":{}}`, []string{`{"Records":1}`, `{"Records":{}}`}},
		{"scalars on lines", "1\n\"x\"\ntrue\n", []string{"1", `"x"`, "true"}},

		{"truncated line", "{\"a\":1,\n{\"b\":2}\n{\"c\":3}\n", []string{`{"a":1,`, `{"b":2}`, `{"c":3}`}},
		{"truncated in a string", "{\"a\":\"x\n{\"b\":2}\n", []string{`{"a":"x`, `{"b":2}`}},
		{"truncated behind a colon", "{\"a\":\n{\"b\":2}\n{\"c\":3}\n", []string{`{"a":`, `{"b":2}`, `{"c":3}`}},
		{"truncated in an array", "{\"a\":[\n{\"b\":2}\n{\"c\":3}\n", []string{`{"a":[`, `{"b":2}`, `{"c":3}`}},
		{"truncated, with white space", "  {\"a\":[\r\n\r\n{\"b\":2}\r\n{\"c\":3}\r\n", []string{`{"a":[`, `{"b":2}`, `{"c":3}`}},
		{"truncated at the end", "{\"a\":1}\n{\"b\":", []string{`{"a":1}`, `{"b":`}},
		{"truncated pretty", "{\n  \"a\": [\n    1,\n{\n  \"b\": 2\n}\n", []string{"{\n  \"a\": [\n    1,", "{\n  \"b\": 2\n}"}},
		{"truncated without separators", `{"a":{"b":1}{"c":2}{"d":3}`, []string{`{"a":{"b":1}`, `{"c":2}`, `{"d":3}`}},
		{"truncated in a string without separators", `{"a":"x{"c":2}{"d":3}`, []string{`{"a":"x{"c":2}`, `{"d":3}`}},
		{"escaped quotes before braces in a string", `{"a":"\"}{"}{"b":1}{"c":3}`, []string{`{"a":"\"}{"}`, `{"b":1}`, `{"c":3}`}},
		{"object and array behind each other", `{"a":1}[{}]{"c":1}{"d":1}`, []string{`{"a":1}`, `{}`, `{"c":1}`, `{"d":1}`}},
		{"truncated before an indented line", "{\"a\":1,\n  garbage\n{\"b\":2}\n", []string{`{"a":1,`, "garbage", `{"b":2}`}},
		{"truncated before an indented object", "{\"a\":1,\n  {\"b\":2}\n  {\"c\":3}\n", []string{`{"a":1,`, `{"b":2}`, `{"c":3}`}},
		{"a bracket too many", "{\"a\":1}}\n{\"b\":2}\n", []string{`{"a":1}}`, `{"b":2}`}},
		{"wrong bracket", "{\"a\":[1}\n{\"b\":2}\n", []string{`{"a":[1}`, `{"b":2}`}},
		{"garbage behind a value", "{\"a\":1} x\n{\"b\":2}\n", []string{`{"a":1} x`, `{"b":2}`}},
		{"comma behind a value", "{\"a\":1},\n{\"b\":2},\n", []string{`{"a":1},`, `{"b":2},`}},
		{"text", "hello, world\n{\"b\":2}\n", []string{"hello, world", `{"b":2}`}},
		{"log lines", "[INFO] started\n{\"b\":2}\n[n] x\n", []string{"[INFO] started", `{"b":2}`, "[n] x"}},
		{"no JSON inside", "{\"a\" 1 {\"b\":2}, x}\n{\"c\":3}\n", []string{`{"a" 1 {"b":2}, x}`, `{"c":3}`}},
		{"NUL bytes", "\x00\x00\x00\n{\"b\":2}\n", []string{"\x00\x00\x00", `{"b":2}`}},
		{"NUL inside", "{\"a\":\x001}\n{\"b\":2}\n", []string{"{\"a\":\x001}", `{"b":2}`}},
		{"brackets alone", "]\n}\n[\n", []string{"]", "}", "["}},
		{"depth bomb", strings.Repeat("[{\"a\":", 400) + "\n{\"b\":2}\n", []string{strings.TrimPrefix(strings.Repeat("[{\"a\":", 400), "["), `{"b":2}`}},
		{"too long", long + "\n{\"b\":2}\n" + long + long + `{"c":3}`, []string{"!108", `{"b":2}`, "!108", "!108", `{"c":3}`}},
		{"too long in an array", "[1," + long + ",{\"b\":2}]", []string{"1", "!108", `{"b":2}`}},
		{"too long garbage", strings.Repeat("x", 90) + "\n{\"b\":2}\n", []string{"!90", `{"b":2}`}},
		{"too long over lines", "{\"a\":[\n" + strings.Repeat("1,\n", 30) + "2]}\n{\"b\":2}\n", []string{"!100", `{"b":2}`}},
		{"as long as can be", `{"a":"` + strings.Repeat("x", 72) + `"}` + "\n{}", []string{`{"a":"` + strings.Repeat("x", 72) + `"}`, "{}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := 80
			if c.name == "depth bomb" {
				limit = 1 << 20
			}
			for _, sizes := range [][]int{{1 << 20}, {1}, {7}, {64}} {
				got, _, _ := cut(t, []byte(c.text), limit, place{0, plain}, sizes...)
				if diff := cmp.Diff(c.want, got.Texts); diff != "" {
					t.Errorf("%q in pieces of %d: -want +got\n%s", c.text, sizes, diff)
				}
			}
		})
	}
}

// values draws texts as writers of records make them, and the records in them.
func values(t *rapid.T) (text []byte, want []string) {
	str := rapid.OneOf(
		rapid.SampledFrom([]string{"", "}", "{", "},", `}{`, `"`, `\`, `\"`, "\n", "]", "}\n{", `{"Records":[`, "é", "\u2028", "[", ","}),
		rapid.StringN(0, 12, -1),
	)
	var value func(depth int) any
	value = func(depth int) any {
		kind := rapid.IntRange(0, 6).Draw(t, "kind")
		if depth == 0 {
			kind = 6 // a record
		}
		switch kind {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
		case 3, 4:
			return str.Draw(t, "string")
		}
		n := rapid.IntRange(0, 3).Draw(t, "size")
		if depth > 3 {
			n = 0
		}
		if kind == 5 {
			list := []any{}
			for range n {
				list = append(list, value(depth+1))
			}
			return list
		}
		object := map[string]any{}
		for range n {
			object[str.Draw(t, "name")] = value(depth + 1)
		}
		return object
	}
	write := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		switch rapid.IntRange(0, 3).Draw(t, "style") {
		case 0:
			json.Indent(&out, b, "", "  ")
			return out.String()
		case 1:
			json.Indent(&out, b, "", "")
			return strings.ReplaceAll(out.String(), "\n", "\r\n")
		}
		return string(b)
	}
	space := func(most string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(strings.Split(most, "|")), 0, 2).Draw(t, "space"), "")
	}
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", "\xef\xbb\xbf", "\n"}).Draw(t, "start"))
	for range rapid.IntRange(0, 8).Draw(t, "items") {
		switch rapid.IntRange(0, 5).Draw(t, "item") {
		case 0: // an array, or Records
			open, end := "[", "]"
			if rapid.Bool().Draw(t, "records") {
				open, end = "{"+space(" |\n")+`"Records":`+space(" ")+"[", "]"+space(" |\n")+"}"
			}
			b.WriteString(open + space(" |\n|\r\n"))
			for i := range rapid.IntRange(0, 4).Draw(t, "elements") {
				if i > 0 {
					b.WriteString("," + space(" |\n"))
				}
				text := write(value(rapid.IntRange(0, 1).Draw(t, "depth")))
				want = append(want, text)
				b.WriteString(text + space(" |\n|\t"))
			}
			b.WriteString(end)
		case 1: // a scalar on a line
			text := rapid.SampledFrom([]string{"1", "-2.5e3", "true", "null", `"a } b"`}).Draw(t, "scalar")
			want = append(want, text)
			b.WriteString("\n" + text + "\n")
		default:
			text := write(value(0))
			want = append(want, text)
			b.WriteString(text)
		}
		b.WriteString(space(" |\n|\r\n|\t"))
	}
	return []byte(b.String()), want
}

func TestValuesComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, want := values(t)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 40), 1, 5).Draw(t, "sizes")
		got, places, after := cut(t, text, 1<<20, place{0, plain}, sizes...)
		if diff := cmp.Diff(want, got.Texts); diff != "" {
			t.Fatalf("%q in pieces of %d: -want +got\n%s", text, sizes, diff)
		}
		for i, p := range places {
			rest, _, _ := cut(t, text, 1<<20, p, sizes...)
			if diff := cmp.Diff(want[i:], rest.Texts); diff != "" {
				t.Fatalf("%q from %v on: -want +got\n%s", text, p, diff)
			}
			rest, _, _ = cut(t, text, 1<<20, after[i], sizes...)
			if diff := cmp.Diff(want[i+1:], rest.Texts, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%q from %v on: -want +got\n%s", text, after[i], diff)
			}
		}
	})
}

// FuzzBoundaries checks for any bytes, read in pieces of any size, that the records do not depend on the sizes, that every byte is
// in one record or is white space, a comma or bracket around records or a byte order mark, and that reading on from any record
// gives the same records as before.
func FuzzBoundaries(f *testing.F) {
	for _, seed := range []string{
		"{\"a\":1}\n{\"b\":{\"c\":\"}{\"}}{}\n", "[{\"a\":1},2,\n[3]]{\"Records\":[{}]}\n{\"x\":\n{\"y\":1}\n{}",
		"{\"a\":\"\n\\\n}{ }\n{", "\xef\xbb\xbf{\n{\n[\n", "{\"a\":{}\n\n {\"b\":1}}}\n{}\n", "\x00\x01{}{\x00}{}\n[n\n[null,\n{\"a\"",
	} {
		f.Add([]byte(seed), byte(3), uint8(20))
		f.Add([]byte(seed), byte(1), uint8(255))
	}
	f.Add([]byte("[{\"\":0},0[0]]{\"000000\":[{}]{}\n{0"), byte(1), uint8(255))
	f.Add([]byte("[00[]{}]{\"\":{:0}\n{0"), byte(3), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, size byte, limit uint8) {
		whole, places, after := cut(t, data, int(limit)+1, place{0, plain}, len(data))
		pieces, _, _ := cut(t, data, int(limit)+1, place{0, plain}, int(size))
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Fatalf("%q, limit %d: whole against pieces of %d:\n%s", data, int(limit)+1, size, diff)
		}
		at := int64(0)
		for i, p := range places {
			between(t, data, at, p.offset)
			at = p.offset + whole.Length[i]
		}
		between(t, data, at, int64(len(data)))
		for i, p := range places {
			rest, _, _ := cut(t, data, int(limit)+1, p, int(size))
			if diff := cmp.Diff(whole.Texts[i:], rest.Texts); diff != "" {
				t.Fatalf("%q from %v on: -want +got\n%s", data, p, diff)
			}
			rest, _, _ = cut(t, data, int(limit)+1, after[i], int(size))
			if diff := cmp.Diff(whole.Texts[i+1:], rest.Texts, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%q from %v on: -want +got\n%s", data, after[i], diff)
			}
		}
	})
}

// between checks that nothing but separators stands in data[from:to].
func between(t *testing.T, data []byte, from, to int64) {
	t.Helper()
	if from > to {
		t.Fatalf("%q: records overlap at %d", data, to)
	}
	gap := string(data[from:to])
	if from == 0 {
		gap = strings.TrimPrefix(gap, string(mark))
	}
	gap = strings.ReplaceAll(gap, `"Records"`, "")
	if left := strings.Trim(gap, " \t\r\n,[]{}:"); left != "" {
		t.Fatalf("%q: %q between %d and %d is in no record", data, left, from, to)
	}
}

func TestTooLong(t *testing.T) {
	var long *TooLongError
	s := splitter{max: 4, mode: plain}
	r, _, ok := s.next([]byte("{\"a\":1}"), final)
	if !ok {
		t.Fatal("no record")
	}
	in := (&envelope{}).open(&batch{}, r, 4)
	if !errors.As(in.Problem, &long) || long.Length != 7 || long.Limit != 4 || in.Data != nil {
		t.Errorf("got %+v, want a record of 7 bytes where the limit is 4", in)
	}
}
