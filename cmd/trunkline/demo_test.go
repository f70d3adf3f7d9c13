package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"trunkline/internal/cli"
	"trunkline/internal/demo"
)

// oneDemo runs a demo in this process and returns what it prints.
func oneDemo(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	status := cli.Main(context.Background(), append([]string{"demo"}, args...), strings.NewReader(""), &out, &errs)
	if status != 0 || errs.Len() > 0 {
		t.Fatalf("demo %q: status %d, stderr %q, want 0 and nothing; stdout:\n%s", args, status, &errs, &out)
	}
	return out.String()
}

// temporary makes a folder the one for temporary files, and returns what must hold at the end: it is empty.
func temporary(t *testing.T) (gone func()) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	return func() {
		t.Helper()
		left, err := os.ReadDir(folder)
		if err != nil || len(left) > 0 {
			t.Errorf("the demo leaves behind %v (error %v), want nothing", left, err)
		}
	}
}

// agree checks the three counts against each other, without relying on what the demo says of them.
func agree(t *testing.T, s *demo.Summary) {
	t.Helper()
	if diff := cmp.Diff(s.Centre, s.Collector); diff != "" {
		t.Errorf("what the centre expects (-) and what the collector says (+) differ:\n%s", diff)
	}
	c := s.Collector
	if sum := c.Delivered + c.Filtered + c.Duplicate + c.Superseded + c.DeadLetter; sum != int64(s.Written) || c.Sum != sum {
		t.Errorf("the outcomes %+v sum up to %d, want the %d records written", c, sum, s.Written)
	}
	if int64(s.Receiver.Taken) != c.Delivered {
		t.Errorf("the receiver took %d different Idempotency-Keys, want the %d delivered", s.Receiver.Taken, c.Delivered)
	}
	letters := 0
	for _, d := range s.DeadLetters {
		letters += d.Records
	}
	if int64(letters) != c.DeadLetter {
		t.Errorf("%d dead letters have a reason, want %d", letters, c.DeadLetter)
	}
	if !s.Balanced || len(s.Problems) > 0 || s.Receiver.Wrong > 0 || s.Receiver.Personal > 0 {
		t.Errorf("balanced %v, problems %q, receiver %+v; want no trouble", s.Balanced, s.Problems, s.Receiver)
	}
}

func TestDemo(t *testing.T) {
	gone := temporary(t)
	before := goleak.IgnoreCurrent()
	out := oneDemo(t, "--duration", "1.5s", "--rate", "400/s", "--seed", "6", "--output", "json")
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	gone()
	var s demo.Summary
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("stdout is %q (error %v), want one object on one line", out, err)
	}
	agree(t, &s)
	if s.Seed != 6 || s.Written != 600 {
		t.Errorf("seed %d, %d records; want seed 6, 600 records", s.Seed, s.Written)
	}
	c, r := s.Collector, s.Receiver
	if c.Delivered == 0 || c.Filtered == 0 || c.Duplicate == 0 || c.Superseded == 0 || c.DeadLetter < 2 {
		t.Errorf("outcomes are %+v, want some of each", c)
	}
	if r.Unavailable == 0 || r.Reset == 0 || r.Lost == 0 || r.Again == 0 || r.Refused != 1 {
		t.Errorf("the receiver says %+v, want each kind of trouble, and one record refused", r)
	}
	if first := s.DeadLetters[0]; first.Stage != "deliver" || !strings.Contains(first.Reason, "422") || first.Records != 1 {
		t.Errorf("the first dead letter is %+v, want the record refused with 422", first)
	}
	for _, kind := range []string{"new contact", "transfer", "update", "duplicate", "older version", "tie", "agent event", "broken"} {
		if s.Kinds[kind] == 0 {
			t.Errorf("the centre wrote no %s: %v", kind, s.Kinds)
		}
	}
}

// TestDemoKeep does with a kept folder what the demo's last lines say.
func TestDemoKeep(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "to keep")
	out := oneDemo(t, "--duration", "1200ms", "--rate", "250", "--keep", folder)
	for _, want := range []string{
		"CustomerEndpoint.Address +44", "(removed)", "[PHONE]", " tok_", "AgentData.Team",
		" written: ", "sum                        300             300\n", "the three sides agree", "records refused: 1.",
		"trunkline status -c '" + folder + "'/trunkline.yaml",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("stdout has no %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") || strings.Contains(out, "\r") {
		t.Errorf("stdout is no terminal but has control sequences: %q", out)
	}
	log, err := os.ReadFile(filepath.Join(folder, "collector.log"))
	warned := strings.Count(string(log), "level=WARN")
	if err != nil || !strings.Contains(string(log), "msg=stopped records=300 ") || warned == 0 || warned != strings.Count(string(log), `level=WARN msg="dead letter`) {
		t.Errorf("the collector's log is %q (error %v), want the account, and warnings of dead letters alone", log, err)
	}
	type result struct {
		status int
		stdout string
	}
	run := func(args ...string) result {
		var out, errs bytes.Buffer
		status := cli.Main(context.Background(), args, strings.NewReader(""), &out, &errs)
		if errs.Len() > 0 && !(status == 3 && strings.HasPrefix(errs.String(), "some dead letters stay; why: trunkline replay --list ")) {
			t.Errorf("%q: stderr is %q, want nothing, or where to look", args, &errs)
		}
		return result{status, out.String()}
	}
	path := filepath.Join(folder, "trunkline.yaml")
	if got, want := run("check", "-c", path), (result{0, path + " is valid\n"}); got != want {
		t.Errorf("check: got %+v, want %+v", got, want)
	}
	if got := run("status", "-c", path); got.status != 0 || !strings.Contains(got.stdout, fmt.Sprintf("  in all         %12d\n", 300)) {
		t.Errorf("status: got %+v, want status 0 and 300 records in all", got)
	}
	list := run("replay", "--list", "-c", path)
	letters := strings.Count(list.stdout, "\n")
	if list.status != 0 || letters < 2 || strings.Count(list.stdout, "status 422") != 1 {
		t.Errorf("replay --list: got %+v, want the refused record and some broken ones", list)
	}
	got := run("replay", "-c", filepath.Join(folder, "preview.yaml"), "--identity", filepath.Join(folder, "identity.txt"))
	summary := fmt.Sprintf("%d dead letters: 1 delivered, 0 filtered, 0 duplicate, %d failed again, 0 superseded, 0 unreadable\n", letters, letters-1)
	record, rest, _ := strings.Cut(got.stdout, "\n")
	if got.status != 3 || !strings.HasPrefix(record, `{"AWSAccountId":`) || !strings.Contains(record, `"Address":"tok_`) || rest != summary {
		t.Errorf("replay to standard output: got %+v, want status 3, the refused record redacted, and %q", got, summary)
	}
}

func TestDemoInterrupted(t *testing.T) {
	gone := temporary(t)
	p := call{Args: []string{"demo", "--duration", "0", "--rate", "300/s", "--output", "json"}}.start(t)
	time.Sleep(time.Second)
	p.signal(t, syscall.SIGINT)
	p.wait(t, time.Minute)
	p.want(t, 0)
	gone()
	var s demo.Summary
	if err := json.Unmarshal([]byte(p.stdout.String()), &s); err != nil {
		t.Fatal(err)
	}
	agree(t, &s)
	if s.Written == 0 || s.Written >= demo.MaxRecords {
		t.Errorf("%d records written, want those of about a second", s.Written)
	}
}

func TestDemoWrongCalls(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"--keep " + full, "is not empty; name another one"},
		{"--rate 0/s", "want a rate such as 200/s"},
		{"--rate 10/h", "want a rate such as 200/s"},
		{"--rate NaN", "want a rate such as 200/s"},
		{"--rate 100001/s", "want a rate such as 200/s"},
		{"--duration -1s", "want a time such as 10s"},
		{"--output xml", "want text or json"},
		{"now", "takes no arguments"},
	} {
		var out, errs bytes.Buffer
		status := cli.Main(context.Background(), append([]string{"demo"}, strings.Fields(c.args)...), strings.NewReader(""), &out, &errs)
		if status != 2 || !strings.Contains(errs.String(), c.want) || out.Len() > 0 {
			t.Errorf("demo %s: got status %d, stderr %q, stdout %q; want 2, %q and nothing", c.args, status, &errs, &out, c.want)
		}
	}
}
