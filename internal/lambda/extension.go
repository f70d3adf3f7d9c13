package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// Extension reads secrets of AWS Secrets Manager through the AWS Parameters and Secrets Lambda Extension, which serves them on a port of
// the function's own. It needs no SDK. It is safe for concurrent use.
type Extension struct {
	Port  string // "": 2773
	Token string // the function's AWS_SESSION_TOKEN
	// Expected says that the extension is known to be there, so that a refused connection means that it is not ready yet.
	Expected bool
}

// ErrNoExtension says that nothing listens on the extension's port.
var ErrNoExtension = errors.New("the AWS Parameters and Secrets Lambda Extension does not answer; add its layer to the function")

// The extension is not ready before the first invocation begins: it is asked again this often.
const (
	extensionTries = 20
	extensionPause = 50 * time.Millisecond
	extensionTime  = 5 * time.Second // of one request
	maxSecret      = 256 << 10       // of its answer, in bytes
)

var extensionClient = &http.Client{Transport: &http.Transport{
	// Never a proxy: the request carries the function's session token.
	Proxy: nil, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext, ResponseHeaderTimeout: extensionTime,
}}

// Secret returns the present value of the secret with a name or an ARN, as text. Its errors hold neither the value nor the name, which
// may be a key that was written in the wrong place.
func (e *Extension) Secret(ctx context.Context, name string) (string, error) {
	for try := 1; ; try++ {
		text, again, err := e.ask(ctx, name)
		if err == nil || !again || try == extensionTries {
			return text, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(extensionPause):
		}
	}
}

// ask asks once. again says that the extension may only not be ready yet.
func (e *Extension) ask(ctx context.Context, name string) (text string, again bool, err error) {
	port := e.Port
	if port == "" {
		port = "2773"
	}
	ctx, cancel := context.WithTimeout(ctx, extensionTime)
	defer cancel()
	address := url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", port), Path: "/secretsmanager/get", RawQuery: url.Values{"secretId": {name}}.Encode()}
	request := (&http.Request{Method: http.MethodGet, URL: &address, Host: address.Host, Header: http.Header{
		"X-Aws-Parameters-Secrets-Token": {e.Token},
	}}).WithContext(ctx)
	response, err := extensionClient.Do(request)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "", e.Expected, ErrNoExtension
	case err != nil:
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err // the URL holds the name
		}
		return "", false, fmt.Errorf("read a secret from the extension: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxSecret+1))
	switch {
	case err != nil:
		return "", false, fmt.Errorf("read a secret from the extension: %w", err)
	case response.StatusCode == http.StatusBadRequest:
		return "", true, errors.New("the extension is not ready, or there is no such secret (status 400)")
	case response.StatusCode != http.StatusOK:
		return "", false, fmt.Errorf("the extension cannot read the secret (status %d); does the secret exist, and does the function's role have secretsmanager:GetSecretValue on it?", response.StatusCode)
	case len(body) > maxSecret:
		return "", false, fmt.Errorf("the extension's answer is longer than %d bytes", maxSecret)
	}
	var value struct{ SecretString *string }
	if json.Unmarshal(body, &value) != nil || value.SecretString == nil || *value.SecretString == "" {
		return "", false, errors.New("the secret is empty or not a text; store the key as a text")
	}
	return *value.SecretString, false, nil
}
