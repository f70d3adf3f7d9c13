package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"trunkline/internal/collector/deadletter"
)

// TestNotice: the first dead letter is told of at once, the others of its minute by number; never the reason or the contact.
func TestNotice(t *testing.T) {
	var out bytes.Buffer
	n := notice{log: slog.New(slog.NewTextHandler(&out, nil)), next: "trunkline replay --list"}
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for _, after := range []time.Duration{0, time.Second, 59 * time.Second, time.Minute, 61 * time.Second} {
		n.deadLetter(deadletter.Letter{Time: start.Add(after), Stage: "deliver", Reason: "status 404: CANARY", ContactID: "CANARY", Source: deadletter.Source{Location: "a.jsonl: byte 7"}})
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 2 || !strings.Contains(got[0], "more_before=0 ") || !strings.Contains(got[1], "more_before=2 ") {
		t.Errorf("five dead letters in 61 s log %q, want two lines, the second with more_before=2", got)
	}
	if strings.Contains(out.String(), "CANARY") {
		t.Errorf("the log quotes a reason or a contact: %s", &out)
	}
}
