package destinationtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trunkline/internal/destination/destinationtest"
)

// post sends n requests in turn, and returns what a client sees of each.
func post(t *testing.T, s destinationtest.Script, n int) (*destinationtest.Receiver, []string) {
	t.Helper()
	receiver := destinationtest.NewReceiver(s)
	server := httptest.NewServer(receiver)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var seen []string
	for i := range n {
		req, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(fmt.Sprintf(`{"number":%d}`, i)))
		if err != nil {
			t.Fatal(err)
		}
		// No Idempotency-Key: net/http would send again by itself what was reset.
		resp, err := client.Do(req)
		if err != nil {
			seen = append(seen, "none")
			continue
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		seen = append(seen, fmt.Sprint(resp.StatusCode, " whole ", err == nil))
	}
	return receiver, seen
}

// One seed, one run; and each fault is what it says, in about its share.
func TestReceiverFaults(t *testing.T) {
	script := destinationtest.Script{Seed: 3, Fail: 0.2, Reset: 0.1, Lose: 0.2, Slow: 0.1, Delay: time.Millisecond}
	receiver, seen := post(t, script, 300)
	_, again := post(t, script, 300)
	if fmt.Sprint(seen) != fmt.Sprint(again) {
		t.Errorf("two runs of one seed: got\n%v\n%v\nwant the same", seen, again)
	}
	script.Seed = 4
	if _, other := post(t, script, 300); fmt.Sprint(seen) == fmt.Sprint(other) {
		t.Error("two seeds: got the same faults, want others")
	}
	count, taken := map[string]int{}, 0
	for i, q := range receiver.Requests() {
		count[q.Fault]++
		if q.Taken {
			taken++
		}
		var want []string
		switch q.Fault {
		case "":
			want = []string{"202 whole true"}
		case "slow":
			want = []string{"202 whole true"}
		case "fail":
			want = []string{"500 whole true", "502 whole true", "503 whole true", "429 whole true", "408 whole true"}
		case "reset":
			want = []string{"none"}
		case "lose":
			want = []string{"none", "202 whole false"}
		}
		if !strings.Contains(strings.Join(want, ", "), seen[i]) {
			t.Errorf("request %d with fault %q: got %s, want one of %v", i, q.Fault, seen[i], want)
		}
		if wantTaken := q.Fault != "fail" && q.Fault != "reset"; q.Taken != wantTaken {
			t.Errorf("request %d with fault %q: got taken %v, want %v", i, q.Fault, q.Taken, wantTaken)
		}
	}
	for fault, share := range map[string]float64{"fail": 0.2, "reset": 0.1, "lose": 0.2, "slow": 0.1, "": 0.4} {
		if n := float64(count[fault]); n < 300*share*0.6 || n > 300*share*1.4 {
			t.Errorf("fault %q: got %v of 300, want about %v", fault, n, 300*share)
		}
	}
	if got := len(receiver.Taken()); got != taken {
		t.Errorf("Taken: got %d records, want %d", got, taken)
	}
}

func TestReceiverLog(t *testing.T) {
	var log bytes.Buffer
	receiver, seen := post(t, destinationtest.Script{Log: &log, Answer: func(q destinationtest.Request) int {
		if q.Number == 1 {
			return http.StatusBadRequest
		}
		return 0
	}}, 3)
	if want := "[202 whole true 400 whole true 202 whole true]"; fmt.Sprint(seen) != want {
		t.Errorf("answers: got %v, want %v", seen, want)
	}
	if got := receiver.Requests(); len(got) != 0 || receiver.Err() != nil {
		t.Errorf("with a log: got %d requests in memory and %v, want none", len(got), receiver.Err())
	}
	for i := 0; ; i++ {
		line, err := log.ReadBytes('\n')
		if err != nil {
			if i != 3 {
				t.Errorf("log: got %d lines, want 3", i)
			}
			return
		}
		var q destinationtest.Request
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatalf("line %s: %v", line, err)
		}
		if q.Number != i || q.Body != fmt.Sprintf(`{"number":%d}`, i) || q.Taken != (i != 1) {
			t.Errorf("line %d: got %+v, want the request of that number, taken: %v", i, q, i != 1)
		}
	}
}

func TestReceiverTakesArraysApart(t *testing.T) {
	receiver := destinationtest.NewReceiver(destinationtest.Script{})
	server := httptest.NewServer(receiver)
	defer server.Close()
	for _, body := range []string{`[{"a":1},{"b": 2}]`, `{"c":3}`, `[]`} {
		resp, err := http.Post(server.URL, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if got, want := string(bytes.Join(receiver.Taken(), []byte(" "))), `{"a":1} {"b": 2} {"c":3}`; got != want {
		t.Errorf("Taken: got %s, want %s", got, want)
	}
}
