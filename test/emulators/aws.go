package emulators

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Moto starts moto, which plays many AWS services on one port, and returns its URL. Any credentials do, and each account has its
// own world. It stops with the test.
func Moto(tb testing.TB) (url string) {
	tb.Helper()
	tools := Install(tb)
	port := FreePort(tb)
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	Start(tb, "moto", exec.Command(tools.Python, "-m", "moto.server", "-H", "127.0.0.1", "-p", fmt.Sprint(port)), answering(url+"/moto-api/"))
	return url
}

// Fauxqs starts fauxqs, which plays Amazon SQS, and returns its URL. Any credentials do. It stops with the test.
func Fauxqs(tb testing.TB) (url string) {
	tb.Helper()
	tools := Install(tb)
	port := FreePort(tb)
	// Left alone it listens on all interfaces.
	cmd := exec.Command(tools.Node, "--require", filepath.Join(tools.Folder, "loopback.cjs"),
		filepath.Join(tools.Folder, "node_modules", "fauxqs", "dist", "server.js"))
	cmd.Env = append(os.Environ(), fmt.Sprintf("FAUXQS_PORT=%d", port), "FAUXQS_HOST=127.0.0.1", "FAUXQS_LOGGER=false")
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	Start(tb, "fauxqs", cmd, answering(url+"/health"))
	return url
}

// answering is a ready function for Start: a GET of url is answered, in whatever way.
func answering(url string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
}
