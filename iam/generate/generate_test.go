package generate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/generate"
	"trunkline/iam/lint"
	"trunkline/iam/sim"
)

const (
	objects = "arn:aws:s3:::letters/dead/*"
	bucket  = "arn:aws:s3:::letters"
	secret  = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-??????"
	key     = "arn:aws:kms:eu-west-2:111122223333:key/11111111-2222-3333-4444-555555555555"
)

func prefix(values ...string) []generate.Condition {
	return []generate.Condition{{Operator: "StringLike", Key: "s3:prefix", Values: values}}
}

func example() []generate.Need {
	return []generate.Need{
		{Action: "s3:PutObject", Resources: []string{objects}, Why: "dead letters are stored"},
		{Action: "s3:getobject", Resources: []string{objects, "arn:aws:s3:::agents/agents.csv"}, Why: "dead letters are read"},
		{Action: "s3:DeleteObject", Resources: []string{objects}},
		{Action: "s3:DeleteObject", Resources: []string{"arn:aws:s3:::letters/dead/x/*"}}, // covered
		{Action: "s3:ListBucket", Resources: []string{bucket}, Conditions: prefix("dead/*")},
		{Action: "secretsmanager:GetSecretValue", Resources: []string{secret}},
		{Action: "sts:GetCallerIdentity", Resources: []string{"*"}},
	}
}

func TestPolicies(t *testing.T) {
	want := `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "KmsKey",
      "Effect": "Allow",
      "Action": "kms:Decrypt",
      "Resource": "arn:aws:kms:eu-west-2:111122223333:key/11111111-2222-3333-4444-555555555555",
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example",
          "kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com"
        }
      }
    },
    {
      "Sid": "S3Object",
      "Effect": "Allow",
      "Action": [
        "s3:DeleteObject",
        "s3:PutObject"
      ],
      "Resource": "arn:aws:s3:::letters/dead/*",
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example"
        }
      }
    },
    {
      "Sid": "S3Object2",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": [
        "arn:aws:s3:::agents/agents.csv",
        "arn:aws:s3:::letters/dead/*"
      ],
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example"
        }
      }
    },
    {
      "Sid": "S3Bucket",
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::letters",
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example"
        },
        "StringLike": {
          "s3:prefix": "dead/*"
        }
      }
    },
    {
      "Sid": "SecretsmanagerSecret",
      "Effect": "Allow",
      "Action": "secretsmanager:GetSecretValue",
      "Resource": "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-??????",
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example"
        }
      }
    },
    {
      "Sid": "StsAny",
      "Effect": "Allow",
      "Action": "sts:GetCallerIdentity",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "aws:PrincipalOrgID": "o-example"
        }
      }
    }
  ]
}
`
	result, err := generate.Policies(example(), generate.Options{
		Encrypted: []generate.Encrypted{{Resource: "arn:aws:secretsmanager:*:*:secret:team/*", Key: key}},
		Always:    []generate.Condition{{Operator: "StringEquals", Key: "aws:PrincipalOrgID", Values: []string{"o-example"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(slices.Concat(result.Policies...))); diff != "" {
		t.Errorf("policy (- want, + got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sts:GetCallerIdentity takes no resource: it is allowed on *"}, result.Warnings); diff != "" {
		t.Errorf("warnings (- want, + got):\n%s", diff)
	}
	if got, want := result.Statements[2].Why, []string{"dead letters are read"}; !slices.Equal(got, want) {
		t.Errorf("why: got %q, want %q", got, want)
	}
	for _, text := range result.Policies {
		if _, err := iam.Strict(text, iam.IdentityPolicy); err != nil {
			t.Errorf("IAM would refuse it: %v", err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		need generate.Need
		want string
	}{
		{generate.Need{Action: "s3:GetObjects", Resources: []string{"*"}}, "does not know the action"},
		{generate.Need{Action: "s3:GetObject"}, "it names no resource"},
		{generate.Need{Action: "s3:GetObject", Resources: []string{bucket}}, "it takes no resource like " + bucket},
		{generate.Need{Action: "sts:GetCallerIdentity", Resources: []string{bucket}}, "it takes no resource, so a grant on"},
		{generate.Need{Action: "s3:ListBucket", Resources: []string{bucket}, Conditions: prefix()}, "its condition on s3:prefix has no value"},
		{generate.Need{Action: "s3:ListBucket", Resources: []string{bucket}, Conditions: slices.Concat(prefix("a"), prefix("b"))}, "two conditions on s3:prefix with StringLike"},
		{generate.Need{Action: "s3:GetObject", Resources: []string{"arn:aws:s3:::b/" + strings.Repeat("k", 7000)}}, "is longer than 6144 characters"},
	} {
		if _, err := generate.Policies([]generate.Need{c.need}, generate.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.need, err, c.want)
		}
	}
}

// TestSize: what is too long for one policy makes several, and together they say the same.
func TestSize(t *testing.T) {
	var needs []generate.Need
	for i := range 300 {
		needs = append(needs, generate.Need{Action: "s3:GetObject", Resources: []string{fmt.Sprintf("arn:aws:s3:::bucket-%03d/*", i)}})
	}
	result, err := generate.Policies(needs, generate.Options{})
	if err != nil || len(result.Policies) < 2 {
		t.Fatalf("%d policies (%v), want several", len(result.Policies), err)
	}
	for i, text := range result.Policies {
		if size := iam.Parse(text).Size(false); size > 6144 {
			t.Errorf("policy %d has %d characters, want at most 6144", i, size)
		}
	}
	policies := compile(t, result)
	for _, need := range needs {
		if !allows(t, policies, need.Action, strings.ReplaceAll(need.Resources[0], "*", "x"), "") {
			t.Errorf("%s is not allowed", need.Resources[0])
		}
	}
}

// TestExact: for random needs, a request is allowed exactly when a need says so, the text does not hang on their order, the linter has
// nothing to say, and nothing in it is of no use.
func TestExact(t *testing.T) {
	actions := map[string][]string{
		"s3:GetObject":                  {objects, "arn:aws:s3:::letters/*", "arn:aws:s3:::letters/dead/a", "arn:aws:s3:::other/?"},
		"s3:PutObject":                  {objects, "arn:aws:s3:::letters/*", "arn:aws:s3:::letters/dead/a", "arn:aws:s3:::other/?"},
		"s3:ListBucket":                 {bucket, "arn:aws:s3:::other"},
		"secretsmanager:GetSecretValue": {secret, "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/*"},
	}
	names := []string{"s3:GetObject", "s3:ListBucket", "s3:PutObject", "secretsmanager:GetSecretValue"}
	requests := []string{
		"arn:aws:s3:::letters/dead/a", "arn:aws:s3:::letters/dead/b", "arn:aws:s3:::letters/live", "arn:aws:s3:::other/x", "arn:aws:s3:::other/xx", bucket, "arn:aws:s3:::other",
		"arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-AbCdEf", "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/key-other-AbCdEf",
	}
	rapid.Check(t, func(r *rapid.T) {
		var needs []generate.Need
		for range rapid.IntRange(1, 8).Draw(r, "needs") {
			need := generate.Need{Action: rapid.SampledFrom(names).Draw(r, "action")}
			need.Resources = rapid.SliceOfN(rapid.SampledFrom(actions[need.Action]), 1, 3).Draw(r, "resources")
			if need.Action == "s3:ListBucket" {
				if value := rapid.SampledFrom([]string{"", "dead/*", "live/"}).Draw(r, "prefix"); value != "" {
					need.Conditions = prefix(value)
				}
			}
			needs = append(needs, need)
		}
		result, err := generate.Policies(needs, generate.Options{})
		if err != nil {
			r.Fatal(err)
		}
		again, err := generate.Policies(rapid.Permutation(needs).Draw(r, "order"), generate.Options{})
		if diff := cmp.Diff(result.Policies, again.Policies); diff != "" || err != nil {
			r.Errorf("in another order (%v):\n%s", err, diff)
		}
		policies := compile(r, result)
		for _, action := range names {
			a, _ := catalog.Default().Action(action)
			for _, resource := range requests {
				if !a.Takes(resource) {
					continue
				}
				for _, asked := range []string{"dead/x", "live/", "else"} {
					want := slices.ContainsFunc(needs, func(n generate.Need) bool {
						return n.Action == action && matches(n.Resources, resource) && (len(n.Conditions) == 0 || matches(n.Conditions[0].Values, asked))
					})
					if got := allows(r, policies, action, resource, asked); got != want {
						r.Errorf("%s on %s with s3:prefix %s: got allowed %v, want %v; policy:\n%s", action, resource, asked, got, want, result.Policies[0])
					}
				}
			}
		}
		for _, text := range result.Policies {
			for _, f := range lint.Run(iam.Parse(text), lint.Options{Type: iam.IdentityPolicy}) {
				r.Errorf("the linter says %s: %s; policy:\n%s", f.Check.Code, f.Message, text)
			}
		}
	})
}

func matches(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		glob := arn.Compile(p)
		return glob.Match(text)
	})
}

// A failing is a test.
type failing interface {
	Helper()
	Fatal(args ...any)
}

func compile(t failing, result generate.Result) *sim.Policies {
	t.Helper()
	policies := &sim.Policies{}
	for _, text := range result.Policies {
		p, err := sim.Compile(iam.Parse(text), iam.IdentityPolicy)
		if err != nil {
			t.Fatal(err)
		}
		policies.Identity = append(policies.Identity, p)
	}
	return policies
}

func allows(t failing, policies *sim.Policies, action, resource, prefix string) bool {
	t.Helper()
	caller, err := sim.ParseCaller("arn:aws:iam::111122223333:role/collector")
	if err != nil {
		t.Fatal(err)
	}
	request := sim.Request{Caller: caller, Action: action, Resource: resource}
	request.Context.Set("s3:prefix", prefix)
	query, err := sim.NewQuery(request, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return policies.Decide(query).Outcome == sim.Allowed
}

func BenchmarkPolicies(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := generate.Policies(example(), generate.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestKeys: a key is granted where it can be what encrypts, and conditions about the network are not those of the service that uses it.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		resource string
		want     bool
	}{
		{secret, true}, {strings.Replace(secret, "eu-west-2", "eu-west-1", 1), false}, {strings.Replace(secret, "eu-west-2", "*", 1), true},
	} {
		result, err := generate.Policies([]generate.Need{{Action: "secretsmanager:GetSecretValue", Resources: []string{c.resource}, For: "secrets"}}, generate.Options{
			Encrypted: []generate.Encrypted{{Resource: "*", Key: key}},
			Direct:    []generate.Condition{{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		text := string(slices.Concat(result.Policies...))
		if got := strings.Contains(text, "kms:Decrypt"); got != c.want || strings.Count(text, "aws:SecureTransport") != 1 {
			t.Errorf("%s: got a grant on the key %v, want %v, and one condition on the transport:\n%s", c.resource, got, c.want, text)
		}
		for _, s := range result.Statements {
			if !slices.Equal(s.For, []string{"secrets"}) {
				t.Errorf("%s: %s is for %q, want secrets", c.resource, s.Sid, s.For)
			}
		}
	}
}

// TestPrincipal: a policy of a resource, and a trust policy.
func TestPrincipal(t *testing.T) {
	text := generate.Text([]generate.Statement{{Sid: "Starter", Principal: generate.Principal{Kind: "AWS", Name: "arn:aws:iam::111122223333:role/starter"}, Actions: []string{"sts:AssumeRole"}}})
	if _, err := iam.Strict(text, iam.TrustPolicy); err != nil {
		t.Errorf("IAM would refuse it: %v\n%s", err, text)
	}
}
