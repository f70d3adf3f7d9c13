package iam_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"trunkline/iam"
)

// policyOf is a policy of one statement with the given members behind Effect.
func policyOf(members string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + members + `}]}`
}

func TestStrict(t *testing.T) {
	const (
		syntax    = "Syntax errors in policy."
		version   = "Policy document must be version 2012-10-17 or greater."
		legacy    = "The policy failed legacy parsing"
		noActions = "Policy statement must contain actions."
		forType   = "The provided policy document does not meet the requirements of the specified policy type."
	)
	const (
		action   = `"Action":"s3:GetObject"`
		resource = `"Resource":"*"`
		both     = action + "," + resource
	)
	date := func(v string) string { return both + `,"Condition":{"DateLessThan":{"aws:CurrentTime":` + v + `}}` }
	arnOf := func(v string) string { return policyOf(action + `,"Resource":"` + v + `"`) }
	actionOf := func(v string) string { return policyOf(`"Action":"` + v + `",` + resource) }
	trust := func(principal, action string) string {
		return policyOf(`"Principal":` + principal + `,"Action":"` + action + `"`)
	}
	tests := []struct {
		types, text string // types by name, separated by spaces
		want        string // the message; empty when accepted
		at          string // what the position points at
	}{
		{"identity boundary session scp", policyOf(both), "", ""},
		{"identity", `{"Id":"x y","Version":"2012-10-17","Statement":{"Effect":"Deny","NotAction":["s3:*"],"NotResource":["*"]}}`, "", ""},
		{"identity", policyOf(both) + " ", "", ""},
		{"identity", policyOf(both) + "}", syntax, `}`},
		{"identity", "", syntax, ``},
		{"identity", "[]", syntax, `[]`},
		{"identity", "{}", syntax, `{}`},
		{"identity", `{"Version":"2012-10-17"}`, syntax, `{"Version":"20`},
		{"identity", `{"Version":"2012-10-17","Statement":[]}`, syntax, `{"Version":"20`},
		{"identity", `{"Version":"2012-10-17","Statement":[1]}`, syntax, `1]}`},
		{"identity", `{"Version":"2012-10-17","Statement":[{}],"Statements":1}`, syntax, `"Statements":1`},
		{"identity", `{"Version":"2012-10-17","Conditions":1,"Statement":{"Effect":"Deny",` + both + `}}`, "", ""},
		{"identity", `{"Version":"2012-10-18","Statement":{"Effect":"Deny",` + both + `}}`, syntax, `"2012-10-18","`},
		{"identity", `{"Version":"2012-10-17","Id":1,"Statement":{"Effect":"Deny",` + both + `}}`, syntax, `1,"Statement":`},
		{"identity", `{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Deny",` + both + `}}`, syntax, `"Version":"201`},
		{"identity", `{"Version":"2012-10-17","Statement":{` + both + `}}`, syntax, `{"Action":"s3:`},
		{"identity", `{"Version":"2012-10-17","Statement":{"Effect":"Permit",` + both + `}}`, syntax, `"Permit","Acti`},
		{"identity", `{"Version":"2012-10-17","Statement":{"Effect":"allow",` + both + `}}`, legacy, `"allow","Actio`},
		{"identity", policyOf(both + `,"Effects":1`), syntax, `"Effects":1}]}`},
		{"identity", policyOf(both + `,"Sid":1`), syntax, `1}]}`},
		{"identity trust", policyOf(both + `,"Sid":"a b"`), syntax, `"a b"}]}`},
		{"identity", policyOf(both + `,"NotAction":"a:b"`), syntax, `"NotAction":"a`},
		{"identity", policyOf(both + `,"NotResource":"*"`), syntax, `"NotResource":`},
		{"identity", policyOf(`"Action":1,` + resource), syntax, `1,"Resource":"`},
		{"identity", policyOf(`"Action":["a:b",1],` + resource), syntax, `1],"Resource":`},
		{"identity", policyOf(`"Action":["a:b",null],` + resource), "", ""},
		{"identity", policyOf(both + `,"Condition":[]`), syntax, `[]}]}`},
		{"identity", policyOf(both + `,"Condition":{"Bool":1}`), syntax, `1}}]}`},
		{"identity", policyOf(both + `,"Condition":{"Boole":{}}`), "", ""},
		{"identity", policyOf(both + `,"Condition":{"Boole":{"a":"b"}}`), syntax, `"Boole":{"a":"`},
		{"identity", policyOf(both + `,"Condition":{"stringequals":{"a":"b"}}`), syntax, `"stringequals"`},
		{"identity", policyOf(both + `,"Condition":{"ForAnyValue:StringLikeIfExists":{"a":["b",true,1]}}`), "", ""},
		{"identity", policyOf(both + `,"Condition":{"NullIfExists":{"a":"true"}}`), syntax, `"NullIfExists"`},
		{"identity", policyOf(both + `,"Condition":{"Bool":{"a":null}}`), syntax, `null}}}]}`},
		{"identity", policyOf(both + `,"Condition":{"Bool":{"a":[{}]}}`), syntax, `{}]}}}]}`},
		{"identity boundary session scp", `{"Statement":{"Effect":"Deny",` + both + `}}`, version, `{"Statement":{`},
		{"identity boundary session scp", `{"Version":"2008-10-17","Statement":{"Effect":"Deny",` + both + `}}`, version, `"2008-10-17","`},
		{"identity", policyOf(date(`"2026-11-22T10:00:00Z"`)), "", ""},
		{"identity", policyOf(date(`1790000000`)), "", ""},
		{"identity", policyOf(date(`"2026-13-01"`)), legacy, `"2026-13-01"}}`},
		{"identity", policyOf(date(`["2026","soon"]`)), legacy, `"soon"]}}}]}`},
		{"identity", policyOf(both + `,"Condition":{"StringEquals":{"a":"soon"}}`), "", ""},
		{"identity", arnOf("arn:aws:s3::x"), legacy, `"arn:aws:s3::x`},
		{"identity", arnOf("arn:aws::::x"), legacy, `"arn:aws::::x"`},
		{"identity trust", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"},{"Sid":"a"}]}`, syntax, `{"Sid":"a"}]}`},
		{"identity", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny",` + both + `},{"Sid":"a","Effect":"Deny",` + both + `}]}`, "Statement IDs (SID) in a single policy must be unique.", `"a","Effect":"`},
		{"identity", `{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Deny",` + both + `},{"Sid":"","Effect":"Deny",` + both + `}]}`, "", ""},
		{"scp", `{"Version":"2012-10-17","Statement":[{"Sid":"a b","Effect":"Deny",` + both + `},{"Sid":"a b","Effect":"Deny",` + both + `}]}`, "", ""},
		{"identity", policyOf(resource), noActions, `{"Effect":"All`},
		{"identity", policyOf(`"Action":[],` + resource), noActions, `{"Effect":"All`},
		{"identity", policyOf(action), "Policy statement must contain resources.", `{"Effect":"All`},
		{"identity", policyOf(action + `,"Resource":[]`), "Policy statement must contain resources.", `{"Effect":"All`},
		{"identity", arnOf("calls"), `Resource calls must be in ARN format or "*".`, `"calls"}]}`},
		{"identity", arnOf("arn:mars:s3:::calls"), `Partition "mars" is not valid for resource "arn:mars:s3:::calls".`, `"arn:mars:s3::`},
		{"identity", arnOf("arn:mars"), `Partition "mars" is not valid for resource "arn:mars:*:*:*:*".`, `"arn:mars"}]}`},
		{"identity", arnOf("x:*:s3:::calls"), "", ""},
		{"identity", arnOf("arn:aws-eusc:s3:::calls"), "", ""},
		{"identity", arnOf("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes.", `"arn:aws"}]}`},
		{"identity", arnOf("arn:aws:s*:::calls"), "Resource vendor must be fully qualified and cannot contain regexes.", `"arn:aws:s*:::`},
		{"identity", arnOf("arn:aws:iam:eu-west-1:111122223333:role/x"), "IAM resource arn:aws:iam:eu-west-1:111122223333:role/x cannot contain region information.", `"arn:aws:iam:e`},
		{"identity", arnOf("arn:aws:s3:eu-west-1::calls"), "Resource arn:aws:s3:eu-west-1::calls can not contain region information.", `"arn:aws:s3:eu`},
		{"identity", arnOf("arn:aws:s3:eu-west-1:111122223333:accesspoint/x"), "", ""},
		{"identity", arnOf("arn:aws:iam::111122223333:x/y"), `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`, `"arn:aws:iam::`},
		{"identity", arnOf("arn:aws:iam::111122223333:*"), "", ""},
		{"identity", actionOf("GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", `"GetObject","R`},
		{"identity", actionOf("s3::GetObject"), "Actions/Condition can contain only one colon.", `"s3::GetObject`},
		{"identity", actionOf("s_3:GetObject"), "Vendor s_3 is not valid", `"s_3:GetObject`},
		{"identity", actionOf("*:*"), "", ""},
		{"identity", actionOf("nosuch:Thing"), "", ""},
		{"identity boundary session scp", policyOf(`"Principal":"*",` + both), "Policy document should not specify a principal.", `"Principal":"*`},
		{"identity", policyOf(`"NotPrincipal":"*",` + both), "Policy document should not specify a principal.", `"NotPrincipal"`},
		{"identity", policyOf(action + `,"Resource":"arn:aws:s3:::b€"`), `The policy failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`, `€"}]}`},
		{"identity", policyOf(action + `,"Resource":"arn:aws:s3:::bÿ"`), "", ""},

		{"resource endpoint", policyOf(`"Principal":"*",` + both), "", ""},
		{"resource endpoint", strings.ReplaceAll(policyOf(`"Principal":{"AWS":"*"},`+both), "2012", "2008"), "", ""},
		{"resource", policyOf(`"Sid":"a b €","Principal":"*",` + both), "", ""},
		{"resource trust endpoint rcp", policyOf(both), "Missing required field Principal", `{"Effect":"All`},
		{"resource", policyOf(`"Principal":"x",` + both), syntax, `"x","Action":"`},
		{"resource", policyOf(`"Principal":{"User":"x"},` + both), syntax, `"User":"x"},"A`},
		{"resource", policyOf(`"Principal":{"AWS":1},` + both), syntax, `1},"Action":"s`},
		{"resource", policyOf(`"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},` + both), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*"`, `"arn:aws:iam::`},
		{"resource", policyOf(`"Principal":{"AWS":["111122223333","AROAEXAMPLEEXAMPLE000","arn:aws:sts::111122223333:assumed-role/a/b"]},` + both), "", ""},
		{"resource", policyOf(`"Principal":{"Service":"connect"},` + both), `Invalid principal in policy: "SERVICE":"connect"`, `"connect"},"Ac`},
		{"resource", policyOf(`"Principal":"*","NotPrincipal":"*",` + both), syntax, `"NotPrincipal"`},
		{"resource", policyOf(`"Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/stage/*"`), "", ""},

		{"trust", trust(`{"Service":"connect.amazonaws.com"}`, "sts:AssumeRole"), "", ""},
		{"trust", strings.Replace(trust(`{"AWS":"111122223333"}`, "STS:TagSession"), "2012", "2008", 1), "", ""},
		{"trust", trust(`{"AWS":"111122223333"}`, "s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions.", `"s3:GetObject"`},
		{"trust", trust(`{"AWS":"111122223333"}`, "*"), "AssumeRole policy may only specify STS AssumeRole actions.", `"*"}]}`},
		{"trust", trust(`"*"`, "sts:AssumeRole"), `AssumeRole policy contains an invalid principal: "STAR":"*".`, `"*","Action":"`},
		{"trust", policyOf(`"NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"`), "Has prohibited field NotPrincipal.", `"NotPrincipal"`},
		{"trust", policyOf(`"Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Resource":"*"`), "Has prohibited field Resource.", `"Resource":"*"`},

		{"rcp", policyOf(`"Principal":"*","Action":"*","Resource":"*"`), "", ""},
		{"rcp", policyOf(`"Principal":"*",` + both), forType, `"Allow","Princ`},
		{"rcp", strings.Replace(policyOf(`"Principal":"*",`+both), "Allow", "Deny", 1), "", ""},
		{"rcp", strings.Replace(policyOf(`"Principal":"*","Action":"s3:*Object",`+resource), "Allow", "Deny", 1), forType, `"s3:*Object","`},
		{"rcp", strings.Replace(policyOf(`"Principal":"*","Action":"s3:Get*",`+resource), "Allow", "Deny", 1), "", ""},
		{"rcp", strings.Replace(policyOf(`"Principal":"*","NotAction":"s3:*",`+resource), "Allow", "Deny", 1), forType, `"NotAction":"s`},
		{"rcp", policyOf(`"Principal":{"AWS":"*"},` + both), forType, `{"AWS":"*"},"A`},
	}
	for _, test := range tests {
		for name := range strings.FieldsSeq(test.types) {
			kind, err := iam.ParseType(name)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := iam.Strict([]byte(test.text), kind)
			if doc == nil || string(doc.Bytes()) != test.text {
				t.Errorf("Strict(%s, %s): no document", test.text, name)
			}
			var got iam.Rejection
			if r, ok := errors.AsType[*iam.Rejection](err); ok {
				got = *r
			} else if err != nil {
				t.Errorf("Strict(%s, %s): got error %v, want a *Rejection", test.text, name, err)
			}
			if at := test.text[got.Position.Offset:]; got.Message != test.want || !strings.HasPrefix(at, test.at) {
				t.Errorf("Strict(%s, %s): got %q at %.20q, want %q at %q (%v)", test.text, name, got.Message, at, test.want, test.at, err)
			}
		}
	}
}

func TestStrictSize(t *testing.T) {
	for _, quota := range iam.Quotas() {
		if quota.Default > quota.Limit || quota.For == "" {
			t.Errorf("quota %+v: default above the limit, or for nothing", quota)
		}
	}
	tests := []struct {
		kind       iam.Type
		limit      int
		whitespace bool
	}{
		{iam.IdentityPolicy, 10240, false},
		{iam.PermissionsBoundary, 6144, false},
		{iam.SessionPolicy, 2048, true},
		{iam.ServiceControlPolicy, 5120, true},
	}
	for _, test := range tests {
		head, tail := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Resource":"*","Action":"a:`, `"}}`
		exact := head + strings.Repeat("b", test.limit-len(head)-len(tail)) + tail
		spaced := exact + strings.Repeat(" \n", 10)
		for text, want := range map[string]bool{exact: true, exact[:len(exact)-3] + "b" + tail: false, spaced: !test.whitespace} {
			_, err := iam.Strict([]byte(text), test.kind)
			if got := err == nil; got != want {
				t.Errorf("Strict of %d characters as %s: got %v, want accepted %v", len(text), test.kind, err, want)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("Cannot exceed quota for PolicySize: %d", test.limit)) {
				t.Errorf("Strict of %d characters as %s: got %q", len(text), test.kind, err)
			}
		}
	}
}

func TestTypeNames(t *testing.T) {
	for _, kind := range iam.Types() {
		got, err := iam.ParseType(kind.String())
		if err != nil || got != kind {
			t.Errorf("ParseType(%q): got %v, %v", kind.String(), got, err)
		}
	}
	_, err := iam.ParseType("role")
	if got, want := fmt.Sprint(err), `no policy type "role": write one of identity, resource, trust, boundary, session, scp, rcp, endpoint`; got != want {
		t.Errorf("ParseType of a wrong name: got %s, want %s", got, want)
	}
}

// What Strict refuses, whatever it is, is refused with a message and a position in the text.
func FuzzStrict(f *testing.F) {
	for _, src := range fuzzSeeds {
		f.Add(src, uint8(0))
	}
	f.Add(policyOf(`"Principal":{"AWS":["111122223333"]},"Action":["sts:*"],"Condition":{"DateEquals":{"a":"2026"}}`), uint8(2))
	f.Fuzz(func(t *testing.T, src string, kind uint8) {
		types := iam.Types()
		doc, err := iam.Strict([]byte(src), types[int(kind)%len(types)])
		if r, ok := errors.AsType[*iam.Rejection](err); err != nil && (!ok || r.Message == "" || r.Position.Line < 1 || r.Position.Offset > len(src)) {
			t.Errorf("Strict(%q): got %#v", src, err)
		}
		if err == nil && len(doc.Problems) > 0 {
			t.Errorf("Strict(%q) accepts what has problems: %+v", src, doc.Problems)
		}
	})
}
