// Package subscribetoshard plays the enhanced fan-out of Kinesis Data Streams: RegisterStreamConsumer, DescribeStreamConsumer, and
// SubscribeToShard with its event stream, over HTTP/2 or HTTP/1.1. No server that others wrote has its errors.
//
//	New ─ Shards, Put, End ─▶ Server ─▶ http.Handler ─┬─ Listen: TLS and HTTP/2 on loopback
//	      Fault, Refuse ───────▲                       └─ Pipe: HTTP/2 in memory, which testing/synctest can wait for
//
// It keeps the rules that are published: a subscription lasts five minutes; a call within five seconds of one that succeeded is refused, a
// later one takes the shard over; one call a second for a consumer and a shard; a stream has at most 20 consumers. An event without records
// comes every five seconds where nothing else does. Each request is checked against the published API model; what breaks it is answered with
// ValidationException and fails the test.
//
// It does not check signatures, permissions, tags, or the throughput of 2 MiB a second, and knows no other operation.
package subscribetoshard

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The service's rules.
const (
	Lifetime  = 5 * time.Minute  // of a subscription
	Hold      = 5 * time.Second  // after a call that succeeded
	Beat      = 5 * time.Second  // between events without records
	Slow      = 30 * time.Second // without reading, after which a reader is cut off
	consumers = 20
)

// StreamARN is what New's stream is called.
const StreamARN = "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts"

// Server is one stream and its consumers. It is safe for concurrent use.
type Server struct {
	model *Model
	tb    testing.TB
	// Batch is how many records an event has at most, and Creation how long a consumer is CREATING, and DELETING. Set them before the first call.
	Batch    int
	Creation time.Duration

	mu        sync.Mutex
	shards    map[string]*shard
	consumers map[string]*consumer // by ARN
	refusals  map[string][]Refusal // by operation
	calls     []Call
	open      int // subscriptions that are open
}

// Call is a request that was answered, or begun to be.
type Call struct {
	Operation string
	Input     map[string]any
	Time      time.Time
	Error     string // the code of the answer, "" for success
}

// Refusal is an answer other than the one that the rules give.
type Refusal struct {
	Status int // 400, if 0
	Code   string
}

type consumer struct {
	arn, name string
	created   time.Time
	deleting  time.Time // when it was deregistered
}

// New makes a server of a stream without shards. Requests that break the model fail tb.
func New(tb testing.TB, model *Model) *Server {
	return &Server{model: model, tb: tb, Batch: 3, Creation: 2 * time.Second, shards: map[string]*shard{}, consumers: map[string]*consumer{}, refusals: map[string][]Refusal{}}
}

// Refuse answers the next calls of an operation so, one each. See [Server.Fault] for what goes wrong with one shard.
func (s *Server) Refuse(operation string, refusals ...Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[operation] = append(s.refusals[operation], refusals...)
}

// Register makes a consumer as RegisterStreamConsumer does, and returns its ARN.
func (s *Server) Register(name string) (arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.register(name).arn
}

// Deregister takes a consumer away: it is DELETING for a while, and is then gone. Its subscriptions end with ResourceNotFoundException.
func (s *Server) Deregister(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumers[arn].deleting = time.Now()
	for _, shard := range s.shards {
		if sub := shard.subs[arn]; sub != nil {
			sub.end("ResourceNotFoundException")
		}
	}
}

// Calls are the calls so far of one operation, or of all if it is "".
func (s *Server) Calls(operation string) (calls []Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range s.calls {
		if operation == "" || call.Operation == operation {
			calls = append(calls, call)
		}
	}
	return calls
}

// Open is how many subscriptions are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

const maxRequest = 1 << 20

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return // the client is gone
	}
	operation, isOurs := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "Kinesis_20131202.")
	input := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	problems := []string{}
	switch shape, known := s.model.Operations[operation]; {
	case !isOurs || !known || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.1":
		problems = append(problems, fmt.Sprintf("%s %s with X-Amz-Target %q and Content-Type %q is no call of Kinesis", r.Method, r.URL.Path,
			r.Header.Get("X-Amz-Target"), r.Header.Get("Content-Type")))
	default:
		if err := decoder.Decode(&input); err != nil {
			problems = append(problems, err.Error())
		} else {
			problems = s.model.Check(shape.Input.Shape, input)
		}
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=") {
			problems = append(problems, "the request is not signed")
		}
	}
	call := Call{Operation: operation, Input: input, Time: time.Now()}
	if len(problems) > 0 {
		s.tb.Errorf("%s %s: the API model does not allow it: %s", operation, body, strings.Join(problems, "; "))
		s.refuse(w, call, Refusal{Code: "ValidationException"})
		return
	}
	if refusal, found := s.refusal(operation); found {
		s.refuse(w, call, refusal)
		return
	}
	switch operation {
	case "RegisterStreamConsumer":
		s.answer(w, call, s.registerStreamConsumer)
	case "DescribeStreamConsumer":
		s.answer(w, call, s.describeStreamConsumer)
	case "SubscribeToShard":
		s.subscribeToShard(w, r, call)
	default:
		s.refuse(w, call, Refusal{Code: "UnknownOperationException"})
	}
}

func (s *Server) refusal(operation string) (refusal Refusal, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if queue := s.refusals[operation]; len(queue) > 0 {
		s.refusals[operation] = queue[1:]
		return queue[0], true
	}
	return Refusal{}, false
}

func (s *Server) note(call Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *Server) refuse(w http.ResponseWriter, call Call, refusal Refusal) {
	call.Error = refusal.Code
	s.note(call)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if refusal.Status == 0 {
		refusal.Status = http.StatusBadRequest
	}
	w.WriteHeader(refusal.Status)
	writeJSON(w, map[string]string{"__type": refusal.Code, "message": "asked for by the test or by the rules"})
}

// answer writes what a call gives. give is called with the lock held.
func (s *Server) answer(w http.ResponseWriter, call Call, give func(input map[string]any) (output any, code string)) {
	s.mu.Lock()
	output, code := give(call.Input)
	s.mu.Unlock()
	if code != "" {
		s.refuse(w, call, Refusal{Code: code})
		return
	}
	s.note(call)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	writeJSON(w, output)
}

func writeJSON(w io.Writer, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client is gone
	}
}

func text(input map[string]any, member string) string {
	value, _ := input[member].(string)
	return value
}

func (s *Server) register(name string) *consumer {
	now := time.Now()
	c := &consumer{arn: fmt.Sprintf("%s/consumer/%s:%d", StreamARN, name, now.Unix()), name: name, created: now}
	s.consumers[c.arn] = c
	return c
}

// status is "" for a consumer that is gone.
func (s *Server) status(c *consumer) string {
	switch now := time.Now(); {
	case c == nil || !c.deleting.IsZero() && now.Sub(c.deleting) >= s.Creation:
		return ""
	case !c.deleting.IsZero():
		return "DELETING"
	case now.Sub(c.created) < s.Creation:
		return "CREATING"
	}
	return "ACTIVE"
}

func (s *Server) describe(c *consumer) map[string]any {
	return map[string]any{
		"ConsumerName": c.name, "ConsumerARN": c.arn, "ConsumerStatus": s.status(c), "ConsumerCreationTimestamp": seconds(c.created),
	}
}

func seconds(t time.Time) json.Number {
	return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/1e6))
}

// present are the consumers that are not gone.
func (s *Server) present() []*consumer {
	return slices.DeleteFunc(slices.Collect(maps.Values(s.consumers)), func(c *consumer) bool { return s.status(c) == "" })
}

func (s *Server) registerStreamConsumer(input map[string]any) (output any, code string) {
	present := s.present()
	switch {
	case text(input, "StreamARN") != StreamARN:
		return nil, "ResourceNotFoundException"
	case slices.ContainsFunc(present, func(c *consumer) bool { return c.name == text(input, "ConsumerName") }):
		return nil, "ResourceInUseException"
	case len(present) >= consumers:
		return nil, "LimitExceededException"
	}
	return map[string]any{"Consumer": s.describe(s.register(text(input, "ConsumerName")))}, ""
}

func (s *Server) describeStreamConsumer(input map[string]any) (output any, code string) {
	arn, name := text(input, "ConsumerARN"), text(input, "ConsumerName")
	if arn == "" && (name == "" || text(input, "StreamARN") == "") {
		return nil, "InvalidArgumentException"
	}
	for _, c := range s.present() {
		if c.arn == arn || arn == "" && c.name == name && text(input, "StreamARN") == StreamARN {
			description := s.describe(c)
			description["StreamARN"] = StreamARN
			return map[string]any{"ConsumerDescription": description}, ""
		}
	}
	return nil, "ResourceNotFoundException"
}
