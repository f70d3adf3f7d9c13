package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"trunkline/internal/destination/destinationtest"
)

// recipient is an age recipient whose identity nobody has.
const recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

// good is a contact record.
func good(id int) string {
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","Channel":"VOICE","ContactId":"contact-%d",`+
		`"LastUpdateTimestamp":"2026-11-02T08:00:00Z"}`, id)
}

func goods(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(good(i) + "\n")
	}
	return b.Bytes()
}

// configure writes trunkline.yaml: the sections given, and what they leave out for a run from the file in to the file out.
func configure(t testing.TB, dir string, sections ...string) {
	t.Helper()
	text := strings.Join(sections, "\n")
	for _, s := range []string{"version: 1", "source: {file: {path: in}}", "destination: {file: {path: out}}", "observe: {listen: \"off\"}"} {
		if name, _, _ := strings.Cut(s, ":"); !strings.Contains("\n"+text, "\n"+name+":") {
			text += "\n" + s
		}
	}
	write(t, filepath.Join(dir, "trunkline.yaml"), []byte(strings.TrimPrefix(text, "\n")+"\n"))
}

// complaints are the lines on standard error that are no log lines.
func complaints(stderr string) (all []string) {
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "time=") {
			all = append(all, strings.TrimSuffix(line, "\n"))
		}
	}
	return all
}

// wantComplaint checks that a process ended with a status and one line that holds a text; with neither where the status is 0.
func (p *process) wantComplaint(t testing.TB, status int, text string) {
	t.Helper()
	p.want(t, status)
	got := complaints(p.stderr.String())
	switch {
	case text == "" && len(got) > 0:
		t.Errorf("standard error: got %q, want log lines only", got)
	case text != "" && (len(got) != 1 || !strings.HasPrefix(got[0], "trunkline: ") || !strings.Contains(got[0], text)):
		t.Errorf("standard error: got %q, want one line with %q", got, text)
	}
	if strings.Contains(p.stderr.String(), "goroutine ") {
		t.Errorf("standard error shows goroutines:\n%s", p.stderr.String())
	}
}

func lines(t testing.TB, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// deadLetters counts what replay --list shows.
func deadLetters(t testing.TB, dir string) int {
	t.Helper()
	p := trunkline(t, dir, "replay", "--list", "--output", "json")
	p.want(t, 0)
	return strings.Count(p.stdout.String(), "\n")
}

// Whatever stands in a file, every record of it is delivered or dead-lettered, and the good ones around a bad one are delivered.
func TestBadRecords(t *testing.T) {
	deep := strings.Replace(good(7), "{", `{"Attributes":`+strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000)+",", 1)
	huge := strings.Replace(good(7), "{", `{"Attributes":{"a":"`+strings.Repeat("x", 100<<20)+`"},`, 1)
	for _, c := range []struct {
		name, input     string
		delivered, dead int
	}{
		{"empty", "", 0, 0},
		{"blank", " \n\r\n\t", 0, 0},
		{"truncated", good(1) + "\n" + good(2)[:60], 1, 1},
		{"truncated in the middle", good(1) + "\n" + good(2)[:60] + "\n" + good(3) + "\n", 2, 1},
		{"binary", "\x7fELF\x00\x01\xfe\xff\x00\x00", 0, 1},
		{"binary line", good(1) + "\n\x00\xff\xfe\x80\n" + good(3) + "\n", 2, 1},
		{"100 MB record", good(1) + "\n" + huge + "\n" + good(3) + "\n", 2, 1},
		{"depth bomb", good(1) + "\n" + deep + "\n" + good(3) + "\n", 2, 1},
		{"open brackets", good(1) + "\n" + strings.Repeat("[", 1<<20) + "\n" + good(3) + "\n", 2, 1},
		{"invalid UTF-8", good(1) + "\n" + strings.Replace(good(2), "VOICE", "VO\xffCE", 1) + "\n" + good(3) + "\n", 2, 1},
		{"byte order mark", "\ufeff" + good(1) + "\n" + good(2) + "\n", 2, 0},
		{"CRLF", good(1) + "\r\n" + good(2) + "\r\n", 2, 0},
		{"NUL bytes", good(1) + "\n\x00\x00\x00\n" + strings.Replace(good(2), "VOICE", "VO\x00CE", 1) + "\n" + good(3) + "\n", 2, 2},
		{"no record", good(1) + "\n" + `{"a":1}` + "\n17\n\"text\"\n" + good(3) + "\n", 2, 3},
		{"twice the identity", good(1) + "\n" + strings.Replace(good(2), "{", `{"ContactId":"other",`, 1) + "\n", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			configure(t, dir, "redact: {keep: all}", "dead_letter: {recipient: "+recipient+"}")
			write(t, filepath.Join(dir, "in"), []byte(c.input))
			p := trunkline(t, dir, "run")
			p.wantComplaint(t, 0, "")
			if got := lines(t, filepath.Join(dir, "out")); got != c.delivered {
				t.Errorf("delivered: got %d records, want %d", got, c.delivered)
			}
			if got := deadLetters(t, dir); got != c.dead {
				t.Errorf("dead letters: got %d, want %d", got, c.dead)
			}
		})
	}
}

// Each mistake of the call, the config or the machine is told in one line, with the right status, before anything is delivered.
func TestBadCalls(t *testing.T) {
	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	for _, c := range []struct {
		name     string
		sections []string
		make     func(dir string) // what stands in the way
		status   int
		line     string
	}{
		{"unknown key", []string{"redact: {kepe: all}"}, nil, 2, `trunkline.yaml:1:10: redact.kepe: unknown key; did you mean "keep"?`},
		{"wrong type", []string{"source: {file: {path: in, follow: 3}}"}, nil, 2, "trunkline.yaml:1:35: source.file.follow: want true or false"},
		{"not YAML", []string{"source: ]"}, nil, 2, "trunkline.yaml:1:9: not YAML"},
		{"secret that is not set", []string{"redact: {key: \"env:TRUNKLINE_TEST_NO_SUCH\"}"}, nil, 2, "redact.key: secret env:TRUNKLINE_TEST_NO_SUCH: the environment variable is not set"},
		{"secret without file", []string{"destination: {http: {url: \"https://127.0.0.1:9/\", header: X-Key, key: \"file:none\"}}"}, nil, 2, "destination.http.key: secret: open none: no such file"},
		{"short key", []string{"redact: {key: \"file:key\"}"}, func(dir string) { write(t, dir+"/key", []byte("0123456789abcde\n")) }, 2, "redact.key: file:key holds 15 bytes, want at least 16"},
		{"standard input without recipient", []string{"source: {file: {path: \"-\"}}"}, nil, 2, "add dead_letter.recipient"},
		{"no authorities", []string{"destination: {http: {url: \"https://127.0.0.1:9/\", ca_file: none.pem}}"}, nil, 1, "ca_file"},
		{"output as input", []string{"destination: {file: {path: ./in}}"}, nil, 2, "trunkline.yaml:1:28: destination.file.path: source.file.path, in, reads what is written here"},
		{"dead letters in the input", []string{"source: {file: {path: more}}", "dead_letter: {folder: more/letters}"}, func(dir string) { write(t, dir+"/more/in", goods(1)) }, 2, "dead_letter.folder: source.file.path, more, reads what is written here"},
		{"state in the input", []string{"source: {file: {path: \"*\"}}", "destination: {stdout: {}}", "dead_letter: {folder: .letters}"}, nil, 2, "state.file: source.file.path, *, reads what is written here"},
		{"damaged input", nil, func(dir string) { write(t, dir+"/in", []byte("\x1f\x8b\x08\x00garbage")) }, 1, "trunkline: read in behind byte 0: compressed data ends too early"},
		{"missing input", nil, func(dir string) { os.Remove(dir + "/in") }, 1, "read in: no such file or directory; check the path"},
		{"empty folder as input", nil, func(dir string) { os.Remove(dir + "/in"); os.Mkdir(dir+"/in", 0o755) }, 1, "read in: no files there"},
		{"folder as output", nil, func(dir string) { os.Mkdir(dir+"/out", 0o755) }, 1, "out is a folder; name a file in it"},
		{"no folder for the output", []string{"destination: {file: {path: no/out}}"}, nil, 1, "folder no does not exist; make it: mkdir -p no"},
		{"file in the place of the output's folder", []string{"destination: {file: {path: in/out}}"}, nil, 1, "in is a file, where a folder is needed"},
		{"folder as state file", nil, func(dir string) { os.Mkdir(dir+"/trunkline.db", 0o755) }, 1, "state file trunkline.db is a folder"},
		{"file in the place of the state's folder", []string{"state: {file: in/state}"}, nil, 1, "in/state"},
		{"other file as state file", []string{"state: {file: other}"}, func(dir string) { write(t, dir+"/other", goods(3)) }, 1, "other is not a trunkline state file"},
		{"file as folder of dead letters", nil, func(dir string) { write(t, dir+"/dead-letters", nil) }, 1, "dead-letter folder dead-letters is a file: name a folder"},
		{"output of another process", nil, func(dir string) { hold(t, dir+"/out") }, 1, "another process writes to out"},
		{"port in use", []string{fmt.Sprintf("observe: {listen: %s}", occupied.Addr())}, nil, 1, "observe.listen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			configure(t, dir, c.sections...)
			write(t, dir+"/in", goods(3))
			if c.make != nil {
				c.make(dir)
			}
			p := trunkline(t, dir, "run")
			p.wantComplaint(t, c.status, c.line)
			if info, err := os.Stat(dir + "/out"); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
				t.Errorf("delivered %d bytes, want none", info.Size())
			}
		})
	}
}

// hold locks a file as the file destination of another process does.
func hold(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// An endpoint that cannot be reached is told in the log, with what to do; the run goes on, and a signal ends it with nothing lost.
func TestUnreachableEndpoint(t *testing.T) {
	strange := httptest.NewUnstartedServer(destinationtest.NewReceiver(destinationtest.Script{}))
	strange.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshakes that fail
	strange.StartTLS()
	t.Cleanup(strange.Close)
	for _, c := range []struct{ name, url, told string }{
		{"certificate of nobody known", strange.URL, "destination.http.ca_file"},
		{"nobody listens", "http://127.0.0.1:1/", "nothing listens on 127.0.0.1:1"},
		{"not TLS", "https://" + plainServer(t), "does not speak TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // each waits ten seconds for what cannot be delivered
			dir := t.TempDir()
			configure(t, dir, fmt.Sprintf("destination: {http: {url: %q}}", c.url))
			write(t, dir+"/in", goods(30))
			p := call{Dir: dir, Args: []string{"run"}}.start(t)
			until(t, 30*time.Second, "a line in the log about "+c.told, func() bool { return strings.Contains(p.stderr.String(), c.told) })
			p.signal(t, syscall.SIGINT)
			p.wait(t, 30*time.Second)
			p.wantComplaint(t, 0, "")
			if !strings.Contains(p.stderr.String(), "to_read_again=30") {
				t.Errorf("the last line of the log does not say that 30 records will be read again:\n%s", p.stderr.String())
			}
			configure(t, dir, "redact: {keep: all}")
			trunkline(t, dir, "run").wantComplaint(t, 0, "")
			if got := lines(t, dir+"/out"); got != 30 {
				t.Errorf("after the endpoint was set right: got %d records delivered, want 30", got)
			}
		})
	}
}

func plainServer(t *testing.T) string {
	server := httptest.NewServer(destinationtest.NewReceiver(destinationtest.Script{}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// A signal in the middle ends a run with status 0: what was read is delivered, and the next run goes on behind it.
func TestSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			dir := t.TempDir()
			const n = 2000
			var mu sync.Mutex
			seen := map[string]int{}
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					return
				}
				time.Sleep(time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				seen[string(body)]++
			}))
			defer server.Close()
			count := func() int {
				mu.Lock()
				defer mu.Unlock()
				return len(seen)
			}
			configure(t, dir, "redact: {keep: all}", fmt.Sprintf("destination: {http: {url: %q, concurrency: 4}}", server.URL))
			write(t, dir+"/in", goods(n))
			p := call{Dir: dir, Args: []string{"run"}}.start(t)
			until(t, 30*time.Second, "the first records", func() bool { return count() > 50 })
			p.signal(t, s)
			p.wait(t, 30*time.Second)
			p.wantComplaint(t, 0, "")
			trunkline(t, dir, "run").wantComplaint(t, 0, "")
			for body, times := range seen {
				if times != 1 {
					t.Errorf("%s: got it %d times, want once", body, times)
				}
			}
			if count() != n {
				t.Errorf("got %d records, want %d", count(), n)
			}
		})
	}
}

// A second collector on the same state file refuses and says who has it, and status asks the first one.
func TestTwoOnOneState(t *testing.T) {
	dir := t.TempDir()
	configure(t, dir, "source: {file: {path: in, follow: true, poll: 20ms}}")
	write(t, dir+"/in", goods(5))
	first := call{Dir: dir, Args: []string{"run"}}.start(t)
	until(t, 30*time.Second, "the first records", func() bool { return lines(t, dir+"/out") == 5 })
	pid := strconv.Itoa(first.cmd.Process.Pid)
	for _, command := range []string{"run", "replay"} {
		trunkline(t, dir, command).wantComplaint(t, 1, "in use by process "+pid)
	}
	status := trunkline(t, dir, "status")
	status.want(t, 0)
	if got := status.stdout.String(); !strings.Contains(got, "running: process "+pid) {
		t.Errorf("status: got\n%s\nwant the process %s", got, pid)
	}
	first.signal(t, syscall.SIGTERM)
	first.wait(t, 30*time.Second)
	first.wantComplaint(t, 0, "")
}

// A reader of standard output that goes away ends the run with status 1; the records that it did not take are delivered by the next.
func TestBrokenPipe(t *testing.T) {
	dir := t.TempDir()
	const n = 20_000
	configure(t, dir, "redact: {keep: all}", "destination: {stdout: {}}")
	write(t, dir+"/in", goods(n))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := call{Dir: dir, Args: []string{"run"}, Stdout: w}.start(t)
	w.Close()
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	p.wait(t, 30*time.Second)
	p.wantComplaint(t, 1, "standard output is closed")
	again := trunkline(t, dir, "run")
	again.want(t, 0)
	if got := strings.Count(again.stdout.String(), "\n"); got < n*9/10 || !strings.Contains(again.stdout.String(), good(n-1)) {
		t.Errorf("the next run: got %d records, want nearly all of %d", got, n)
	}
}
