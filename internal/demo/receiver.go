package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"trunkline/contact"
)

// Received is what came to the receiver, by its own count.
type Received struct {
	Requests    int `json:"requests"`
	Taken       int `json:"taken"`       // different Idempotency-Keys that it took
	Again       int `json:"again"`       // requests with a key that it had taken
	Unavailable int `json:"unavailable"` // answers 503, on purpose
	Reset       int `json:"reset"`       // connections reset before the record was taken, on purpose
	Lost        int `json:"lost"`        // connections closed after the record was taken, without an answer, on purpose
	Refused     int `json:"refused"`     // different Idempotency-Keys refused with 422, on purpose
	Wrong       int `json:"wrong"`       // requests without the right API key, without an Idempotency-Key, or that are no record
	Personal    int `json:"personal"`    // records with a telephone number, an e-mail address, a card or an account number
}

// Arrival is a record that the receiver took.
type Arrival struct{ Kind, ID, Agent string }

// What the receiver does on purpose, as shares of its requests.
const (
	shareUnavailable = 0.05
	shareReset       = 0.01
	shareLost        = 0.01
	// Of so many 503s one, the fifth of them, asks for a second of patience. More would make a fast demo wait all the time: the
	// source is read no further than a window beyond what is settled.
	retryAfterEach = 100
)

// idempotencyKey is the header's value, decoded.
type idempotencyKey [16]byte

// receiver is an HTTP endpoint on this machine.
type receiver struct {
	url     string
	key     string // the API key that senders must have
	seed    uint64
	server  *http.Server
	serving sync.WaitGroup
	served  error

	mu      sync.Mutex
	stats   Received
	taken   map[idempotencyKey]struct{}
	denied  map[idempotencyKey]struct{}
	refusal string // ContactId of the record that is refused
	example string // ContactId of the record to keep
	kept    []byte
	latest  []Arrival // at most latestKept, the newest first
	record  contact.Record
}

const latestKept = 3

func newReceiver(seed uint64) (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	r := &receiver{
		url: "http://" + listener.Addr().String() + "/records", key: randomText(), seed: seed,
		taken: map[idempotencyKey]struct{}{}, denied: map[idempotencyKey]struct{}{},
	}
	r.server = &http.Server{
		Handler: r, ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo), // of connections that were broken on purpose
	}
	r.serving.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.served = fmt.Errorf("receiver: %w", err)
		}
	})
	return r, nil
}

// close ends the server and its connections.
func (r *receiver) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := r.server.Shutdown(ctx) // waits for handlers, so that the counts are final
	err = errors.Join(err, r.server.Close())
	r.serving.Wait()
	return errors.Join(err, r.served)
}

// refuse names the contact that will be refused with 422.
func (r *receiver) refuse(contactID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = contactID
}

// watchFor names the contact of which the first record is kept.
func (r *receiver) watchFor(contactID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.example = contactID
}

func (r *receiver) received() (Received, []Arrival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats, slices.Clone(r.latest)
}

// answer is what the receiver does about a request. A status of 0 breaks the connection.
type answer struct {
	status int
	reset  bool   // breaks it with a reset, not in good order
	wait   string // Retry-After
	body   string
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 16<<20))
	if err != nil {
		return // the sender went away: nothing was sent whole
	}
	a := r.judge(req.Header, body)
	if a.status == 0 {
		drop(w, a.reset)
		return
	}
	if a.wait != "" {
		w.Header().Set("Retry-After", a.wait)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// judge decides about a request and counts it.
func (r *receiver) judge(head http.Header, body []byte) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The n-th request meets the same fault under the same seed.
	chance := rand.New(rand.NewPCG(r.seed, uint64(r.stats.Requests))).Float64()
	r.stats.Requests++
	var key idempotencyKey
	n, err := base64.RawURLEncoding.Decode(key[:], []byte(clip(head.Get("Idempotency-Key"), 22)))
	switch {
	case head.Get(keyHeader) != r.key:
		r.stats.Wrong++
		return answer{status: http.StatusUnauthorized, body: "the API key is wrong"}
	case err != nil || n != len(key) || r.record.Parse(body) != nil:
		r.stats.Wrong++
		return answer{status: http.StatusBadRequest, body: "not a record with an Idempotency-Key"}
	case string(r.record.ID()) == r.refusal:
		r.denied[key] = struct{}{}
		r.stats.Refused = len(r.denied)
		return answer{status: http.StatusUnprocessableEntity, body: "this receiver refuses one contact on purpose"}
	case chance < shareUnavailable:
		a := answer{status: http.StatusServiceUnavailable, body: "busy, on purpose"}
		if r.stats.Unavailable%retryAfterEach == 4 {
			a.wait = "1"
		}
		r.stats.Unavailable++
		return a
	case chance < shareUnavailable+shareReset:
		r.stats.Reset++
		return answer{reset: true}
	}
	r.take(key, body)
	if chance < shareUnavailable+shareReset+shareLost {
		r.stats.Lost++
		return answer{}
	}
	return answer{status: http.StatusAccepted}
}

// What no record may hold after the demo's redaction, in the forms in which the centre writes it. Names are not among it: they cannot
// be told from other words. Nor is 987-65-4320, which looks like a social security number and cannot be anybody's.
var (
	number   = regexp.MustCompile(`\+[0-9]{9,15}`)
	personal = []string{
		"@example.",                                                                                             // all of the centre's e-mail addresses
		"4111 1111 1111 1111", "5555555555554444", "378282246310005", "4242-4242-4242-4242", "6011111111111117", // cards
		"GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "192.0.2.44", // accounts, an address
	}
)

func holdsPersonal(body []byte) bool {
	return number.Match(body) ||
		slices.ContainsFunc(personal, func(text string) bool { return bytes.Contains(body, []byte(text)) })
}

// take enters the record.
func (r *receiver) take(key idempotencyKey, body []byte) {
	if _, again := r.taken[key]; again {
		r.stats.Again++
		return
	}
	r.taken[key] = struct{}{}
	r.stats.Taken = len(r.taken)
	if holdsPersonal(body) {
		r.stats.Personal++
	}
	id := string(r.record.ID())
	if id == r.example && r.kept == nil {
		r.kept = bytes.Clone(body)
	}
	doc := r.record.Document()
	a := Arrival{ID: id}
	if r.record.Kind() == contact.AgentEvent {
		a.Kind = string(doc.AppendText(nil, doc.Lookup("EventType")))
		a.Agent = string(doc.AppendText(nil, doc.Lookup("CurrentAgentSnapshot", "Configuration", "Username")))
	} else {
		a.Kind = string(r.record.Channel())
		a.Agent = string(doc.AppendText(nil, doc.Lookup("Agent", "Username")))
	}
	r.latest = slices.Insert(r.latest, 0, a)
	r.latest = r.latest[:min(len(r.latest), latestKept)]
}

// drop ends the connection without an answer.
func drop(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func clip(text string, most int) string { return text[:min(len(text), most)] }
