package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMain lets the test binary play trunkline's parts, and a trunkline that has nothing to do.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains(roles, os.Args[1]) {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && (os.Args[1] == "policy" || os.Args[1] == "version") {
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestAlone runs the whole comparison without the peers, as short as it can be.
func TestAlone(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"-alone", "-trunkline", self, "-seconds", "0.001", "-rounds", "1", "-starts", "1"}, &out, &errs)
	if status != 0 {
		t.Fatalf("status is %d, want 0\n%s%s", status, out.Bytes(), errs.Bytes())
	}
	for _, want := range []string{
		`(?m)^ +decisions/s +instance administrator +ratio +hard case +ratio$`,
		`(?m)^ +trunkline +[\d,]+ +1\.0 +[\d,]+ +1\.0$`,
		`(?m)^ +trunkline, request not prepared +[\d,]+ +[\d.]+ +[\d,]+ +[\d.]+$`,
		`decisions: as expected, but for\n  nothing\n`,
		`(?m)^ +encoding/json into any +[\d,]+ +[\d.]+$`,
		`(?m)^ +trunkline policy simulate +[\d.]+ +1\.00 +[\d.]+$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("output does not match %q:\n%s", want, out.Bytes())
		}
	}
}

// TestWorkloads: trunkline decides every request as expected, so that a peer's difference is the peer's.
func TestWorkloads(t *testing.T) {
	in, err := writeInputs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{administrator: in.administrator, hard: in.hard} {
		w, err := readWorkload(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, prepared := range []bool{true, false} {
			a, err := decide(path, prepared, 0.001)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(&bytes.Buffer{}, differences(), "trunkline", name, w.Requests, a.Decisions); err != nil {
				t.Error(err)
			}
			if a.Count < len(w.Requests) || a.Seconds < 0.001 {
				t.Errorf("%s: %d decisions in %v s, want at least %d in 0.001 s", name, a.Count, a.Seconds, len(w.Requests))
			}
		}
	}
}

func TestLintFindsSomething(t *testing.T) {
	in, err := writeInputs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(in.published, "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d policies to lint, %v; want 20 or more", len(files), err)
	}
	a, err := lintAll(in.published, 0.001)
	if err != nil {
		t.Fatal(err)
	}
	if a.Findings == 0 || a.Count < len(files) {
		t.Errorf("%d findings in %d policies, want some in at least %d", a.Findings, a.Count, len(files))
	}
	for _, file := range append(files, in.policy) {
		if text, err := os.ReadFile(file); err != nil || !json.Valid(text) {
			t.Errorf("%s is no JSON (%v): the linters would not do the same work", file, err)
		}
	}
}

// TestCheck: a decision that nothing explains is an error, and so is a reason that nothing needs.
func TestCheck(t *testing.T) {
	requests := []request{{Action: "s3:GetObject", Want: "allowed"}, {Action: "s3:PutObject", Want: "implicitDeny"}}
	known := []difference{{"peer", hard, "s3:PutObject", "allowed", "it is generous"}}
	for _, tt := range []struct {
		name, contender, input string
		got                    []string
		printed, err           string
	}{
		{"as expected", "other", hard, []string{"allowed", "implicitDeny"}, "", ""},
		{"explained", "peer", hard, []string{"allowed", "allowed"}, "s3:PutObject (1 of 2 requests): allowed; it is generous", ""},
		{"another action", "other", hard, []string{"explicitDeny", "implicitDeny"}, "", "request 1, s3:GetObject on : got explicitDeny, want allowed"},
		{"another contender", "other", hard, []string{"allowed", "allowed"}, "", "request 2, s3:PutObject"},
		{"another input", "peer", administrator, []string{"allowed", "allowed"}, "", "request 2, s3:PutObject"},
		{"another decision", "peer", hard, []string{"allowed", "error: no"}, "", "got error: no, want implicitDeny"},
		{"gone", "peer", hard, []string{"allowed", "implicitDeny"}, "", "a difference is listed that does not show: s3:PutObject"},
		{"one too few", "peer", hard, []string{"allowed"}, "", "1 decisions on 2 requests"},
	} {
		var out bytes.Buffer
		err := check(&out, known, tt.contender, tt.input, requests, tt.got)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error is %v, want one with %q", tt.name, err, tt.err)
		}
		if !strings.Contains(out.String(), tt.printed) || tt.printed == "" && out.Len() > 0 {
			t.Errorf("%s: printed %q, want %q", tt.name, out.String(), tt.printed)
		}
	}
}

func TestWrongCalls(t *testing.T) {
	for _, args := range [][]string{{"-seconds", "0"}, {"-rounds", "0"}, {"extra"}, {"-unknown"}} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), args, &out, &errs); got != 2 {
			t.Errorf("policies %q: status is %d, want 2", args, got)
		}
		if !strings.Contains(errs.String(), "-trunkline") {
			t.Errorf("policies %q: usage is missing from %q", args, errs.String())
		}
	}
	for _, args := range [][]string{{"decide"}, {"decide", "nowhere.json", "1"}, {"lint", "nowhere", "1"}, {"parse", "nowhere", "x"}} {
		var errs bytes.Buffer
		if got := run(t.Context(), args, &bytes.Buffer{}, &errs); got != 1 || errs.Len() == 0 {
			t.Errorf("policies %q: status is %d with %q, want 1 and an error", args, got, errs.String())
		}
	}
}

func TestThousands(t *testing.T) {
	for rate, want := range map[float64]string{0.4: "0", 999: "999", 1000: "1,000", 1234567.8: "1,234,568"} {
		if got := thousands(rate); got != want {
			t.Errorf("thousands(%v) is %q, want %q", rate, got, want)
		}
	}
}
