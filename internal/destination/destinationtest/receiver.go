package destinationtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Script says how a Receiver misbehaves. The zero Script takes everything.
type Script struct {
	// Seed makes the faults: the n-th request, by the time of its arrival, meets the same one under the same seed.
	Seed uint64
	// Fail is the share of requests, 0 to 1, answered with 500, 502, 503, 429 or 408, some with Retry-After. Not taken.
	Fail float64
	// Reset is the share whose connection is reset before the request is taken.
	Reset float64
	// Lose is the share that is taken, and whose answer is then lost: no answer, half a head or half a body.
	Lose float64
	// Slow is the share that is taken after Delay.
	Slow  float64
	Delay time.Duration
	// KeyHeader is the request header that carries the key.
	KeyHeader string
	// Answer, when not nil, is asked first, with a request that has been read whole: a status other than 0 is the answer, and the
	// request is taken when the status is 2xx.
	Answer func(Request) int
	// Log gets one JSON object a line for each request, written before the answer. Nothing is kept in memory then.
	Log io.Writer
}

// Request is one request as it arrived.
type Request struct {
	Number         int    `json:"number"` // from 0 on, by arrival
	Method         string `json:"method"`
	Path           string `json:"path"`
	Protocol       string `json:"protocol"`
	ContentType    string `json:"contentType"`
	UserAgent      string `json:"userAgent"`
	Key            string `json:"key,omitempty"`
	IdempotencyKey string `json:"idempotencyKey"`
	Body           string `json:"body"`
	Fault          string `json:"fault,omitempty"` // fail, reset, lose, slow
	Status         int    `json:"status"`          // of the answer; 0: none was sent
	Taken          bool   `json:"taken"`           // whether the far end has the records now, whatever the sender learns of it
}

// Receiver is an HTTP endpoint that takes records, misbehaves as its script says, and remembers every request. It is a plain
// http.Handler for any server, HTTP/1.1 or HTTP/2.
type Receiver struct {
	script Script

	mu       sync.Mutex
	count    int
	requests []Request
	err      error
}

// NewReceiver makes a Receiver.
func NewReceiver(s Script) *Receiver {
	return &Receiver{script: s}
}

// Requests returns what has arrived so far, in the order in which requests were complete. It is empty with a Log.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Taken returns the records that the far end has, in the order in which it took them; those of an array one by one.
func (r *Receiver) Taken() [][]byte {
	var all [][]byte
	for _, q := range r.Requests() {
		if !q.Taken {
			continue
		}
		var several []json.RawMessage
		if q.Body != "" && q.Body[0] == '[' && json.Unmarshal([]byte(q.Body), &several) == nil {
			for _, one := range several {
				all = append(all, one)
			}
			continue
		}
		all = append(all, []byte(q.Body))
	}
	return all
}

// Err is the first failure to write the Log.
func (r *Receiver) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// ServeHTTP reads the request whole, draws its fault, notes it and answers.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the sender went away: nothing was sent whole
	}
	r.mu.Lock()
	number := r.count
	r.count++
	r.mu.Unlock()
	q := Request{
		Number: number, Method: req.Method, Path: req.URL.Path, Protocol: req.Proto, Body: string(body),
		ContentType: req.Header.Get("Content-Type"), UserAgent: req.UserAgent(), IdempotencyKey: req.Header.Get("Idempotency-Key"),
	}
	if r.script.KeyHeader != "" {
		q.Key = req.Header.Get(r.script.KeyHeader)
	}
	chance := rand.New(rand.NewPCG(r.script.Seed, uint64(number)))
	status := 0
	if r.script.Answer != nil {
		status = r.script.Answer(q)
	}
	if status == 0 {
		status = http.StatusAccepted
		q.Fault = r.script.fault(chance.Float64())
	}
	switch q.Fault {
	case "fail":
		q.Status = []int{500, 502, 503, 429, 408}[chance.IntN(5)]
		if chance.IntN(4) == 0 {
			w.Header().Set("Retry-After", strconv.Itoa(chance.IntN(2)))
		}
	case "reset":
	case "lose":
		q.Taken = true
	case "slow":
		time.Sleep(r.script.Delay)
		fallthrough
	default:
		q.Status = status
		q.Taken = status >= 200 && status <= 299
	}
	r.note(q)
	switch {
	case q.Fault == "reset":
		reset(w)
	case q.Fault == "lose":
		lose(w, chance.IntN(3))
	default:
		w.WriteHeader(q.Status)
		fmt.Fprintf(w, `{"number":%d}`, q.Number)
	}
}

func (s *Script) fault(x float64) string {
	for _, f := range []struct {
		name  string
		share float64
	}{{"fail", s.Fail}, {"reset", s.Reset}, {"lose", s.Lose}, {"slow", s.Slow}} {
		if x < f.share {
			return f.name
		}
		x -= f.share
	}
	return ""
}

func (r *Receiver) note(q Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.script.Log == nil {
		r.requests = append(r.requests, q)
		return
	}
	var line bytes.Buffer
	err := json.NewEncoder(&line).Encode(q)
	if err == nil {
		_, err = r.script.Log.Write(line.Bytes())
	}
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("write the log of requests: %w", err)
	}
}

// reset breaks the connection as a machine that goes down does; over HTTP/2, the stream.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// lose ends the connection with nothing, half a head, or half a body.
func lose(w http.ResponseWriter, how int) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	switch how {
	case 1:
		io.WriteString(conn, "HTTP/1.1 202 Acc")
	case 2:
		io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{\"number\":")
	}
}
