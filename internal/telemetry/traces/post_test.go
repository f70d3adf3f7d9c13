package traces

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"trunkline/internal/collector"
)

// What goes over the wire is what the protocol says: gzipped protobuf of one resource with the spans, and the headers of the environment.
func TestPost(t *testing.T) {
	requests := make(chan *http.Request, 1)
	messages := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
			return
		}
		message, err := io.ReadAll(unzipped)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		requests <- r
		messages <- message
	}))
	defer server.Close()
	t.Setenv(headersVariable, "x-key=first, authorization=Bearer%20abc")
	t.Setenv(tracesHeadersVariable, "X-Key=second")
	traces := open(t, Options{URL: server.URL, Version: "v1.2.3"})
	traces.Settled(collector.Delivered, "", 1, time.Now())
	traces.Committed(time.Millisecond)
	traces.Close()
	request := <-requests
	for name, want := range map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "X-Key": "second", "Authorization": "Bearer abc",
	} {
		if got := request.Header.Get(name); got != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
	// The request of the service has one field, number 1, as TracesData has.
	var data tracepb.TracesData
	if err := (proto.UnmarshalOptions{}).Unmarshal(<-messages, &data); err != nil {
		t.Fatal(err)
	}
	if n := len(data.ResourceSpans); n != 1 || len(data.ProtoReflect().GetUnknown()) > 0 {
		t.Fatalf("got %d resources and unknown fields %x, want one resource", n, data.ProtoReflect().GetUnknown())
	}
	var names []string
	for _, scope := range data.ResourceSpans[0].ScopeSpans {
		for _, span := range scope.Spans {
			names = append(names, span.Name)
		}
	}
	if diff := cmp.Diff(names, []string{"record", "checkpoint"}); diff != "" {
		t.Errorf("spans, got - want +:\n%s", diff)
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		all, traces string
		want        http.Header // nil: an error
	}{
		{"", "", http.Header{}},
		{" , ", "", http.Header{}},
		{"a=1,b=2", "", http.Header{"A": {"1"}, "B": {"2"}}},
		{" a = 1 , b=x=y ", "B=%2C%20", http.Header{"A": {"1"}, "B": {", "}}},
		{"secret", "", nil},
		{"=secret", "", nil},
		{"a b=secret", "", nil},
		{"a=secret%", "", nil},
		{"a=secret%0d%0ax: y", "", nil},
		{"", "é=secret", nil},
	} {
		got, err := readHeaders(func(name string) string {
			return map[string]string{headersVariable: c.all, tracesHeadersVariable: c.traces}[name]
		})
		if (err == nil) != (c.want != nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q, %q: got error %v, want one without the value: %v", c.all, c.traces, err, c.want == nil)
		}
		if err == nil && !cmp.Equal(got, c.want) {
			t.Errorf("%q, %q: got %v, want %v", c.all, c.traces, got, c.want)
		}
	}
	t.Setenv(headersVariable, "secret")
	if _, err := Open(t.Context(), Options{URL: "http://127.0.0.1:1"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("Open with wrong headers: got %v, want an error without them", err)
	}
}

// The reason for sending spans ourselves is what the exporter's own client links.
func TestNoGRPC(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil || !bytes.Contains(out, []byte("google.golang.org/protobuf/proto\n")) {
		t.Fatalf("go list -deps (%v) does not say what is linked:\n%s", err, out)
	}
	if i := bytes.Index(out, []byte("google.golang.org/grpc")); i >= 0 {
		t.Errorf("%.40s… is linked; see which import does it: go mod why google.golang.org/grpc", out[i:])
	}
}
