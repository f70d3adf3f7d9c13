package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"trunkline/internal/destination/destinationtest"
)

// TestKill kills the collector at random instants under load, starts it again, and takes stock after each kill and at the end:
// nothing lost, nothing out of order within a contact, nothing delivered twice but under the same Idempotency-Key and with the
// same body, no position behind a record that is not settled, each dead letter readable and there once.
//
// TRUNKLINE_SEED repeats a run's data, faults and plan of kills, though not the instants that they hit; TRUNKLINE_SOAK=1 kills 300 times.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TRUNKLINE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("TRUNKLINE_SEED=%s: %v", text, err)
		}
	}
	kills := map[string]int{"files to http": 7, "followed file to http": 7, "followed file to file": 6}
	if os.Getenv("TRUNKLINE_SOAK") != "" {
		kills = map[string]int{"files to http": 110, "followed file to http": 110, "followed file to file": 80}
	}
	for _, plan := range []struct {
		name   string
		http   bool
		follow bool
	}{{"files to http", true, false}, {"followed file to http", true, true}, {"followed file to file", false, true}} {
		t.Run(plan.name, func(t *testing.T) {
			// Campaigns of at most 30 kills, so that what is kept to compare with stays small.
			for left, part := kills[plan.name], seed; left > 0; part++ {
				t.Logf("seed: TRUNKLINE_SEED=%d, %d kills to go", part, left)
				c := newCampaign(t, part, plan.http, plan.follow, min(left, 30))
				left -= c.run()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// campaign is one state file, what is fed to the collectors that use it, and what arrives from them.
type campaign struct {
	t        *testing.T
	dir      string
	kills    int // at most
	follow   bool
	chance   *rand.Rand
	stream   *stream
	receiver *destinationtest.Receiver // nil: to a file
	identity *age.X25519Identity
	forms    map[string]string // of bodies that have arrived

	mu    sync.Mutex // guards the model while a writer feeds it
	model *model
	known map[string]bool // numbers of files that a position was seen of
}

func newCampaign(t *testing.T, seed uint64, http, follow bool, kills int) *campaign {
	c := &campaign{
		t: t, dir: t.TempDir(), kills: kills, follow: follow, chance: rand.New(rand.NewPCG(seed, 1)), stream: newStream(seed),
		forms: map[string]string{}, model: newModel(), known: map[string]bool{},
	}
	var err error
	if c.identity, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	destination := "destination: {file: {path: delivered.jsonl, rotate: 3MB}}"
	if http {
		c.receiver = destinationtest.NewReceiver(destinationtest.Script{
			Seed: seed, Fail: 0.1, Reset: 0.02, Lose: 0.03, Slow: 0.05, Delay: 60 * time.Millisecond,
			Answer: func(q destinationtest.Request) int {
				if strings.Contains(q.Body, "refuse this") {
					return 422
				}
				return 0
			},
		})
		server := httptest.NewServer(c.receiver)
		t.Cleanup(server.Close)
		destination = fmt.Sprintf("destination: {http: {url: %s/records, rate: 300/s, timeout: 1s}}", server.URL)
	} else {
		c.model.refuse = func(string) bool { return false }
	}
	source := "source: {file: {path: in}}"
	if follow {
		source = "source: {file: {path: in/records.jsonl, follow: true, poll: 20ms}}"
	}
	write(t, c.path("trunkline.yaml"), fmt.Appendf(nil, "version: 1\n%s\n%s\n%s\ndead_letter: {recipient: %s}\nobserve: {listen: \"off\", log: warn}\n",
		source, rules, destination, c.identity.Recipient()))
	if err := os.Mkdir(c.path("in"), 0o755); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *campaign) path(name string) string { return filepath.Join(c.dir, name) }

// run kills collectors as often as planned, or until one comes to the end of its input, and returns how many it killed.
func (c *campaign) run() (killed int) {
	written := func() {}
	if c.follow {
		written = c.append()
	} else {
		c.fill()
	}
	for killed < c.kills {
		p := c.start()
		c.sleep(p)
		if !p.kill() {
			if c.follow {
				c.t.Fatalf("a collector that follows a file has ended with status %d:\n%s", p.status(), p.stderr.String())
			}
			p.want(c.t, 0)
			break
		}
		killed++
		if c.takeStock(false); c.t.Failed() {
			written()
			return killed
		}
	}
	written()
	c.finish()
	c.takeStock(true)
	c.compareStatus()
	return killed
}

func (c *campaign) start() *process {
	return call{Dir: c.dir, Args: []string{"run"}}.start(c.t)
}

// sleep until the instant of a kill: now and then while the collector starts, else once it has the state file.
func (c *campaign) sleep(p *process) {
	longest := 250
	if c.chance.IntN(4) > 0 {
		longest = 700
		holder := fmt.Sprintf(`"pid":%d,`, p.cmd.Process.Pid)
		until(c.t, time.Minute, "the collector to start", func() bool {
			select {
			case <-p.exited:
				return true
			default:
			}
			text, err := os.ReadFile(c.path("trunkline.db.lock"))
			return err == nil && strings.Contains(string(text), holder)
		})
	}
	time.Sleep(time.Duration(c.chance.IntN(longest)) * time.Millisecond)
}

// finish lets a collector come to the end of the input, and shows that another one finds nothing more to do.
func (c *campaign) finish() {
	c.t.Helper()
	if !c.follow {
		settle := func() (deliveries int) {
			p := c.start()
			p.wait(c.t, 2*time.Minute)
			p.want(c.t, 0)
			return len(c.deliveries())
		}
		before := settle()
		if after := settle(); after != before {
			c.t.Errorf("a run over input that is settled: got %d deliveries more, want none", after-before)
		}
		return
	}
	p := c.start()
	until(c.t, 2*time.Minute, "all records to be settled", func() bool {
		status, ok := c.status()
		return ok && status.total() >= len(c.model.records)
	})
	p.signal(c.t, syscall.SIGTERM)
	p.wait(c.t, time.Minute)
	p.want(c.t, 0)
}

// fill writes the input of a source that ends: plain files and one that is compressed.
func (c *campaign) fill() {
	each := 60 + 45*c.kills
	for _, name := range []string{"a.jsonl", "b.jsonl.gz", "c.jsonl"} {
		f, err := os.Create(c.path("in/" + name))
		if err != nil {
			c.t.Fatal(err)
		}
		var text bytes.Buffer
		for range each {
			raw := c.stream.next()
			c.model.add(raw, number(c.t, f), int64(text.Len()))
			text.Write(raw)
			text.WriteByte('\n')
		}
		var w io.WriteCloser = f
		if strings.HasSuffix(name, ".gz") {
			w = gzip.NewWriter(f)
		}
		if _, err := w.Write(text.Bytes()); err != nil {
			c.t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			c.t.Fatal(err)
		}
		if w != io.WriteCloser(f) {
			if err := f.Close(); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// append feeds a followed file in the background, in pieces that do not end where records do, and rotates it, until the returned
// function is called.
func (c *campaign) append() (stop func()) {
	chance := rand.New(rand.NewPCG(c.chance.Uint64(), 2))
	stopped, done := make(chan struct{}), make(chan struct{})
	feed := func() error {
		f, err := os.Create(c.path("in/records.jsonl"))
		if err != nil {
			return err
		}
		end, rotated := int64(0), 0
		for {
			select {
			case <-stopped:
				return f.Close()
			case <-time.After(time.Duration(chance.IntN(40)) * time.Millisecond):
			}
			c.mu.Lock()
			rotate := c.known[number(c.t, f)] && chance.IntN(25) == 0
			c.mu.Unlock()
			// A collector that never saw a file under its name cannot know it by another one.
			if rotate {
				if err := f.Close(); err != nil {
					return err
				}
				rotated++
				if err := os.Rename(f.Name(), fmt.Sprintf("%s.%d", f.Name(), rotated)); err != nil {
					return err
				}
				time.Sleep(time.Duration(chance.IntN(30)) * time.Millisecond)
				if f, err = os.Create(f.Name()); err != nil {
					return err
				}
				end = 0
			}
			for range 1 + chance.IntN(40) {
				raw := c.stream.next()
				c.mu.Lock()
				c.model.add(raw, number(c.t, f), end)
				c.mu.Unlock()
				cut := 0
				if chance.IntN(50) == 0 {
					cut = chance.IntN(len(raw))
				}
				if _, err := f.Write(raw[:cut]); err != nil {
					return err
				}
				if cut > 0 {
					time.Sleep(time.Duration(chance.IntN(60)) * time.Millisecond)
				}
				if _, err := f.Write(append(raw[cut:], '\n')); err != nil {
					return err
				}
				end += int64(len(raw)) + 1
			}
		}
	}
	go func() {
		defer close(done)
		if err := feed(); err != nil {
			c.t.Errorf("feed: %v", err)
		}
	}()
	return func() {
		close(stopped)
		<-done
	}
}
