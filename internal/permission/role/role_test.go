package role_test

import (
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/generate"
	"trunkline/iam/sim"
	"trunkline/internal/config"
	"trunkline/internal/integration"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/role"
)

// TestKeys: a key by way of its service alone, and an owner in another account.
func TestKeys(t *testing.T) {
	c := parse(t, `version: 1
source: {file: {path: in}}
redact: {key: "aws-secretsmanager:team/key"}
dead_letter: {s3: "s3://example-letters/dead", recipient: `+recipient+`}
destination: {file: {path: out}}
aws: {region: eu-west-2, role: "`+collector+`"}
`)
	set, err := role.Policies(c, declared.Calls(), role.Options{
		Principal: starter, Encrypted: []generate.Encrypted{{Resource: "*", Key: theKey}}, Owners: map[string]string{"example-letters": "444455556666"},
		Conditions: role.Conditions{SecureTransport: true, Organizations: []string{"o-a1b2c3d4e5"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lintAll(t, set)
	identity := compile(t, iam.IdentityPolicy, policies(t, set, role.Collector)...)
	for _, c := range []struct {
		want bool
		r    request
	}{
		{true, request{"kms:Decrypt", theKey, map[string]string{"kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{true, request{"kms:GenerateDataKey", theKey, map[string]string{"kms:ViaService": "s3.eu-west-2.amazonaws.com", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{false, request{"kms:GenerateDataKey", theKey, map[string]string{"kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{false, request{"kms:Decrypt", theKey, map[string]string{"kms:ViaService": "s3.eu-west-2.amazonaws.com", "aws:ResourceOrgID": "o-0000000000"}}},
		{false, request{"kms:Decrypt", theKey, map[string]string{"aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{false, request{"kms:Decrypt", theKey[:len(theKey)-1] + "6", map[string]string{"kms:ViaService": "s3.eu-west-2.amazonaws.com", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{true, request{"s3:PutObject", "arn:aws:s3:::example-letters/dead/x/y", map[string]string{"aws:SecureTransport": "true", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
		{false, request{"s3:PutObject", "arn:aws:s3:::example-letters/dead/x/y", map[string]string{"aws:SecureTransport": "false", "aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
	} {
		if got := decide(t, identity, c.r); (got == sim.Allowed) != c.want {
			t.Errorf("%v: got %v, want allowed %v", c.r, got, c.want)
		}
	}
	var names []string
	for _, p := range set.Policies {
		names = append(names, p.Name)
	}
	want := []string{role.Collector, role.Starter, role.Trust, "key-11111111-2222-3333-4444-555555555555", "bucket-example-letters"}
	if !slices.Equal(names, want) {
		t.Fatalf("policies: got %q, want %q", names, want)
	}
	// The bucket's account and the collector's both have to allow it.
	owner := compile(t, iam.ResourcePolicy, policies(t, set, "bucket-example-letters")...)[0]
	caller, err := sim.ParseCaller(collector)
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]bool{"dead/": true, "live/": false} {
		r := sim.Request{Caller: caller, Action: "s3:PutObject", Resource: "arn:aws:s3:::example-letters/" + prefix + "x/y", ResourceAccount: "444455556666"}
		r.Context.Set("aws:SecureTransport", "true")
		r.Context.Set("aws:ResourceOrgID", "o-a1b2c3d4e5")
		r.Context.Set("aws:PrincipalOrgID", "o-a1b2c3d4e5")
		query, err := sim.NewQuery(r, catalog.Default())
		if err != nil {
			t.Fatal(err)
		}
		if got := (&sim.Policies{Identity: identity, Resource: owner}).Decide(query).Outcome; (got == sim.Allowed) != want {
			t.Errorf("object under %s of another account's bucket: got %v, want allowed %v", prefix, got, want)
		}
		if got := (&sim.Policies{Identity: identity}).Decide(query).Outcome; got == sim.Allowed {
			t.Errorf("object under %s without the bucket's policy: got %v, want a denial", prefix, got)
		}
	}
}

// TestTrust: the role lets itself be assumed by who starts the program, and by nobody else.
func TestTrust(t *testing.T) {
	files := "version: 1\nsource: {file: {path: in}}\nredact: {key: \"aws-secretsmanager:team/key\"}\ndestination: {file: {path: out}}\n"
	set, err := role.Policies(parse(t, files+"aws: {region: eu-west-2, role: \""+collector+"\"}\n"), declared.Calls(), role.Options{Principal: starter})
	if err != nil {
		t.Fatal(err)
	}
	trust := compile(t, iam.TrustPolicy, policies(t, set, role.Trust)...)[0]
	assume := compile(t, iam.IdentityPolicy, policies(t, set, role.Starter)...)
	for _, c := range []struct {
		who, session string
		want         bool
	}{{starter, "trunkline", true}, {starter, "other", false}, {"arn:aws:iam::111122223333:role/other", "trunkline", false}} {
		caller, err := sim.ParseCaller(c.who)
		if err != nil {
			t.Fatal(err)
		}
		r := sim.Request{Caller: caller, Action: "sts:AssumeRole", Resource: collector}
		r.Context.Set("sts:RoleSessionName", c.session)
		query, err := sim.NewQuery(r, catalog.Default())
		if err != nil {
			t.Fatal(err)
		}
		if got := (&sim.Policies{Identity: assume, Resource: trust}).Decide(query).Outcome; (got == sim.Allowed) != c.want {
			t.Errorf("%s as %s: got %v, want allowed %v", c.who, c.session, got, c.want)
		}
	}
	for principal, want := range map[string]string{
		"ec2.amazonaws.com":       "{\n      \"Sid\": \"Machine\",",
		"ecs-tasks.amazonaws.com": `"aws:SourceArn": "arn:aws:ecs:eu-west-2:111122223333:*"`,
	} {
		set, err := role.Policies(parse(t, files+"aws: {region: eu-west-2}\n"), declared.Calls(), role.Options{Principal: principal, Account: account, Boundary: "arn:aws:iam::111122223333:policy/b"})
		if err != nil {
			t.Fatal(err)
		}
		lintAll(t, set)
		if text := string(slices.Concat(policies(t, set, role.Trust)...)); !strings.Contains(text, want) {
			t.Errorf("%s: got %s, want %s", principal, text, want)
		}
		if i := set.Integration(); i.Policies[1].Boundary == "" {
			t.Errorf("%s: the role has no boundary: %+v", principal, i.Policies[1])
		}
	}
}

// TestOpen: what is not known is said, and so is what cannot be.
func TestOpen(t *testing.T) {
	plain := "version: 1\nsource: {file: {path: in}}\nredact: {key: \"aws-secretsmanager:team/key\"}\ndestination: {file: {path: out}}\n"
	set, err := role.Policies(parse(t, plain), declared.Calls(), role.Options{Conditions: role.Conditions{MFA: true, Tags: map[string]string{"team": "voice"}}, Boundary: "arn:aws:iam::111122223333:policy/b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--account", "--region", "--encrypted", "MFA", "tags are", "boundary"} {
		if !slices.ContainsFunc(set.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("warnings: got %q, want one about %s", set.Warnings, want)
		}
	}
	for _, c := range []struct {
		o    role.Options
		want string
	}{
		{role.Options{Account: "1"}, "account 1: want 12 digits"},
		{role.Options{Principal: "arn:aws:iam::111122223333:role/*"}, "want the ARN of a user or role"},
		{role.Options{Principal: "s3.amazonaws.com"}, "or one of ec2.amazonaws.com, ecs-tasks.amazonaws.com"},
		{role.Options{Principal: starter, Account: "999999999999"}, "is in another one"},
		{role.Options{Without: []string{"dead_letter.s3"}}, "the config turns on aws-secretsmanager"},
		{role.Options{Conditions: role.Conditions{Endpoints: []string{"vpc-1"}}}, "want an id such as vpce-"},
		{role.Options{Conditions: role.Conditions{Addresses: []string{"here"}}}, "want a range such as"},
		{role.Options{Conditions: role.Conditions{Addresses: []string{"203.0.113.0/24"}, Endpoints: []string{"vpce-0123456789abcdef0"}}}, "choose one"},
		{role.Options{Conditions: role.Conditions{Organizations: []string{"o-*"}}}, "want an id such as o-"},
		{role.Options{Conditions: role.Conditions{Tags: map[string]string{"a*": "b"}}}, "tag a*=b: want a key"},
	} {
		if _, err := role.Policies(parse(t, plain), declared.Calls(), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.o, err, c.want)
		}
	}
	set, err = role.Policies(parse(t, plain), declared.Calls(), role.Options{Without: []string{"aws-secretsmanager"}})
	if err != nil || len(set.Policies) > 0 {
		t.Errorf("without all: got %v (%v), want no policy", set.Policies, err)
	}
}

// TestForms: Terraform and CloudFormation take the set.
func TestForms(t *testing.T) {
	c := parse(t, "version: 1\nsource: {kinesis: {stream: \"arn:aws:kinesis:eu-west-2:111122223333:stream/records\"}}\ndestination: {file: {path: out}}\naws: {role: \""+collector+"\"}\n")
	set, err := role.Policies(c, declared.Calls(), role.Options{Principal: starter})
	if err != nil {
		t.Fatal(err)
	}
	all := rendered(t, set)
	for _, r := range all {
		for _, e := range r.Explain() {
			if e.Why == "for " || e.Without == "" {
				t.Errorf("%s %s: nothing says why it is there: %+v", r.Policy.Name, e.Statement, e)
			}
		}
	}
	var b strings.Builder
	if err := integration.WriteTerraform(&b, all, nil); err != nil || strings.Count(b.String(), "\nresource \"aws_iam_") != 3 {
		t.Errorf("Terraform (%v), want 3 resources:\n%s", err, b.String())
	}
	b.Reset()
	if err := integration.WriteCloudFormation(&b, "about", all, nil); err != nil || strings.Count(b.String(), "AWS::IAM::") != 3 {
		t.Errorf("CloudFormation (%v), want 3 resources:\n%s", err, b.String())
	}
}

func BenchmarkPolicies(b *testing.B) {
	c, err := config.Parse("trunkline.yaml", []byte(`version: 1
source: {kinesis: {stream: "arn:aws:kinesis:eu-west-2:111122223333:stream/records", consumer: fanout, cloudwatch: summary}}
redact: {key: "aws-secretsmanager:team/pseudonym-key"}
dead_letter: {s3: "s3://example-letters/dead", recipient: `+recipient+`}
destination: {file: {path: out}}
state: {dynamodb: {table: leases}}
aws: {region: eu-west-2, role: "`+collector+`"}
`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := role.Policies(c, declared.Calls(), role.Options{Principal: starter}); err != nil {
			b.Fatal(err)
		}
	}
}
