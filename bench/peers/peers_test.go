package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// bento builds the real Bento once for all tests.
var bento = sync.OnceValues(func() (string, error) {
	path := filepath.Join(testFolder(), "bento")
	if out, err := exec.Command("go", "build", "-o", path, "./bento").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build Bento: %w\n%s", err, out)
	}
	return path, nil
})

// peers calls run as the command line would, with the test binary as trunkline.
func peers(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	built, err := bento()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	args = append([]string{"-trunkline", self, "-bento", built}, args...)
	status = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// TestBothJobs runs the whole comparison, with the real Bento and an oracle in trunkline's place: that the outputs
// are found equal means that Bento's configs do the job as it is described.
func TestBothJobs(t *testing.T) {
	status, stdout, stderr := peers(t, "-n", "600")
	if status != 0 {
		t.Fatalf("status is %d, want 0\n%s%s", status, stdout, stderr)
	}
	for _, want := range []string{
		`(?m)^600 records, \d+ bytes`,
		`(?m)^ +trunkline +\d`, `(?m)^ +trunkline, window +\d`, `(?m)^ +Bento +\d`, `(?m)^ +bare net/http +\d`,
		`CPU ÷ bare +receiver's CPU µs +connections +requests`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("output does not match %q:\n%s", want, stdout)
		}
	}
	equal := regexp.MustCompile(`outputs: equal after parsing, (\d+) records each`).FindAllStringSubmatch(stdout, -1)
	if len(equal) != 2 || equal[0][1] != equal[1][1] {
		t.Fatalf("outputs were found equal %v, want the same for both jobs\n%s", equal, stdout)
	}
	// Each HTTP contender made as many requests as there are records delivered.
	if got := strings.Count(stdout, " "+equal[0][1]+"\n"); got != 3 {
		t.Errorf("%d contenders made %s requests, want 3\n%s", got, equal[0][1], stdout)
	}
}

func TestDifferentOutputsAreFound(t *testing.T) {
	t.Setenv("PEERS_FAULT", "1")
	status, stdout, stderr := peers(t, "-n", "50", "-jobs", "file")
	if status != 1 || !strings.Contains(stderr, "trunkline and Bento delivered different records") {
		t.Errorf("status is %d, want 1 and an error about the outputs\n%s%s", status, stdout, stderr)
	}
}

// TestFailures holds the claims that the project makes about what peers do with a record that cannot be redacted.
func TestFailures(t *testing.T) {
	status, stdout, stderr := peers(t, "-failures", "-bound", "3s")
	if status != 0 {
		t.Fatalf("status is %d, want 0\n%s%s", status, stdout, stderr)
	}
	all := regexp.MustCompile(`(?m)^(\d+) records;`).FindStringSubmatch(stdout)[1]
	for _, want := range []string{
		`trunkline +after .* not delivered, files of dead letters: 1 +nothing`,
		`Bento, mapping +after .* ` + all + ` +delivered +CustomerEndpoint.Address, Attributes.accountNumber, ` +
			`Attributes.callbackNumber, Attributes.customerName`,
		`Bento, mutation +after .* ` + all + ` +delivered +Attributes.accountNumber, Attributes.callbackNumber, Attributes.customerName`,
		`Bento, reject +never .* not delivered +nothing`,
	} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("output does not match %q:\n%s", want, stdout)
		}
	}
}

func TestWrongCalls(t *testing.T) {
	for _, args := range [][]string{{"-jobs", "ftp"}, {"extra"}, {"-unknown"}} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), args, strings.NewReader(""), &out, &errs); got != 2 {
			t.Errorf("peers %q: status is %d, want 2", args, got)
		}
		if !strings.Contains(errs.String(), "-trunkline") {
			t.Errorf("peers %q: usage is missing from %q", args, errs.String())
		}
	}
	if got := run(t.Context(), []string{"-help"}, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}); got != 0 {
		t.Errorf("peers -help: status is %d, want 0", got)
	}
}

func TestDigests(t *testing.T) {
	const one = `{"ContactId":"1","LastUpdateTimestamp":"t","Queue":{"a":1.0,"b":null}}`
	const two = `{"ContactId":"2","LastUpdateTimestamp":"t"}`
	for _, tt := range []struct {
		name, a, b string
		equal      bool
	}{
		{"the same", one + "\n" + two, one + "\n" + two, true},
		{"another order of records", one + "\n" + two, two + "\n" + one, true},
		{"another order of keys", one, `{"Queue":{"b":null,"a":1.0},"LastUpdateTimestamp":"t","ContactId":"1"}`, true},
		{"escapes", one, strings.Replace(one, `"t"`, `"\u0074"`, 1), true},
		{"a record more", one, one + "\n" + two, false},
		{"a record less", one + "\n" + two, two, false},
		{"a record twice", one + "\n" + two, one + "\n" + one + "\n" + two, false},
		{"another text of a number", one, strings.Replace(one, "1.0", "1", 1), false},
		{"null and missing", one, strings.Replace(one, `,"b":null`, "", 1), false},
		{"a key in another case", two, strings.Replace(two, "LastUpdateTimestamp", "lastUpdateTimestamp", 1), false},
	} {
		folder := t.TempDir()
		var digests []string
		for i, text := range []string{tt.a, tt.b} {
			records := filepath.Join(folder, "records"+string(rune('0'+i)))
			if err := os.WriteFile(records, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := digestFile(records, records+".digests"); err != nil {
				t.Fatal(err)
			}
			digests = append(digests, records+".digests")
		}
		if err := sameDigests(digests[0], digests[1]); (err == nil) != tt.equal {
			t.Errorf("%s: difference is %v, want equal: %v", tt.name, err, tt.equal)
		}
	}
}

func TestDigestRefusesWhatIsNoRecord(t *testing.T) {
	for _, text := range []string{`{"ContactId":`, `{"a":1}{"b":2}`, "[]"} {
		records := filepath.Join(t.TempDir(), "records")
		if err := os.WriteFile(records, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := digestFile(records, records+".digests"); err == nil {
			t.Errorf("digest of %q gives no error", text)
		}
	}
}

func TestMeasure(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	u, err := measure(t.Context(), 300*time.Millisecond, nil, self, "sleep")
	if err != nil {
		t.Fatal(err)
	}
	if !u.killed || u.wall < 300*time.Millisecond || u.wall > 20*time.Second {
		t.Errorf("a process without end: killed is %v after %v, want true after 300ms", u.killed, u.wall)
	}
	if u.lines != 1 || string(u.log) != "asleep\n" {
		t.Errorf("log is %d lines, %q; want the one that it wrote", u.lines, u.log)
	}
	if u.cpu <= 0 || u.peak < 1<<20 || u.peak > 1<<30 {
		t.Errorf("CPU is %v and peak %d bytes, want something of a Go program's size", u.cpu, u.peak)
	}
	if _, err := measure(t.Context(), 0, nil, self, "post", "http://127.0.0.1:1/", os.DevNull+"x"); err == nil ||
		!strings.Contains(err.Error(), "no such file") {
		t.Errorf("a process that fails: error is %v, want what it wrote", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measure(ctx, time.Minute, nil, self, "sleep"); err == nil {
		t.Error("measure does not say that it was cancelled")
	}
}

func TestReceiverCounts(t *testing.T) {
	folder := t.TempDir()
	file, kept := filepath.Join(folder, "lines"), filepath.Join(folder, "kept")
	lines := strings.Repeat(`{"ContactId":"1"}`+"\n", 500)
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := startReceiver(t.Context(), os.Stderr, kept, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := post(t.Context(), r.url, file, 4); err != nil {
		t.Error(err)
	}
	got, err := r.stop()
	if err != nil {
		t.Fatal(err)
	}
	// A connection more than are used at a time can come from two senders that wait for one at the same moment.
	if got.Requests != 500 || got.Wrong != 0 || got.Connections < 1 || got.Connections > 8 {
		t.Errorf("receiver counted %+v, want 500 requests on about 4 connections", got)
	}
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != lines {
		t.Errorf("receiver kept %d bytes, want the %d that were sent", len(text), len(lines))
	}
}

func TestReceiverRefusesWrongRequests(t *testing.T) {
	r, err := startReceiver(t.Context(), os.Stderr, filepath.Join(t.TempDir(), "kept"), 0)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(r.url)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("GET without a key is answered %s, want 400", res.Status)
	}
	got, err := r.stop()
	if err != nil {
		t.Fatal(err)
	}
	if got.Wrong != 1 || got.Requests != 0 {
		t.Errorf("receiver counted %+v, want one wrong request", got)
	}
}

func TestFateOfTheBadRecord(t *testing.T) {
	bad := badRecord{id: "2", raw: map[string]string{"Attributes.customerName": "Renée", "Attributes.accountNumber": "12"}}
	for _, tt := range []struct{ delivered, fate, raw string }{
		{`{"ContactId":"1","Attributes":{"customerName":"Renée","accountNumber":12}}`, "not delivered", ""},
		{`{"ContactId":"2","Attributes":{"customerName":"Renée"}}`, "delivered", "Attributes.customerName"},
		{`{"ContactId":"2","Attributes":{"customerName":"Ren\u00e9e"}}`, "delivered", "Attributes.customerName"},
		{`{"ContactId":"2","Attributes":{"accountNumber":12}}`, "delivered", "Attributes.accountNumber"},
		{`{"ContactId":"2","Attributes":{"accountNumber":"tok_1"},"Recording":null}`, "delivered", ""},
		{`{"ContactId":"2","Attributes":null}`, "delivered", ""},
	} {
		output := filepath.Join(t.TempDir(), "delivered.jsonl")
		if err := os.WriteFile(output, []byte(tt.delivered+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		fate, raw, err := bad.fate(output)
		if got := strings.Join(raw, " "); err != nil || fate != tt.fate || got != tt.raw {
			t.Errorf("%s: fate is %q with %q raw and error %v, want %q with %q", tt.delivered, fate, got, err, tt.fate, tt.raw)
		}
	}
	if fate, _, err := bad.fate(filepath.Join(t.TempDir(), "none")); err != nil || fate != "not delivered" {
		t.Errorf("no output at all: fate is %q and error %v, want not delivered", fate, err)
	}
}
