package httpapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// problem says in one line why a request did not get through, and what to do about it where we know.
func (a *answer) problem(host string, timeout time.Duration) error {
	err := a.err
	if err == nil {
		hint := ""
		switch {
		case a.status == http.StatusProxyAuthRequired:
			hint = "; check the user and password in HTTPS_PROXY or HTTP_PROXY"
		case a.verdict == denied && a.key == nil:
			hint = "; it wants a key: add destination.http.header and destination.http.key"
		case a.verdict == denied:
			hint = "; put the right key where destination.http.key points: it is read again by itself"
		}
		return fmt.Errorf("%s answers %d %s%s", host, a.status, http.StatusText(a.status), hint)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		hint := "check its certificate"
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
			hint = "name the file of its authority as destination.http.ca_file"
		} else if _, ok := errors.AsType[x509.HostnameError](err); ok {
			hint = "write the name that the certificate is for in destination.http.url"
		} else if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
			hint = "have it renewed, or set this machine's clock"
		}
		return &settingError{fmt.Errorf("the certificate of %s is not accepted: %w; %s", host, err, hint)}
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return &settingError{fmt.Errorf("%s does not speak TLS: %w; check destination.http.url", host, err)}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return &settingError{fmt.Errorf("host %s has no address; check destination.http.url", dns.Name)}
		}
		return &settingError{fmt.Errorf("look up %s: %s; check this machine's name servers", dns.Name, dns.Err)}
	}
	if proxy, ok := errors.AsType[*proxyError](err); ok {
		return &settingError{proxy}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer from %s within %s (destination.http.timeout)", host, timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens on %s: %w", host, err)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s closes the connection instead of answering", host)
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("send to %s: %w", host, network)
	}
	// The error may quote the answer, and the answer our record.
	return fmt.Errorf("%s sends no valid HTTP answer (%T); check destination.http.url", host, err)
}

// settingError is a failure that waiting alone will hardly mend. It is retried all the same, but told at once.
type settingError struct{ error }

func (e *settingError) Unwrap() error { return e.error }

func settingAtFault(err error) bool {
	_, ok := errors.AsType[*settingError](err)
	return ok
}

// proxyError is a proxy's refusal to connect us.
type proxyError struct {
	host   string
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s answers %d %s; check HTTPS_PROXY and NO_PROXY", e.host, e.status, http.StatusText(e.status))
}
