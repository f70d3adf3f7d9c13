package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"trunkline/contact"
	"trunkline/internal/document"
)

var key = []byte("a key of enough bytes for tests")

func paths(t testing.TB, list string) (out []contact.Path) {
	t.Helper()
	for text := range strings.FieldsSeq(list) {
		p, err := contact.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// rules reads "action path, action path".
func rules(t testing.TB, list string) (out []Rule) {
	t.Helper()
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		f := strings.Fields(part)
		action, err := ParseAction(f[0])
		if err != nil {
			t.Fatal(err)
		}
		r := Rule{Path: paths(t, f[1])[0], Action: action}
		for _, option := range f[2:] {
			if _, err := fmt.Sscanf(option, "first=%d", &r.First); err == nil {
				continue
			}
			if _, err := fmt.Sscanf(option, "last=%d", &r.Last); err == nil {
				continue
			}
			r.To = strings.TrimPrefix(option, "to=")
		}
		out = append(out, r)
	}
	return out
}

const head = `"ContactId":"c","AWSContactTraceRecordFormatVersion":"1"`

func redact(t testing.TB, o Options, text string) (string, error) {
	t.Helper()
	if o.Key == nil {
		o.Key = key
	}
	p, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	var rec contact.Record
	if err := rec.Parse([]byte(text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := p.Redactor().Redact(&rec); err != nil {
		return "", err
	}
	out := string(rec.Document().Render(nil))
	if !json.Valid([]byte(out)) {
		t.Fatalf("%s is redacted to invalid JSON: %s", text, out)
	}
	return out, nil
}

func TestTiers(t *testing.T) {
	for _, c := range []struct {
		name               string
		keep               KeepSet
		allow, deny, rules string
		in, want           string // without the outer braces and the head, which every record of this test has
	}{
		{"nothing named", Nothing, "ContactId", "", "", `"A":1,"B":{"C":2}`, ``},
		{"allow a leaf", Nothing, "ContactId B.C", "", "", `"A":1,"B":{"C":2,"D":3}`, `"B":{"C":2}`},
		{"allow a subtree", Nothing, "ContactId B", "", "", `"A":1,"B":{"C":2,"D":{"E":3}}`, `"B":{"C":2,"D":{"E":3}}`},
		{"a listed parent with listed children keeps those", Nothing, "ContactId B B.C", "", "", `"B":{"C":2,"D":3}`, `"B":{"C":2}`},
		{"and stays without them", Nothing, "ContactId B B.C", "", "", `"B":{"D":3}`, `"B":{}`},
		{"and stays null", Nothing, "ContactId B B.C", "", "", `"B":null`, `"B":null`},
		{"but not as another value", Nothing, "ContactId B B.C", "", "", `"B":"+447700900123"`, ``},
		{"an unlisted parent goes when it is left empty", Nothing, "ContactId B.C", "", "", `"B":{"D":3}`, ``},
		{"an unlisted parent that is null goes", Nothing, "ContactId B.C", "", "", `"B":null`, ``},
		{"keep all", All, "", "", "", `"A":1,"B":{"C":[1,{"D":2}]}`, `"A":1,"B":{"C":[1,{"D":2}]}`},
		{"deny a leaf", All, "", "B.C", "", `"A":1,"B":{"C":2,"D":3}`, `"A":1,"B":{"D":3}`},
		{"deny a subtree", All, "", "B", "", `"A":1,"B":{"C":2,"D":3}`, `"A":1`},
		{"deny beats allow, even a longer one", Nothing, "ContactId B.C", "B", "", `"B":{"C":2}`, ``},
		{"deny beats a rule", All, "", "B", "mask B.C", `"B":{"C":"secret"}`, ``},
		{"deny beats the keep set", Minimum, "", "Agent.Username", "", `"Agent":{"Username":"u","ARN":"a"}`, `"Agent":{}`},
		{"denied members of a kept object leave it", All, "", "B.C", "", `"B":{"C":2}`, `"B":{}`},
		{"a rule keeps its field", Nothing, "ContactId", "", "mask B.C", `"B":{"C":"secret","D":3}`, `"B":{"C":"******"}`},
		{"a rule beats allow, even a longer one", Nothing, "ContactId B.C", "", "mask B", `"B":{"C":"secret"}`, `"B":{"C":"******"}`},
		{"the longer rule wins", All, "", "", "mask B, null B.C", `"B":{"C":"secret","D":"secret"}`, `"B":{"C":null,"D":"******"}`},
		{"the rule without a star wins", All, "", "", "null B.*, mask B.C", `"B":{"C":"secret","D":"secret"}`, `"B":{"C":"******","D":null}`},
		{"allow beats the keep set", Minimum, "Agent", "", "", `"Agent":{"Username":"u","ARN":"a"}`, `"Agent":{"Username":"u","ARN":"a"}`},
		{"allow adds to the keep set", Minimum, "Agent.ARN", "", "", `"Agent":{"Username":"u","ARN":"a","X":1}`, `"Agent":{"Username":"u","ARN":"a"}`},
		{"a listed leaf keeps its subtree", Minimum, "", "", "", `"Agent":{"DeviceInfo":{"X":[1]},"Y":1}`, `"Agent":{"DeviceInfo":{"X":[1]}}`},
		{"a star stands for any name", Nothing, "ContactId *.C", "", "", `"A":{"C":1,"D":2},"B":{"C":3}`, `"A":{"C":1},"B":{"C":3}`},
		{"names and stars combine", Nothing, "ContactId *.C A.D", "", "", `"A":{"C":1,"D":2,"E":3},"B":{"C":3,"D":4}`, `"A":{"C":1,"D":2},"B":{"C":3}`},
		{"arrays are transparent", All, "", "R.L", "", `"R":[{"L":1,"M":2},[{"L":3}],{"M":4}]`, `"R":[{"M":2},[{}],{"M":4}]`},
		{"a rule goes through arrays", Nothing, "ContactId", "", "mask R", `"R":["ab",["c",{"d":"ef"}]]`, `"R":["**",["*",{"d":"**"}]]`},
		{"arrays of scalars under a listed parent", Nothing, "ContactId R.L", "", "", `"R":["secret",{"L":1}]`, `"R":[{"L":1}]`},
		{"names differ by case", All, "", "B.c", "", `"B":{"c":1,"C":2}`, `"B":{"C":2}`},
		{"every occurrence of a name", All, "", "B", "mask A", `"A":"x","B":1,"A":"yy","B":2`, `"A":"*","A":"**"`},
		{"names in escapes", All, "", "Bob", "", `"B\u006fb":"secret"`, ``},
		{"names with dots", All, "", `B\.C`, "", `"B.C":1,"B":{"C":2}`, `"B":{"C":2}`},
		{"mandatory fields of another shape", Minimum, "", "", "", `"Channel":{"x":1}`, `"Channel":{"x":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Keep: c.keep, Allow: paths(t, c.allow), Deny: paths(t, c.deny), Rules: rules(t, c.rules)}
			version := ""
			if c.keep != Nothing {
				version = `"AWSContactTraceRecordFormatVersion":"1"`
			}
			got, err := redact(t, o, `{`+head+`,`+c.in+`}`)
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			want.WriteString(`{"ContactId":"c"`)
			for _, part := range []string{version, c.want} {
				if part != "" {
					want.WriteString("," + part)
				}
			}
			if want.WriteString("}"); got != want.String() {
				t.Errorf("%s\n got %s\nwant %s", c.in, got, want.String())
			}
		})
	}
}

func TestActions(t *testing.T) {
	phone := func(dst, text []byte) ([]byte, bool) {
		if string(text) == "07700 900123" {
			return append(dst, "+447700900123"...), true
		}
		return dst, false
	}
	const token = "tok_66a6abc4f1776d52537abcffe15c5397"
	for _, c := range []struct{ rule, in, want string }{
		{"null V", `"x"`, `null`},
		{"null V", `{"a":1}`, `null`},
		{"remove V", `{"a":1}`, ``},
		{"mask V", `"secret"`, `"******"`},
		{"mask V first=3", `"+447700900123"`, `"+44**********"`},
		{"mask V first=3 last=2", `"+447700900123"`, `"+44********23"`},
		{"mask V first=3", `"secret"`, `"******"`},
		{"mask V last=1", `"größe"`, `"****e"`},
		{"mask V", `"a\"\u00e9"`, `"***"`},
		{"mask V", `12.50`, `"*****"`},
		{"mask V", `true`, `"****"`},
		{"mask V", `null`, `null`},
		{"mask V", `""`, `""`},
		{"truncate V to=hour", `"2026-11-22T10:59:58Z"`, `"2026-11-22T10:00:00Z"`},
		{"truncate V to=minute", `"2026-11-22T10:59:58.123Z"`, `"2026-11-22T10:59:00Z"`},
		{"truncate V to=day", `"2026-11-22T10:59:58+05:30"`, `"2026-11-22T00:00:00+05:30"`},
		{"truncate V to=month", `"2026-11-22T10:59:58Z"`, `"2026-11-01T00:00:00Z"`},
		{"truncate V to=year", `"2026-11-22T10:59:58Z"`, `"2026-01-01T00:00:00Z"`},
		{"truncate V to=10", `129`, `120`},
		{"truncate V to=10", `-129.5`, `-120`},
		{"truncate V to=1", `12345678901234567890.9`, `12345678901234567890`},
		{"truncate V to=100", `1.5e3`, `1500`},
		{"truncate V to=1", `1e-999999999`, `0`},
		{"truncate V to=1000", `"61234"`, `"61000"`},
		{"pseudonymize V", `"+447700900123"`, `"` + token + `"`},
		{"pseudonymize V", `" +447700900123 "`, `"` + token + `"`},
		{"pseudonymize V", `"07700 900123"`, `"` + token + `"`},
		{"pseudonymize V", `["+447700900123",{"x":"07700 900123"}]`, `["` + token + `",{"x":"` + token + `"}]`},
		{"pseudonymize V", `null`, `null`},
	} {
		o := Options{Keep: All, Rules: rules(t, c.rule), Phone: phone}
		got, err := redact(t, o, `{`+head+`,"V":`+c.in+`}`)
		if err != nil {
			t.Errorf("%s of %s: %v", c.rule, c.in, err)
			continue
		}
		want := `{` + head + `,"V":` + c.want + `}`
		if c.want == "" {
			want = `{` + head + `}`
		}
		if got != want {
			t.Errorf("%s of %s\n got %s\nwant %s", c.rule, c.in, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	token := func(rule, value string) string {
		t.Helper()
		out, err := redact(t, Options{Keep: Nothing, Rules: rules(t, rule+" V")}, `{`+head+`,"V":`+value+`}`)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(rule, a, b string, want bool) {
		t.Helper()
		if got := token(rule, a) == token(rule, b); got != want {
			t.Errorf("%s gives %s and %s the same: %v, want %v", rule, a, b, got, want)
		}
	}
	same("pseudonymize", `"Ann@Example.com"`, `"ann@example.com"`, true)
	same("pseudonymize", `"ann"`, `"Ann"`, false)
	same("pseudonymize", `"12"`, `12`, true)
	same("pseudonymize", `"a\u006en"`, `"ann"`, true)
	same("hash", `"Ann@Example.com"`, `"ann@example.com"`, false)
	same("hash", `"ann"`, `"a\u006en"`, true)
	if h, p := token("hash", `"ann"`), token("pseudonymize", `"ann"`); strings.Contains(h, p[len(`{"V":"tok_`):len(p)-2]) {
		t.Errorf("hash %s begins like the token %s: they need different keys", h, p)
	}
	long := strings.Repeat("x", 100)
	same("pseudonymize", `"`+long+`"`, `"`+long+`"`, true)
	same("pseudonymize", `"`+long+`1"`, `"`+long+`2"`, false)
}

// TestTokensRemembered: the memory of recent tokens never gives a text the token of another one.
func TestTokensRemembered(t *testing.T) {
	p, err := Compile(Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	warm := newTokens(p)
	for i := range 5000 {
		text := fmt.Appendf(nil, "agent-%d", i%1700)
		cold := newTokens(p)
		if got, want := warm.appendToken(nil, text), cold.appendToken(nil, text); !bytes.Equal(got, want) {
			t.Fatalf("token of %s is %s, want %s", text, got, want)
		}
	}
}

func TestEncrypt(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	const value = `{"a":"secret", "b":[1.0]}`
	out, err := redact(t, Options{Keep: All, Rules: rules(t, "encrypt V"), Recipient: identity.Recipient()}, `{`+head+`,"V":`+value+`}`)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ V string }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	sealed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(got.V, "age:"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		t.Fatal(err)
	}
	if opened, _ := io.ReadAll(r); string(opened) != value {
		t.Errorf("opened %q, want %q", opened, value)
	}
}

func TestFailsClosed(t *testing.T) {
	for _, c := range []struct{ rule, in string }{
		{"truncate V to=hour", `"secret"`},
		{"truncate V to=hour", `17`},
		{"truncate V to=10", `"secret"`},
		{"truncate V to=10", `1e999`},
		{"truncate V to=10", `true`},
		{"truncate V to=10", `"NaN"`},
	} {
		out, err := redact(t, Options{Keep: All, Rules: rules(t, c.rule)}, `{`+head+`,"V":`+c.in+`}`)
		if err == nil {
			t.Errorf("%s of %s gave %s, want an error", c.rule, c.in, out)
		} else if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "V") {
			t.Errorf("%s of %s: error %q; want the path and no value", c.rule, c.in, err)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	identity, _ := age.GenerateX25519Identity()
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Rules: rules(t, "pseudonymize A")}, "needs redact.key"},
		{Options{Rules: rules(t, "hash A"), Key: []byte("short")}, "at least 16 bytes"},
		{Options{Rules: rules(t, "encrypt A")}, "needs redact.recipient"},
		{Options{Rules: rules(t, "encrypt A"), Deny: paths(t, "A.B"), Recipient: identity.Recipient()}, "carry the denied A.B along"},
		{Options{Rules: rules(t, "encrypt A, mask A.*"), Recipient: identity.Recipient()}, "leaves nothing for the rule"},
		{Options{Rules: rules(t, "truncate A to=century")}, "century"},
		{Options{Rules: rules(t, "truncate A to=0")}, "from 1 on"},
		{Options{Rules: []Rule{{Path: paths(t, "A")[0], Action: Mask, First: -1}}}, "0 or more"},
		{Options{Keep: Nothing, Allow: paths(t, "*.a.*.b.*.c.*.d.*.e.*.f a.*.b.*.c.*.d.*.e.*.f.* *.*.a.b.*.*.c.d.*.*.e.f b.a.*.*.*.*.*.*.*.*.*.*.x")}, ""},
	} {
		_, err := Compile(c.o)
		if c.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", c.o, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.o, err, c.want)
		}
	}
}

// TestPublishedPrivacy: what the published privacy object means, in options.
func TestPublishedPrivacy(t *testing.T) {
	const in = `{` + head + `,"Agent":{"ARN":"a","Username":"u"},"Attributes":{"myField":"f","other":"o"},"CustomerEndpoint":{"Address":"x"}}`
	whitelist := func(fields string) Options { return Options{Keep: Minimum, Allow: paths(t, fields)} }
	blacklist := func(fields string) Options { return Options{Keep: All, Deny: paths(t, fields), Mandatory: true} }
	for _, c := range []struct {
		o    Options
		want string
	}{
		{whitelist("Attributes.myField"), `{` + head + `,"Agent":{"Username":"u"},"Attributes":{"myField":"f"}}`},
		{whitelist(""), `{` + head + `,"Agent":{"Username":"u"}}`},
		{blacklist(""), in},
		{blacklist("Attributes.other CustomerEndpoint"), `{` + head + `,"Agent":{"ARN":"a","Username":"u"},"Attributes":{"myField":"f"}}`},
		// Mandatory fields can be neither denied nor left out: a denied parent keeps its mandatory members.
		{blacklist("Agent ContactId"), `{` + head + `,"Agent":{"Username":"u"},"Attributes":{"myField":"f","other":"o"},"CustomerEndpoint":{"Address":"x"}}`},
	} {
		if got, err := redact(t, c.o, in); err != nil || got != c.want {
			t.Errorf("%+v\n got %s, %v\nwant %s", c.o, got, err, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	p, err := Compile(Options{Keep: Minimum, Key: key, Deny: paths(t, "SystemEndpoint.Address"), Rules: rules(t, "mask CustomerEndpoint.Address"), Allow: paths(t, "Attributes.language")})
	if err != nil {
		t.Fatal(err)
	}
	var rec contact.Record
	if err := rec.Parse([]byte(`{` + head + `,"SystemEndpoint":{"Address":"a"},"CustomerEndpoint":{"Address":"b"},"Attributes":{"language":"en","x":"y"}}`)); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	doc := rec.Document()
	err = p.Redactor().Explain(&rec, func(n document.Node, d Decision) { got[string(doc.RawKey(n))] += d.Action.String() + ": " + d.By + ";" })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ContactId": "keep: keep minimum ContactId;",
		"Address":   "remove: deny SystemEndpoint.Address;mask: rule mask CustomerEndpoint.Address;",
		"language":  "keep: allow Attributes.language;",
		"x":         "remove: not named;",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestWarmRedactorDoesNotAllocate(t *testing.T) {
	p, err := Compile(Options{Keep: All, Key: key, Deny: paths(t, "A.B R.L"), Rules: rules(t, "pseudonymize P, mask M, hash H, truncate T to=hour")})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(`{` + head + `,"A":{"B":1,"C":2},"R":[{"L":1}],"P":"+447700900123","M":"abc","H":"d\u00e9f","T":"2026-11-22T10:59:58Z"}`)
	r := p.Redactor()
	var rec contact.Record
	var out []byte
	got := testing.AllocsPerRun(100, func() {
		if err := rec.Parse(text); err != nil {
			t.Fatal(err)
		}
		if err := r.Redact(&rec); err != nil {
			t.Fatal(err)
		}
		out = rec.Document().Render(out[:0])
	})
	if got != 0 {
		t.Errorf("%v allocations a record, want 0", got)
	}
}
