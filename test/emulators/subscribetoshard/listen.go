package subscribetoshard

import (
	"context"
	"hash/crc32"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

func checksum(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// Listen serves a handler with TLS and HTTP/2 on loopback until the test ends, and returns an SDK's client of it.
func Listen(tb testing.TB, handler http.Handler) *kinesis.Client {
	tb.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	tb.Cleanup(server.Close)
	return client(server.URL, server.Client())
}

// Pipe serves a handler over HTTP/2 in memory, and returns an SDK's client of it, and what stops both. Called in a bubble of testing/synctest,
// it takes part in the bubble's time: nothing waits for the network.
func Pipe(handler http.Handler) (c *kinesis.Client, stop func()) {
	listener := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: handler, Protocols: &protocols, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: listener.dial, Protocols: &protocols}
	return client("http://kinesis.test", &http.Client{Transport: transport}), func() {
		transport.CloseIdleConnections()
		server.Close()
		serving.Wait()
	}
}

func client(url string, http *http.Client) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		Region: "eu-west-2", BaseEndpoint: &url, HTTPClient: http,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")),
	})
}

// pipes is a listener whose connections are made by dial.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
