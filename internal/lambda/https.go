package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// HTTPS is an Origin on a web server. It asks with the ETag of what it has.
type HTTPS struct {
	// Key, when not nil, returns the key that operata.io wants. Only that host and those below it are sent it.
	Key func(context.Context) (string, error)
	// Client takes the place of the network, for tests; nil: a client that follows no redirects.
	Client *http.Client

	url *url.URL
}

// NewHTTPS makes an Origin of an https URL.
func NewHTTPS(address string) (*HTTPS, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("not of the form https://HOST/PATH")
	}
	return &HTTPS{url: u}, nil
}

// String is the address without its query, which may be a signature.
func (h *HTTPS) String() string {
	return (&url.URL{Scheme: h.url.Scheme, Host: h.url.Host, Path: h.url.Path}).String()
}

// maxConfig is the longest config that is read, in bytes.
const maxConfig = 1 << 20

// fetchTime is how long a fetch may take: the invocation that finds the config old waits for it.
const fetchTime = 5 * time.Second

// keyHeader carries the key to operata.io.
const keyHeader = "Operata-API-Key"

func (h *HTTPS) wantsKey() bool {
	host := strings.ToLower(h.url.Hostname())
	return h.Key != nil && (host == "operata.io" || strings.HasSuffix(host, ".operata.io"))
}

// Fetch implements Origin.
func (h *HTTPS) Fetch(ctx context.Context, inForce string) (text []byte, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request := (&http.Request{Method: http.MethodGet, URL: h.url, Host: h.url.Host, Header: http.Header{}}).WithContext(ctx)
	if inForce != "" {
		request.Header.Set("If-None-Match", inForce)
	}
	if h.wantsKey() {
		key, err := h.Key(ctx)
		if err != nil {
			return nil, "", err
		}
		request.Header.Set(keyHeader, key)
	}
	client := h.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	response, err := client.Do(request)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err // the URL may hold a signature
		}
		return nil, "", err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && inForce != "":
		return nil, inForce, nil
	case response.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("status %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	text, err = io.ReadAll(io.LimitReader(response.Body, maxConfig+1))
	if err != nil {
		return nil, "", err
	}
	if len(text) == 0 || len(text) > maxConfig {
		return nil, "", fmt.Errorf("%d bytes, want 1 to %d", len(text), maxConfig)
	}
	return text, response.Header.Get("ETag"), nil
}
