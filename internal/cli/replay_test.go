package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// bench is a folder in which commands run: one file of records, one config that tests rewrite.
type bench struct {
	t      *testing.T
	folder string
}

func newBench(t *testing.T, records ...string) *bench {
	b := &bench{t, t.TempDir()}
	b.write("records.jsonl", strings.Join(records, "\n")+"\n")
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.folder, name) }

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// configure writes a config; sections are added to what all tests share.
func (b *bench) configure(sections ...string) {
	b.write("trunkline.yaml", fmt.Sprintf("version: 1\nsource: {file: {path: %q}}\ndestination: {stdout: {}}\nstate: {file: %q}\nobserve: {listen: off}\n%s\n",
		b.path("records.jsonl"), b.path("trunkline.db"), strings.Join(sections, "\n")))
}

// letters is the section for dead letters, with members added to the folder.
func (b *bench) letters(members string) string {
	return fmt.Sprintf("dead_letter: {folder: %q%s}", b.path("dead-letters"), members)
}

type result struct {
	status         int
	stdout, stderr string
}

func (b *bench) run(args ...string) result {
	b.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--config", b.path("trunkline.yaml"))
	status := Main(b.t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

// replay runs replay --output json and returns its summary and what was delivered before it.
func (b *bench) replay(args ...string) (s replaySummary, delivered string, r result) {
	b.t.Helper()
	r = b.run(append([]string{"replay", "--output", "json"}, args...)...)
	lines := strings.SplitAfter(strings.TrimSpace(r.stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &s); err != nil {
		b.t.Fatalf("replay %q: status %d, no summary (%v) in %s%s", args, r.status, err, r.stdout, r.stderr)
	}
	return s, strings.Join(lines[:len(lines)-1], ""), r
}

// recordOf is a contact record; note is an attribute.
func recordOf(contact string, second int, note string) string {
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","ContactId":%q,"LastUpdateTimestamp":"2026-11-22T10:00:%02dZ","Attributes":{"note":%q}}`,
		contact, second, note)
}

// strict refuses notes that are no times, so that a test can send a record to the dead letters and have it accepted later.
const (
	strict  = "redact: {rules: [{path: Attributes.note, action: truncate, to: day}]}"
	lenient = "redact: {allow: [Attributes.note]}"
)

// TestReplaySupersededStays: a dead letter that is older than what was delivered of its contact stays until it is forced, whether
// the newer version came before it, after it, or out of the dead letters themselves.
func TestReplaySupersededStays(t *testing.T) {
	const good = "2026-11-22T00:00:00Z"
	for _, c := range []struct {
		name            string
		dedupe          string
		records         []string
		delivered, stay int // of the first replay
	}{
		{"newer before", "deduplicate: {window: 24h}", []string{recordOf("a", 2, good), recordOf("a", 1, "x")}, 0, 1},
		{"newer after", "deduplicate: {window: 24h}", []string{recordOf("a", 1, "x"), recordOf("a", 2, good)}, 0, 1},
		{"newer after, not deduplicated", "", []string{recordOf("a", 1, "x"), recordOf("a", 2, good)}, 0, 1},
		{"newer in the replay", "deduplicate: {window: 24h}", []string{recordOf("a", 2, "y"), recordOf("a", 1, "x")}, 1, 1},
		{"newer in the replay, not deduplicated", "", []string{recordOf("a", 2, "y"), recordOf("a", 1, "x")}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.configure(strict, c.dedupe, b.letters(""))
			for i := range c.records { // one a run, so that they are settled in this order
				b.write("records.jsonl", strings.Join(c.records[:i+1], "\n")+"\n")
				if r := b.run("run"); r.status != exitDone {
					t.Fatalf("run: status %d: %s", r.status, r.stderr)
				}
			}
			b.configure(lenient, c.dedupe, b.letters(""))
			got, _, r := b.replay()
			if got.Delivered != c.delivered || got.Superseded != c.stay || r.status != exitFound {
				t.Errorf("first replay: got %+v, status %d; want %d delivered, %d superseded, status 3\n%s", got, r.status, c.delivered, c.stay, r.stderr)
			}
			if n := strings.Count(r.stderr, "superseded: "); n != c.stay {
				t.Errorf("first replay told of %d superseded dead letters, want %d: %s", n, c.stay, r.stderr)
			}
			got, delivered, r := b.replay("--force")
			if got.Delivered != c.stay || !strings.Contains(delivered, `"x"`) || r.status != exitDone {
				t.Errorf("forced: got %+v, status %d, %s; want what stayed delivered", got, r.status, delivered)
			}
			if got, _, _ := b.replay("--force"); got.Selected != 0 {
				t.Errorf("after all were delivered: %d dead letters left", got.Selected)
			}
		})
	}
}

// TestReplayAfterNewKey: dead letters can be sent again when redact.key has changed since.
func TestReplayAfterNewKey(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, members string
		delivered     bool
		says          string
	}{
		{"encrypted", ", recipient: " + identity.Recipient().String(), true, ""},
		{"read again", "", false, "redact.key is another one than when it was dead-lettered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, recordOf("a", 1, "x"))
			b.write("identity.txt", identity.String())
			key := func(text string) string { b.write("key", text); return "\n  key: file:" + b.path("key") }
			block := func(section string) string {
				return strings.TrimSuffix(strings.Replace(section, "redact: {", "redact:\n  ", 1), "}")
			}
			b.configure(block(strict)+key(strings.Repeat("a", 40)), b.letters(c.members))
			if r := b.run("run"); r.status != exitDone {
				t.Fatalf("run: status %d: %s", r.status, r.stderr)
			}
			b.configure(block(lenient)+key(strings.Repeat("b", 40)), b.letters(c.members))
			got, delivered, r := b.replay("--identity", b.path("identity.txt"))
			if (got.Delivered == 1) != c.delivered || strings.Contains(delivered, `"x"`) != c.delivered || !strings.Contains(r.stderr, c.says) {
				t.Errorf("got %+v, delivered %q, and told %s; want delivered %v and told %q", got, delivered, r.stderr, c.delivered, c.says)
			}
			if c.delivered {
				return
			}
			b.configure(block(lenient)+key(strings.Repeat("a", 40)), b.letters(c.members))
			if got, _, r := b.replay(); got.Delivered != 1 {
				t.Errorf("under the old key: got %+v, want it delivered: %s", got, r.stderr)
			}
		})
	}
}

// TestTerminalIsSafe: what a record says cannot steer the terminal that it is shown on.
func TestTerminalIsSafe(t *testing.T) {
	const hostile = `\u001b]0;owned\u0007\r\u009b2J\n\u202e`
	record := `{"AWSContactTraceRecordFormatVersion":"1","ContactId":"a` + hostile + `","Attributes":{"b` + hostile + `":"c` + hostile + "\u009b\u202e" + `","note":"x"}}`
	b := newBench(t, record)
	b.configure(strict, b.letters(""))
	if r := b.run("run"); r.status != exitDone {
		t.Fatalf("run: status %d: %s", r.status, r.stderr)
	}
	list := b.run("replay", "--list")
	b.configure(lenient, b.letters(""))
	for _, r := range []result{list, b.run("check", record)} {
		if r.status != exitDone || !strings.Contains(r.stdout, "owned") {
			t.Errorf("status %d, %q; want the record shown", r.status, r.stdout)
		}
		if i := strings.IndexAny(r.stdout, "\x1b\a\r\u009b\u202e"); i >= 0 {
			t.Errorf("a control character at byte %d of %q", i, r.stdout)
		}
	}
}
