package deadletter

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// ID names a dead letter. It is a function of the record and of where it stood, so a record that is dead-lettered again after a
// crash is the same dead letter.
type ID [16]byte

// NewID makes the ID of a record with a keyed content hash that stood at a place of a partition.
func NewID(partition, place string, content Hash) ID {
	h := sha256.New()
	for _, s := range []string{partition, place} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	h.Write(content[:])
	return ID(h.Sum(nil)[:16])
}

// letters of an ID's text: 26 lower-case letters and digits, safe in file names, URLs and shells.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (id ID) String() string { return letters.EncodeToString(id[:]) }

// AppendText, MarshalText and UnmarshalText use the form of String.
func (id ID) AppendText(b []byte) ([]byte, error) { return letters.AppendEncode(b, id[:]), nil }

// MarshalText is the form of String.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads the form of String.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

// ParseID reads the form of String.
func ParseID(text string) (id ID, err error) {
	b, err := letters.DecodeString(text)
	// Several texts decode to the same bytes, since the last letter has bits to spare. One ID has one text.
	if err != nil || len(b) != len(id) || ID(b).String() != text {
		return id, fmt.Errorf("%q is not the id of a dead letter: want 26 of a to z and 2 to 7", text)
	}
	return ID(b), nil
}

// Hash is a keyed hash: of a contact (kind and identity), by which the index and the state file know it, or of a record's bytes.
// The zero Hash stands for none: a text that is no record has no contact.
type Hash [16]byte

// String is the text form of an ID.
func (h Hash) String() string { return ID(h).String() }

// MarshalText is the form of String.
func (h Hash) MarshalText() ([]byte, error) { return ID(h).MarshalText() }

// UnmarshalText reads the form of String.
func (h *Hash) UnmarshalText(text []byte) error { return (*ID)(h).UnmarshalText(text) }

// Entry is what the index keeps of a dead letter: where its letter is, and what one selects it by.
type Entry struct {
	ID      ID        `json:"id"`
	Time    time.Time `json:"time"` // when it was dead-lettered, UTC
	Stage   string    `json:"stage"`
	Reason  string    `json:"reason"`
	Contact Hash      `json:"contact,omitzero"`
	// Version is the record's, in Unix microseconds; nil where it has none.
	Version *int64 `json:"version,omitempty"`
	// The letter stands in Segment at Offset, Length bytes including its newline. A Segment is a file of the dead-letter folder, or
	// the key of an object behind its prefix.
	Segment string `json:"segment"`
	Offset  int64  `json:"offset"`
	Length  int64  `json:"length"`
}

// Selection chooses dead letters. Zero fields choose all.
type Selection struct {
	Stage    string    // the whole name of a stage
	Reason   string    // part of the reason, in any case
	From, To time.Time // dead-lettered at From or later, and before To
	Contact  Hash
}

// Match tells whether the selection includes the entry.
func (s Selection) Match(e Entry) bool {
	return (s.Stage == "" || s.Stage == e.Stage) &&
		(s.Reason == "" || strings.Contains(strings.ToLower(e.Reason), strings.ToLower(s.Reason))) &&
		(s.From.IsZero() || !e.Time.Before(s.From)) &&
		(s.To.IsZero() || e.Time.Before(s.To)) &&
		(s.Contact == Hash{} || s.Contact == e.Contact)
}

// Superseded tells whether the entry's record is older than what was delivered of its contact since, as Unix microseconds. A
// record without a version is never superseded: nothing says that it is older.
func (e Entry) Superseded(delivered int64) bool { return e.Version != nil && *e.Version < delivered }
