package integration_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/integration"
)

// example is an integration with one policy of each kind of place that a value can stand in.
func example() *integration.Integration {
	return &integration.Integration{
		Name: "example",
		Parameters: []integration.Parameter{
			{Name: "stream", About: "a stream", Form: integration.Stream()},
			{Name: "buckets", About: "buckets", Form: integration.Bucket(), List: true},
			{Name: "name", About: "a name", Form: integration.Word("a name", `[a-z-]+`, 64, "a-name"), Default: "of-${stream.name}"},
			{Name: "loop", About: "uses itself", Form: integration.Word("a name", `[a-z]+`, 64, "a"), Default: "${loop}"},
			{Name: "color", About: "a choice", Form: integration.OneOf("red", "blue"), Default: "red"},
			{Name: "fast", About: "a switch", Form: integration.Switch()},
			{Name: "safe", About: "a switch that is on", Form: integration.Switch(), Default: "on"},
		},
		Policies: []*integration.Policy{{
			Name: "reader", Title: "Reads", Attached: "a role", Published: []string{"guide"},
			Statements: []integration.Statement{
				{Sid: "Always", Why: "it reads", Without: "it does not"},
				{Sid: "Fast", When: []string{"fast"}, Why: "it is fast", Without: "it is slow"},
				{Sid: "Slow", When: []string{"!fast", "color=blue"}, Why: "it is slow", Without: "it stops"},
				{Sid: "Safe", When: []string{"safe"}, Why: "it is safe", Without: "it is not"},
			},
			Omissions: []integration.Omission{{From: "guide", Actions: []string{"s3:DeleteObject"}, Why: "it does not delete"}},
		}},
		Files: fstest.MapFS{
			"policies/reader.json": {Data: []byte(`{"Version": "2012-10-17", "Statement": [
{"Sid": "Always", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:${stream.partition}:s3:::${buckets}/${name}", "arn:aws:s3:::fixed/${aws:username}"]},
{"Sid": "Fast", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::${buckets}", "Condition": {"Bool": {"aws:SecureTransport": true}}},
{"Sid": "Slow", "Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/${color}": "<${stream.region}>"}}},
{"Sid": "Safe", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}`)},
			"published.tsv": {Data: []byte("# a comment\nguide\t0\tAllow\ts3:GetObject s3:DeleteObject s3:PutObject\tarn:aws:s3:::${buckets}/*\tBool aws:SecureTransport=true; StringEquals aws:RequestTag/a=b,c\n")},
			"questions.txt": {Data: []byte("[reader]\nallow deny read [fast, color=red]\n  s3:GetObject arn:aws:s3:::b-one/of-records aws:SecureTransport=true\n")},
		},
	}
}

var given = map[string]string{"stream": "arn:aws-cn:kinesis:cn-north-1:111122223333:stream/records", "buckets": "b-one,b-two"}

func with(pairs ...string) map[string]string {
	values := map[string]string{"stream": given["stream"], "buckets": given["buckets"]}
	for n := 0; n < len(pairs); n += 2 {
		values[pairs[n]] = pairs[n+1]
	}
	return values
}

func TestRender(t *testing.T) {
	i := example()
	for _, c := range []struct {
		name   string
		given  map[string]string
		want   []string
		absent []string
	}{
		{"a list in a text is as many texts, a default uses another parameter", given, []string{`"arn:aws-cn:s3:::b-one/of-records"`, `"arn:aws-cn:s3:::b-two/of-records"`, `"Safe"`}, []string{"Fast", "Slow"}},
		{"a policy variable stays", given, []string{`fixed/${aws:username}`}, nil},
		{"one value stands without brackets, a Boolean without quotes", with("fast", "on", "buckets", "b-one"), []string{`"Resource": "arn:aws:s3:::b-one"`, `"aws:SecureTransport": true`}, []string{"Slow"}},
		{"a choice and a switch that is off; < stays", with("color", "blue"), []string{`"aws:RequestTag/blue": "<cn-north-1>"`}, nil},
		{"a switch that is on by default, off", with("safe", "off"), []string{"Always"}, []string{"Safe"}},
	} {
		r, err := i.Render(i.Policies[0], c.given)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		text := string(r.Documents[0].Text)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got %s, want %s in it", c.name, text, want)
			}
		}
		for _, absent := range c.absent {
			if strings.Contains(text, absent) {
				t.Errorf("%s: got %s, want no %s", c.name, text, absent)
			}
		}
	}
}

func TestRenderErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*integration.Integration)
		given  map[string]string
		want   string
	}{
		{"nothing given", nil, nil, "policy example reader needs\n  --set stream=arn:aws:kinesis:eu-west-2:111122223333:stream/connect-contact-records   a stream (ARN of a Kinesis data stream)\n  --set buckets=example-recordings   buckets (name of a bucket, or several with commas)"},
		{"a value of another form", nil, with("buckets", "b-one,B"), "buckets=B: want name of a bucket, such as example-recordings"},
		{"a value that is too long", nil, with("buckets", strings.Repeat("b", 64)), "want name of a bucket, such as example-recordings"},
		{"a choice that is none", nil, with("color", "green"), "color=green: want one of red, blue"},
		{"a parameter that is none", nil, with("strean", "a"), `example has no parameter "strean"; did you mean stream`},
		{"another", nil, with("xyzzy", "a"), `example has no parameter "xyzzy"; it takes: stream, buckets, name, loop, color, fast, safe`},
		{"a default that is not of its form", nil, with("stream", "arn:aws:kinesis:eu-west-2:111122223333:stream/RECORDS"), "what name is by default: name=of-RECORDS: want a name, such as a-name; give it with --set"},
		{"a statement of which nothing is said", func(i *integration.Integration) { i.Policies[0].Statements = i.Policies[0].Statements[1:] }, given, "nothing is said about statement Always"},
		{"a condition on no parameter", func(i *integration.Integration) { i.Policies[0].Statements[0].When = []string{"slow"} }, given, "no parameter is called slow"},
		{"no template", func(i *integration.Integration) { i.Policies[0].Name = "writer" }, given, "template of example writer"},
		{"a name that needs several", func(i *integration.Integration) { i.Policies[0].Called = "${buckets}" }, given, "several values where one is possible"},
		{"a default that uses itself", func(i *integration.Integration) { i.Policies[0].Called = "${loop}" }, given, "default of ${loop} uses itself"},
		{"a field that is none", func(i *integration.Integration) { i.Policies[0].Called = "${stream.color}" }, given, "no part of an ARN is called color"},
		{"a field of no ARN", func(i *integration.Integration) { i.Policies[0].Called = "${name.region}" }, given, "it is no ARN"},
		{"a reference to nothing", func(i *integration.Integration) { i.Policies[0].Called = "${nothing}" }, given, "uses ${nothing}, which is no parameter"},
	} {
		i := example()
		if c.change != nil {
			c.change(i)
		}
		_, err := i.Render(i.Policies[0], c.given)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", c.name, err, c.want)
		}
	}
	i := example()
	for n := range i.Policies[0].Statements {
		i.Policies[0].Statements[n].When = []string{"fast"}
	}
	if _, err := i.Render(i.Policies[0], given); !errors.Is(err, integration.ErrNothing) {
		t.Errorf("no statement stands: got %v, want ErrNothing", err)
	}
}

// TestSplit: a policy that is too long becomes several with every statement once, or is refused.
func TestSplit(t *testing.T) {
	i := example()
	var names []string
	for n := range 150 {
		names = append(names, "bucket-with-a-long-name"+strings.Repeat("x", n%30))
	}
	long := with("buckets", strings.Join(names[:60], ","), "fast", "on")
	if _, err := i.Render(i.Policies[0], long); err == nil || !strings.Contains(err.Error(), "more than the 6144 that it may have") {
		t.Errorf("a long policy: got %v, want an error about its size", err)
	}
	i.Policies[0].MaySplit = true
	r, err := i.Render(i.Policies[0], long)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, d := range r.Documents {
		doc := iam.Parse(d.Text)
		count += len(doc.Statements)
		if size := doc.Size(false); size > 6144 {
			t.Errorf("%s has %d characters", d.Name, size)
		}
	}
	if len(r.Documents) < 2 || count != 3 || r.Documents[1].Name != "reader-2" || len(iam.Parse(r.Joined()).Statements) != 3 {
		t.Errorf("got %d policies with %d statements, want several with the 3", len(r.Documents), count)
	}
	if _, err := i.Render(i.Policies[0], with("buckets", strings.Join(names, ","))); err == nil || !strings.Contains(err.Error(), "a statement has") {
		t.Errorf("a statement that fits nowhere: got %v", err)
	}
}

func TestCompare(t *testing.T) {
	i := example()
	r, err := i.Render(i.Policies[0], given)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := r.Compare(given)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.Kind.String()+" "+c.Ours+" "+strings.Join(c.Actions, " ")+" "+c.Why)
	}
	want := "changed Always s3:GetObject |left out  s3:DeleteObject it does not delete|left out  s3:PutObject |added Safe s3:ListAllMyBuckets it is safe"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	published, err := i.PublishedDocument(i.Policies[0], given)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err := iam.Strict(published, iam.IdentityPolicy); err != nil || len(doc.Statements[0].Conditions) != 2 || len(doc.Statements[0].Resource.List) != 2 {
		t.Errorf("the published policy: %v\n%s", err, published)
	}
}

func TestQuestions(t *testing.T) {
	i := example()
	questions, err := i.Questions()
	if err != nil || len(questions) != 1 {
		t.Fatalf("got %d questions, %v", len(questions), err)
	}
	q := &questions[0]
	if !q.Want || q.Published != "deny" || q.Ask != "read" || len(q.When) != 2 || len(q.Requests) != 1 || q.Policy != "reader" {
		t.Errorf("got %+v", q)
	}
	r, err := i.Render(i.Policies[0], given)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := integration.NewSubject(r.Joined(), iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	if allowed, reason, err := i.Ask(q, subject, given, catalog.Default()); err != nil || allowed || !strings.Contains(reason, "implicitDeny") {
		t.Errorf("another partition's bucket: got allowed %t (%s, %v), want denied", allowed, reason, err)
	}
	for _, wrong := range []string{"what is this\n", "[reader]\nperhaps deny read\n"} {
		i.Files.(fstest.MapFS)["questions.txt"] = &fstest.MapFile{Data: []byte(wrong)}
		if _, err := i.Questions(); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	i.Files.(fstest.MapFS)["published.tsv"] = &fstest.MapFile{Data: []byte("guide\t0\n")}
	if _, err := i.Published(); err == nil {
		t.Error("a line with two fields is taken")
	}
}
