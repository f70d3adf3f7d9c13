package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"trunkline/iam/catalog"
)

const (
	allowGet = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}`
	denyAll  = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`
	allowAll = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	fromHome = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}}`
	trust    = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/a"}, "Action": "sts:AssumeRole"}}`
	user     = `"principal": "arn:aws:iam::111122223333:user/u", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"`
)

// TestRun has one line for each kind of answer, and for each part of a case.
func TestRun(t *testing.T) {
	quoted, err := json.Marshal(allowGet)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, line, decision, by, reason string }{
		{"allowed", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `]}}`, "allowed", "identity policy", "allowed"},
		{"policy in a string", `{"id": 1, ` + user + `, "policies": {"identity": [` + string(quoted) + `]}}`, "allowed", "identity policy", ""},
		{"nothing allows", `{"id": 1, ` + user + `}`, "implicitDeny", "identity policy", "neither"},
		{"a Deny", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `, ` + denyAll + `]}}`, "explicitDeny", "identity policy", ""},
		{"SCP level", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `], "scp": [[` + allowAll + `], [` + denyAll + `]]}}`, "explicitDeny", "service control policy", ""},
		{"empty SCP level", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `], "scp": [[` + allowAll + `], []]}}`, "implicitDeny", "service control policy", ""},
		{"no boundary", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `], "boundary": null}}`, "allowed", "identity policy", ""},
		{"empty boundary", `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `], "boundary": []}}`, "implicitDeny", "permissions boundary", ""},
		{"value", `{"id": 1, ` + user + `, "context": {"aws:sourceip": "192.0.2.7"}, "policies": {"identity": [` + fromHome + `]}}`, "allowed", "identity policy", ""},
		{"values", `{"id": 1, ` + user + `, "context": {"aws:SourceIp": ["192.0.2.7"]}, "policies": {"identity": [` + fromHome + `]}}`, "allowed", "identity policy", ""},
		{"absent", `{"id": 1, ` + user + `, "policies": {"identity": [` + fromHome + `]}}`, "implicitDeny", "identity policy", ""},
		{"not known", `{"id": 1, ` + user + `, "context": {"aws:SourceIp": null}, "policies": {"identity": [` + fromHome + `]}}`, "undecided", "", "aws:SourceIp"},
		{"trust policy", `{"id": 1, "principal": "arn:aws:iam::111122223333:role/a", "action": "sts:AssumeRole", "resource": "arn:aws:iam::111122223333:role/b", "policies": {"resource": ` + trust + `}}`, "allowed", "trust policy", ""},
		{"other members", `{"id": 1, "note": {"a": []}, ` + user + `}`, "implicitDeny", "identity policy", ""},
		{"no case", `[`, "invalid", "", "no case"},
		{"no object", `[1]`, "invalid", "", "got a JSON array, want an object"},
		{"wrong type", `{"id": 1, "action": 7}`, "invalid", "", "action: got a JSON number, want a string"},
		{"wrong layer", `{"id": 1, ` + user + `, "policies": {"identity": {}}}`, "invalid", "", "identity: got a JSON object, want a list in policies"},
		{"no layer", `{"id": 1, ` + user + `, "policies": {"boundry": [` + denyAll + `]}}`, "invalid", "", `unknown field "boundry"; write identity, boundary,`},
		{"no policies", `{"id": 1, ` + user + `, "policies": null}`, "implicitDeny", "identity policy", ""},
		{"wrong account", `{"id": 1, ` + user + `, "resourceAccount": "12"}`, "invalid", "", `resource account "12" is not 12 digits`},
		{"wrong management account", `{"id": 1, ` + user + `, "managementAccount": "main"}`, "invalid", "", `management account "main" is not 12 digits`},
		{"role of a user", `{"id": 1, ` + user + `, "role": "arn:aws:iam::111122223333:role/r"}`, "invalid", "", "a user has no role"},
		{"no role", `{"id": 1, "principal": "arn:aws:sts::111122223333:assumed-role/r/s", "role": "r", "action": "s3:ListAllMyBuckets"}`, "invalid", "", "no ARN of a role"},
		{"another role", `{"id": 1, "principal": "arn:aws:sts::111122223333:assumed-role/r/s", "role": "arn:aws:iam::111122223333:role/path/q", "action": "s3:ListAllMyBuckets"}`, "invalid", "", "not that of the session"},
		{"role of another account", `{"id": 1, "principal": "arn:aws:sts::111122223333:assumed-role/r/s", "role": "arn:aws:iam::444455556666:role/r", "action": "s3:ListAllMyBuckets"}`, "invalid", "", "not that of the session"},
		{"role with a path", `{"id": 1, "principal": "arn:aws:sts::111122223333:assumed-role/r/s", "role": "arn:aws:iam::111122223333:role/path/r", "action": "s3:ListAllMyBuckets"}`, "implicitDeny", "identity policy", ""},
		{"no principal", `{"id": 1, "action": "s3:GetObject"}`, "invalid", "", "principal"},
		{"wrong resource", `{"id": 1, "principal": "111122223333", "action": "s3:GetObject", "resource": "arn:aws:sqs:eu-west-2:111122223333:q"}`, "invalid", "", "does not take"},
		{"wrong policy", `{"id": 1, ` + user + `, "policies": {"identity": [{"Statement": 1}]}}`, "invalid", "", "identity policy 1"},
		{"operator", `{"id": 1, ` + user + `, "policies": {"identity": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"a:b": "c"}}}}]}}`, "invalid", "", "StringIs"},
		{"wrong time", `{"id": 1, ` + user + `, "time": "tomorrow"}`, "invalid", "", "time"},
		{"wrong context", `{"id": 1, ` + user + `, "context": {"a:b": {}}}`, "invalid", "", "context key a:b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if _, err := Run(t.Context(), strings.NewReader(c.line), &out, catalog.Default()); err != nil {
				t.Fatal(err)
			}
			var a Answer
			if err := json.Unmarshal(out.Bytes(), &a); err != nil {
				t.Fatalf("%v in %s", err, out.Bytes())
			}
			if a.Decision != c.decision || a.By != c.by || !strings.Contains(a.Reason, c.reason) {
				t.Errorf("%s:\ngot %s by %q: %s\nwant %s by %q: …%s…", c.line, a.Decision, a.By, a.Reason, c.decision, c.by, c.reason)
			}
		})
	}
}

// TestOrder asks for one answer for each line that is not blank, in order, and for the sums.
func TestOrder(t *testing.T) {
	var in, want strings.Builder
	for i := range 50 {
		policies := allowGet
		decision := "allowed"
		if i%3 == 0 {
			policies, decision = denyAll, "explicitDeny"
		}
		fmt.Fprintf(&in, "{\"id\": %d, %s, \"policies\": {\"identity\": [%s]}}\n\n", i, user, policies)
		fmt.Fprintf(&want, "%d %s\n", i, decision)
	}
	var out bytes.Buffer
	sum, err := Run(t.Context(), strings.NewReader(in.String()), &out, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		var a Answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %s\n", a.ID, a.Decision)
	}
	if got.String() != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want.String())
	}
	if want := (Summary{Allowed: 33, ExplicitDeny: 17}); sum != want || sum.Total() != 50 {
		t.Errorf("got %+v, want %+v", sum, want)
	}
}

func TestLongLine(t *testing.T) {
	_, err := Run(t.Context(), strings.NewReader(strings.Repeat(" ", maxLine+1)), &bytes.Buffer{}, catalog.Default())
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v, want an error about the length of the line", err)
	}
}

// TestInterrupted asks that the answers of the lines so far are written, and no more are made.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	line := `{"id": 1, ` + user + `}` + "\n"
	in := io.MultiReader(strings.NewReader(line+line), readerFunc(func(p []byte) (int, error) { cancel(); return copy(p, "\n"), io.EOF }), strings.NewReader(line))
	var out bytes.Buffer
	sum, err := Run(ctx, in, &out, catalog.Default())
	if !errors.Is(err, context.Canceled) || sum.Total() != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("got %d answers, error %v, and %q; want 2, %v", sum.Total(), err, out.String(), context.Canceled)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// BenchmarkRun answers cases that repeat their policies, as files of cases do.
func BenchmarkRun(b *testing.B) {
	line := `{"id": 1, ` + user + `, "policies": {"identity": [` + allowGet + `], "scp": [[` + allowAll + `]]}}` + "\n"
	in := strings.Repeat(line, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Run(b.Context(), strings.NewReader(in), &bytes.Buffer{}, catalog.Default()); err != nil {
			b.Fatal(err)
		}
	}
}
