package state

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
)

// Settlement is what a run of settled records changes. All fields may be empty.
type Settlement struct {
	// Positions says, for each partition that moved, where to read on.
	Positions map[string]string
	// Gone are partitions that will not come back, with the positions they had when that was found: these are forgotten. One that
	// has moved since stays.
	Gone map[string]string
	// Window is what a deduplication window took. Confirm it after the Commit.
	Window dedupe.Change
	// Replayed dead letters leave the index. With its last dead letter, what was noted as delivered of a contact goes too.
	Replayed []deadletter.ID
	// DeadLetters enter the index; their letters are on disk already. An id that is in the index keeps its place in the order: a
	// letter that was replayed in vain is put here again, and not into Replayed.
	DeadLetters []deadletter.Entry
	// Delivered is the newest version (Unix microseconds) that was delivered of contacts with dead letters. Other contacts, and
	// older versions than noted, are passed over.
	Delivered map[deadletter.Hash]int64
	// Outcomes are added to the totals.
	Outcomes map[string]uint64
}

func (c *Settlement) empty() bool {
	return len(c.Positions) == 0 && len(c.Gone) == 0 && c.Window.Drop == 0 && len(c.Window.Append) == 0 && len(c.Replayed) == 0 &&
		len(c.DeadLetters) == 0 && len(c.Delivered) == 0 && len(c.Outcomes) == 0
}

// Commit makes the settlement durable: once it has returned nil, all of it survives a crash. After an error nothing of it may be
// taken as settled, every later Commit returns the same error, and the run should end: at the next start the file has either all
// or nothing of the settlement, and either is right.
func (s *Store) Commit(c Settlement) error {
	if err := s.failure.get(); err != nil {
		return err
	}
	if c.empty() {
		return nil
	}
	return s.write(c.apply)
}

// errRefused ends a transaction that is not to be made, for a reason that says nothing about the file.
var errRefused = errors.New("refused")

// write makes one transaction, or none after one that went wrong.
func (s *Store) write(change func(*bbolt.Tx) error) error {
	if err := s.failure.get(); err != nil {
		return err
	}
	err := s.guard(func() error { return s.db.Update(change) })
	if err == nil || errors.Is(err, errRefused) {
		return err
	}
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		err = s.explain("commit to", err)
	}
	s.failure.set(err)
	return err
}

func (c *Settlement) apply(tx *bbolt.Tx) error {
	positions := tx.Bucket(positionsBucket)
	for partition, position := range c.Positions {
		if err := positions.Put([]byte(partition), []byte(position)); err != nil {
			return fmt.Errorf("note position of partition %q: %w", partition, err)
		}
	}
	for partition, position := range c.Gone {
		if string(positions.Get([]byte(partition))) != position {
			continue
		}
		if err := positions.Delete([]byte(partition)); err != nil {
			return fmt.Errorf("forget partition %q: %w", partition, err)
		}
	}
	if err := applyWindow(tx.Bucket(windowBucket), c.Window); err != nil {
		return err
	}
	letters := letterIndex{
		entries: tx.Bucket(lettersBucket), ids: tx.Bucket(idsBucket),
		contacts: tx.Bucket(contactsBucket), delivered: tx.Bucket(deliveredBucket),
	}
	for _, id := range c.Replayed {
		if err := letters.remove(id); err != nil {
			return fmt.Errorf("remove dead letter %s from the index: %w", id, err)
		}
	}
	for _, e := range c.DeadLetters {
		if err := letters.put(e); err != nil {
			return fmt.Errorf("add dead letter %s to the index: %w", e.ID, err)
		}
	}
	for contact, version := range c.Delivered {
		if err := letters.noteDelivered(contact, version); err != nil {
			return fmt.Errorf("note a delivery to a contact with dead letters: %w", err)
		}
	}
	outcomes := tx.Bucket(outcomesBucket)
	for name, n := range c.Outcomes {
		if err := outcomes.Put([]byte(name), number(toNumber(outcomes.Get([]byte(name)))+n)); err != nil {
			return fmt.Errorf("count outcome %q: %w", name, err)
		}
	}
	return nil
}

// applyWindow moves the log of chunks on.
func applyWindow(window *bbolt.Bucket, change dedupe.Change) error {
	window.FillPercent = 0.95 // keys only grow: pages need no room for more
	// The keys first: to look for the first one after each Delete would walk over all pages that became empty.
	var old [][]byte
	cursor := window.Cursor()
	for k, _ := cursor.First(); k != nil && len(old) < change.Drop; k, _ = cursor.Next() {
		old = append(old, slices.Clone(k))
	}
	if len(old) < change.Drop {
		return fmt.Errorf("drop %d chunks of the deduplication window: it has %d", change.Drop, len(old))
	}
	for _, k := range old {
		if err := window.Delete(k); err != nil {
			return fmt.Errorf("drop a chunk of the deduplication window: %w", err)
		}
	}
	if len(change.Append) == 0 {
		return nil
	}
	if change.Extend {
		k, v := window.Cursor().Last()
		if k == nil {
			return errors.New("extend the newest chunk of the deduplication window: it has none")
		}
		chunk := append(make([]byte, 0, len(v)+len(change.Append)), v...)
		return window.Put(slices.Clone(k), append(chunk, change.Append...))
	}
	sequence, err := window.NextSequence()
	if err != nil {
		return fmt.Errorf("begin a chunk of the deduplication window: %w", err)
	}
	return window.Put(number(sequence), change.Append)
}

// letterIndex is the index of dead letters in one transaction.
type letterIndex struct{ entries, ids, contacts, delivered *bbolt.Bucket }

func (x *letterIndex) put(e deadletter.Entry) error {
	var sequence uint64
	if at := x.ids.Get(e.ID[:]); at != nil {
		sequence = toNumber(at)
		if err := x.unlink(sequence); err != nil {
			return err
		}
	} else {
		var err error
		if sequence, err = x.entries.NextSequence(); err != nil {
			return err
		}
	}
	value, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if e.Contact != (deadletter.Hash{}) {
		if err := x.contacts.Put(append(e.Contact[:], number(sequence)...), nil); err != nil {
			return err
		}
	}
	return errors.Join(x.entries.Put(number(sequence), value), x.ids.Put(e.ID[:], number(sequence)))
}

func (x *letterIndex) remove(id deadletter.ID) error {
	at := x.ids.Get(id[:])
	if at == nil {
		return nil
	}
	sequence := toNumber(at)
	var e deadletter.Entry
	if err := json.Unmarshal(x.entries.Get(number(sequence)), &e); err != nil {
		return err
	}
	if err := x.unlink(sequence); err != nil {
		return err
	}
	if err := errors.Join(x.entries.Delete(number(sequence)), x.ids.Delete(id[:])); err != nil {
		return err
	}
	if x.hasLetters(e.Contact) {
		return nil
	}
	return x.delivered.Delete(e.Contact[:])
}

// unlink takes a dead letter from its contact.
func (x *letterIndex) unlink(sequence uint64) error {
	var e deadletter.Entry
	if err := json.Unmarshal(x.entries.Get(number(sequence)), &e); err != nil {
		return err
	}
	return x.contacts.Delete(append(e.Contact[:], number(sequence)...))
}

func (x *letterIndex) hasLetters(contact deadletter.Hash) bool {
	k, _ := x.contacts.Cursor().Seek(contact[:])
	return len(k) == len(contact)+8 && deadletter.Hash(k) == contact
}

func (x *letterIndex) noteDelivered(contact deadletter.Hash, version int64) error {
	if !x.hasLetters(contact) {
		return nil
	}
	if before := x.delivered.Get(contact[:]); before != nil && int64(toNumber(before)) >= version {
		return nil
	}
	return x.delivered.Put(contact[:], number(uint64(version)))
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// toNumber reads what number made; anything else is none.
func toNumber(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
