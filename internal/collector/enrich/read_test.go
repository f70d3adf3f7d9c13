package enrich

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"trunkline/internal/document"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          map[string]string
	}{
		{"commas", "Key,A\nk,1\nl,2", map[string]string{"k": `{"Key":"k","A":"1"}`, "l": `{"Key":"l","A":"2"}`}},
		{"semicolons", "Key;A, B\nk;1,5\n", map[string]string{"k": `{"Key":"k","A, B":"1,5"}`}},
		{"tabs", "A\tKey\n\tk\n", map[string]string{"k": `{"A":"","Key":"k"}`}},
		{"one column", "Key\nk\n\nl\n", map[string]string{"k": `{"Key":"k"}`, "l": `{"Key":"l"}`}},
		{"delimiters in quotes", "\"a;b;c\",Key\n1,k\n", map[string]string{"k": `{"a;b;c":"1","Key":"k"}`}},
		{"byte order mark, CRLF", "\xef\xbb\xbfKey,A\r\nk,1\r\n", map[string]string{"k": `{"Key":"k","A":"1"}`}},
		{"spaces around names", " Key , A\nk , 1\n", map[string]string{"k ": `{"Key":"k ","A":" 1"}`}},
		{"quotes and line breaks", "Key,A\n\"k\"\"k\",\"1\n2\\\"\n", map[string]string{`k"k`: `{"Key":"k\"k","A":"1\n2\\"}`}},
		{"beyond ASCII", "Key,Ä\nk\u2028é,😀\n", map[string]string{"k\u2028é": "{\"Key\":\"k\u2028é\",\"Ä\":\"😀\"}"}},
		{"rows without a key", "Key,A\n,1\nk,2\n,3\n", map[string]string{"k": `{"Key":"k","A":"2"}`}},
		{"keys differ in case", "Key,A\nk,1\nK,2\n", map[string]string{"k": `{"Key":"k","A":"1"}`, "K": `{"Key":"K","A":"2"}`}},
		{"array", `[{"Key":"k","n":1.50},{"Key":"l","o":{"x":[null]}}]`, map[string]string{"k": `{"Key":"k","n":1.50}`, "l": `{"Key":"l","o":{"x":[null]}}`}},
		{"printed array", " [\n  {\n    \"Key\" : \"k\",\n    \"A\" : \"a b\"\n  }\n]\n", map[string]string{"k": `{"Key":"k","A":"a b"}`}},
		{"lines", "{\"Key\":\"k\"}\n{\"Key\":\"l\"}\n", map[string]string{"k": `{"Key":"k"}`, "l": `{"Key":"l"}`}},
		{"byte order mark, no line breaks", "\xef\xbb\xbf{\"Key\":\"k\"}{\"Key\":\"l\"}", map[string]string{"k": `{"Key":"k"}`, "l": `{"Key":"l"}`}},
		{"escapes and numbers", `[{"\u004bey":"\u006b"},{"Key":12}]`, map[string]string{"k": `{"\u004bey":"\u006b"}`, "12": `{"Key":12}`}},
		{"JSON rows without a key", `[{"A":1},{"Key":null},{"Key":""},{"Key":"k"}]`, map[string]string{"k": `{"Key":"k"}`}},
	} {
		d, err := Read([]byte(c.content), "Key")
		if err != nil {
			t.Errorf("%s: Read(%q): %v", c.name, c.content, err)
			continue
		}
		if d.Len() != len(c.want) {
			t.Errorf("%s: %d rows, want %d", c.name, d.Len(), len(c.want))
		}
		for key, want := range c.want {
			if got, found := d.Lookup([]byte(key)); !found || string(got) != want {
				t.Errorf("%s: row of %q is %s, want %s", c.name, key, got, want)
			}
		}
		for _, key := range []string{"", "1", "nobody"} {
			if row, found := d.Lookup([]byte(key)); found || len(row) != 0 {
				t.Errorf("%s: row of %q is %s, want none", c.name, key, row)
			}
		}
	}
}

func TestReadManyRows(t *testing.T) {
	var list, lines bytes.Buffer
	list.WriteString("Key;A\n")
	for i := range 20_000 {
		fmt.Fprintf(&list, "agent %d;%d\n", i, i%7)
		fmt.Fprintf(&lines, "{\"Key\":\"agent %d\",\"A\":\"%d\"}\n", i, i%7)
	}
	for _, content := range []*bytes.Buffer{&list, &lines} {
		d, err := Read(content.Bytes(), "Key")
		if err != nil {
			t.Fatalf("Read of %d bytes: %v", content.Len(), err)
		}
		for i := range 20_000 {
			key := fmt.Sprintf("agent %d", i)
			if row, _ := d.Lookup([]byte(key)); string(row) != fmt.Sprintf(`{"Key":"%s","A":"%d"}`, key, i%7) {
				t.Fatalf("row of %s is %s", key, row)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	wide := strings.TrimSuffix(strings.Repeat("canary,", MaxRow), ",")
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", "the file is empty"},
		{"white space", "\xef\xbb\xbf \r\n", "the file is empty"},
		{"header alone", "Key,A\n", `no row has a value in the column "Key"`},
		{"empty array", "[]", `no row has a value in the column "Key"`},
		{"UTF-16", "\xff\xfeK\x00", "UTF-16; save it as UTF-8"},
		{"NUL", "Key\nk\x00\n", "line 2: a NUL byte"},
		{"Latin-1", "Key\nk\ncanary\xe9\n", "line 3: not UTF-8"},
		{"no such column", "Name,A\ncanary,1\n", `line 1: no column "Key" among 2`},
		{"column in another case", "key,A\nk,1\n", `line 1: no column "Key"; there is "key"`},
		{"column without a name", "Key,,A\nk,1,2\n", "line 1: column 2 has no name"},
		{"column twice", "Key,A, A\nk,1,2\n", "line 1: column 3 has the same name as column 2"},
		{"cell missing", "Key,A\nk,1\ncanary\n", "line 3: the row has not the 2 columns"},
		{"cell too many", "Key,A\nk,canary,1\n", "line 2: the row has not the 2 columns"},
		{"quote not closed", "Key,A\nk,\"canary\nl,1\n", "line 3, column 5: extraneous or missing \""},
		{"quote inside", "Key,A\nk,can\"ary\n", "line 2, column 6: bare \""},
		{"key twice", "Key,A\ncanary,1\n\ncanary,2\n", "line 4: the same Key as in line 2"},
		{"row too large", "Key,A\nk," + strings.Repeat("y", MaxRow) + "\n", "line 2: a row of 65554 bytes as JSON; the limit is 65536"},
		{"row without end", "Key,A\nk,1\nl,\"" + strings.Repeat("canary,\n", MaxRow) + "\n", "line 3: a row of over 131072 bytes"},
		{"header without end", strings.Repeat("canary,", 2*MaxRow), "line 1: a row of over 131072 bytes"},
		{"columns beyond the limit", wide[:MaxRow] + ",Key", "has the same name"},
		{"JSON cut off", "[{\"Key\":\"canary\"},\n{\"Key\":\"can", "line 2: the JSON text is cut off"},
		{"array cut off", "[{\"Key\":\"k\"}\n", "line 2: the JSON text is cut off"},
		{"lines cut off", "{\"Key\":\"k\"}\n{\"Key\":", "line 2: the JSON text is cut off"},
		{"no comma", "[{\"Key\":\"k\"}\n{\"Key\":\"l\"}]", "line 2: no valid JSON"},
		{"trailing comma", "[{\"Key\":\"k\"},\n]", "line 1: no valid JSON"},
		{"no JSON", "{\"Key\":\"k\"}\n{canary}", "line 2: no valid JSON"},
		{"text behind", "[{\"Key\":\"k\"}]\ncanary", "line 2: text goes on behind the rows"},
		{"second array", "[{\"Key\":\"k\"}]\n[]", "line 2: text goes on behind the rows"},
		{"no object", "[{\"Key\":\"k\"},\n\n\"canary\"]", "line 3: row is of type string"},
		{"rows inside", "{\"rows\":[{\"Key\":\"k\"}]}", `no row has a value in the column "Key"`},
		{"key an object", "[{\"Key\":{\"canary\":1}}]", "line 1: Key is of type object"},
		{"key twice in a row", "[{\"Key\":\"k\",\"\\u004bey\":\"l\"}]", "line 1: the row has Key more than once"},
		{"JSON key twice", "[{\"Key\":\"canary\"},\n{\"Key\":\"c\\u0061nary\"}]", "line 2: the same Key as in line 1"},
		{"depth", "[{\"Key\":\"k\",\"A\":" + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}]", "line 1: row: invalid JSON at byte 78: more than 64 objects and arrays"},
		{"file too large", strings.Repeat(" ", MaxBytes+1), "67108865 bytes; the limit is 67108864"},
	} {
		d, err := Read([]byte(c.content), "Key")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: Read: %v, %v; want an error with %q and no value", c.name, d, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	const content = "k,name\n1,x\n,x\n2,x\n3,x\n" // three rows with a key, of 20 bytes each as JSON
	for _, c := range []struct {
		rows, text int
		want       string
	}{
		{3, 60, "<nil>"},
		{2, 60, "line 5: more than 2 rows"},
		{3, 59, "line 5: more than 59 bytes of rows as JSON; leave out columns"},
	} {
		if _, err := read([]byte(content), "k", c.rows, c.text); fmt.Sprint(err) != c.want {
			t.Errorf("%q with at most %d rows of %d bytes: %v, want %s", content, c.rows, c.text, err, c.want)
		}
	}
}

// What is read holds what encoding/csv and encoding/json read, in one line of strict JSON each; an error quotes nothing.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		agents, "Username;A\nk;1\n", "Username\tA\nk\t\"1\n2\"\n", "\xef\xbb\xbfUsername,A\r\nk,1\r\n", "Username\n\"\"\"\"\n",
		`[{"Username":"k","A":[1,{"b":null}]}]`, "{\"Username\":\"k\"}\n{\"Username\":1e3}\n", `[{"Username":"k"},{"\u0055sername":"k"}]`, "[", "{}", "[{}", "[1]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := Read(content, "Username")
		if err != nil {
			if len(err.Error()) > 200 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
			return
		}
		rows := d.(*table).rows
		want := oracle(t, content)
		if len(rows) != len(want) {
			t.Errorf("%q: %d rows, want %d", content, len(rows), len(want))
		}
		for key := range rows {
			row, found := d.Lookup([]byte(key))
			var doc document.Document
			if err := doc.Parse(row); err != nil || !found || doc.Kind(doc.Root()) != document.Object || bytes.ContainsAny(row, "\n\r") {
				t.Errorf("%q: row of %q is %q: %v", content, key, row, err)
			}
			var got map[string]any
			in := json.NewDecoder(bytes.NewReader(row))
			in.UseNumber()
			if err := in.Decode(&got); err != nil || !reflect.DeepEqual(got, want[key]) {
				t.Errorf("%q: row of %q is %v, want %v (%v)", content, key, got, want[key], err)
			}
		}
	})
}

// oracle reads content that Read has accepted with the readers of the standard library.
func oracle(t *testing.T, content []byte) map[string]map[string]any {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	rows := map[string]map[string]any{}
	if start := bytes.TrimLeft(content, " \t\r\n")[0]; start != '[' && start != '{' {
		r := csv.NewReader(bytes.NewReader(content))
		r.Comma = delimiter(content)
		all, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", content, err)
		}
		for _, cells := range all[1:] {
			row := map[string]any{}
			for i, cell := range cells {
				row[strings.TrimSpace(all[0][i])] = cell
			}
			if key := row["Username"].(string); key != "" {
				rows[key] = row
			}
		}
		return rows
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	var all []map[string]any
	if bytes.TrimLeft(content, " \t\r\n")[0] == '[' {
		if err := d.Decode(&all); err != nil {
			t.Fatalf("%q: %v", content, err)
		}
	}
	for d.More() {
		var row map[string]any
		if err := d.Decode(&row); err != nil {
			t.Fatalf("%q: %v", content, err)
		}
		all = append(all, row)
	}
	for _, row := range all {
		switch key := row["Username"].(type) {
		case string:
			if key != "" {
				rows[key] = row
			}
		case json.Number:
			rows[key.String()] = row
		}
	}
	return rows
}
