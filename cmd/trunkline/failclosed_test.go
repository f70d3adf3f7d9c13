package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestFailsClosed is what the README says of records that cannot be handled: one that a rule fails on is dead-lettered and nothing of
// it is sent, and one that the receiver never takes keeps only its own contact waiting, and that not for ever.
func TestFailsClosed(t *testing.T) {
	dir := t.TempDir()
	const n, unredacted, untaken = 300, 17, 42
	var mu sync.Mutex
	got, tries := map[string]int{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(string(body), fmt.Sprintf(`"contact-%d"`, untaken)) {
			tries++
			w.WriteHeader(500)
			return
		}
		got[string(body)]++
	}))
	defer server.Close()
	count := func() (records, attempts int) {
		mu.Lock()
		defer mu.Unlock()
		return len(got), tries
	}
	var input strings.Builder
	for i := range n {
		day := `"2026-11-02T08:00:00Z"`
		if i == unredacted {
			day = `"the day after"`
		}
		input.WriteString(strings.Replace(good(i), "{", `{"Attributes":{"day":`+day+`},`, 1) + "\n")
	}
	write(t, dir+"/in", []byte(input.String()))
	configure(t, dir, "redact: {rules: [{path: Attributes.day, action: truncate, to: month}]}",
		"dead_letter: {recipient: "+recipient+"}", fmt.Sprintf("destination: {http: {url: %q, concurrency: 8}}", server.URL))

	p := call{Dir: dir, Args: []string{"run"}}.start(t)
	until(t, 30*time.Second, "all other records to be delivered", func() bool {
		records, attempts := count()
		return records == n-2 && attempts >= 4
	})
	mu.Lock()
	for body := range got {
		if strings.Contains(body, "the day after") || strings.Contains(body, fmt.Sprintf(`"contact-%d"`, unredacted)) {
			t.Errorf("the receiver got something of the record that redaction fails on: %s", body)
		}
	}
	mu.Unlock()
	if os.Getenv("TRUNKLINE_SOAK") != "" { // it takes a minute or two
		p.wait(t, 5*time.Minute)
		p.wantComplaint(t, 0, "")
		list := trunkline(t, dir, "replay", "--list")
		for _, want := range []string{fmt.Sprintf("deliver  contact-%d  given up after", untaken), fmt.Sprintf("redact  contact-%d  ", unredacted)} {
			if !strings.Contains(list.stdout.String(), want) {
				t.Errorf("dead letters: got\n%s\nwant one with %q", list.stdout.String(), want)
			}
		}
		return
	}
	// A run that is stopped before gives nothing up: the record is read again.
	p.signal(t, syscall.SIGTERM)
	p.wait(t, 30*time.Second)
	p.wantComplaint(t, 0, "")
	if text := p.stderr.String(); !strings.Contains(text, "dead_letter=1 ") && !strings.Contains(text, "dead_letter=0 ") || strings.Contains(text, "to_read_again=0") {
		t.Errorf("the account of the run: got\n%s\nwant the record that was not taken to be read again", text)
	}
	if got := deadLetters(t, dir); got != 1 {
		t.Errorf("got %d dead letters, want the one of redaction", got)
	}
}
