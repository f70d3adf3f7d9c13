package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// counts are what a receiver saw.
type counts struct {
	Connections int64 `json:"connections"` // accepted
	Requests    int64 `json:"requests"`    // answered with 200
	Wrong       int64 `json:"wrong"`       // not a POST with the key header; answered with 400

	receiverCPU time.Duration
}

const (
	inFlight    = 64
	headerName  = "Operata-API-Key"
	headerValue = "bench"
)

// receive is the receiver's process: it listens on loopback, writes its URL as one line to out, answers until in
// ends, and then writes its counts as one line of JSON. Each body becomes a line of the file keep. When there are as many as
// expected, it writes the line "all".
func receive(in io.Reader, out io.Writer, keep string, expected int64) error {
	f, err := os.Create(keep)
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	defer f.Close()
	var (
		c       counts
		mu      sync.Mutex // guards bodies and keptErr
		bodies  = bufio.NewWriterSize(f, 1<<20)
		keptErr error
		buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				atomic.AddInt64(&c.Connections, 1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := buffers.Get().(*bytes.Buffer)
			defer buffers.Put(body)
			body.Reset()
			_, err := body.ReadFrom(r.Body)
			if err != nil || r.Method != http.MethodPost || r.Header.Get(headerName) != headerValue {
				atomic.AddInt64(&c.Wrong, 1)
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			mu.Lock()
			bodies.Write(bytes.TrimRight(body.Bytes(), "\n")) // a bufio.Writer keeps its first error
			keptErr = bodies.WriteByte('\n')
			mu.Unlock()
			if atomic.AddInt64(&c.Requests, 1) == expected {
				fmt.Fprintln(out, "all")
			}
		}),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "http://%s/contact-record\n", listener.Addr())
	_, err = io.Copy(io.Discard, in)
	err = errors.Join(err, server.Close())
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	mu.Lock()
	defer mu.Unlock()
	return errors.Join(err, keptErr, bodies.Flush(), json.NewEncoder(out).Encode(&c))
}

// receiver is a receiver's process as its starter sees it.
type receiver struct {
	url    string
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
}

// startReceiver starts this program again in the role of the receiver; the bodies it gets become lines of keep. all returns when it
// has had as many as expected, where that is not 0.
func startReceiver(ctx context.Context, stderr io.Writer, keep string, expected int) (*receiver, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start receiver: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "receive", keep, fmt.Sprint(expected))
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start receiver: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start receiver: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start receiver: %w", err)
	}
	r := &receiver{cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}
	line, err := r.stdout.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start receiver: no address: %w", err), stdin.Close(), cmd.Wait())
	}
	r.url = strings.TrimSpace(line)
	return r, nil
}

func (r *receiver) all() error {
	line, err := r.stdout.ReadString('\n')
	if err != nil || line != "all\n" {
		return fmt.Errorf("wait for all records: the receiver says %q (%w)", line, err)
	}
	return nil
}

// stop ends the receiver and returns what it saw. The file of bodies is complete then.
func (r *receiver) stop() (c counts, err error) {
	err = errors.Join(r.stdin.Close(), json.NewDecoder(r.stdout).Decode(&c), r.cmd.Wait())
	if err != nil {
		return c, fmt.Errorf("stop receiver: %w", err)
	}
	c.receiverCPU = r.cmd.ProcessState.UserTime() + r.cmd.ProcessState.SystemTime()
	return c, nil
}
