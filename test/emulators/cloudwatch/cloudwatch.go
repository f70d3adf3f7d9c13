// Package cloudwatch plays one call of Amazon CloudWatch, PutMetricData in the protocol that today's SDKs speak to it, Smithy RPC v2
// with CBOR. No emulator does.
//
//	request ─▶ gunzip ─▶ CBOR ─▶ check against the published model ─▶ check what the model does not say ─▶ Data
//
// The model is botocore's, read from the venv: required members, unknown members, types, lengths, patterns and enumerations. Besides,
// as the API's reference says: a datum has one of a value, a set of statistics and a list of values; no value is infinite or none; a
// timestamp is at most two weeks old and two hours ahead; 1,000 metrics and 1 MB a request; namespaces of AWS are refused; ASCII in
// dimensions.
//
// It does not check signatures, throttle, aggregate, or answer questions about metrics.
package cloudwatch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"trunkline/test/emulators"
)

const (
	path    = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
	maxBody = 1 << 20
)

// Server is a CloudWatch. Its methods are safe for concurrent use.
type Server struct {
	URL   string
	model model

	mu       sync.Mutex
	requests [][]Datum
	refused  []string
	fault    *Fault
}

// Datum is one metric of a request that was accepted.
type Datum struct {
	Namespace, Name, Unit string
	Dimensions            map[string]string
	// Count, Sum, Min and Max are those of the set of statistics, or of the value.
	Count, Sum, Min, Max float64
}

// Fault is what the server answers instead of looking at a request.
type Fault struct {
	Status  int
	Code    string // such as AccessDenied
	Message string
}

// Start starts a Server, which stops with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	m, err := readModel(emulators.Install(tb))
	if err != nil {
		tb.Fatalf("read the model of CloudWatch: %v", err)
	}
	s := &Server{model: m}
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Requests returns the metrics of each request that was accepted.
func (s *Server) Requests() [][]Datum {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]Datum(nil), s.requests...)
}

// Refused returns why requests were refused, but for faults.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.refused...)
}

// Fail answers every request with f, until it is called with nil.
func (s *Server) Fail(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		var data []Datum
		if data, fault = s.put(r); fault == nil {
			s.mu.Lock()
			s.requests = append(s.requests, data)
			s.mu.Unlock()
		} else {
			s.mu.Lock()
			s.refused = append(s.refused, fault.Code+": "+fault.Message)
			s.mu.Unlock()
		}
	}
	w.Header().Set("smithy-protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	body := cbor.Map{}
	if fault != nil {
		// Clients that knew the query protocol look for the code in the header.
		w.Header().Set("x-amzn-query-error", fault.Code+";Sender")
		w.WriteHeader(fault.Status)
		body["__type"] = cbor.String("com.amazonaws.cloudwatch#" + fault.Code)
		body["message"] = cbor.String(fault.Message)
	}
	_, _ = w.Write(cbor.Encode(body)) // a client that went away needs no answer
}

func refuse(code, format string, args ...any) *Fault {
	return &Fault{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// put is one request, up to what it says.
func (s *Server) put(r *http.Request) ([]Datum, *Fault) {
	switch {
	case r.Method != http.MethodPost || r.URL.Path != path:
		return nil, refuse("UnknownOperationException", "%s %s", r.Method, r.URL.Path)
	case r.Header.Get("smithy-protocol") != "rpc-v2-cbor" || r.Header.Get("Content-Type") != "application/cbor":
		return nil, refuse("UnknownOperationException", "protocol %q of %q", r.Header.Get("smithy-protocol"), r.Header.Get("Content-Type"))
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "):
		return nil, &Fault{http.StatusForbidden, "MissingAuthenticationToken", "no signature"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		var unzip *gzip.Reader
		if unzip, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(io.LimitReader(unzip, 16*maxBody))
		}
	}
	if err != nil {
		return nil, refuse("RequestEntityTooLarge", "%v", err)
	}
	value, err := cbor.Decode(body)
	if err != nil {
		return nil, refuse("SerializationException", "%v", err)
	}
	if fault := s.model.check("PutMetricDataInput", "PutMetricData", value); fault != nil {
		return nil, fault
	}
	return understand(value.(cbor.Map))
}
