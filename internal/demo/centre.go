package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
	"time"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/contactcentre"
)

// opening is when the centre's clock starts. It is part of what a seed stands for.
var opening = time.Date(2026, time.November, 2, 6, 0, 0, 0, time.UTC)

// pace makes the some hundred records of a demo span days.
const pace = 4 * time.Minute

// centre writes records to a file and knows what must become of each.
type centre struct {
	source   *contactcentre.Centre
	file     *os.File
	receiver *receiver
	block    []byte // what is written at once
	item     []byte
	record   contact.Record
	chosen   bool // example holds a record
	hash     maphash.Seed
	sent     map[uint64]bool // sums of the items to be delivered

	mu      sync.Mutex
	count   int
	bytes   int64
	kinds   map[contactcentre.Kind]int
	want    collector.Counts
	example []byte // a record to show before and after
}

func newCentre(path string, seed uint64, receiver *receiver) (*centre, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &centre{
		source: contactcentre.New(seed, opening, contactcentre.Options{Pace: pace, Broken: true}),
		file:   file, receiver: receiver, kinds: map[contactcentre.Kind]int{},
		hash: maphash.MakeSeed(), sent: map[uint64]bool{},
	}, nil
}

// refusedAt is the place of the record that the receiver refuses.
const refusedAt = 10

// write writes limit records at a rate, or until ctx is done, and closes the file.
func (c *centre) write(ctx context.Context, rate float64, limit int) (err error) {
	defer func() { err = errors.Join(err, c.file.Close()) }()
	began := time.Now()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; {
		// Where the machine is slow, the records come in larger bites.
		for due := min(limit, 1+int(time.Since(began).Seconds()*rate)); n < due; {
			if n, err = c.writeBlock(n, min(due, n+256), limit); err != nil {
				return fmt.Errorf("contact centre: %w", err)
			}
		}
		if n == limit {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// writeBlock writes the records from number n to due.
func (c *centre) writeBlock(n, due, limit int) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.block = c.block[:0]
	for ; n < due; n++ {
		var what contactcentre.What
		var outcome collector.Outcome
		if n == min(refusedAt, limit/2) {
			what, outcome = c.refused()
		} else {
			c.item, what = c.source.AppendEvent(c.item[:0])
			outcome = c.outcome(what)
			c.choose(what)
		}
		c.block = append(append(c.block, c.item...), '\n')
		c.kinds[what.Kind]++
		c.want[outcome]++
		c.count++
	}
	c.bytes += int64(len(c.block))
	_, err := c.file.Write(c.block)
	return n, err
}

// refused makes the call that the receiver refuses. Nothing more is heard of it, so no other record's outcome depends on it.
func (c *centre) refused() (contactcentre.What, collector.Outcome) {
	for {
		c.item = c.source.AppendContactRecord(c.item[:0])
		if c.record.Parse(c.item) == nil && string(c.record.Channel()) == "VOICE" {
			c.receiver.refuse(string(c.record.ID()))
			return contactcentre.What{Kind: contactcentre.NewContact, Channel: "VOICE"}, collector.DeadLetter
		}
	}
}

// outcome is what must become of the item, by what it is and by the rules of the demo's config: calls and agent events other than
// heartbeats are wanted.
func (c *centre) outcome(what contactcentre.What) collector.Outcome {
	switch {
	case what.Kind == contactcentre.Broken:
		return collector.DeadLetter
	case what.Channel == "" && bytes.Contains(c.item, []byte(`"EventType":"HEART_BEAT"`)):
		return collector.Filtered
	case what.Channel != "" && what.Channel != "VOICE":
		return collector.Filtered
	case what.Kind == contactcentre.Duplicate:
		return collector.Duplicate
	case what.Kind == contactcentre.Older && !c.sent[c.sum()]:
		return collector.Superseded // nobody has seen this version, and by now there is a newer one
	case what.Kind == contactcentre.Older:
		return collector.Duplicate
	}
	c.sent[c.sum()] = true
	return collector.Delivered
}

// sum stands for the item's bytes.
func (c *centre) sum() uint64 { return maphash.Bytes(c.hash, c.item) }

// choose keeps the first record that is worth showing: a call with an agent's short note about something personal.
func (c *centre) choose(what contactcentre.What) {
	if c.chosen || what.Kind != contactcentre.NewContact || what.Channel != "VOICE" || c.record.Parse(c.item) != nil {
		return
	}
	doc := c.record.Document()
	note, plain := doc.Text(doc.Lookup("Attributes", "agentNotes"))
	customer, _ := doc.Text(doc.Lookup("CustomerEndpoint", "Address"))
	agent, _ := doc.Text(doc.Lookup("Agent", "Username"))
	personal := bytes.Contains(note, []byte("+44")) || bytes.Contains(note, []byte("@example"))
	if !plain || len(note) > 120 || !personal || !bytes.HasPrefix(customer, []byte("+")) || len(agent) == 0 {
		return
	}
	c.chosen, c.example = true, bytes.Clone(c.item)
	c.receiver.watchFor(string(c.record.ID()))
}

func (c *centre) written() (records int, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.bytes
}
