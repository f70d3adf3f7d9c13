package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs one command line in an empty folder that holds files.
func call(t *testing.T, stdin string, files map[string]string, args ...string) (status int, out, errs string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return again(t, stdin, args...)
}

// again runs one more command line where the last one ran.
func again(t *testing.T, stdin string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = Main(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

// TestWrongCalls: each gives status 2, one line that says what to type, and nothing on standard output.
func TestWrongCalls(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"stauts", `unknown command "stauts"; did you mean: trunkline status`},
		{"frobnicate", `unknown command "frobnicate"; see: trunkline --help`},
		{"config shema", `unknown command "shema"; did you mean: trunkline config schema`},
		{"help stauts", `unknown command "stauts"; did you mean: trunkline status`},
		{"help config frobnicate", `unknown command "frobnicate"; see: trunkline config --help`},
		{"demo --keep /dev/null", "--keep /dev/null: there is a file of that name; name a new folder"},
		{"completion nushell", `unknown command "nushell"; see: trunkline completion --help`},
		{"replay --contact=", "--contact is empty; leave it out, or say which"},
		{"replay --list --id=", "--id is empty; leave it out, or say which"},
		{"run now", "trunkline run takes no arguments; see: trunkline run --help"},
		{"run --confg x", "unknown flag: --confg; see: trunkline run --help"},
		{"check --output xml", `invalid argument "xml" for "--output" flag: want text or json; see: trunkline check --help`},
		{"init nope", `no preset "nope"; there is: files, operata`},
		{"check", "open trunkline.yaml: no such file or directory; write a config with: trunkline init"},
	} {
		t.Run(c.line, func(t *testing.T) {
			status, out, errs := call(t, "", nil, strings.Fields(c.line)...)
			if want := "trunkline: " + c.want + "\n"; status != exitCall || out != "" || errs != want {
				t.Errorf("trunkline %s:\nstatus %d, output %q, errors %q\nwant 2, \"\", %q", c.line, status, out, errs, want)
			}
		})
	}
}

func TestHelpOfACommand(t *testing.T) {
	_, want, _ := call(t, "", nil, "config", "schema", "--help")
	status, got, errs := again(t, "", "help", "config", "schema")
	if status != exitDone || got != want || errs != "" || !strings.Contains(got, "trunkline config schema >") {
		t.Errorf("trunkline help config schema: status %d, errors %q, output %q\nwant that of --help: %q", status, errs, got, want)
	}
}

// TestStops: what a look at things must refuse, and must not make.
func TestStops(t *testing.T) {
	const noState = "no state file trunkline.db: nothing has been collected with this config yet; begin with: trunkline run"
	for _, c := range []struct {
		line, want string
		status     int
	}{
		{"status", noState, exitFailed},
		{"replay", noState, exitFailed},
		{"replay --list", noState, exitFailed},
		{"replay --stage redakt", "--stage redakt: no such stage; there are: source, decode, filter, enrich, redact, deliver", exitCall},
		{"match --pattern {} --cases x", "--cases brings its own patterns and events; leave --pattern and the events out", exitCall},
		{"match --cases x {}", "--cases brings its own patterns and events; leave --pattern and the events out", exitCall},
	} {
		t.Run(c.line, func(t *testing.T) {
			status, out, errs := call(t, "", map[string]string{"trunkline.yaml": minimal}, strings.Fields(c.line)...)
			if want := "trunkline: " + c.want + "\n"; status != c.status || out != "" || errs != want {
				t.Errorf("trunkline %s:\nstatus %d, output %q, errors %q\nwant %d, \"\", %q", c.line, status, out, errs, c.status, want)
			}
			entries, err := os.ReadDir(".")
			if err != nil || len(entries) != 1 {
				t.Errorf("trunkline %s left %v (%v), want the config alone", c.line, entries, err)
			}
		})
	}
}

// TestDeadLettersAreNotQuiet: run, status and replay each say how to find out why.
func TestDeadLettersAreNotQuiet(t *testing.T) {
	status, _, errs := call(t, "", map[string]string{"trunkline.yaml": minimal, "records.jsonl": voice + "\nno record\n"}, "run")
	if want := `next="trunkline replay --list -c trunkline.yaml"`; status != exitDone || !strings.Contains(errs, want) {
		t.Errorf("run: status %d, errors %q, want 0 and %q", status, errs, want)
	}
	if status, out, _ := again(t, "", "status"); status != exitDone || !strings.Contains(out, "why: trunkline replay --list\n") {
		t.Errorf("status: status %d, output %q, want 0 and where to look", status, out)
	}
	if status, _, errs := again(t, "", "replay"); status != exitFound || !strings.Contains(errs, "why: trunkline replay --list -c trunkline.yaml\n") {
		t.Errorf("replay: status %d, errors %q, want 3 and where to look", status, errs)
	}
	if status, out, _ := again(t, "", "replay", "--list"); status != exitDone || !strings.Contains(out, "decode") {
		t.Errorf("replay --list: status %d, output %q, want 0 and the dead letter", status, out)
	}
}
