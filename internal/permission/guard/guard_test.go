package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
	"trunkline/iam/sim"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/guard"
)

const role = "arn:aws:iam::111122223333:role/collector"

// world is a guard, and a service behind it that takes everything.
type world struct {
	guard  *guard.Guard
	config aws.Config
	sent   atomic.Int64
	body   atomic.Value // of the last request
}

func allow(action, resource, more string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": %q, "Resource": %q%s}]}`, action, resource, more)
}

func identity(text string) guard.Policy {
	return guard.Policy{Name: "role.json", Document: iam.Parse([]byte(text)), Type: iam.IdentityPolicy}
}

func newWorld(t *testing.T, o guard.Options, answer string) *world {
	t.Helper()
	w := &world{}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.body.Store(string(body))
		w.sent.Add(1)
		io.WriteString(out, answer)
	}))
	t.Cleanup(server.Close)
	var err error
	if o.Caller, err = sim.ParseCaller(role); err != nil {
		t.Fatal(err)
	}
	o.Calls = declared.Calls()
	if w.guard, err = guard.New(o); err != nil {
		t.Fatal(err)
	}
	w.config = aws.Config{
		Region: "eu-west-2", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
		APIOptions: []func(*middleware.Stack) error{w.guard.Middleware},
	}
	return w
}

func (w *world) s3() *s3.Client {
	return s3.NewFromConfig(w.config, func(o *s3.Options) { o.UsePathStyle = true })
}

func get(key string) func(context.Context, *world) error {
	return func(ctx context.Context, w *world) error {
		_, err := w.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("letters"), Key: &key})
		return err
	}
}

func send(ctx context.Context, w *world) error {
	_, err := sqs.NewFromConfig(w.config).SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String("https://sqs.eu-west-2.amazonaws.com/444455556666/letters"), MessageBody: aws.String("x"),
	})
	return err
}

func getLease(ctx context.Context, w *world) error {
	_, err := dynamodb.NewFromConfig(w.config).GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("leases"), Key: map[string]dynamotypes.AttributeValue{"leaseKey": &dynamotypes.AttributeValueMemberS{Value: "shard-1"}},
	})
	return err
}

func secret(name string) func(context.Context, *world) error {
	return func(ctx context.Context, w *world) error {
		_, err := secretsmanager.NewFromConfig(w.config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		return err
	}
}

func assume(ctx context.Context, w *world) error {
	_, err := sts.NewFromConfig(w.config).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/reader"), RoleSessionName: aws.String("trunkline")})
	return err
}

func list(prefix string) func(context.Context, *world) error {
	return func(ctx context.Context, w *world) error {
		_, err := w.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("letters"), Prefix: &prefix})
		return err
	}
}

// TestDenied: what the policies do not allow is not sent, and the caller sees the service's own answer.
func TestDenied(t *testing.T) {
	const who = "User: arn:aws:sts::111122223333:assumed-role/collector/trunkline is not authorized to perform: "
	for _, c := range []struct {
		name   string
		call   func(context.Context, *world) error
		code   string
		status int
		want   string
	}{
		{"s3", get("a&b"), "AccessDenied", 403, `s3:GetObject on resource: "arn:aws:s3:::letters/a&b" because no identity-based policy allows the s3:GetObject action`},
		{"s3 list", list("dead/"), "AccessDenied", 403, `s3:ListBucket on resource: "arn:aws:s3:::letters" because no identity-based policy allows the s3:ListBucket action`},
		{"sqs", send, "AccessDenied", 403, "sqs:sendmessage on resource: arn:aws:sqs:eu-west-2:444455556666:letters because no identity-based policy allows the sqs:sendmessage action"},
		{"dynamodb", getLease, "AccessDeniedException", 400, "dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-2:111122223333:table/leases because no identity-based policy allows the dynamodb:GetItem action"},
		{"secretsmanager", secret("team/api"), "AccessDeniedException", 400, "secretsmanager:GetSecretValue on resource: team/api because no identity-based policy allows the secretsmanager:GetSecretValue action"},
		{"sts", assume, "AccessDenied", 403, "sts:AssumeRole on resource: arn:aws:iam::444455556666:role/reader because no identity-based policy allows the sts:AssumeRole action"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, guard.Options{Policies: []guard.Policy{identity(allow("ec2:DescribeRegions", "*", ""))}}, "")
			err := c.call(t.Context(), w)
			api, ok := errors.AsType[smithy.APIError](err)
			if !ok || api.ErrorCode() != c.code || api.ErrorMessage() != who+c.want {
				t.Errorf("got %v, want %s: %s", err, c.code, who+c.want)
			}
			response, ok := errors.AsType[*smithyhttp.ResponseError](err)
			if !ok || response.HTTPStatusCode() != c.status {
				t.Errorf("got %v, want status %d", err, c.status)
			}
			if n := w.sent.Load(); n != 0 {
				t.Errorf("%d requests were sent, want none", n)
			}
		})
	}
}

// TestDecides: allowed and denied under one statement, by resource, condition and layer.
func TestDecides(t *testing.T) {
	const table = "arn:aws:dynamodb:eu-west-2:111122223333:table/leases"
	const key = "arn:aws:kms:eu-west-2:111122223333:key/11111111-2222-3333-4444-555555555555"
	office := sim.Context{}
	office.Set("aws:SourceIp", "203.0.113.7")
	other := func(kind iam.Type, text string) guard.Policy {
		return guard.Policy{Name: "other.json", Document: iam.Parse([]byte(text)), Type: kind}
	}
	all := allow("*", "*", "")
	for _, c := range []struct {
		name     string
		policies []guard.Policy
		context  sim.Context
		key      string
		call     func(context.Context, *world) error
		want     string // part of the error; "" for none
	}{
		{"resource", []guard.Policy{identity(allow("s3:GetObject", "arn:aws:s3:::letters/dead/*", ""))}, sim.Context{}, "", get("dead/1"), ""},
		{"neighbour", []guard.Policy{identity(allow("s3:GetObject", "arn:aws:s3:::letters/dead/*", ""))}, sim.Context{}, "", get("dear/1"), "s3:GetObject"},
		{"prefix", []guard.Policy{identity(allow("s3:ListBucket", "*", `, "Condition": {"StringLike": {"s3:prefix": "dead/*"}}`))}, sim.Context{}, "", list("dead/x/"), ""},
		{"other prefix", []guard.Policy{identity(allow("s3:ListBucket", "*", `, "Condition": {"StringLike": {"s3:prefix": "dead/*"}}`))}, sim.Context{}, "", list("live/"), "s3:ListBucket"},
		{"leading key", []guard.Policy{identity(allow("dynamodb:GetItem", table, `, "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "shard-1"}}`))}, sim.Context{}, "", getLease, ""},
		{"other leading key", []guard.Policy{identity(allow("dynamodb:GetItem", table, `, "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "shard-2"}}`))}, sim.Context{}, "", getLease, "dynamodb:GetItem"},
		{"attributes", []guard.Policy{identity(allow("dynamodb:GetItem", table, `, "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["leaseKey"]}}`))}, sim.Context{}, "", getLease, ""},
		{"secret by six characters", []guard.Policy{identity(allow("secretsmanager:*", "arn:aws:secretsmanager:*:*:secret:team/api-??????", ""))}, sim.Context{}, "", secret("team/api"), ""},
		{"secret by its ARN", []guard.Policy{identity(allow("secretsmanager:*", "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/api-AbCdEf", ""))}, sim.Context{}, "", secret("team/api"), ""},
		{"secret without its end", []guard.Policy{identity(allow("secretsmanager:*", "arn:aws:secretsmanager:eu-west-2:111122223333:secret:team/api", ""))}, sim.Context{}, "", secret("team/api"), "AccessDenied"},
		{"secret id", []guard.Policy{identity(allow("secretsmanager:*", "*", `, "Condition": {"StringEquals": {"secretsmanager:SecretId": "team/other"}}`))}, sim.Context{}, "", secret("team/api"), "AccessDenied"},
		{"role of another account", []guard.Policy{identity(allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/reader", ""))}, sim.Context{}, "", assume, ""},
		{"transport", []guard.Policy{identity(all), identity(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`)}, sim.Context{}, "", get("x"), ""},
		{"address not known", []guard.Policy{identity(allow("*", "*", `, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`))}, sim.Context{}, "", get("x"), "it hangs on whether the request carries aws:SourceIp"},
		{"address known", []guard.Policy{identity(allow("*", "*", `, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}`))}, office, "", get("x"), ""},
		{"explicit", []guard.Policy{identity(all), identity(strings.Replace(all, "Allow", "Deny", 1))}, sim.Context{}, "", get("x"), "with an explicit deny in an identity-based policy"},
		{"boundary", []guard.Policy{identity(all), other(iam.PermissionsBoundary, allow("sqs:*", "*", ""))}, sim.Context{}, "", get("x"), "because no permissions boundary allows the s3:GetObject action"},
		{"boundary denies", []guard.Policy{identity(all), other(iam.PermissionsBoundary, strings.Replace(all, "Allow", "Deny", 1))}, sim.Context{}, "", get("x"), "with an explicit deny in a permissions boundary"},
		{"organization", []guard.Policy{identity(all), other(iam.ServiceControlPolicy, allow("sqs:*", "*", ""))}, sim.Context{}, "", get("x"), "because no service control policy allows the s3:GetObject action"},
		{"session", []guard.Policy{identity(all), other(iam.SessionPolicy, allow("sqs:*", "*", ""))}, sim.Context{}, "", get("x"), "because no session policy allows the s3:GetObject action"},
		{"endpoint", []guard.Policy{identity(all), other(iam.EndpointPolicy, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}`)}, sim.Context{}, "", get("x"), "because no VPC endpoint policy allows the s3:GetObject action"},
		{"key", []guard.Policy{identity(allow("s3:*", "*", ""))}, sim.Context{}, key, get("x"), "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/collector/trunkline is not authorized to perform: kms:Decrypt"},
		{"key via", []guard.Policy{identity(allow("s3:*", "*", "")), identity(allow("kms:Decrypt", key, `, "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-2.amazonaws.com"}}`))}, sim.Context{}, key, get("x"), ""},
		{"key via another", []guard.Policy{identity(allow("s3:*", "*", "")), identity(allow("kms:Decrypt", key, `, "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-west-2.amazonaws.com"}}`))}, sim.Context{}, key, get("x"), "kms:Decrypt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := guard.Options{Policies: c.policies, Context: c.context}
			if c.key != "" {
				o.Encrypted = []guard.Encrypted{{Resource: "arn:aws:s3:::letters/*", Key: c.key}}
			}
			w := newWorld(t, o, "{}")
			err := c.call(t.Context(), w)
			if c.want == "" {
				if _, refused := errors.AsType[*guard.Error](err); refused || w.sent.Load() != 1 {
					t.Errorf("got %v and %d requests sent, want 1", err, w.sent.Load())
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || w.sent.Load() != 0 {
				t.Errorf("got %v and %d requests sent, want none and %s", err, w.sent.Load(), c.want)
			}
		})
	}
}

// TestFailsClosed: nothing is sent that the guard cannot map.
func TestFailsClosed(t *testing.T) {
	w := newWorld(t, guard.Options{Policies: []guard.Policy{identity(allow("*", "*", ""))}}, "{}")
	for _, c := range []struct {
		name string
		call func() error
		want string
	}{
		{"not declared", func() error {
			_, err := w.s3().ListBuckets(t.Context(), &s3.ListBucketsInput{})
			return err
		}, "guard: s3:ListBuckets: no package declares this call"},
		{"no resource", func() error {
			_, err := sqs.NewFromConfig(w.config).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String("letters"), MessageBody: aws.String("x")})
			return err
		}, "guard: sqs:SendMessage: the request names no resource"},
		{"no such resource type", func() error {
			_, err := secretsmanager.NewFromConfig(w.config).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("arn:aws:s3:::x")})
			return err
		}, "secretsmanager:GetSecretValue does not take arn:aws:s3:::x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.call()
			if e, ok := errors.AsType[*guard.Error](err); !ok || !strings.Contains(e.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if n := w.sent.Load(); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

// TestDeleteObjects: S3 decides on each object of a list.
func TestDeleteObjects(t *testing.T) {
	w := newWorld(t, guard.Options{Policies: []guard.Policy{identity(allow("s3:DeleteObject", "arn:aws:s3:::letters/mine/*", ""))}}, "<DeleteResult></DeleteResult>")
	remove := func(keys ...string) (denied []string) {
		var objects []types.ObjectIdentifier
		for _, key := range keys {
			objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
		}
		out, err := w.s3().DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("letters"), Delete: &types.Delete{Objects: objects}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Errors {
			denied = append(denied, *e.Key+" "+*e.Code)
		}
		return denied
	}
	if got, want := remove("mine/a", "yours/b", "mine/c"), []string{"yours/b AccessDenied"}; !slices.Equal(got, want) || w.sent.Load() != 1 {
		t.Errorf("got %q and %d requests, want %q and 1", got, w.sent.Load(), want)
	}
	if body := w.body.Load().(string); !strings.Contains(body, "mine/a") || strings.Contains(body, "yours") {
		t.Errorf("sent was %s, want the objects that may be deleted", body)
	}
	if got, want := remove("yours/b"), []string{"yours/b AccessDenied"}; !slices.Equal(got, want) || w.sent.Load() != 1 {
		t.Errorf("got %q and %d requests, want %q and none more", got, w.sent.Load(), want)
	}
}

// TestReport: what was used, down to the action, the resource and the value of a condition.
func TestReport(t *testing.T) {
	w := newWorld(t, guard.Options{Now: func() time.Time { return time.Unix(1795000000, 0) }, Policies: []guard.Policy{identity(`{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::letters/*", "arn:aws:s3:::other/*"]},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": ["dead/*", "live/*"]}}},
    {"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::letters/private"},
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
  ]
}`)}}, "")
	_ = get("a")(t.Context(), w)
	_ = get("b")(t.Context(), w)
	_ = get("private")(t.Context(), w)
	_ = list("dead/x/")(t.Context(), w)
	_ = assume(t.Context(), w)
	got, err := json.MarshalIndent(w.guard.Report(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "questions": 5,
  "used": [
    {"policy": "role.json", "line": 4, "statement": 1, "sid": "Read", "action": "s3:GetObject", "resource": "arn:aws:s3:::letters/*", "times": 2},
    {"policy": "role.json", "line": 5, "statement": 2, "action": "s3:ListBucket", "resource": "*", "times": 1},
    {"policy": "role.json", "line": 5, "statement": 2, "condition": "StringLike s3:prefix", "value": "dead/*", "times": 1},
    {"policy": "role.json", "line": 6, "statement": 3, "action": "not iam:*, s3:*", "resource": "*", "times": 1},
    {"policy": "role.json", "line": 8, "statement": 5, "action": "sts:AssumeRole", "resource": "*", "times": 1}
  ],
  "unused": [
    {"policy": "role.json", "line": 4, "statement": 1, "sid": "Read", "action": "s3:GetObject", "resource": "arn:aws:s3:::other/*"},
    {"policy": "role.json", "line": 4, "statement": 1, "sid": "Read", "action": "s3:PutObject", "resource": "arn:aws:s3:::letters/*"},
    {"policy": "role.json", "line": 4, "statement": 1, "sid": "Read", "action": "s3:PutObject", "resource": "arn:aws:s3:::other/*"},
    {"policy": "role.json", "line": 5, "statement": 2, "condition": "StringLike s3:prefix", "value": "live/*"}
  ],
  "refused": [
    {"action": "s3:GetObject", "resource": "arn:aws:s3:::letters/private", "decision": "explicitDeny",
     "reason": "s3:GetObject on arn:aws:s3:::letters/private is denied: a Deny of the identity policy applies", "times": 1}
  ]
}`
	var g, m any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want), &m)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, g); diff != "" {
		t.Errorf("report (- want, + got):\n%s", diff)
	}
}

func TestNew(t *testing.T) {
	caller, err := sim.ParseCaller(role)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    guard.Options
		want string
	}{
		{guard.Options{Policies: []guard.Policy{identity(allow("*", "*", ""))}}, "the caller is no principal of an account"},
		{guard.Options{Caller: caller}, "no identity policy is given"},
		{guard.Options{Caller: caller, Policies: []guard.Policy{identity(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",}]}`)}}, "role.json:1:91: trailing comma"},
		{guard.Options{Caller: caller, Policies: []guard.Policy{identity(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}`)}}, "role.json:1:41: statement without Resource"},
	} {
		if _, err := guard.New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
