package connectassociation_test

import (
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/integration"
	"trunkline/internal/integration/connectassociation"
)

const (
	role    = "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_Ab12Cd34Ef56"
	another = "arn:aws:iam::111122223333:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect_another"
)

// reader is what most people in an account may do besides.
const reader = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
  "Action": ["s3:Get*", "s3:List*", "kinesis:Describe*", "kinesis:List*", "firehose:Describe*", "ds:DescribeDirectories", "lambda:Get*"]}]}`

// TestEscapes: what the published policies mean to keep out, and does not stay out; ours keep it out.
func TestEscapes(t *testing.T) {
	i := connectassociation.Integration()
	for _, c := range []struct {
		name, policy string
		requests     []integration.Request
		besides      [][]byte
	}{
		{
			"a bucket that is not named, for who may read buckets", "s3-storage",
			[]integration.Request{
				{Action: "connect:AssociateInstanceStorageConfig", Resource: "${instance}", Context: []string{"connect:StorageResourceType=CALL_RECORDINGS"}},
				{Action: "s3:GetBucketAcl", Resource: "arn:aws:s3:::somebody-elses"},
				{Action: "s3:GetBucketLocation", Resource: "arn:aws:s3:::somebody-elses"},
				{Action: "iam:PutRolePolicy", Resource: role},
				{Action: "ds:DescribeDirectories", Resource: "*"},
			},
			[][]byte{[]byte(reader)},
		},
		{
			"the role of another instance", "s3-storage",
			[]integration.Request{{Action: "iam:PutRolePolicy", Resource: another}},
			nil,
		},
		{
			"a Firehose stream instead of the stream that is named", "stream-storage",
			[]integration.Request{
				{Action: "connect:AssociateInstanceStorageConfig", Resource: "${instance}", Context: []string{"connect:StorageResourceType=CONTACT_TRACE_RECORDS"}},
				{Action: "firehose:DescribeDeliveryStream", Resource: "arn:aws:firehose:eu-west-2:111122223333:deliverystream/somebody-elses"},
				{Action: "iam:PutRolePolicy", Resource: role},
				{Action: "ds:DescribeDirectories", Resource: "*"},
			},
			[][]byte{[]byte(reader)},
		},
		{
			"a stream that is not named, for who may read streams", "stream-storage",
			[]integration.Request{
				{Action: "connect:UpdateInstanceStorageConfig", Resource: "${instance}", Context: []string{"connect:StorageResourceType=CONTACT_TRACE_RECORDS"}},
				{Action: "kinesis:DescribeStream", Resource: "arn:aws:kinesis:eu-west-2:111122223333:stream/somebody-elses"},
			},
			[][]byte{[]byte(reader)},
		},
		{
			"the function opened to another account", "function",
			[]integration.Request{{Action: "lambda:AddPermission", Resource: "${functions}", Context: []string{"lambda:Principal=444455556666"}}},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := i.Policy(c.policy)
			given := i.Examples(p, "streams")
			ours, err := i.Render(p, given)
			if err != nil {
				t.Fatal(err)
			}
			published, err := i.PublishedDocument(p, given)
			if err != nil {
				t.Fatal(err)
			}
			q := &integration.Question{Ask: c.name, Requests: c.requests}
			for _, one := range []struct {
				whose string
				text  []byte
				want  bool
			}{{"published", published, true}, {"ours", ours.Joined(), false}} {
				subject, err := integration.NewSubject(one.text, p.Type, c.besides...)
				if err != nil {
					t.Fatal(err)
				}
				got, reason, err := i.Ask(q, subject, given, catalog.Default())
				if err != nil || got != one.want {
					t.Errorf("%s: got allowed %t, want %t (%s, %v)\n%s", one.whose, got, one.want, reason, err, one.text)
				}
			}
		})
	}
}

// TestFunctionOpenedByOthers: connect:AssociateLambdaFunction takes every function that lets Connect in, and no policy of the
// administrator can change that. function-guard keeps everybody from letting Connect into another function.
func TestFunctionOpenedByOthers(t *testing.T) {
	i := connectassociation.Integration()
	administrator, _ := i.Policy("function")
	guard, _ := i.Policy("function-guard")
	given := i.Examples(administrator)
	rendered, err := i.Render(administrator, given)
	if err != nil {
		t.Fatal(err)
	}
	scp, err := i.Render(guard, given)
	if err != nil {
		t.Fatal(err)
	}
	developer := []byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}`)
	opens := &integration.Question{Ask: "the developer opens another function to Connect", Requests: []integration.Request{
		{Action: "lambda:AddPermission", Resource: "arn:aws:lambda:eu-west-2:111122223333:function:other", Context: []string{"lambda:Principal=connect.amazonaws.com"}},
	}}
	adds := &integration.Question{Ask: "the administrator adds a function", Requests: []integration.Request{{Action: "connect:AssociateLambdaFunction", Resource: "${instance}"}}}
	for _, c := range []struct {
		question *integration.Question
		policy   []byte
		kind     iam.Type
		besides  [][]byte
		want     bool
	}{
		{adds, rendered.Joined(), iam.IdentityPolicy, nil, true},
		{opens, developer, iam.IdentityPolicy, nil, true},
		{opens, scp.Joined(), iam.ServiceControlPolicy, [][]byte{developer}, false},
	} {
		subject, err := integration.NewSubject(c.policy, c.kind, c.besides...)
		if err != nil {
			t.Fatal(err)
		}
		got, reason, err := i.Ask(c.question, subject, given, catalog.Default())
		if err != nil || got != c.want {
			t.Errorf("%s, under %s: got allowed %t, want %t (%s, %v)", c.question.Ask, c.kind, got, c.want, reason, err)
		}
	}
}

// TestAllTypes: every kind of data that an instance stores or streams has its policy, once.
func TestAllTypes(t *testing.T) {
	seen := map[string]bool{"MEDIA_STREAMS": true}
	for _, kind := range append(connectassociation.S3Types(), connectassociation.StreamTypes()...) {
		if seen[kind] {
			t.Errorf("%s stands twice", kind)
		}
		seen[kind] = true
	}
	if len(seen) != 13 {
		t.Errorf("got %d kinds of data, want the 13 of the API", len(seen))
	}
}
