package emulators

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 30 * time.Second // how long a server may take until it is ready
	stopLimit  = 5 * time.Second  // how long it may take to end after SIGTERM
	tail       = 8 << 10          // bytes of output that a failure shows
)

// Server is a process that runs until the test that started it ends. Its methods may be called from any goroutine.
type Server struct {
	name  string
	cmd   *exec.Cmd
	stdin io.Closer
	out   output
	err   output
	done  chan struct{} // closed when the process has ended and its output is complete
	state error         // how it ended; read it after done
	stop  sync.Once
}

// Start runs cmd and returns when ready returns nil; ready is called again every 20 ms until it does. The test fails when the
// process ends before that, or is not ready after 30 seconds; both show the end of its output. A nil ready is ready at once.
//
// The process gets a standard input that stays open as long as the test binary lives, so that a server that watches it ends
// even where the test was killed. Its standard output and error are kept in memory, unless cmd already has a place for them.
// When the test ends the process gets SIGTERM and, 5 seconds later, SIGKILL; one that ended before that is logged.
func Start(tb testing.TB, name string, cmd *exec.Cmd, ready func(ctx context.Context) error) *Server {
	tb.Helper()
	server, err := start(name, cmd)
	if err != nil {
		tb.Fatalf("start %s: %v", name, err)
	}
	tb.Cleanup(func() {
		select {
		case <-server.done:
			// What else fails in this test is easier to understand with it.
			tb.Logf("%s had ended before the test: %s\nstandard error: %s", name, server.cmd.ProcessState, server.err.end())
		default:
			server.Stop()
		}
	})
	server.await(tb, ready)
	return server
}

// FirstLine waits for the server's first line of standard output and returns what follows prefix in it: how a server that took
// a free port says which. The test fails when there is none after 30 seconds, or another.
func (s *Server) FirstLine(tb testing.TB, prefix string) string {
	tb.Helper()
	var line string
	s.await(tb, func(context.Context) error {
		var complete bool
		if line, _, complete = strings.Cut(s.Stdout(), "\n"); !complete {
			return errors.New("no line on standard output")
		}
		return nil
	})
	rest, found := strings.CutPrefix(line, prefix)
	if !found {
		tb.Fatalf("%s: got first line %q, want prefix %q", s.name, line, prefix)
	}
	return rest
}

func (s *Server) await(tb testing.TB, ready func(ctx context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), startLimit)
	defer cancel()
	if err := s.wait(ctx, ready); err != nil {
		s.Stop()
		tb.Fatalf("start %s: %v\nstandard output: %s\nstandard error: %s", s.name, err, s.out.end(), s.err.end())
	}
}

func start(name string, cmd *exec.Cmd) (*Server, error) {
	s := &Server{name: name, cmd: cmd, done: make(chan struct{})}
	if cmd.Stdin == nil {
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		s.stdin = stdin
	}
	if cmd.Stdout == nil {
		cmd.Stdout = &s.out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &s.err
	}
	// A grandchild that keeps the output open must not keep the test waiting.
	cmd.WaitDelay = stopLimit
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.state = cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

func (s *Server) wait(ctx context.Context, ready func(ctx context.Context) error) error {
	if ready == nil {
		return nil
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("ended before it was ready: %s", s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", errors.Join(ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

// Stop ends the process and returns when it has ended and its output is complete. A second call does nothing.
func (s *Server) Stop() { s.stopAfter(stopLimit) }

func (s *Server) stopAfter(limit time.Duration) {
	s.stop.Do(func() {
		// An error means that the process has ended already: either way, done tells.
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(limit):
			_ = s.cmd.Process.Signal(os.Kill)
			<-s.done
		}
		if s.stdin != nil {
			s.stdin.Close()
		}
	})
}

// Done is closed when the process has ended, stopped or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Pid is the process id, for tests that measure what a server uses.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Stdout is what the process has written to standard output so far.
func (s *Server) Stdout() string { return s.out.String() }

// Stderr is what the process has written to standard error so far.
func (s *Server) Stderr() string { return s.err.String() }

// FreePort returns a TCP port of loopback that was free a moment ago, for servers that cannot choose one and tell. Prefer port
// 0 and reading what the server prints: between this call and the server's start, another process may take the port. It is one
// that no system gives to outgoing connections by itself, of which tests make many at the same time.
func FreePort(tb testing.TB) int {
	tb.Helper()
	var err error
	for range 100 {
		port := 15_000 + rand.IntN(15_000)
		var listener net.Listener
		if listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			listener.Close()
			return port
		}
	}
	tb.Fatalf("find a free port: %v", err)
	return 0
}

// Accepting is a ready function for Start: something accepts connections at address, host and port.
func Accepting(address string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// output is a buffer that one process writes and any test reads.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// end is the last of the output, for a failure's message.
func (o *output) end() string {
	s := o.String()
	if len(s) > tail {
		return "… " + s[len(s)-tail:]
	}
	return s
}
