package iam_test

import (
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
)

func TestPlaceholders(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{"arn:aws:s3:::calls", nil},
		{"arn:aws:connect:region:account-id:instance/instance-id", []string{"region", "account-id", "instance-id"}},
		{"arn:aws:connect:region:customer_account_id:instance/connect_instance_id", []string{"region", "customer_account_id", "connect_instance_id"}},
		{"arn:aws:iam::account-id:role/aws-service-role/connect.amazonaws.com/*", []string{"account-id"}},
		{"arn:aws:kms:region:account-id:key/key-id", []string{"region", "account-id", "key-id"}},
		{"arn:aws:s3:::s3-bucket-name", []string{"s3-bucket-name"}},
		{"arn:aws:s3:::s3-bucket-name/*", []string{"s3-bucket-name"}},
		{"arn:aws:kinesis:*:account-id:stream/stream-name", []string{"account-id", "stream-name"}},
		{"arn:aws:connect:<region>:<aws_account_id>:instance/<connect_instance_id>/*", []string{"<region>", "<aws_account_id>", "<connect_instance_id>"}},
		{"arn:aws:iam::{AWS Account ID}:role/x", []string{"{AWS Account ID}"}},
		{"{CTR Kinesis Stream ARN}", []string{"{CTR Kinesis Stream ARN}"}},
		{"arn:aws:s3:::calls-{Account}-{Region}", []string{"{Account}", "{Region}"}},
		{"account-id", []string{"account-id"}},
		{"region", nil}, // a word like any other, outside of an ARN
		{"region:account-id", nil},
		{"arn:aws:s3:::regional/my-region", nil},
		{"arn:aws:s3:::${aws:username}/x", nil},
		{"arn:aws:s3:::${aws:PrincipalTag/{x}", nil},
		{"arn:aws:s3:::calls/{}", nil},
		{"arn:aws:s3:::calls/{1}", nil},
		{`{"a": 1}`, nil},
		{"a < b > c", nil},
		{"<" + strings.Repeat("x", 100) + ">", nil},
		{"{AWS Account ID", nil},
	}
	for _, test := range tests {
		var got []string
		for _, span := range iam.Placeholders(test.text) {
			got = append(got, test.text[span.Start:span.End])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("Placeholders(%q): got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestIsPlaceholder(t *testing.T) {
	for text, want := range map[string]bool{
		"{AWS Account ID}": true, "<region>": true, "region": true, "account-id": true, "Account_ID": true, "connect_instance_id": true,
		"": false, "eu-west-1": false, "111122223333": false, "${aws:username}": false, "<region>x": false, "{a}{b}": false, "*": false, "instance/instance-id": false,
	} {
		if got := iam.IsPlaceholder(text); got != want {
			t.Errorf("IsPlaceholder(%q): got %v, want %v", text, got, want)
		}
	}
}
