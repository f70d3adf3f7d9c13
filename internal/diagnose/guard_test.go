package diagnose_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/diagnose"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/guard"
)

// A denied is a call that the guard denies, and what the denial has to name.
type denied struct {
	action, resource string // as AWS names them
	call             func(context.Context, aws.Config) error
}

func calls() []denied {
	const account = "arn:aws:%:eu-west-2:111122223333:"
	arn := func(service, rest string) string { return strings.ReplaceAll(account, "%", service) + rest }
	return []denied{
		{"s3:GetObject", "arn:aws:s3:::letters/dead/a b", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("letters"), Key: aws.String("dead/a b")})
			return err
		}},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-2:444455556666:letters", func(ctx context.Context, c aws.Config) error {
			_, err := sqs.NewFromConfig(c).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String("https://sqs.eu-west-2.amazonaws.com/444455556666/letters"), MessageBody: aws.String("x")})
			return err
		}},
		{"secretsmanager:GetSecretValue", "team/key", func(ctx context.Context, c aws.Config) error {
			_, err := secretsmanager.NewFromConfig(c).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("team/key")})
			return err
		}},
		{"dynamodb:DescribeTable", arn("dynamodb", "table/leases"), func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("leases")})
			return err
		}},
		{"kinesis:ListShards", arn("kinesis", "stream/records"), func(ctx context.Context, c aws.Config) error {
			_, err := kinesis.NewFromConfig(c).ListShards(ctx, &kinesis.ListShardsInput{StreamARN: aws.String(arn("kinesis", "stream/records"))})
			return err
		}},
		{"sts:AssumeRole", "arn:aws:iam::444455556666:role/reader", func(ctx context.Context, c aws.Config) error {
			_, err := sts.NewFromConfig(c).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/reader"), RoleSessionName: aws.String("trunkline")})
			return err
		}},
		{"sts:DecodeAuthorizationMessage", "*", func(ctx context.Context, c aws.Config) error {
			_, err := sts.NewFromConfig(c).DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
			return err
		}},
	}
}

// TestGuard: every message that our own guard answers with is understood: who, what, which type of policy, and how, both alone and as
// the SDK wraps it.
func TestGuard(t *testing.T) {
	const everything = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	const nothing = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "tag:GetResources", "Resource": "*"}}`
	const deny = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*"}]}`
	types := []struct {
		kind iam.Type
		word string
	}{
		{iam.IdentityPolicy, "identity-based policy"},
		{iam.PermissionsBoundary, "permissions boundary"},
		{iam.SessionPolicy, "session policy"},
		{iam.ServiceControlPolicy, "service control policy"},
		{iam.EndpointPolicy, "VPC endpoint policy"},
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	who, err := sim.ParseCaller("arn:aws:iam::111122223333:role/collector")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		for _, text := range []string{nothing, deny} {
			verdict := "an allow is missing"
			if text == deny {
				verdict = "a deny must go"
			}
			if typ.kind == iam.EndpointPolicy {
				text = strings.ReplaceAll(text, `"Effect"`, `"Principal": "*", "Effect"`)
			}
			policies := []guard.Policy{{Name: "it", Document: iam.Parse([]byte(text)), Type: typ.kind}}
			if typ.kind != iam.IdentityPolicy {
				policies = append(policies, guard.Policy{Name: "all", Document: iam.Parse([]byte(everything)), Type: iam.IdentityPolicy})
			}
			g, err := guard.New(guard.Options{Calls: declared.Calls(), Caller: who, Policies: policies})
			if err != nil {
				t.Fatal(err)
			}
			config := aws.Config{
				Region: "eu-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
				APIOptions: []func(*middleware.Stack) error{g.Middleware},
			}
			for _, d := range calls() {
				err := d.call(t.Context(), config)
				api, ok := errors.AsType[smithy.APIError](err)
				if !ok {
					t.Fatalf("%s: got %v, want a denial", d.action, err)
				}
				for _, message := range []string{api.ErrorMessage(), err.Error()} {
					doctor := diagnose.New(diagnose.Options{})
					if err := doctor.Text(t.Context(), message); err != nil {
						t.Fatal(err)
					}
					report, err := doctor.Report(t.Context())
					if err != nil || len(report.Findings) != 1 {
						t.Fatalf("%s\ngot %+v (%v), want one finding", message, report, err)
					}
					f := report.Findings[0]
					if f.Principal != "arn:aws:sts::111122223333:assumed-role/collector/trunkline" || strings.Join(f.Actions, " ") != d.action ||
						f.Resource != d.resource || f.Policy != typ.word || f.Verdict != verdict {
						t.Errorf("%s\ngot %q %q on %q by %q: %q, want %q on %q by %q: %q", message, f.Principal, f.Actions, f.Resource, f.Policy, f.Verdict,
							d.action, d.resource, typ.word, verdict)
					}
					if (len(f.Add) == 1) != (verdict == "an allow is missing") {
						t.Errorf("%s\ngot %d statements to add", message, len(f.Add))
					}
				}
			}
		}
	}
}
