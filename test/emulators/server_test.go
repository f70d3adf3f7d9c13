package emulators

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// A server of each language comes up, answers, and is gone after Stop.
func TestStart(t *testing.T) {
	tools := Install(t)
	tests := []struct {
		name    string
		command func(port string) *exec.Cmd
		want    string
	}{
		{
			"node", func(port string) *exec.Cmd {
				return exec.Command(tools.Node, "-e",
					`require('http').createServer((_, res) => res.end('hello from node')).listen(process.argv[1], '127.0.0.1')`, port)
			}, "hello from node",
		},
		{
			"python", func(port string) *exec.Cmd {
				return exec.Command(tools.Python, "-m", "http.server", "--bind", "127.0.0.1", "--directory", t.TempDir(), port)
			}, "Directory listing for /",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			port := FreePort(t)
			url := fmt.Sprintf("http://127.0.0.1:%d/", port)
			server := Start(t, test.name, test.command(fmt.Sprint(port)), func(ctx context.Context) error {
				_, err := get(ctx, url)
				return err
			})
			got, err := get(t.Context(), url)
			if err != nil || !strings.Contains(got, test.want) {
				t.Errorf("GET %s: got %q and error %v, want %q", url, got, err, test.want)
			}
			server.Stop()
			select {
			case <-server.Done():
			default:
				t.Errorf("process %d runs after Stop", server.Pid())
			}
			if got, err := get(t.Context(), url); err == nil {
				t.Errorf("GET %s after Stop: got %q, want an error", url, got)
			}
		})
	}
}

// A process that ends early is told apart from one that is slow, and what it wrote is there for the message.
func TestStartEndsEarly(t *testing.T) {
	server, err := start("sh", exec.Command("sh", "-c", "echo to standard output; echo no port left >&2; exit 7"))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	err = server.wait(t.Context(), func(context.Context) error { return io.EOF })
	if want := "ended before it was ready: exit status 7"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if got, want := server.Stdout(), "to standard output\n"; got != want {
		t.Errorf("standard output: got %q, want %q", got, want)
	}
	if got, want := server.Stderr(), "no port left\n"; got != want {
		t.Errorf("standard error: got %q, want %q", got, want)
	}
}

// A server that does not heed SIGTERM is killed.
func TestStopKills(t *testing.T) {
	server := Start(t, "sh", exec.Command("sh", "-c", `trap '' TERM; echo ready; while :; do read -r _; done`), nil)
	if got := server.FirstLine(t, "rea"); got != "dy" {
		t.Errorf("first line after %q: got %q, want %q", "rea", got, "dy")
	}
	server.stopAfter(0)
	if got, want := server.cmd.ProcessState.String(), "signal: killed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
