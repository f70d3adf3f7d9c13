package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fastjson"
	"pgregory.net/rapid"

	"trunkline/contact"
)

// TestAgainstDefinition: random policies on random records decide as the definition of the tiers does when it is worked out for
// each path by itself, on a tree that encoding/json read.
func TestAgainstDefinition(t *testing.T) {
	names := []string{"a", "b", "c"}
	path := rapid.Custom(func(t *rapid.T) contact.Path {
		var p contact.Path
		for range rapid.IntRange(1, 3).Draw(t, "length") {
			if rapid.IntRange(0, 4).Draw(t, "star") == 0 {
				p = append(p, contact.Segment{Any: true})
			} else {
				p = append(p, contact.Segment{Name: rapid.SampledFrom(names).Draw(t, "name")})
			}
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Keep:  rapid.SampledFrom([]KeepSet{Nothing, All}).Draw(t, "keep"),
			Allow: append(rapid.SliceOfN(path, 0, 3).Draw(t, "allow"), contact.Path{{Name: "ContactId"}}, contact.Path{{Name: "AWSContactTraceRecordFormatVersion"}}),
			Deny:  rapid.SliceOfN(path, 0, 2).Draw(t, "deny"),
		}
		for _, p := range rapid.SliceOfN(path, 0, 3).Draw(t, "rules") {
			o.Rules = append(o.Rules, Rule{Path: p, Action: rapid.SampledFrom([]Action{Mask, Remove}).Draw(t, "action")})
		}
		members := drawMembers(t, names, 3)
		text := `{"ContactId":"id","AWSContactTraceRecordFormatVersion":"1"` + strings.TrimSuffix(","+members, ",") + `}`
		p, err := Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		var rec contact.Record
		if err := rec.Parse([]byte(text)); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := p.Redactor().Redact(&rec); err != nil {
			t.Fatal(err)
		}
		got := leaves(t, rec.Document().Render(nil))
		want := map[string][]string{}
		for where, values := range leaves(t, []byte(text)) {
			for _, v := range values {
				if out, keep := o.define(strings.Split(where, "."), v); keep {
					want[where] = append(want[where], out)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\nallow %v, deny %v, rules %v, keep %v\n%s", text, o.Allow, o.Deny, o.Rules, o.Keep, diff)
		}
	})
}

func drawMembers(t *rapid.T, names []string, depth int) string {
	var b strings.Builder
	for i := range rapid.IntRange(0, 4).Draw(t, "members") {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", rapid.SampledFrom(names).Draw(t, "member"), drawValue(t, names, depth-1))
	}
	return b.String()
}

func drawValue(t *rapid.T, names []string, depth int) string {
	kinds := 2
	if depth > 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 3:
		return "{" + drawMembers(t, names, depth) + "}"
	case 4:
		var parts []string
		for range rapid.IntRange(0, 2).Draw(t, "elements") {
			parts = append(parts, drawValue(t, names, depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return rapid.SampledFrom([]string{`"text"`, `12`, `"x"`}).Draw(t, "scalar")
}

// leaves lists the scalars of a record by their path, arrays left out, each in its order.
func leaves(t *rapid.T, text []byte) map[string][]string {
	out := map[string][]string{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value func(path string)
	value = func(path string) {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		switch token {
		case json.Delim('{'):
			for d.More() {
				name, err := d.Token()
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				value(strings.TrimPrefix(path+"."+name.(string), "."))
			}
		case json.Delim('['):
			for d.More() {
				value(path)
			}
		default:
			out[path] = append(out[path], fmt.Sprint(token))
			return
		}
		if _, err := d.Token(); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	value("")
	return out
}

// define is the definition: deny, rule, allow, keep set; within a tier the longest path, then the one with fewer stars.
func (o *Options) define(path []string, value string) (out string, keep bool) {
	covering := func(paths []contact.Path) (best int) {
		best = -1
		for i, p := range paths {
			if len(p) > len(path) {
				continue
			}
			match := true
			for k, s := range p {
				match = match && (s.Any || s.Name == path[k])
			}
			if match && (best < 0 || len(p) > len(paths[best]) || len(p) == len(paths[best]) && stars(p) < stars(paths[best])) {
				best = i
			}
		}
		return best
	}
	if covering(o.Deny) >= 0 {
		return "", false
	}
	var rules []contact.Path
	for _, r := range o.Rules {
		rules = append(rules, r.Path)
	}
	if i := covering(rules); i >= 0 {
		switch o.Rules[i].Action {
		case Mask:
			return strings.Repeat("*", len(value)), true
		}
		return "", false
	}
	if i := covering(o.Allow); i >= 0 {
		listed := o.Allow[i]
		inside := slices.ContainsFunc(o.Allow, func(q contact.Path) bool { return len(q) > len(listed) && slices.Equal(listed, q[:len(listed)]) })
		if !inside {
			return value, true
		}
	}
	return value, o.Keep == All
}

// TestAgainstOtherLibraries: the benchmark's job, done by encoding/json and by fastjson, gives equal records.
func TestAgainstOtherLibraries(t *testing.T) {
	policy, records, _ := workload(t)
	r := policy.Redactor()
	var rec contact.Record
	for _, raw := range records[:1000] {
		var got, standard, fast any
		out := rewrite(t, &rec, r, raw, nil)
		if len(out) == 0 {
			continue
		}
		for _, c := range []struct {
			text []byte
			into *any
		}{{out, &got}, {byStandardLibrary(t, raw), &standard}, {byFastjson(t, raw), &fast}} {
			d := json.NewDecoder(bytes.NewReader(c.text))
			d.UseNumber()
			if err := d.Decode(c.into); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(standard, got); diff != "" {
			t.Fatalf("encoding/json does another job: %s", diff)
		}
		if diff := cmp.Diff(fast, got); diff != "" {
			t.Fatalf("fastjson does another job: %s", diff)
		}
	}
}

func plainToken(value string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(value))
	return "tok_" + hex.EncodeToString(h.Sum(nil))[:32]
}

var tokenFields = [][]string{
	{"CustomerEndpoint", "Address"},
	{"SystemEndpoint", "Address"},
	{"TransferredToEndpoint", "Address"},
	{"Agent", "Username"},
	{"Attributes", "customerEmail"},
	{"Attributes", "accountNumber"},
	{"Attributes", "callbackNumber"},
	{"Tags", "aws:connect:systemEndpoint"},
}

var removedFields = [][]string{
	{"Attributes", "customerName"},
	{"Attributes", "dateOfBirth"},
	{"Attributes", "postalAddress"},
	{"Attributes", "lexSlotCard"},
	{"Attributes", "agentNotes"},
	{"ContactDetails", "Name"},
	{"ContactDetails", "Description"},
	{"Recording", "Location"},
}

func byStandardLibrary(t *testing.T, raw []byte) []byte {
	var r map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	for _, f := range tokenFields {
		if section, ok := r[f[0]].(map[string]any); ok {
			if v, ok := section[f[1]].(string); ok {
				section[f[1]] = plainToken(v)
			}
		}
	}
	for _, f := range removedFields {
		if section, ok := r[f[0]].(map[string]any); ok {
			delete(section, f[1])
		}
	}
	if list, ok := r["Recordings"].([]any); ok {
		for _, e := range list {
			delete(e.(map[string]any), "Location")
		}
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func byFastjson(t *testing.T, raw []byte) []byte {
	r, err := fastjson.ParseBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tokenFields {
		if v := r.Get(f...); v != nil && v.Type() == fastjson.TypeString {
			r.Get(f[0]).Set(f[1], fastjson.MustParse(`"`+plainToken(string(v.GetStringBytes()))+`"`))
		}
	}
	for _, f := range removedFields {
		if section := r.Get(f[0]); section != nil {
			section.Del(f[1])
		}
	}
	for _, e := range r.GetArray("Recordings") {
		e.Del("Location")
	}
	return r.MarshalTo(nil)
}
