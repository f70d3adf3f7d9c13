package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func deliverTo(url string) map[string]string {
	return map[string]string{"trunkline.yaml": `version: 1
filter: [{"data": {"Channel": ["VOICE"]}}]
redact: {key: env:REDACT_KEY}
destination: {http: {url: ` + url + `, header: X-Key, key: env:API_KEY, timeout: 1s}}
`}
}

var keys = []string{"REDACT_KEY=0123456789abcdef0123456789abcdef", "API_KEY=secret-canary"}

func unsettled(i int) string {
	return fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, sequence(i))
}

const allSettled = `{"batchItemFailures":[]}`

// TestMapping delivers what an event source mapping brings, and names the first record that is not settled.
func TestMapping(t *testing.T) {
	calls := make([]string, 10)
	for i := range calls {
		calls[i] = contactRecord(fmt.Sprint("c-", i), "VOICE")
	}
	withChat := slices.Clone(calls)
	withChat[0], withChat[9] = contactRecord("x", "CHAT"), contactRecord("y", "CHAT")
	broken := slices.Clone(calls)
	broken[4] = `{"ContactId":"name-canary"`
	for _, c := range []struct {
		name    string
		records []string
		status  func(string) int
		want    string
		taken   int // -1: any number
	}{
		{"all taken", calls, nil, allSettled, 10},
		{"filtered are settled", withChat, nil, allSettled, 8},
		{"none", nil, nil, allSettled, 0},
		{"the key is refused", calls, func(string) int { return http.StatusForbidden }, unsettled(0), 0},
		{"the key is refused from the middle on", slices.Repeat(calls[:1], 4), afterTwo(http.StatusUnauthorized), unsettled(2), 2},
		{"proxy authentication", calls, func(string) int { return http.StatusProxyAuthRequired }, unsettled(0), 0},
		{"an outage", calls, func(string) int { return http.StatusServiceUnavailable }, unsettled(0), 0},
		{"one is refused, and there is no place for its dead letter", slices.Repeat(calls[:1], 5), afterTwo(http.StatusUnprocessableEntity), unsettled(2), 2},
		{"one is broken, and there is no place for its dead letter", broken, nil, unsettled(4), -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &receiver{status: c.status}
			server := httptest.NewServer(r)
			defer server.Close()
			f := startFunction(t, deliverTo(server.URL), keys...)
			got, err := f.invoke(mappingEvent(c.records...), 30*time.Second)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v\nwant %s; the function said:\n%s", got, err, c.want, &f.stderr)
			}
			if n := len(r.taken()); c.taken >= 0 && n != c.taken {
				t.Errorf("%d records were taken, want %d", n, c.taken)
			}
			for _, body := range r.taken() {
				if strings.Contains(body, "name-canary") || !strings.HasPrefix(body, `{"AWSContactTraceRecordFormatVersion"`) {
					t.Errorf("delivered %s", body)
				}
			}
			if strings.Contains(f.stderr.String(), "canary") {
				t.Errorf("the log shows a value:\n%s", &f.stderr)
			}
		})
	}
}

// afterTwo takes two records and answers the others with status. The records of a test with it are of one contact: one at a time.
func afterTwo(status int) func(string) int {
	taken := 0
	return func(string) int {
		if taken++; taken > 2 {
			return status
		}
		return http.StatusOK
	}
}

// TestMappingRecovers asks the endpoint anew in the next invocation, and reads the key again.
func TestMappingRecovers(t *testing.T) {
	var up atomic.Bool
	r := &receiver{status: func(string) int {
		if up.Load() {
			return http.StatusOK
		}
		return http.StatusUnauthorized
	}}
	server := httptest.NewServer(r)
	defer server.Close()
	f := startFunction(t, deliverTo(server.URL), keys...)
	event := mappingEvent(contactRecord("c", "VOICE"))
	if got := f.mustInvoke(event); got != unsettled(0) {
		t.Errorf("while the key is refused: got %s, want %s", got, unsettled(0))
	}
	up.Store(true)
	if got := f.mustInvoke(event); got != allSettled {
		t.Errorf("afterwards: got %s, want %s", got, allSettled)
	}
}

// TestMappingInTime answers before the function's time is over, even when the endpoint does not answer.
func TestMappingInTime(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	f := startFunction(t, deliverTo(server.URL), keys...)
	began := time.Now()
	got, err := f.invoke(mappingEvent(contactRecord("c", "VOICE")), 6*time.Second)
	if took := time.Since(began); err != nil || string(got) != unsettled(0) || took > 6*time.Second {
		t.Errorf("got %s, %v after %v; want %s in less than 6 s", got, err, took, unsettled(0))
	}
}

// TestMappingWithoutDestination fails instead of dropping.
func TestMappingWithoutDestination(t *testing.T) {
	f := startFunction(t, nil)
	_, err := f.invoke(mappingEvent(contactRecord("c", "VOICE")), 10*time.Second)
	if want := "add destination.http to the config"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
