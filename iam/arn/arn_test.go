// Package arn_test checks ARNs against tables and globs against a naive matcher.
package arn_test

import (
	"errors"
	"strings"
	"testing"

	"trunkline/iam/arn"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want arn.ARN
		err  string
	}{
		{"arn:aws:s3:::calls", arn.ARN{Partition: "aws", Service: "s3", Region: "", Account: "", Resource: "calls"}, ""},
		{"arn:aws-cn:logs:cn-north-1:111122223333:log-group:/x:*", arn.ARN{Partition: "aws-cn", Service: "logs", Region: "cn-north-1", Account: "111122223333", Resource: "log-group:/x:*"}, ""},
		{"arn:*:iam::{AWS Account ID}:role/x", arn.ARN{Partition: "*", Service: "iam", Region: "", Account: "{AWS Account ID}", Resource: "role/x"}, ""},
		{"", arn.ARN{}, `no ARN: does not begin with "arn:"`},
		{"*", arn.ARN{}, `no ARN: does not begin with "arn:"`},
		{"ARN:aws:s3:::calls", arn.ARN{}, `no ARN: does not begin with "arn:"`},
		{"arn", arn.ARN{}, "no ARN: has 1 of six fields"},
		{"arn:aws:s3:calls", arn.ARN{}, "no ARN: has 4 of six fields"},
		{"arn::s3:::calls", arn.ARN{}, "no ARN: has no partition"},
		{"arn:aws::::calls", arn.ARN{}, "no ARN: has no service"},
		{"arn:aws:s3:::", arn.ARN{}, "no ARN: has no resource"},
	}
	for _, test := range tests {
		got, err := arn.Parse(test.text)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("Parse(%q): got %+v, %v, want %+v, %s", test.text, got, err, test.want, test.err)
		}
		if syntax, ok := errors.AsType[*arn.SyntaxError](err); err != nil && (!ok || syntax.Reason == "") {
			t.Errorf("Parse(%q): got error %#v, want a *SyntaxError with a reason", test.text, err)
		}
		if err == nil && got.String() != test.text {
			t.Errorf("Parse(%q).String(): got %q", test.text, got.String())
		}
	}
}

func TestPartitionOf(t *testing.T) {
	tests := []struct {
		region, want string
	}{
		{"eu-central-1", "aws"},
		{"us-east-1", "aws"},
		{"mx-central-1", "aws"},
		{"cn-northwest-1", "aws-cn"},
		{"us-gov-west-1", "aws-us-gov"},
		{"us-iso-east-1", "aws-iso"},
		{"us-isob-east-1", "aws-iso-b"},
		{"eu-isoe-west-1", "aws-iso-e"},
		{"us-isof-south-1", "aws-iso-f"},
		{"eusc-de-east-1", "aws-eusc"},
		{"ap-somewhere-9", "aws"}, // not there yet
		{"zz-north-1", ""},
		{"us-east", ""},
		{"*", ""},
		{"", ""},
	}
	for _, test := range tests {
		got, ok := arn.PartitionOf(test.region)
		if got.ID != test.want || ok != (test.want != "") {
			t.Errorf("PartitionOf(%q): got %q, %v, want %q", test.region, got.ID, ok, test.want)
		}
	}
	for _, p := range arn.Partitions() {
		if !arn.IsPartition(p.ID) {
			t.Errorf("IsPartition(%q): got false", p.ID)
		}
	}
	if arn.IsPartition("aws-mars") {
		t.Error(`IsPartition("aws-mars"): got true`)
	}
}

func TestSyntaxChecks(t *testing.T) {
	for s, want := range map[string]bool{"111122223333": true, "11112222333": false, "1111222233334": false, "11112222333a": false, "": false, "١١١١٢٢": false} {
		if got := arn.IsAccount(s); got != want {
			t.Errorf("IsAccount(%q): got %v, want %v", s, got, want)
		}
	}
	for s, want := range map[string]bool{
		"eu-west-1": true, "us-gov-east-12": true, "eu-west": false, "west-1": false, "EU-west-1": false, "eu--west-1": false, "eu-west-1a": false, "eu-west-": false, "region": false, "": false,
	} {
		if got := arn.IsRegion(s); got != want {
			t.Errorf("IsRegion(%q): got %v, want %v", s, got, want)
		}
	}
}

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"arn:aws:sns:*:111122223333:orders", "arn:aws:sns:eu-west-1:111122223333:orders", true},
		{"arn:aws:sns:*:111122223333:orders", "arn:aws:sns:r:444455556666:x:111122223333:orders", false}, // a forged ARN
		{"arn:aws:logs:*:*:log-group:*", "arn:aws:logs:r:1:log-group:/x:log-stream:y", true},
		{"arn:*:*:*:*:*", "arn:aws:s3:::calls", true},
		{"arn:*:*:*:*:*", "calls", false},
		{"a*:*:*:*:*:*", "abc:aws:s3:::calls", false}, // no ARN
		{"arn:aws:s3:::calls", "arn:aws:s3:::Calls", false},
		{"*", "arn:aws:s3:::calls", false},
		{"*", "", false},
		{"", "", false},
	}
	for _, test := range tests {
		p, _ := arn.CompilePattern(test.pattern)
		if got := p.Match(test.text); got != test.want {
			t.Errorf("CompilePattern(%q).Match(%q): got %v, want %v", test.pattern, test.text, got, test.want)
		}
	}
	if _, ok := arn.CompilePattern("arn:aws:s3::calls"); ok {
		t.Error("CompilePattern of five fields: got true")
	}
	if _, ok := arn.CompilePattern("arn:aws:s3:::calls"); !ok {
		t.Error("CompilePattern of six fields: got false")
	}
}

func TestPatternCompare(t *testing.T) {
	tests := []struct {
		p, q               string
		covers, intersects bool
	}{
		{"arn:aws:sns:*:111122223333:*", "arn:aws:sns:eu-west-1:111122223333:orders", true, true},
		{"arn:aws:sns:*:*:orders", "arn:aws:sns:eu-west-1:*:*", false, true},
		{"arn:aws:sns:*:*:orders", "arn:aws:sqs:*:*:orders", false, false},
	}
	for _, test := range tests {
		p, _ := arn.CompilePattern(test.p)
		q, _ := arn.CompilePattern(test.q)
		if got := p.Covers(&q); got != test.covers {
			t.Errorf("%s covers %s: got %v, want %v", test.p, test.q, got, test.covers)
		}
		if got := p.Intersects(&q); got != test.intersects {
			t.Errorf("%s intersects %s: got %v, want %v", test.p, test.q, got, test.intersects)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:logs:eu-west-1:111122223333:log-group:/x:*")
	f.Add("arn:::::")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := arn.Parse(s)
		if err == nil && got.String() != s {
			t.Errorf("Parse(%q).String(): got %q", s, got.String())
		}
		// An ARN without wildcards matches itself, and as a pattern covers itself.
		if p, ok := arn.CompilePattern(s); ok && (strings.HasPrefix(s, "arn:") != p.Match(s) || !p.Covers(&p) || !p.Intersects(&p)) {
			t.Errorf("pattern %q does not match, cover or intersect itself", s)
		}
	})
}
