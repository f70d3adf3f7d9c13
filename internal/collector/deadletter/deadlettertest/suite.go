// Package deadlettertest is how every store of dead letters behaves, as tests.
//
//	deadlettertest.Run(t, open) ─▶ open a store, use it, open it again, … the same for a folder and a bucket
package deadlettertest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector/deadletter"
)

// Store is what is tested.
type Store interface {
	Append(l deadletter.Letter, record []byte) (deadletter.Entry, error)
	Sync() error
	Committed(entries ...deadletter.Entry)
	Prune(used map[string]int) (deleted int, err error)
	Read(e deadletter.Entry) (deadletter.Letter, error)
	Close() error
}

// Place is somewhere that letters are kept, and outlives the stores that are opened on it.
type Place interface {
	// Open opens the place for an owner.
	Open(t *testing.T, owner string, recipients []age.Recipient) Store
	// Dump is everything that is kept there.
	Dump(t *testing.T) string
}

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// letter is a letter with texts as hostile records have them.
func letter(n int) deadletter.Letter {
	return deadletter.Letter{
		Time: epoch, Stage: "redact", Reason: "CustomerEndpoint.Address is not a text", Attempts: 3,
		Source: deadletter.Source{Partition: "records.jsonl", Position: fmt.Sprint(n), Location: fmt.Sprintf("line %d", n)},
		Kind:   "contact record", ContactID: fmt.Sprintf("\x00\x1b\uffff\U0001f600</script>\u2028contact-%d", n), Version: epoch.Add(time.Second),
		Contact: deadletter.Hash{byte(n), 1}, IdempotencyKey: "key", ContentHash: deadletter.Hash{byte(n), 2},
	}
}

func add(t *testing.T, s Store, l deadletter.Letter, record []byte) deadletter.Entry {
	t.Helper()
	e, err := s.Append(l, record)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func settle(t *testing.T, s Store) {
	t.Helper()
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
}

// Run tests the stores of new places.
func Run(t *testing.T, newPlace func(t *testing.T) Place) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipients := []age.Recipient{id.Recipient()}

	t.Run("what is appended can be read", func(t *testing.T) {
		place := newPlace(t)
		s := place.Open(t, "owner", recipients)
		for i, record := range []string{"", "{}", "not JSON\x00\xff", strings.Repeat(`{"a":"b"}`, 100_000)} {
			e := add(t, s, letter(i), []byte(record))
			settle(t, s)
			got, err := s.Read(e)
			if err != nil {
				t.Fatal(err)
			}
			want := letter(i)
			want.ID, want.Record = e.ID, got.Record
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("got - want +:\n%s", diff)
			}
			if text, err := got.Decrypt(id); string(text) != record || err != nil {
				t.Errorf("decrypted %d bytes (%v), want the %d of the record", len(text), err, len(record))
			}
			if e.ID != deadletter.NewID("records.jsonl", fmt.Sprint(i), deadletter.Hash{byte(i), 2}) || e.Stage != "redact" || e.Contact != want.Contact || !e.Time.Equal(epoch) || e.Segment == "" || e.Length < 1 {
				t.Errorf("the entry is %+v", e)
			}
		}
	})

	t.Run("a record is never kept in clear", func(t *testing.T) {
		place := newPlace(t)
		s := place.Open(t, "owner", recipients)
		add(t, s, letter(1), []byte(`{"Name":"canary-5f2c9"}`))
		settle(t, s)
		dump := place.Dump(t)
		if !strings.Contains(dump, `"contact_id":`) || strings.Contains(dump, "canary-5f2c9") {
			t.Errorf("the place holds %s, want a letter without the text of its record", dump)
		}
	})

	t.Run("a letter that is written again keeps its record and its ID", func(t *testing.T) {
		s := newPlace(t).Open(t, "owner", recipients)
		e := add(t, s, letter(1), []byte("record"))
		settle(t, s)
		l, err := s.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		l.Reason = "status 422"
		again := add(t, s, l, []byte("another"))
		settle(t, s)
		got, err := s.Read(again)
		if err != nil || again.ID != e.ID || got.Reason != "status 422" || again.Reason != "status 422" {
			t.Errorf("written again: %s with the reason %q (%v), want %s and the new one", again.ID, got.Reason, err, e.ID)
		}
		if text, err := got.Decrypt(id); string(text) != "record" || err != nil {
			t.Errorf("the record became %q (%v)", text, err)
		}
	})

	t.Run("what nobody needs is pruned", func(t *testing.T) {
		place := newPlace(t)
		s := place.Open(t, "owner", recipients)
		needed, dropped, orphan := add(t, s, letter(1), []byte("1")), add(t, s, letter(2), []byte("2")), add(t, s, letter(3), []byte("3"))
		other := place.Open(t, "other", recipients)
		foreign := add(t, other, letter(4), []byte("4"))
		settle(t, s)
		settle(t, other)
		if _, err := s.Prune(nil); err != nil {
			t.Fatal(err)
		}
		for _, e := range []deadletter.Entry{needed, dropped, orphan} {
			if _, err := s.Read(e); err != nil {
				t.Errorf("a letter that is not committed was pruned: %v", err)
			}
		}
		s.Committed(needed, dropped)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = place.Open(t, "owner", recipients) // the next process; the orphan was never committed
		if _, err := s.Prune(map[string]int{needed.Segment: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(needed); err != nil {
			t.Errorf("a letter of the index was pruned: %v", err)
		}
		if _, err := s.Prune(nil); err != nil {
			t.Fatal(err)
		}
		for name, e := range map[string]deadletter.Entry{"needed": needed, "dropped": dropped, "orphan": orphan} {
			_, err := s.Read(e)
			if bad, ok := errors.AsType[*deadletter.LetterError](err); !ok || bad.ID != e.ID {
				t.Errorf("%s: read after nobody needs it any more: %v, want a *LetterError", name, err)
			}
		}
		if _, err := other.Read(foreign); err != nil {
			t.Errorf("the letter of another owner was pruned: %v", err)
		}
	})

	t.Run("many at once", func(t *testing.T) {
		s := newPlace(t).Open(t, "owner", recipients)
		var mu sync.Mutex
		entries := map[deadletter.ID]deadletter.Entry{}
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				for i := range 20 {
					e, err := s.Append(letter(w*20+i), fmt.Append(nil, w*20+i))
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					entries[e.ID] = e
					mu.Unlock()
					if i%7 == 0 {
						if err := s.Sync(); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		writers.Wait()
		settle(t, s)
		if len(entries) != 160 {
			t.Fatalf("%d letters, want 160", len(entries))
		}
		for _, e := range entries {
			l, err := s.Read(e)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := l.Decrypt(id); string(text) != l.Source.Position || err != nil {
				t.Fatalf("letter %s holds %q (%v), want %s", e.ID, text, err, l.Source.Position)
			}
		}
	})

	t.Run("a wrong entry is an error", func(t *testing.T) {
		s := newPlace(t).Open(t, "owner", recipients)
		first, second := add(t, s, letter(1), []byte("1")), add(t, s, letter(2), []byte("2"))
		settle(t, s)
		for _, segment := range []string{"", "../" + first.Segment, "none", second.Segment + "x"} {
			e := first
			e.Segment = segment
			if _, err := s.Read(e); err == nil {
				t.Errorf("segment %q: no error", segment)
			}
		}
		e := second
		e.ID = first.ID
		if _, err := s.Read(e); err == nil {
			t.Error("the entry of one letter with the ID of another: no error")
		}
	})

	t.Run("nothing is written after Close", func(t *testing.T) {
		s := newPlace(t).Open(t, "owner", recipients)
		add(t, s, letter(1), []byte("1"))
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Append(letter(2), []byte("2")); err == nil {
			t.Error("Append after Close: no error")
		}
	})
}
