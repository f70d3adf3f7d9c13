// Package deadletter keeps the records that could not be handled: which, where they stood, why, and, encrypted to an age
// recipient, the records themselves.
//
//	Letter, record ─▶ Folder.Append ─▶ segment file ─▶ Sync ─▶ state transaction with the Entry ─▶ Committed
//	                                        ▲                                                         │
//	                           Read, Decrypt└── replay selects entries of the index ◀─────────────────┘
//
// Its promises: a record's bytes are never on disk in clear; a letter that an index entry points at is on disk whole; a letter
// that was written and not indexed before a crash is ignored, and the record, read again, gets the same [ID]. A segment file is
// deleted only when no index entry needs it.
package deadletter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"filippo.io/age"
)

// Letter is the envelope of a dead letter, one JSON object a line. Reason and Stage never carry values of the record: they say
// what the caller says. ContactID and EventID stand in clear, so that a person can find the contact.
type Letter struct {
	ID     ID        `json:"id"`
	Time   time.Time `json:"time"`  // when it was dead-lettered, UTC
	Stage  string    `json:"stage"` // decode, filter, enrich, redact or deliver
	Reason string    `json:"reason"`
	// Attempts is how often the record was sent to the destination.
	Attempts int    `json:"attempts"`
	Source   Source `json:"source"`

	Kind      string `json:"kind"` // contact record, agent event or unknown
	ContactID string `json:"contact_id,omitempty"`
	EventID   string `json:"event_id,omitempty"`
	// Version is the record's LastUpdateTimestamp or EventTimestamp; zero where it has none.
	Version time.Time `json:"version,omitzero"`
	// Contact is the keyed hash of what ContactID or EventID names.
	Contact Hash `json:"contact,omitzero"`
	// IdempotencyKey is sent with the record, also when it is replayed.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// ContentHash is a keyed hash of the record as read.
	ContentHash Hash `json:"content_hash"`

	// Record is the record as read, encrypted with age, in base64. Where no recipient was set it is empty, and the record must be
	// read again from Source.
	Record string `json:"record,omitempty"`
}

// Source is where a record stood.
type Source struct {
	Partition string `json:"partition"` // a file, a shard
	Position  string `json:"position"`  // as the source wrote it, to read the record again
	Location  string `json:"location"`  // for people, e.g. "line 17"
}

// Texts of a letter are cut to these lengths, in bytes: identities come from records that may be hostile.
const (
	maxReason   = 4 << 10
	maxIdentity = 1 << 10
)

// encode makes the letter's line. The record is encrypted on the way into the line, which is the only copy: a letter needs about
// 1.4 times the record. A Record that the letter has already stays as it is.
func (l *Letter) encode(record []byte, recipients []age.Recipient) ([]byte, error) {
	head := *l
	head.Time = head.Time.UTC()
	head.Reason = clip(head.Reason, maxReason)
	head.ContactID = clip(head.ContactID, maxIdentity)
	head.EventID = clip(head.EventID, maxIdentity)
	text, err := json.Marshal(&head)
	if err != nil {
		return nil, err
	}
	if head.Record != "" || record == nil || len(recipients) == 0 {
		return append(text, '\n'), nil
	}
	text = text[:len(text)-1]
	const chunk, overhead = 64 << 10, 16 // of age's payload
	sealed := 512 + 2048*len(recipients) + len(record) + overhead*(len(record)/chunk+1)
	line := bytes.NewBuffer(make([]byte, 0, len(text)+base64.StdEncoding.EncodedLen(sealed)+16))
	line.Write(text)
	line.WriteString(`,"record":"`)
	encoder := base64.NewEncoder(base64.StdEncoding, line)
	w, err := age.Encrypt(encoder, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(record); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), encoder.Close()); err != nil {
		return nil, err
	}
	line.WriteString("\"}\n")
	return line.Bytes(), nil
}

// Seal makes the letter as it is kept, one line of JSON, and its entry in the index, without its place. It encrypts the record on the
// way; a nil record is none, and a letter that holds its Record already, since its replay failed, keeps that whatever the recipients
// are today. A letter without an ID gets one.
func (l Letter) Seal(record []byte, recipients []age.Recipient) (line []byte, e Entry, err error) {
	if l.ID == (ID{}) {
		l.ID = NewID(l.Source.Partition, l.Source.Position, l.ContentHash)
	}
	if line, err = l.encode(record, recipients); err != nil {
		return nil, e, fmt.Errorf("write dead letter %s: %w", l.ID, err)
	}
	e = l.entry()
	e.Length = int64(len(line))
	return line, e, nil
}

// Parse reads what Seal made of the letter with an ID. Its errors quote nothing.
func Parse(line []byte, id ID) (l Letter, err error) {
	if json.Unmarshal(line, &l) != nil { // the JSON error would quote the text
		return Letter{}, errors.New("what stands there is no dead letter")
	}
	if l.ID != id {
		return Letter{}, fmt.Errorf("what stands there is dead letter %s", l.ID)
	}
	return l, nil
}

// entry is the letter's entry in the index, without its place.
func (l *Letter) entry() Entry {
	e := Entry{ID: l.ID, Time: l.Time.UTC(), Stage: l.Stage, Reason: clip(l.Reason, maxReason), Contact: l.Contact}
	if !l.Version.IsZero() {
		version := l.Version.UnixMicro()
		e.Version = &version
	}
	return e
}

// clip cuts a text to n bytes, at the end of a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return strings.ToValidUTF8(text[:n], "\uFFFD") + "…"
}

// NoRecordError says that a dead letter does not hold its record.
type NoRecordError struct {
	ID     ID
	Source Source
}

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("dead letter %s does not hold its record, since no dead_letter.recipient was set: read it again from %s at %s",
		e.ID, e.Source.Partition, e.Source.Position)
}

// ErrIdentity says that the identities given do not open a dead letter.
var ErrIdentity = errors.New("no identity opens the dead letter")

// Decrypt returns the record. The error is a *NoRecordError when the letter does not hold it, and wraps ErrIdentity when another
// identity is needed.
func (l *Letter) Decrypt(identities ...age.Identity) ([]byte, error) {
	if l.Record == "" {
		return nil, &NoRecordError{l.ID, l.Source}
	}
	if len(identities) == 0 {
		return nil, fmt.Errorf("dead letter %s is encrypted: give the age identity with --identity FILE (%w)", l.ID, ErrIdentity)
	}
	r, err := age.Decrypt(base64.NewDecoder(base64.StdEncoding, strings.NewReader(l.Record)), identities...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, fmt.Errorf("dead letter %s was encrypted to another recipient than the %d identities given: give its identity with"+
			" --identity FILE (%w)", l.ID, len(identities), ErrIdentity)
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt dead letter %s: %w", l.ID, err)
	}
	record := bytes.NewBuffer(make([]byte, 0, base64.StdEncoding.DecodedLen(len(l.Record))))
	if _, err := io.Copy(record, r); err != nil {
		return nil, fmt.Errorf("decrypt dead letter %s: %w", l.ID, err)
	}
	return record.Bytes(), nil
}

// ParseRecipients reads age recipients (age1… or age1pq1…), each text holding one or more with commas or white space between. The
// error quotes no text that could be a secret.
func ParseRecipients(texts ...string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range texts {
		for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r' }) {
			r, err := parseRecipient(word)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no age recipient: want age1…, as age-keygen prints it")
	}
	// age refuses some recipients together. Better now than at the first dead letter.
	if _, err := age.Encrypt(io.Discard, all...); err != nil {
		return nil, fmt.Errorf("encrypt to the %d recipients: %w", len(all), err)
	}
	return all, nil
}

func parseRecipient(word string) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(word, "age1pq1"):
		return age.ParseHybridRecipient(word)
	case strings.HasPrefix(word, "age1"):
		return age.ParseX25519Recipient(word)
	case strings.HasPrefix(strings.ToUpper(word), "AGE-SECRET-KEY-"):
		return nil, errors.New("this is an age secret key: want its recipient, age1…, which age-keygen -y prints; keep the secret key elsewhere")
	}
	return nil, errors.New("not an age recipient: want age1…, as age-keygen prints it")
}

// ParseIdentities reads an age identity file: one AGE-SECRET-KEY-… a line, and comments.
func ParseIdentities(r io.Reader) ([]age.Identity, error) {
	identities, err := age.ParseIdentities(r)
	if err != nil {
		return nil, fmt.Errorf("age identity file: %w", err)
	}
	return identities, nil
}
