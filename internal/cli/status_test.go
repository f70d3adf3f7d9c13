package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestStatusTellsWhatHoldsItUp: while a destination refuses the key, status of the running collector says so.
func TestStatusTellsWhatHoldsItUp(t *testing.T) {
	var accepted atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !accepted.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	t.Setenv("API_KEY", "a key that is refused")
	text := "version: 1\nsource: {file: {path: records.jsonl, follow: true}}\ndestination: {http: {url: " + server.URL + ", header: X-Api-Key, key: env:API_KEY}}\n"
	if status, out, errs := call(t, "", map[string]string{"trunkline.yaml": text, "records.jsonl": voice + "\n"}, "check"); status != exitDone {
		t.Fatalf("check: status %d, output %q, errors %q", status, out, errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		var out, errs bytes.Buffer
		ended <- Main(ctx, []string{"run"}, strings.NewReader(""), &out, &errs)
	}()
	const want = "destination paused: it refuses the key"
	var got statusReport
	var shown string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		status, out, _ := again(t, "", "status", "--output", "json")
		if status == exitDone && strings.Contains(out, want) {
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("status prints %q: %v", out, err)
			}
			_, shown, _ = again(t, "", "status")
			break
		}
	}
	accepted.Store(true) // so that the record in flight does not hold the end up
	stop()
	if len(got.NotReady) == 0 || !strings.HasPrefix(got.NotReady[0], want) || !strings.Contains(shown, "  not ready: "+want) {
		t.Errorf("status: not_ready %q, text %q; want %q in both", got.NotReady, shown, want)
	}
	if status := <-ended; status != exitDone {
		t.Errorf("run ended with status %d, want %d", status, exitDone)
	}
}
