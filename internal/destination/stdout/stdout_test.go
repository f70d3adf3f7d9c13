package stdout_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/stdout"
)

// reader takes lines off a pipe until it is blocked.
type reader struct {
	mu    sync.Mutex // held while blocked
	lines [][]byte
}

func (r *reader) run(in io.Reader) {
	lines := bufio.NewReaderSize(in, 4<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		r.mu.Lock()
		r.lines = append(r.lines, bytes.TrimSuffix(line, []byte("\n")))
		r.mu.Unlock()
	}
}

func TestSuite(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Harness {
		var out bytes.Buffer
		return destinationtest.Harness{
			Destination: stdout.New(&out),
			Arrived: func() [][]byte {
				var all [][]byte
				for line := range bytes.Lines(out.Bytes()) {
					all = append(all, bytes.TrimSuffix(line, []byte("\n")))
				}
				return all
			},
		}
	})
}

// The same over a pipe whose reader can stop reading.
func TestSuitePipe(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Harness {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r := &reader{}
		var reading sync.WaitGroup
		reading.Go(func() { r.run(in) })
		end := sync.OnceFunc(func() {
			out.Close()
			reading.Wait()
		})
		t.Cleanup(func() {
			end()
			in.Close()
		})
		return destinationtest.Harness{
			Destination: stdout.New(out),
			Arrived: func() [][]byte {
				end()
				return slices.Clone(r.lines)
			},
			Block: func() func() {
				// A line that is taken off the pipe first, so that the reader then waits for the lock.
				r.mu.Lock()
				out.WriteString("{}\n")
				return r.mu.Unlock
			},
		}
	})
}

func TestReaderGone(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in.Close()
	d := stdout.New(out)
	for range 2 {
		if err := d.Deliver(t.Context(), destinationtest.Records(0, 1)); !errors.Is(err, stdout.ErrClosed) {
			t.Errorf("Deliver to a closed pipe: got %v, want ErrClosed", err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 3, f.err }

// After a write that failed half-way, nothing is written behind the torn line.
func TestWriteFails(t *testing.T) {
	d := stdout.New(failing{syscall.ENOSPC})
	for range 2 {
		err := d.Deliver(t.Context(), destinationtest.Records(0, 1))
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "write to standard output: ") {
			t.Errorf("Deliver: got %v, want the cause", err)
		}
	}
}

// One Deliver is one write, so that a reader never waits for the rest of a line.
func TestOneWrite(t *testing.T) {
	var w counting
	d := stdout.New(&w)
	for range 3 {
		if err := d.Deliver(t.Context(), destinationtest.Records(0, 50)); err != nil {
			t.Fatal(err)
		}
	}
	if w.writes != 3 {
		t.Errorf("3 calls of Deliver: got %d writes, want 3", w.writes)
	}
}

type counting struct{ writes int }

func (c *counting) Write(p []byte) (int, error) {
	c.writes++
	return len(p), nil
}
