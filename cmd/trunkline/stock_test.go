package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"trunkline/internal/state"
)

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
