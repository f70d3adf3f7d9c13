// Package runtimeapi is a Lambda Runtime API on loopback, to run a function's real binary in tests.
//
//	Invoke ─▶ GET …/invocation/next ─▶ the function ─▶ POST …/invocation/ID/response or /error ─▶ Result
//	                                        └─▶ POST …/init/error ─▶ InitErrors
//
// It checks the paths, methods, request ids and the limit of an answer, and refuses what the service would. It does not check the time
// that a function takes, nor freeze it between invocations.
package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is a Runtime API. It takes one function at a time.
type Server struct {
	server   *http.Server
	address  string
	queue    chan *invocation
	started  chan time.Time
	failures chan Failure

	mu   sync.Mutex
	open map[string]*invocation // handed out and not answered
	last int
}

// Failure is what a function reports instead of an answer.
type Failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (f *Failure) Error() string { return f.Type + ": " + f.Message }

// maxAnswer is the service's limit, in bytes.
const maxAnswer = 6<<20 + 100

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	result   chan result
}

type result struct {
	body []byte
	err  error
}

// Start listens on a free port of 127.0.0.1.
func Start() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		address: listener.Addr().String(), queue: make(chan *invocation), started: make(chan time.Time, 16),
		failures: make(chan Failure, 16), open: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failed)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.initFailed)
	s.server = &http.Server{Handler: mux}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the tests cannot go on
		}
	}()
	return s, nil
}

// Close drops all connections.
func (s *Server) Close() error { return s.server.Close() }

// Address is host:port, for AWS_LAMBDA_RUNTIME_API.
func (s *Server) Address() string { return s.address }

// Started tells when a function asked for its first invocation, and for each one after.
func (s *Server) Started() <-chan time.Time { return s.started }

// InitErrors are the reports of functions that could not start.
func (s *Server) InitErrors() <-chan Failure { return s.failures }

// Invoke gives a payload to the function and waits for its answer. The error is a *Failure when the function reports one.
func (s *Server) Invoke(ctx context.Context, payload []byte, timeout time.Duration) ([]byte, error) {
	s.mu.Lock()
	s.last++
	i := &invocation{fmt.Sprintf("00000000-0000-0000-0000-%012d", s.last), payload, time.Now().Add(timeout), make(chan result, 1)}
	s.mu.Unlock()
	select {
	case s.queue <- i:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case r := <-i.result:
		return r.body, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	select {
	case s.started <- time.Now():
	default:
	}
	select {
	case i := <-s.queue:
		s.mu.Lock()
		s.open[i.id] = i
		s.mu.Unlock()
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(i.deadline.UnixMilli()))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-2:111122223333:function:trunkline")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
		h.Set("Content-Type", "application/json")
		w.Write(i.payload)
	case <-r.Context().Done():
	}
}

// take ends an invocation: each is answered once.
func (s *Server) take(w http.ResponseWriter, r *http.Request) *invocation {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.open[r.PathValue("id")]
	if i == nil {
		http.Error(w, "no such invocation, or answered already", http.StatusBadRequest)
		return nil
	}
	delete(s.open, i.id)
	return i
}

func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	i := s.take(w, r)
	switch {
	case i == nil:
		return
	case len(body) > maxAnswer:
		i.result <- result{err: &Failure{"Function.ResponseSizeTooLarge", "the answer is too long"}}
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	case !json.Valid(body):
		i.result <- result{err: fmt.Errorf("the answer is not JSON: %d bytes", len(body))}
	default:
		i.result <- result{body: body}
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) failed(w http.ResponseWriter, r *http.Request) {
	f, ok := report(w, r)
	if !ok {
		return
	}
	if i := s.take(w, r); i != nil {
		i.result <- result{err: &f}
		w.WriteHeader(http.StatusAccepted)
	}
}

func (s *Server) initFailed(w http.ResponseWriter, r *http.Request) {
	f, ok := report(w, r)
	if !ok {
		return
	}
	if f.Type == "" || !strings.Contains(r.Header.Get("Lambda-Runtime-Function-Error-Type"), ".") {
		http.Error(w, "want errorType, and the header with a category and a reason", http.StatusBadRequest)
		return
	}
	s.failures <- f
	w.WriteHeader(http.StatusAccepted)
}

func report(w http.ResponseWriter, r *http.Request) (f Failure, ok bool) {
	if err := json.NewDecoder(io.LimitReader(r.Body, maxAnswer)).Decode(&f); err != nil || f.Message == "" {
		http.Error(w, "want {\"errorType\", \"errorMessage\"}", http.StatusBadRequest)
		return f, false
	}
	return f, true
}
