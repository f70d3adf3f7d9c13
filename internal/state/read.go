package state

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"trunkline/internal/collector/deadletter"
)

// Position is where to read on in a partition. ok is false for a partition that nothing was settled of.
func (s *Store) Position(partition string) (position string, ok bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		v := tx.Bucket(positionsBucket).Get([]byte(partition))
		position, ok = string(v), v != nil
		return nil
	})
	return position, ok, err
}

// Positions of all partitions.
func (s *Store) Positions() (map[string]string, error) {
	all := map[string]string{}
	return all, s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(positionsBucket).ForEach(func(k, v []byte) error {
			all[string(k)] = string(v)
			return nil
		})
	})
}

// Outcomes are the totals of all Commits since the file was made.
func (s *Store) Outcomes() (map[string]uint64, error) {
	all := map[string]uint64{}
	return all, s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(outcomesBucket).ForEach(func(k, v []byte) error {
			all[string(k)] = toNumber(v)
			return nil
		})
	})
}

// WindowChunks gives load each chunk of the deduplication window, the oldest first. A chunk is valid during the call. An error of
// load means that the chunk is damaged: it ends the reading and comes back as a *CorruptError. load must not use the store.
func (s *Store) WindowChunks(load func(chunk []byte) error) error {
	return s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(windowBucket).ForEach(func(k, v []byte) error {
			if err := load(v); err != nil {
				return &CorruptError{s.path, err}
			}
			return nil
		})
	})
}

// page is how many dead letters one transaction reads. Between them others may commit: a transaction that stayed open during a
// long replay would keep every page that is freed meanwhile.
const page = 256

// DeadLetters gives the index of dead letters in the order in which they were first settled. The loop's body may use the store;
// what it adds may or may not be seen. After an error the loop ends.
func (s *Store) DeadLetters() iter.Seq2[deadletter.Entry, error] {
	return func(yield func(deadletter.Entry, error) bool) {
		next := uint64(0)
		for {
			var entries []deadletter.Entry
			err := s.view(func(tx *bbolt.Tx) error {
				cursor := tx.Bucket(lettersBucket).Cursor()
				for k, v := cursor.Seek(number(next)); k != nil && len(entries) < page; k, v = cursor.Next() {
					e, err := s.entry(v)
					if err != nil {
						return err
					}
					entries = append(entries, e)
					next = toNumber(k) + 1
				}
				return nil
			})
			if err != nil {
				yield(deadletter.Entry{}, err)
				return
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if len(entries) < page {
				return
			}
		}
	}
}

// DeadLetter is the index entry of one dead letter. ok is false where there is none, or none any more.
func (s *Store) DeadLetter(id deadletter.ID) (e deadletter.Entry, ok bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		at := tx.Bucket(idsBucket).Get(id[:])
		if at == nil {
			return nil
		}
		ok = true
		e, err = s.entry(tx.Bucket(lettersBucket).Get(at))
		return err
	})
	return e, ok && err == nil, err
}

func (s *Store) entry(value []byte) (e deadletter.Entry, err error) {
	if err := json.Unmarshal(value, &e); err != nil {
		return e, &CorruptError{s.path, fmt.Errorf("an entry of the index of dead letters: %w", err)}
	}
	return e, nil
}

// DeadLetterCount is how many dead letters the index holds.
func (s *Store) DeadLetterCount() (n int, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(idsBucket).ForEach(func(k, v []byte) error {
			n++
			return nil
		})
	})
	return n, err
}

// Segments are the files of the dead-letter folder that the index needs, with how many dead letters of each.
func (s *Store) Segments() (map[string]int, error) {
	all := map[string]int{}
	for e, err := range s.DeadLetters() {
		if err != nil {
			return nil, err
		}
		all[e.Segment]++
	}
	return all, nil
}

// Contacts are the contacts with dead letters, each with the newest version (Unix microseconds) that was delivered since its first
// dead letter, or NothingDelivered.
func (s *Store) Contacts() (map[deadletter.Key]int64, error) {
	all := map[deadletter.Key]int64{}
	return all, s.view(func(tx *bbolt.Tx) error {
		delivered := tx.Bucket(deliveredBucket)
		return tx.Bucket(contactsBucket).ForEach(func(k, _ []byte) error {
			if len(k) != 24 {
				return &CorruptError{s.path, errors.New("a contact of the index of dead letters has no sequence")}
			}
			contact := deadletter.Key(k)
			all[contact] = NothingDelivered
			if v := delivered.Get(contact[:]); len(v) == 8 {
				all[contact] = int64(binary.BigEndian.Uint64(v))
			}
			return nil
		})
	})
}

// Delivered is the newest version (Unix microseconds) that was delivered of a contact since its first dead letter, or
// NothingDelivered.
func (s *Store) Delivered(contact deadletter.Key) (version int64, err error) {
	version = NothingDelivered
	err = s.view(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(deliveredBucket).Get(contact[:]); len(v) == 8 {
			version = int64(binary.BigEndian.Uint64(v))
		}
		return nil
	})
	return version, err
}
