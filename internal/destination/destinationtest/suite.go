// Package destinationtest is what the tests of destinations share: one behaviour suite for every implementation of
// collector.Destination, and a Receiver that misbehaves by seed.
package destinationtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/internal/collector"
)

// Harness is one destination under test, and the view from its far end.
type Harness struct {
	// Destination under test. Run closes it.
	Destination collector.Destination
	// Arrived returns the records that have been taken so far, in the order in which they were.
	Arrived func() [][]byte
	// Refuse, where the destination can refuse a record, makes the far end refuse those that hold mark. nil: it never refuses.
	Refuse func(mark string)
	// Block, where the far end can stop taking records without an error, makes it do so until release is called. nil: it cannot.
	Block func() (release func())
}

// Run checks what every destination must do. open makes a fresh one for each part; it may use t.Cleanup.
func Run(t *testing.T, open func(*testing.T) Harness) {
	start := func(t *testing.T) Harness {
		h := open(t)
		t.Cleanup(func() {
			if err := h.Destination.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return h
	}
	t.Run("complete and in order", func(t *testing.T) {
		h := start(t)
		var want [][]byte
		for call := range 20 {
			batch := Records(call*100, 1+call%7)
			deliver(t, h, batch)
			want = append(want, bodies(batch)...)
		}
		equal(t, h.Arrived(), want)
	})
	t.Run("exactly the bytes", func(t *testing.T) {
		h := start(t)
		batch := Records(0, 4)
		batch[0].Body = []byte(`{"a":1.0e+2,"A":"\u00e9\/é","a":null}`)
		batch[1].Body = []byte(`{ "spaces" :	[ 1 , 2 ] }`)
		batch[2].Body = []byte(`{}`)
		batch[3].Body = []byte(`{"n":123456789012345678901234567890}`)
		deliver(t, h, batch)
		equal(t, h.Arrived(), bodies(batch))
	})
	t.Run("large", func(t *testing.T) {
		h := start(t)
		batch := Records(0, 3)
		batch[1].Body = fmt.Appendf(nil, `{"large":%q}`, strings.Repeat("0123456789abcdef", 1<<16))
		deliver(t, h, batch)
		equal(t, h.Arrived(), bodies(batch))
	})
	t.Run("empty batch", func(t *testing.T) {
		h := start(t)
		deliver(t, h, nil)
		if got := h.Arrived(); len(got) != 0 {
			t.Errorf("Deliver of nothing: got %d records, want none", len(got))
		}
	})
	t.Run("the caller's memory is its own again", func(t *testing.T) {
		h := start(t)
		var want [][]byte
		memory := make([]byte, 0, 1<<10)
		for i := range 50 {
			r := Records(i, 1)
			want = append(want, r[0].Body)
			memory = append(memory[:0], r[0].Body...)
			r[0].Body = memory
			deliver(t, h, r)
		}
		equal(t, h.Arrived(), want)
	})
	t.Run("concurrent", func(t *testing.T) {
		h := start(t)
		var calls sync.WaitGroup
		var want [][]byte
		for caller := range 8 {
			var batches [][]*collector.Outgoing
			for call := range 10 {
				batch := Records(caller*1000+call*10, 3)
				batches = append(batches, batch)
				want = append(want, bodies(batch)...)
			}
			calls.Go(func() {
				for _, batch := range batches {
					deliver(t, h, batch)
				}
			})
		}
		calls.Wait()
		got := slices.Clone(h.Arrived())
		for caller := range 8 {
			mine := func(all [][]byte) [][]byte {
				return slices.DeleteFunc(slices.Clone(all), func(b []byte) bool { return number(t, b)/1000 != caller })
			}
			equal(t, mine(got), mine(want))
		}
		equal(t, sorted(got), sorted(want))
	})
	t.Run("cancelled before", func(t *testing.T) {
		h := start(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.Destination.Deliver(ctx, Records(0, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("Deliver with a cancelled context: got %v, want context.Canceled", err)
		}
		if got := h.Arrived(); len(got) != 0 {
			t.Errorf("Deliver with a cancelled context: got %d records, want none", len(got))
		}
	})
	t.Run("cancelled while blocked", func(t *testing.T) {
		h := start(t)
		if h.Block == nil {
			return // the far end of this one takes or fails
		}
		release := sync.OnceFunc(h.Block())
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error, 1)
		go func() {
			batch := Records(0, 1)
			batch[0].Body = fmt.Appendf(nil, `{"large":%q}`, strings.Repeat("0123456789abcdef", 1<<17))
			ended <- h.Destination.Deliver(ctx, batch)
		}()
		select {
		case err := <-ended:
			t.Fatalf("Deliver to a blocked far end: got %v at once, want it to wait", err)
		case <-time.After(50 * time.Millisecond):
		}
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Deliver cancelled while blocked: got %v, want context.Canceled", err)
			}
		case <-time.After(5 * time.Second):
			release()
			<-ended
			t.Errorf("Deliver cancelled while blocked: got no answer within 5 s, want context.Canceled at once")
		}
	})
	t.Run("refused", func(t *testing.T) {
		h := start(t)
		batch := Records(0, 9)
		bad := map[int]bool{}
		if h.Refuse != nil {
			h.Refuse("poison")
			bad = map[int]bool{2: true, 3: true, 8: true}
		}
		var want [][]byte
		for i, r := range batch {
			if i == 2 || i == 3 || i == 8 {
				r.Body = fmt.Appendf(nil, `{"number":%d,"poison":true}`, i)
			}
			if !bad[i] {
				want = append(want, r.Body)
			}
		}
		if err := h.Destination.Deliver(t.Context(), batch); err != nil {
			t.Fatalf("Deliver: got %v, want nil and the bad records refused", err)
		}
		for i, r := range batch {
			if got := r.Refused != nil; got != bad[i] {
				t.Errorf("record %d: got refused %v (%v), want %v", i, got, r.Refused, bad[i])
			}
		}
		equal(t, h.Arrived(), want)
	})
	t.Run("close twice", func(t *testing.T) {
		h := start(t)
		deliver(t, h, Records(0, 1))
		if err := h.Destination.Close(); err != nil {
			t.Errorf("first close: %v", err)
		} // the second is the cleanup's
	})
}

// Records makes n records whose bodies are {"number":N,…} with N from first on, and whose keys tell them apart.
func Records(first, n int) []*collector.Outgoing {
	records := make([]*collector.Outgoing, n)
	for i := range records {
		records[i] = &collector.Outgoing{
			Body: fmt.Appendf(nil, `{"number":%d,"Channel":"VOICE"}`, first+i),
			Key:  fmt.Sprintf("key-%d", first+i),
		}
	}
	return records
}

func deliver(t *testing.T, h Harness, batch []*collector.Outgoing) {
	t.Helper()
	if err := h.Destination.Deliver(t.Context(), batch); err != nil {
		t.Errorf("Deliver of %d records: %v", len(batch), err)
	}
	for i, r := range batch {
		if r.Refused != nil {
			t.Errorf("record %d of %d: got refused: %v, want taken", i, len(batch), r.Refused)
		}
		if r.Attempts != 1 {
			t.Errorf("record %d of %d: got %d attempts, want 1", i, len(batch), r.Attempts)
		}
	}
}

func bodies(batch []*collector.Outgoing) [][]byte {
	var all [][]byte
	for _, r := range batch {
		all = append(all, bytes.Clone(r.Body))
	}
	return all
}

func number(t *testing.T, body []byte) int {
	var n int
	if _, err := fmt.Sscanf(string(body), `{"number":%d,`, &n); err != nil {
		t.Fatalf("arrived: %.80q, want a record that was delivered", body)
	}
	return n
}

func sorted(all [][]byte) [][]byte {
	return slices.SortedFunc(slices.Values(all), bytes.Compare)
}

func equal(t *testing.T, got, want [][]byte) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("record %d: got %.80q, want %.80q", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
}
