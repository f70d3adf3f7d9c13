package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	"trunkline/internal/state"
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

// number is how positions name a file.
func number(t *testing.T, f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		t.Error(err)
		return ""
	}
	return strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 16)
}

// delivery is one record that has arrived.
type delivery struct{ key, body string }

func (c *campaign) deliveries() (all []delivery) {
	c.t.Helper()
	if c.receiver != nil {
		for _, q := range c.receiver.Requests() {
			if q.Taken {
				all = append(all, delivery{q.IdempotencyKey, q.Body})
			}
		}
		return all
	}
	names, err := filepath.Glob(c.path("delivered.jsonl.*")) // sorted: the oldest first
	if err != nil {
		c.t.Fatal(err)
	}
	for _, name := range append(names, c.path("delivered.jsonl")) {
		text, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			c.t.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		for i, line := range lines {
			if !strings.HasSuffix(line, "\n") { // torn by the kill: the next start cuts it off
				if i != len(lines)-1 {
					c.t.Errorf("%s: line %d is torn", name, i+1)
				}
				continue
			}
			all = append(all, delivery{body: strings.TrimSuffix(line, "\n")})
		}
	}
	return all
}

// takeStock compares what has arrived and what the state file says with the model. final: nothing is on its way any more.
func (c *campaign) takeStock(final bool) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	arrived := c.compareDeliveries(final)
	positions, letters := c.readState()
	held := c.compareLetters(letters, final)
	for _, e := range c.model.records {
		at, read := positions[e.where]
		if read {
			c.known[e.where] = true
		}
		if !final && (!read || e.end > at) {
			continue
		}
		switch {
		case e.outcome == "delivered" && !arrived[e.form]:
			c.t.Errorf("lost: the record at byte %d of file %s is settled, but was not delivered", e.begin, e.where)
		case e.outcome == "dead_letter" && !held[fmt.Sprint(e.where, " ", e.begin)]:
			c.t.Errorf("lost: the record at byte %d of file %s is settled, but there is no dead letter (%s)", e.begin, e.where, e.stage)
		}
	}
	if final && c.receiver == nil {
		if text := read(c.t, c.path("delivered.jsonl")); len(text) > 0 && text[len(text)-1] != '\n' {
			c.t.Errorf("delivered.jsonl ends with a torn line: %.100q", text[bytes.LastIndexByte(text, '\n')+1:])
		}
	}
}

// compareDeliveries returns the forms that have arrived.
func (c *campaign) compareDeliveries(final bool) map[string]bool {
	c.t.Helper()
	first, forms := map[string]delivery{}, map[string]string{}
	order := map[string][]string{}
	arrived := map[string]bool{}
	keys := map[string]string{} // form → what it stays in order with
	for key, list := range c.model.order {
		for _, form := range list {
			keys[form] = key
		}
	}
	for _, d := range c.deliveries() {
		form, known := c.forms[d.body]
		if !known {
			value, ok := decode([]byte(d.body))
			if !ok {
				c.t.Errorf("delivered what is not JSON: %.200q", d.body)
				continue
			}
			form = formOf(value)
			c.forms[d.body] = form
		}
		if _, wanted := c.model.forms[form]; !wanted {
			c.t.Errorf("delivered what must not be: %.200s", d.body)
			continue
		}
		if c.receiver != nil {
			if len(d.key) != 22 {
				c.t.Errorf("Idempotency-Key %q: want 22 characters", d.key)
			}
			if other, used := forms[d.key]; used && other != form {
				c.t.Errorf("Idempotency-Key %s stands for two records", d.key)
			}
			forms[d.key] = form
		}
		if before, again := first[form]; again {
			if before != d {
				c.t.Errorf("delivered again with another key or body: got %s %.100s, want %s %.100s", d.key, d.body, before.key, before.body)
			}
			continue
		}
		first[form], arrived[form] = d, true
		order[keys[form]] = append(order[keys[form]], form)
	}
	for key, want := range c.model.order {
		got := order[key]
		if !final && len(got) < len(want) {
			want = want[:len(got)]
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			c.t.Errorf("%s: got deliveries %v, want %v", key, got, want)
		}
	}
	return arrived
}

// letter is a dead letter as it stands in its file, under the names that its format promises.
type letter struct {
	ID     string `json:"id"`
	Stage  string `json:"stage"`
	Source struct {
		Position string `json:"position"`
	} `json:"source"`
	Record []byte `json:"record"`
}

// compareLetters returns the places that the records of dead letters have, as "FILE OFFSET".
func (c *campaign) compareLetters(letters []letter, final bool) map[string]bool {
	c.t.Helper()
	want := map[string]*expected{}
	for _, e := range c.model.records {
		want[fmt.Sprint(e.where, " ", e.begin)] = e
	}
	held := map[string]bool{}
	for _, l := range letters {
		file, offset := place(c.t, l.Source.Position)
		at := fmt.Sprint(file, " ", offset)
		e := want[at]
		switch {
		case e == nil:
			c.t.Errorf("dead letter %s: no record begins at byte %s", l.ID, at)
			continue
		case e.outcome != "dead_letter" || e.stage != l.Stage:
			c.t.Errorf("dead letter %s at %s: got stage %s, want %s %s", l.ID, at, l.Stage, e.outcome, e.stage)
		case held[at]:
			c.t.Errorf("the record at %s has two dead letters", at)
		}
		held[at] = true
		sealed, err := age.Decrypt(bytes.NewReader(l.Record), c.identity)
		if err != nil {
			c.t.Errorf("dead letter %s: %v", l.ID, err)
			continue
		}
		if raw, err := io.ReadAll(sealed); err != nil || !bytes.Equal(raw, e.raw) {
			c.t.Errorf("dead letter %s: got %d bytes and %v, want the %d of the record", l.ID, len(raw), err, len(e.raw))
		}
	}
	if n := c.model.count()["dead_letter"]; final && len(letters) != n {
		c.t.Errorf("got %d dead letters, want %d", len(letters), n)
	}
	return held
}

// place reads a position's text: "1 OFFSET MODE DEVICE-NUMBER …".
func place(t *testing.T, position string) (file string, offset int64) {
	t.Helper()
	fields := strings.Fields(position)
	if len(fields) < 6 {
		t.Fatalf("position %q: want six fields", position)
	}
	offset, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		t.Fatalf("position %q: %v", position, err)
	}
	_, file, _ = strings.Cut(fields[3], "-")
	return file, offset
}

// report is what status --output json promises.
type report struct {
	State     string         `json:"state"`
	PID       int            `json:"pid"`
	Outcomes  map[string]int `json:"outcomes"`
	Positions []struct {
		Position string `json:"position"`
	} `json:"positions"`
	DeadLetters int `json:"dead_letters"`
}

func (r report) total() (n int) {
	for _, k := range r.Outcomes {
		n += k
	}
	return n
}

// status asks the real command; ok is false where it has nothing to say yet.
func (c *campaign) status() (r report, ok bool) {
	c.t.Helper()
	p := trunkline(c.t, c.dir, "status", "--output", "json")
	if p.status() != 0 {
		return r, false
	}
	if err := json.Unmarshal([]byte(p.stdout.String()), &r); err != nil {
		c.t.Fatalf("status prints %q: %v", p.stdout.String(), err)
	}
	return r, true
}

// readState tells, of a collector that does not run, how far each file was settled, and the dead letters.
func (c *campaign) readState() (positions map[string]int64, letters []letter) {
	c.t.Helper()
	positions = map[string]int64{}
	store, err := state.Open(c.path("trunkline.db"), state.Options{ReadOnly: true, Now: time.Now()})
	if errors.Is(err, fs.ErrNotExist) {
		return positions, nil
	}
	if err != nil {
		c.t.Errorf("the state file after a kill: %v", err)
		return positions, nil
	}
	defer store.Close()
	all, err := store.Positions()
	if err != nil {
		c.t.Errorf("positions after a kill: %v", err)
	}
	for _, text := range all {
		file, offset := place(c.t, text)
		positions[file] = offset
	}
	for e, err := range store.DeadLetters() {
		if err != nil {
			c.t.Errorf("dead letters after a kill: %v", err)
			break
		}
		f, err := os.Open(c.path("dead-letters/" + e.Segment))
		if err != nil {
			c.t.Errorf("dead letter %s is in the index, but: %v", e.ID, err)
			continue
		}
		line := make([]byte, e.Length)
		_, err = f.ReadAt(line, e.Offset)
		f.Close()
		var l letter
		if err == nil {
			err = json.Unmarshal(line, &l)
		}
		if err != nil || l.ID != e.ID.String() {
			c.t.Errorf("dead letter %s at byte %d of %s: got letter %q and %v", e.ID, e.Offset, e.Segment, l.ID, err)
			continue
		}
		letters = append(letters, l)
	}
	return positions, letters
}

// compareStatus checks the account that the command gives in the end: each record once.
func (c *campaign) compareStatus() {
	c.t.Helper()
	got, ok := c.status()
	want := c.model.count()
	if !ok || got.total() != len(c.model.records) || got.Outcomes["filtered"] != want["filtered"] || got.DeadLetters != want["dead_letter"] {
		c.t.Errorf("status: got %+v, want %d records, %d filtered, %d dead letters", got.Outcomes, len(c.model.records), want["filtered"], want["dead_letter"])
	}
	for _, outcome := range []string{"delivered", "filtered", "duplicate", "superseded", "dead_letter"} {
		if want[outcome] == 0 && len(c.model.records) > 1000 {
			c.t.Errorf("the input has no %s record: the test shows less than it should", outcome)
		}
	}
	c.t.Logf("%d records: %v; status says %v; %d deliveries", len(c.model.records), want, got.Outcomes, len(c.deliveries()))
}
