package httpapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say where and how to send. Errors about them name the key of the config file.
type Options struct {
	// URL receives the POSTs. https, or http to this machine (localhost, 127.0.0.0/8, ::1); any other http only with Plaintext,
	// since records and key would cross the network readable.
	URL string
	// Plaintext allows http to other machines.
	Plaintext bool
	// Header carries the key, its name sent as it is written here (HTTP/2 lowers it). None when empty.
	Header string
	// Key returns the key's present value. It is called before the first request, and again when the endpoint refuses the key.
	// Its errors are logged: they must not quote the value.
	Key func(context.Context) (string, error)
	// Rate is how many requests a second at most; 0 is no limit.
	Rate float64
	// Timeout of one request, from the wait for a connection to the end of the answer. 5 s when 0.
	Timeout time.Duration
	// Concurrency is how many requests, and HTTP/1.1 connections, at most. 16 when 0.
	Concurrency int
	// Batch is how many records a request at most. From 2 on, each request is a JSON array, also of one record; 0 and 1 send one
	// record as it is.
	Batch int
	// BatchBytes is how long an array gets, unless one record alone is longer. 1 MiB when 0.
	BatchBytes int
	// CAFile holds the certificates, as PEM, of the authorities to trust in place of the system's.
	CAFile string
	// TLS is what connections start from. CAFile and the minimum of TLS 1.2 are added to a copy.
	TLS *tls.Config
	// UserAgent is trunkline/VERSION. "trunkline" when empty.
	UserAgent string
	// Scrub removes personal data from the start of a refusing answer. When nil, every digit is replaced. What it returns is then
	// cut to 256 bytes of printable text.
	Scrub func([]byte) []byte
	// Transport takes the place of the network, for tests.
	Transport http.RoundTripper
	// Proxy chooses a proxy. The environment decides (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) when nil.
	Proxy func(*http.Request) (*url.URL, error)
	// Jitter returns numbers in [0, 1). The global random source when nil.
	Jitter func() float64
	// Logger tells of outages and refused keys, once each. slog.Default() when nil.
	Logger *slog.Logger
	// Observer may be nil.
	Observer Observer
}

// Observer hears of requests for the metrics. It gets no personal data. Its methods are called from any goroutine and must not
// wait.
type Observer interface {
	// Request was answered with status, or got no answer: then status is 0.
	Request(status int, took time.Duration)
	// Retry is about records that are sent again, after an answer with status or, when it is 0, after none.
	Retry(status int)
	// State has changed. It is Flowing at the start.
	State(State)
}

type deaf struct{}

func (deaf) Request(int, time.Duration) {}
func (deaf) Retry(int)                  {}
func (deaf) State(State)                {}

// Validate says what is wrong with the options. It reads and sends nothing.
func (o Options) Validate() error {
	_, err := o.check()
	return err
}

// reserved headers are ours or the connection's.
var reserved = []string{
	"Connection", "Content-Length", "Content-Type", "Expect", "Host", "Idempotency-Key", "Keep-Alive", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "User-Agent",
}

func (o *Options) check() (*url.URL, error) {
	// The URL is never quoted: it may hold a password or a token.
	u, err := url.Parse(o.URL)
	switch {
	case o.URL == "":
		return nil, errors.New("destination.http.url: missing; write https://HOST/PATH")
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "":
		return nil, errors.New("destination.http.url: not of the form https://HOST/PATH")
	case u.User != nil:
		return nil, errors.New("destination.http.url: holds a user name or password; use destination.http.header: Authorization and destination.http.key")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("destination.http.url: scheme %q; write https://HOST/PATH", u.Scheme)
	case u.Scheme == "http" && !o.Plaintext && !loopback(u.Hostname()):
		return nil, errors.New("destination.http.url: http would send records and key readable over the network; use https, or allow it with destination.http.plaintext: true")
	}
	if u.Port() != "" {
		if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
			return nil, errors.New("destination.http.url: the port is not a number from 1 to 65535")
		}
	}
	switch {
	case o.Header != "" && !token(o.Header):
		return nil, fmt.Errorf("destination.http.header: %q is not a header name", o.Header)
	case slices.Contains(reserved, http.CanonicalHeaderKey(o.Header)):
		return nil, fmt.Errorf("destination.http.header: %s is set by trunkline itself; name the header that carries the key", o.Header)
	case o.Header != "" && o.Key == nil:
		return nil, errors.New("destination.http.key: missing, though destination.http.header is set; write env:NAME or file:PATH")
	case o.Header == "" && o.Key != nil:
		return nil, errors.New("destination.http.header: missing, though destination.http.key is set; write the name of the header that carries the key")
	case !(o.Rate >= 0):
		return nil, errors.New("destination.http.rate: less than nothing; write for instance 300/s")
	case o.Timeout < 0:
		return nil, errors.New("destination.http.timeout: less than nothing; write for instance 5s")
	case o.Concurrency < 0 || o.Concurrency > maxConcurrency:
		return nil, fmt.Errorf("destination.http.concurrency: %d is not between 1 and %d", o.Concurrency, maxConcurrency)
	case o.Batch < 0 || o.BatchBytes < 0:
		return nil, errors.New("destination.http.batch: less than nothing; write the number of records a request")
	}
	return u, nil
}

const maxConcurrency = 10_000

func (o *Options) setDefaults() {
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Concurrency = cmp.Or(o.Concurrency, 16)
	o.BatchBytes = cmp.Or(o.BatchBytes, 1<<20)
	o.UserAgent = cmp.Or(o.UserAgent, "trunkline")
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Rate == 0 {
		o.Rate = math.Inf(1)
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Observer == nil {
		o.Observer = deaf{}
	}
	if o.Scrub == nil {
		o.Scrub = hideDigits
	}
}

func (o *Options) transport(u *url.URL) (*http.Transport, error) {
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("destination.http.ca_file: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("destination.http.ca_file: %s holds no PEM certificate", o.CAFile)
		}
		config.RootCAs = pool
	}
	dialer := &net.Dialer{Timeout: o.Timeout, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:               o.Proxy,
		DialContext:         dialer.DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: o.Timeout,
		// With a TLS config or a dialer of its own, a transport speaks HTTP/2 only when told to.
		ForceAttemptHTTP2: true,
		// The default of 2 idle connections would close and open one for nearly every request.
		MaxIdleConns:           o.Concurrency,
		MaxIdleConnsPerHost:    o.Concurrency,
		MaxConnsPerHost:        o.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		// Head and body of most records fit: they go out in one write instead of three.
		WriteBufferSize: 16 << 10,
		// Without pings, every request on an HTTP/2 connection whose peer is gone would run into its timeout.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: o.Timeout},
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK {
				return &proxyError{host: proxy.Host, status: answer.StatusCode}
			}
			return nil
		},
	}, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// token tells a valid header name (RFC 9110, section 5.6.2).
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}
