package emulators

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Script says how a receiver answers. Its zero value answers every request over HTTP/1.1 with an empty 200. The comment of
// receiver.mjs describes every key.
type Script struct {
	Cert    string   `json:"cert,omitempty"` // PEM files: serve TLS; with both, HTTP/2 is offered
	Key     string   `json:"key,omitempty"`
	HTTP2   *bool    `json:"http2,omitempty"`   // new(false) offers HTTP/1.1 alone under TLS
	LogBody *bool    `json:"logBody,omitempty"` // new(false) leaves the bodies out of the log
	Order   string   `json:"order,omitempty"`   // once (the default), cycle, or random
	Seed    uint32   `json:"seed,omitempty"`    // for random
	Answers []Answer `json:"answers,omitempty"`
}

// Answer is what one request, or several in a row, get.
type Answer struct {
	Status  int               `json:"status,omitempty"` // 200 when zero
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Times   int               `json:"times,omitempty"` // requests in a row that get it; 1 when zero
	Share   float64           `json:"share,omitempty"` // for random: the part of the requests, 0 to 1, that get it
	Delay   int               `json:"delay,omitempty"` // milliseconds
	Fault   string            `json:"fault,omitempty"` // reset, half or hang
}

// Request is one request as the receiver logged it.
type Request struct {
	Method      string            `json:"method"`
	Path        string            `json:"path"`
	Headers     map[string]string `json:"headers"` // names in lower case
	Body        string            `json:"body"`
	BodyBase64  []byte            `json:"bodyBase64"` // in place of Body where that is not valid UTF-8
	SHA256      string            `json:"sha256"`     // of the body's bytes, hexadecimal
	Connection  int               `json:"connection"` // the TCP connections, counted from 1
	HTTPVersion string            `json:"httpVersion"`
	Status      int               `json:"status"`  // the answer; 0 where the fault left none
	Fault       string            `json:"fault"`   // of the answer
	Aborted     bool              `json:"aborted"` // the sender went away before the request was complete
	MS          int64             `json:"ms"`      // milliseconds since the receiver's start
}

// Receiver is a running receiver.mjs.
type Receiver struct {
	*Server
	URL string // http://127.0.0.1:PORT or https://127.0.0.1:PORT, without a slash at the end
}

// Receive starts a receiver that follows script and stops with the test. It needs Node 20 or later and no packages, so it
// does not wait for Install.
func Receive(tb testing.TB, script Script) *Receiver {
	tb.Helper()
	node, err := findNode()
	if err != nil {
		tb.Fatalf("start the receiver: %v", err)
	}
	folder, err := findFolder()
	if err != nil {
		tb.Fatalf("start the receiver: %v", err)
	}
	data, err := json.Marshal(script)
	if err != nil {
		tb.Fatalf("start the receiver: %v", err)
	}
	file := filepath.Join(tb.TempDir(), "receiver.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		tb.Fatalf("start the receiver: %v", err)
	}

	cmd := exec.Command(node, filepath.Join(folder, "receiver.mjs"), file)
	server := Start(tb, "receiver.mjs", cmd, nil)
	port := server.FirstLine(tb, "listening ")
	scheme := "http"
	if script.Cert != "" {
		scheme = "https"
	}
	return &Receiver{Server: server, URL: scheme + "://127.0.0.1:" + port}
}

// Requests returns what the receiver has logged so far, in the order in which the requests were complete. A request is logged
// before it is answered: who has the answer finds it here.
func (r *Receiver) Requests(tb testing.TB) []Request {
	tb.Helper()
	requests, err := parseRequests(r.Stdout())
	if err != nil {
		tb.Fatalf("read the receiver's log: %v", err)
	}
	return requests
}

func parseRequests(log string) ([]Request, error) {
	_, log, _ = strings.Cut(log, "\n") // the line that says listening
	log = log[:strings.LastIndexByte(log, '\n')+1]
	var requests []Request
	for line := range bytes.Lines([]byte(log)) {
		var request Request
		if err := json.Unmarshal(line, &request); err != nil {
			return nil, fmt.Errorf("%w in %s", err, line)
		}
		requests = append(requests, request)
	}
	return requests, nil
}
