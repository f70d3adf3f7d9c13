package catalog

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func typeOf(t testing.TB, service, name string) *ResourceType {
	t.Helper()
	s, ok := Default().Service(service)
	if !ok {
		t.Fatalf("Service(%q): not found", service)
	}
	rt, ok := s.Type(name)
	if !ok {
		t.Fatalf("type %q of %s: not found", name, service)
	}
	return rt
}

const instance = "arn:aws:connect:eu-west-2:111122223333:instance/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb"

// TestMatch has the formats that are read wrongly most easily.
func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		service, name, arn string
		want               bool
	}{
		{"connect", "instance", instance, true},
		{"connect", "instance", instance + "/contact/c", false},
		{"connect", "contact", instance + "/contact/c", true},
		{"connect", "contact", instance, false},
		{"connect", "instance", strings.Replace(instance, "111122223333", "", 1), false},
		{"connect", "instance", "", false},

		// A type's name may hold spaces, and is found without regard to case.
		{"lambda", "Function Alias", "arn:aws:lambda:eu-west-2:111122223333:function:f:live", true},
		{"lambda", "function", "arn:aws:lambda:eu-west-2:111122223333:function:f:live", false},
		{"lambda", "function", "arn:aws:lambda:eu-west-2:111122223333:function:f", true},

		// Several forms in one.
		{"lex", "bot alias", "arn:aws:lex:eu-west-2:111122223333:bot-alias/ABCD/EFGH", true},
		{"lex", "bot alias", "arn:aws:lex:eu-west-2:111122223333:bot:Order:prod", true},
		{"lex", "bot", "arn:aws:lex:eu-west-2:111122223333:bot:Order", true},
		{"lex", "bot", "arn:aws:lex:eu-west-2:111122223333:bot:Order:prod", false},

		// A literal * that requests carry; elsewhere it stands for anything.
		{"connect", "wildcard-phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/*", true},
		{"connect", "wildcard-phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/p", false},
		{"connect", "phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/p", true},
		{"dms", "Endpoint", "arn:aws:dms:eu-west-2:111122223333:endpoint:e1", true},
		{"braket", "device", "arn:aws:braket:::device/qpu/provider/id", true},

		// A fixed account.
		{"connect", "aws-managed-view", "arn:aws:connect:eu-west-2:aws:view/form", true},
		{"connect", "aws-managed-view", "arn:aws:connect:eu-west-2:111122223333:view/form", false},

		// Another service's ARNs.
		{"events", "alias", "arn:aws:kms:eu-west-2:111122223333:alias/a", true},

		// The kind of the stream is a placeholder; the consumer is no stream.
		{"kinesis", "consumer", "arn:aws:kinesis:eu-west-2:111122223333:stream/s/consumer/c:1700000000", true},
		{"kinesis", "stream", "arn:aws:kinesis:eu-west-2:111122223333:stream/s/consumer/c:1700000000", false},
		{"kinesis", "stream", "arn:aws:kinesis:eu-west-2:111122223333:stream/s", true},

		// The random suffix is part of a secret's name; so are slashes.
		{"secretsmanager", "Secret", "arn:aws:secretsmanager:eu-west-2:111122223333:secret:events!connection/c/f1-AbCdEf", true},

		{"logs", "log-group", "arn:aws:logs:eu-west-2:111122223333:log-group:/aws/connect/x", true},
		{"logs", "log-group", "arn:aws:logs:eu-west-2:111122223333:log-group:/aws/connect/x:*", true},
		{"logs", "log-group", "arn:aws:logs:eu-west-2:111122223333:log-group:/aws/connect/x:log-stream:y", false},
		{"logs", "log-stream", "arn:aws:logs:eu-west-2:111122223333:log-group:/aws/connect/x:log-stream:2026/01/01/[$LATEST]a", true},

		{"s3", "object", "arn:aws:s3:::b/connect/a:b/c.wav", true},
		{"s3", "bucket", "arn:aws:s3:::b/connect/a", false},
		{"s3", "bucket", "arn:aws:s3:::b", true},
		{"s3", "object", "arn:aws:s3:::b", false},
		{"iam", "role", "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/R", true},
		{"iam", "policy", "arn:aws-us-gov:iam::aws:policy/job-function/Billing", true},
		{"dynamodb", "table", "arn:aws:dynamodb:eu-west-2:111122223333:table/t/index/i", false},
		{"dynamodb", "stream", "arn:aws:dynamodb:eu-west-2:111122223333:table/t/stream/2026-01-01T00:00:00.000", true},
		{"apigateway", "PrivateDomainName", "arn:aws:apigateway:eu-west-2:111122223333:/domainnames/d.example+abc", true},
		{"opsworks-cm", "backup", "arn:aws:opsworks-cm::111122223333:backup/server-20260101", true},
	} {
		if got := typeOf(t, tt.service, tt.name).Match(tt.arn); got != tt.want {
			t.Errorf("%s %q: Match(%q): got %t, want %t", tt.service, tt.name, tt.arn, got, tt.want)
		}
	}
}

func TestIntersects(t *testing.T) {
	for _, tt := range []struct {
		service, name, pattern string
		want                   bool
	}{
		{"connect", "user", "*", true},
		{"connect", "user", "arn:aws:connect:*", true},
		{"connect", "user", "arn:*:connect:*:*:instance/*/agent/*", true},
		{"connect", "user", "arn:*:connect:*:*:instance/*/queue/*", false},
		{"connect", "queue", "arn:*:connect:*:*:instance/*/agent/*", false},
		{"connect", "user", instance + "/*", true},
		{"connect", "instance", instance + "/*", false},
		{"connect", "instance", instance + "*", true},
		{"connect", "instance", instance, true},
		{"connect", "user", instance, false},
		{"connect", "instance", "arn:aws:connect:*:*:instance/????????-*", true},
		{"connect", "instance", "arn:aws:connect:*:*:instance/", false},
		{"connect", "instance", "arn:aws:connect:*:*:instance/?", true},

		// Only a pattern that covers the * itself reaches what a request carries as such.
		{"connect", "wildcard-phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/*", true},
		{"connect", "wildcard-phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/${*}", true},
		{"connect", "wildcard-phone-number", "arn:aws:connect:eu-west-2:111122223333:phone-number/p*", false},

		// Variables, and placeholders that were left in.
		{"connect", "user", "arn:aws:connect:<region>:{AWS Account ID}:instance/<instance-id>/agent/*", true},
		{"connect", "user", "arn:aws:connect:region:account-id:instance/instance-id/agent/*", true},
		{"connect", "user", "arn:aws:connect:*:*:instance/i/agent/${aws:PrincipalTag/agent, 'none'}", true},
		{"connect", "user", "arn:${Partition}:connect:${Region}:${Account}:instance/${InstanceId}/agent/${UserId}", true},
		{"connect", "queue", "arn:aws:connect:<region>:{AWS Account ID}:instance/<instance-id>/agent/*", false},

		{"connect", "contact", "arn:aws:connect:<region>:<aws_account_id>:instance/<connect_instance_id>", false},
		{"connect", "instance", "arn:aws:connect:<region>:<aws_account_id>:instance/<connect_instance_id>", true},
		{"connect", "contact", "arn:aws:connect:<region>:<aws_account_id>:<resource>", true},
		{"connect", "contact", "arn:aws:connect:<region>:<aws_account_id>:<type>/<id>", false},
		{"connect", "instance", "arn:aws:connect:<region>:<aws_account_id>:<type>/<id>", true},
		{"connect", "contact", "<arn>", true},
		{"connect", "instance", "arn:aws:connect:<region>:<aws_account_id>:instance/prefix<id>suffix", true},
		{"s3", "bucket", "arn:aws:s3:::<bucket_name>", true},
		{"s3", "object", "arn:aws:s3:::<bucket_name>", false},
		{"s3", "object", "arn:aws:s3:::<bucket_name>/*", true},

		// What published guides hold, E2 and others.
		{"events", "api-destination", "arn:aws:events:*:*:destination/CloudCollector*", false},
		{"events", "api-destination", "arn:aws:events:*:*:api-destination/CloudCollector*", true},
		{"events", "connection", "arn:aws:events:*:*:connection/CloudCollector*", true},
		{"kinesis", "consumer", "arn:aws:kinesis:*:*:stream/s", false},
		{"kinesis", "consumer", "arn:aws:kinesis:*:*:stream/s*", true},
		{"s3", "bucket", "arn:aws:s3:::amazon-connect-*", true},
		{"s3", "object", "arn:aws:s3:::amazon-connect-*", true},
		{"s3", "bucket", "arn:aws:s3:::amazon-connect-*/*", false},
		{"s3", "object", "arn:aws:s3:::b", false},
		{"logs", "log-group", "arn:aws:logs:*:*:log-group:/aws/connect/x:*", true},
		{"logs", "log-stream", "arn:aws:logs:*:*:log-group:/aws/connect/x:*", true},
		{"logs", "log-group", "arn:aws:logs:*:*:log-group:/aws/connect/x:log-stream:*", false},
		{"secretsmanager", "Secret", "arn:aws:secretsmanager:*:*:secret:apiToken-??????", true},
		{"lambda", "function", "arn:aws:lambda:*:*:function:f:*", false},
		{"iam", "role", "arn:aws:iam::*:role/CloudCollector*", true},
		{"iam", "role", "arn:aws:iam:*:role/CloudCollector*", true}, // a field short: the * stands for two
		{"sqs", "queue", "arn:aws:sqs:::q", false},
		{"sqs", "queue", "", false},
		{"sqs", "queue", "arn:aws:sqs:${", false},
	} {
		if got := typeOf(t, tt.service, tt.name).Intersects(tt.pattern); got != tt.want {
			t.Errorf("%s %q: Intersects(%q): got %t, want %t", tt.service, tt.name, tt.pattern, got, tt.want)
		}
	}
}

// eachType calls with every type of every service.
func eachType(visit func(*Service, *ResourceType)) {
	for _, prefix := range Default().Services() {
		s, _ := Default().Service(prefix)
		for i := range s.Types {
			visit(s, &s.Types[i])
		}
	}
}

var holder = regexp.MustCompile(`\$\{[^}]*\}`)

// TestOwnFormats: an ARN that is made from a format is of the type, as request and as pattern, and a longer one only where the rules
// of the format say so.
func TestOwnFormats(t *testing.T) {
	types := 0
	eachType(func(s *Service, rt *ResourceType) {
		types++
		for i, format := range rt.Formats {
			arn := holder.ReplaceAllString(format, "x1")
			for _, text := range []string{arn, format} {
				if !rt.Match(text) || !rt.Intersects(text) {
					t.Errorf("%s %s: Match(%q) %t, Intersects %t; both should be true", s.Prefix, rt.Name, text, rt.Match(text), rt.Intersects(text))
				}
			}
			if arn != format && rt.Match(holder.ReplaceAllString(format, "")) {
				t.Errorf("%s %s: matches %q with empty placeholders", s.Prefix, rt.Name, format)
			}
			if !strings.HasSuffix(format, "}") || len(rt.Formats) > 1 {
				continue
			}
			for _, end := range []struct {
				text string
				not  rule
			}{{":y", noColon}, {"/y", noSlash}} {
				if got, want := rt.Match(arn+end.text), rt.rule(i)&end.not == 0; got != want {
					t.Errorf("%s %s: Match(%q): got %t, want %t", s.Prefix, rt.Name, arn+end.text, got, want)
				}
			}
		}
	})
	if types != 2334 {
		t.Errorf("%d types, want 2334", types)
	}
}

// expression is a format as a regular expression: the oracle of what Match and simulate say.
func expression(format string, r rule) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^(?s:")
	for format != "" {
		gap, rest := cutGap(format, r)
		if gap == noGap {
			b.WriteString(regexp.QuoteMeta(format[:1]))
			format = format[1:]
			continue
		}
		not, _ := limits(gap, rest, r)
		class := map[rule]string{0: ".", noColon: "[^:]", noSlash: "[^/]", noColon | noSlash: "[^:/]"}[not]
		b.WriteString(class + []string{placeholderGap: "+", starGap: "*"}[gap])
		format = rest
	}
	b.WriteString(")$")
	return regexp.MustCompile(b.String())
}

// TestMatchOracle compares with regular expressions, and patterns with the ARNs that they were made from.
func TestMatchOracle(t *testing.T) {
	var all []*ResourceType
	eachType(func(_ *Service, rt *ResourceType) { all = append(all, rt) })
	rapid.Check(t, func(t *rapid.T) {
		rt := rapid.SampledFrom(all).Draw(t, "type")
		other := rapid.SampledFrom(append(rt.Formats, rapid.SampledFrom(all).Draw(t, "other type").Formats...)).Draw(t, "format")
		arn := holder.ReplaceAllStringFunc(other, func(string) string {
			return rapid.StringMatching(`[a-z1*:/+.-]{0,4}`).Draw(t, "text")
		})
		want := false
		for i, format := range rt.Formats {
			one := expression(format, rt.rule(i)).MatchString(arn)
			if got := simulate(format, rt.rule(i), arn, false); got != one {
				t.Fatalf("simulate(%q, %q): got %t, want %t", format, arn, got, one)
			}
			want = want || one
		}
		if got := rt.Match(arn); got != want {
			t.Fatalf("%s %q: Match(%q): got %t, want %t", rt.Name, rt.Formats, arn, got, want)
		}
		if !want {
			return
		}
		// A pattern that covers the ARN intersects: literal where it holds no wildcard, or with a part of its last field replaced.
		if from := strings.LastIndexByte(arn, ':') + 1; from < len(arn) {
			i := rapid.IntRange(from, len(arn)-1).Draw(t, "from")
			j := rapid.IntRange(i+1, len(arn)).Draw(t, "to")
			parts := []string{"*", strings.Repeat("?", j-i), "${aws:username}"}
			if !strings.ContainsAny(arn[i:j], ":/") {
				parts = append(parts, "<text>", "{text}")
			}
			for _, part := range parts {
				if pattern := arn[:i] + part + arn[j:]; !rt.Intersects(pattern) {
					t.Fatalf("%s %q: Intersects(%q): got false, want true: it covers %q", rt.Name, rt.Formats, pattern, arn)
				}
			}
		}
	})
}

// FuzzIntersects: a text without wildcards intersects what it matches and nothing else, and no pattern makes it panic.
func FuzzIntersects(f *testing.F) {
	for _, seed := range []string{instance, instance + "/agent/*", "arn:*", "arn:aws:connect:<r>:{a b}:${x", "*?*?${*}", ":::::"} {
		f.Add(seed)
	}
	s, _ := Default().Service("connect")
	f.Fuzz(func(t *testing.T, pattern string) {
		for i := range s.Types {
			rt := &s.Types[i]
			match, intersects := rt.Match(pattern), rt.Intersects(pattern)
			if match && !intersects || intersects && !match && !hasSpecial(pattern) {
				t.Errorf("%s: Match(%q) %t, Intersects %t", rt.Name, pattern, match, intersects)
			}
			if intersects && !rt.Intersects("*"+pattern) {
				t.Errorf("%s: intersects %q, but not with * in front", rt.Name, pattern)
			}
		}
	})
}
