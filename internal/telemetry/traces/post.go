package traces

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// poster sends spans as OTLP over HTTP (OpenTelemetry protocol, "OTLP/HTTP"), in gzipped protobuf. It stands in the place of the
// exporter's own client, which would link all of gRPC. A request is sent once: a span that is late is worth little, and while one
// request is retried the others are dropped.
type poster struct {
	client  *http.Client
	url     string
	headers http.Header
	zippers sync.Pool // *gzip.Writer: a new one is most of a megabyte
}

var _ otlptrace.Client = (*poster)(nil)

// Start implements [otlptrace.Client].
func (p *poster) Start(context.Context) error { return nil }

// Stop implements [otlptrace.Client].
func (p *poster) Stop(context.Context) error { return nil }

// UploadTraces implements [otlptrace.Client].
func (p *poster) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// On the wire it is the same as the request of the service, whose type is in one package with gRPC's.
	message, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	var body bytes.Buffer
	zipped, ok := p.zippers.Get().(*gzip.Writer)
	if !ok {
		zipped = gzip.NewWriter(nil)
	}
	defer p.zippers.Put(zipped)
	zipped.Reset(&body)
	if _, err := zipped.Write(message); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, &body)
	if err != nil {
		return err
	}
	request.Header = p.headers.Clone()
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again; it says nothing that we act on
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

// The variables of the environment that name headers (OpenTelemetry protocol exporter, "Specifying headers via environment
// variables"). The second one counts for traces alone, and comes before the other.
const (
	headersVariable       = "OTEL_EXPORTER_OTLP_HEADERS"
	tracesHeadersVariable = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
)

// readHeaders reads them: name=value,name=value, values with percent escapes. The error quotes none, since they may hold a key.
func readHeaders(getenv func(string) string) (http.Header, error) {
	headers := http.Header{}
	for _, variable := range []string{headersVariable, tracesHeadersVariable} {
		for pair := range strings.SplitSeq(getenv(variable), ",") {
			if strings.TrimSpace(pair) == "" {
				continue
			}
			name, text, ok := strings.Cut(pair, "=")
			name = strings.TrimSpace(name)
			value, err := url.PathUnescape(strings.TrimSpace(text))
			if !ok || err != nil || name == "" || strings.ContainsFunc(name, notInName) || strings.ContainsAny(value, "\r\n\x00") {
				return nil, errors.New("the headers in " + variable + " are not of the form name=value,name=value")
			}
			headers.Set(name, value)
		}
	}
	return headers, nil
}

// notInName tells of a character that no header's name has (RFC 9110, section 5.6.2).
func notInName(c rune) bool {
	return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
}
