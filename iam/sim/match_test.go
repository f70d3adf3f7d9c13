package sim

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trunkline/iam"
)

// Globs agree with a matcher that tries every way, also on characters of several bytes and text that is not UTF-8.
func TestGlob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := []string{"a", "b", "é", "€", ":", "/", "\xff"}
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 10).Draw(t, "text"), "")
		p := strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(alphabet, "*", "*", "?", "?")), 0, 8).Draw(t, "pattern"), "")
		pattern := newPattern(wildcards(nil, p))
		got, want := pattern.match(text, nil), truthOf(tryAll([]rune(p), []rune(text)))
		if got != want {
			t.Fatalf("%q on %q: got %d, want %d", p, text, got, want)
		}
	})
}

func tryAll(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return tryAll(p[1:], s) || len(s) > 0 && tryAll(p, s[1:])
	default:
		return len(s) > 0 && (p[0] == '?' || p[0] == s[0]) && tryAll(p[1:], s[1:])
	}
}

// A hostile pattern is no more than quadratic.
func TestGlobIsBounded(t *testing.T) {
	pattern := newPattern(wildcards(nil, strings.Repeat("*a?", 2000)+"b"))
	start := time.Now()
	if got := pattern.match(strings.Repeat("a", 20000), nil); got != no {
		t.Errorf("got %d, want no match", got)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// Numbers compare as big rational numbers do.
func TestDecimal(t *testing.T) {
	number := rapid.StringMatching(`[+-]?[0-9]{0,3}(\.[0-9]{0,3})?(e[+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		texts := [2]string{number.Draw(t, "a"), number.Draw(t, "b")}
		var decimals [2]decimal
		var rationals [2]*big.Rat
		for i, text := range texts {
			d, ok := parseNumber(text)
			r, valid := new(big.Rat).SetString(text)
			if ok && !valid || valid && !ok && !strings.HasSuffix(strings.TrimRight(text, "e0123456789+-"), ".") && !strings.Contains(text, ".e") {
				t.Fatalf("%q: got %v, math/big says %v", text, ok, valid)
			}
			if !ok {
				return
			}
			decimals[i], rationals[i] = d, r
		}
		if got, want := decimals[0].compare(decimals[1]), rationals[0].Cmp(rationals[1]); got != want {
			t.Fatalf("%q against %q: got %d, want %d", texts[0], texts[1], got, want)
		}
	})
}

// Dates are the moments that package time reads.
func TestInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-62_135_596_800, 253_402_300_799).Draw(t, "seconds")
		nanos := rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		zone := time.FixedZone("", rapid.IntRange(-12*60, 12*60).Draw(t, "zone")*60)
		moment := time.Unix(seconds, nanos).In(zone)
		if moment.Year() < 0 || moment.Year() > 9999 {
			return
		}
		text := moment.Format(time.RFC3339Nano)
		if got, ok := parseInstant(text); !ok || got != (instant{seconds, int32(nanos)}) {
			t.Fatalf("%s: got %v, %v, want %d and %d ns", text, got, ok, seconds, nanos)
		}
	})
}

func TestInstantRefused(t *testing.T) {
	for _, text := range []string{
		"", "2026-", "2026-13", "2026-00", "2026-01-32", "2026-01-00", "2026-01-01T", "2026-01-01T10", "2026-01-01T10:00", "2026-01-01T10:00:00", "2026-01-01T24:00Z",
		"2026-01-01T10:60Z", "2026-01-01T10:00:60Z", "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00.1234567890Z", "2026-01-01T10:00:00+1", "2026-01-01T10:00:00+10:0",
		"2026-01-01T10:00:00Zx", "2026-1-1", " 2026", "9223372036854775808", "-1", "20260101T100000Z", "2026-01-01t10:00:00z",
	} {
		if got, ok := parseInstant(text); ok {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
	// As in IAM, every month may have 31 days.
	if got, ok := parseInstant("2026-02-31"); !ok || got.seconds != time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("2026-02-31: got %v, %v, want 3 March", got, ok)
	}
}

func TestTemplate(t *testing.T) {
	for _, test := range []struct {
		text string
		want []part
	}{
		{"a${b}c", []part{{text: "a"}, {kind: reference, key: newKey("b")}, {text: "c"}}},
		{"${b, 'd e'}", []part{{kind: reference, key: newKey("b"), text: "d e", hasDefault: true}}},
		{"${b, ''}", []part{{kind: reference, key: newKey("b"), hasDefault: true}}},
		{"${b, 'x}y'}", []part{{kind: reference, key: newKey("b"), text: "x}y", hasDefault: true}}},
		{"${*}${?}${$}*", []part{{text: "*?$"}, {kind: many}}},
		{"${b, d}", []part{{text: "${b, d}"}}},
		{"${b c}", []part{{text: "${b c}"}}},
		{"${}", []part{{text: "${}"}}},
		{"${b", []part{{text: "${b"}}},
		{"$${b}", []part{{text: "$"}, {kind: reference, key: newKey("b")}}},
		{"${a${b}", []part{{text: "${a"}, {kind: reference, key: newKey("b")}}},
	} {
		got := template(test.text, true, 0)
		if len(got) != len(test.want) {
			t.Errorf("%q: got %v, want %v", test.text, got, test.want)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%q: part %d: got %+v, want %+v", test.text, i, got[i], test.want[i])
			}
		}
	}
}

func TestParseCaller(t *testing.T) {
	for _, test := range []struct {
		name string
		want Caller
	}{
		{"anonymous", Caller{Kind: Anonymous}},
		{"*", Caller{Kind: Anonymous}},
		{"111122223333", Caller{Kind: RootUser, ARN: "arn:aws:iam::111122223333:root", Account: "111122223333"}},
		{"arn:aws-cn:iam::111122223333:root", Caller{Kind: RootUser, ARN: "arn:aws-cn:iam::111122223333:root", Account: "111122223333"}},
		{"arn:aws:iam::111122223333:user/a/b", Caller{Kind: User, ARN: "arn:aws:iam::111122223333:user/a/b", Account: "111122223333"}},
		{"arn:aws:iam::111122223333:role/p/r", Caller{Kind: RoleSession, Role: "arn:aws:iam::111122223333:role/p/r", Account: "111122223333"}},
		{"arn:aws-us-gov:sts::111122223333:assumed-role/r/s", Caller{
			Kind: RoleSession, ARN: "arn:aws-us-gov:sts::111122223333:assumed-role/r/s", Role: "arn:aws-us-gov:iam::111122223333:role/r", Account: "111122223333",
		}},
		{"arn:aws:sts::111122223333:federated-user/f", Caller{Kind: FederatedUser, ARN: "arn:aws:sts::111122223333:federated-user/f", Account: "111122223333"}},
		{"lambda.amazonaws.com", Caller{Kind: Service, ARN: "lambda.amazonaws.com"}},
		{"cognito-identity.amazonaws.com", Caller{Kind: Identity, ARN: "cognito-identity.amazonaws.com"}},
		{"accounts.google.com", Caller{Kind: Identity, ARN: "accounts.google.com"}},
		{"arn:aws:iam::111122223333:oidc-provider/x", Caller{Kind: Identity, ARN: "arn:aws:iam::111122223333:oidc-provider/x"}},
	} {
		if got, err := ParseCaller(test.name); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
	for _, name := range []string{"", "anna", "11112222333", "arn:aws:iam::111122223333:group/g", "arn:aws:iam::111122223333:user/", "arn:aws:sts::111122223333:assumed-role/r", "arn:aws:s3:::b"} {
		if got, err := ParseCaller(name); err == nil {
			t.Errorf("%q: got %+v, want an error", name, got)
		}
	}
}

// Whatever the text, it is refused or evaluated.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username, 'x'}/*", "Condition": {"StringLike": {"a": ["${b}*"]}}}}`), uint8(0))
	f.Add([]byte(`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": ["111122223333", "a:b"]}, "NotAction": "*", "NotResource": ["*:*"], "Condition": {"ForAnyValue:DateLessThan": {"x": 2026}}}]}`), uint8(1))
	f.Add([]byte(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:${a}:*"}, "NumericEquals": {"n": 1e400}}}`), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, kind uint8) {
		p, err := Compile(iam.Parse(text), iam.Type(kind%8))
		if err != nil {
			if _, ok := err.(*Error); !ok || err.Error() == "" {
				t.Fatalf("%q: got error %#v, want an *Error", text, err)
			}
			return
		}
		all := Policies{Identity: []*Policy{p}, Session: []*Policy{p}, Resource: p, SCP: [][]*Policy{{p}}}
		for _, partial := range []bool{false, true} {
			r := Request{Caller: Caller{Kind: User, ARN: "arn:aws:iam::111122223333:user/a", Account: "111122223333"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::a/b"}
			r.Context.Partial = partial
			r.Context.Set("a", "x", "2026", "")
			r.Context.Set("x", "arn:aws:iam::111122223333:user/a")
			q := prepare(r, true)
			if d, x := all.Decide(q), all.Explain(q); d != x.Decision {
				t.Fatalf("%q: Decide says %v, Explain %v", text, d, x.Decision)
			}
		}
	})
}

// A policy too large for the dispatch decides all the same.
func TestLargePolicy(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"Statement": [{"Effect": "Deny", "Action": "s3:GetObjectAcl", "Resource": "*"}, {"Effect": "Allow", "Resource": "*", "Action": ["s3:GetObject"`)
	for i := range 4000 {
		fmt.Fprintf(&text, `, "sqs:A%d*"`, i)
	}
	text.WriteString(`]}]}`)
	p, err := Compile(iam.Parse([]byte(text.String())), iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	caller := Caller{Kind: User, ARN: "arn:aws:iam::111122223333:user/a", Account: "111122223333"}
	for action, want := range map[string]Outcome{"s3:GetObject": Allowed, "s3:GetObjectAcl": ExplicitDeny, "sqs:A3999x": Allowed, "sqs:B": ImplicitDeny} {
		q := prepare(Request{Caller: caller, Action: action, Resource: "*"}, false)
		if got := (&Policies{Identity: []*Policy{p}}).Decide(q).Outcome; got != want {
			t.Errorf("%s: got %s, want %s", action, got, want)
		}
	}
}

// A copy of a Context is one of its own.
func TestContextCopy(t *testing.T) {
	var first Context
	first.Set("a", "1")
	second := first
	second.Set("a", "2")
	second.SetUnknown("b")
	third := first
	third.Set("b", "3")
	if got := []string{first.list[0].values[0], second.list[0].values[0], third.list[1].values[0]}; got[0] != "1" || got[1] != "2" || got[2] != "3" || second.list[1].state != perhaps {
		t.Errorf("got %q and %+v, want 1, 2, 3 and b unknown in the second", got, second.list)
	}
}

// Two resource tags that differ in case only leave the value open, however often they come.
func TestContextSpellings(t *testing.T) {
	for _, test := range []struct {
		keys, values []string
		want         state
	}{
		{[]string{"aws:ResourceTag/a", "aws:ResourceTag/A"}, []string{"x", "y"}, somehow},
		{[]string{"aws:ResourceTag/a", "aws:ResourceTag/A"}, []string{"x", "x"}, present},
		{[]string{"aws:ResourceTag/aa", "aws:ResourceTag/aA", "aws:ResourceTag/Aa"}, []string{"x", "y", "z"}, somehow},
		{[]string{"aws:ResourceTag/a", "aws:ResourceTag/a"}, []string{"x", "y"}, present},
	} {
		var c Context
		for i, key := range test.keys {
			c.Set(key, test.values[i])
		}
		k := newKey(test.keys[0])
		facts := newTable(&c)
		facts.seal()
		if got := facts.find(&k).known(); got != test.want {
			t.Errorf("%v = %v: got state %d, want %d", test.keys, test.values, got, test.want)
		}
	}
}
