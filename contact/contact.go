// Package contact knows the records that Amazon Connect streams: contact records and agent events.
//
// It tells the kinds apart by shape, and reads from a record what a collector needs to order, version and deduplicate it. The
// record itself stays the bytes it was (see [Record.Document]): nothing is decoded into structs, so fields that Connect adds
// tomorrow, null sections and keys that differ only in case are no trouble.
package contact

import (
	"fmt"
	"time"

	"trunkline/internal/document"
)

// Kind of a record.
type Kind uint8

// The kinds.
const (
	Unknown    Kind = iota
	Contact         // a contact record (formerly CTR): one leg of a contact
	AgentEvent      // a LOGIN, LOGOUT, STATE_CHANGE, HEART_BEAT or later event of an agent
	CallNotice      // trunkline's own note that a call's audio can be followed: {"trunkline": "call", …}
)

func (k Kind) String() string {
	switch k {
	case Contact:
		return "contact record"
	case AgentEvent:
		return "agent event"
	case CallNotice:
		return "call notice"
	}
	return "unknown"
}

// KindError says why a JSON text is not a record that can be handled. It names fields, never values.
type KindError struct{ Reason string }

func (e *KindError) Error() string { return e.Reason }

// Record is one record and its identity. It is reused: Parse makes it another record. The zero Record is ready for Parse. It is
// not safe for concurrent use. Slices that its methods return are valid until the next Parse.
type Record struct {
	doc     document.Document
	kind    Kind
	id      []byte
	order   []byte
	channel []byte
	version time.Time
	scratch []byte // identity texts that stood with escapes
}

// Parse indexes the text and finds out what it is. The error is a *document.SyntaxError or a *KindError. The record refers to
// raw until the next Parse.
func (r *Record) Parse(raw []byte) error {
	r.kind, r.id, r.order, r.channel, r.version, r.scratch = Unknown, nil, nil, nil, time.Time{}, r.scratch[:0]
	if err := r.doc.Parse(raw); err != nil {
		return err
	}
	return r.identify()
}

// Document is the record's index, to look fields up and to plan edits on.
func (r *Record) Document() *document.Document { return &r.doc }

// Kind is what the record was found to be.
func (r *Record) Kind() Kind { return r.kind }

// ID is the ContactId of a contact record, the EventId of an agent event.
func (r *Record) ID() []byte { return r.id }

// OrderKey names what the record must stay in order with: the ContactId of a contact record, the AgentARN of an agent event.
func (r *Record) OrderKey() []byte { return r.order }

// Version is the LastUpdateTimestamp of a contact record (resolution one second, so two contents may share one), the
// EventTimestamp of an agent event. It is zero where the record has none or null.
func (r *Record) Version() time.Time { return r.version }

// Channel is a contact record's Channel (VOICE, CHAT, TASK, EMAIL, or what comes later); nil where it has none.
func (r *Record) Channel() []byte { return r.channel }

// Time returns the RFC 3339 time at a path of member names, e.g. "Agent", "ConnectedToAgentTimestamp". ok is false where there
// is none, or null, or another text.
func (r *Record) Time(path ...string) (t time.Time, ok bool) { return r.time(r.doc.Lookup(path...)) }

// Initiated is when the contact began (InitiationTimestamp).
func (r *Record) Initiated() (time.Time, bool) { return r.Time("InitiationTimestamp") }

// Disconnected is when the contact ended (DisconnectTimestamp). A call passed to an outside number may end long after the agent's work.
func (r *Record) Disconnected() (time.Time, bool) { return r.Time("DisconnectTimestamp") }

func (r *Record) time(n document.Node) (t time.Time, ok bool) {
	text, _ := r.doc.Text(n)
	return t, text != nil && t.UnmarshalText(text) == nil
}

// The members that tell what a record is. They must not occur twice: which one counts would be anybody's guess.
type field uint8

const (
	contactID field = iota
	formatVersion
	lastUpdate
	channel
	eventID
	eventType
	eventTime
	agentARN
	marker
	fields
)

var fieldNames = [fields]string{
	"ContactId", "AWSContactTraceRecordFormatVersion", "LastUpdateTimestamp", "Channel",
	"EventId", "EventType", "EventTimestamp", "AgentARN", "trunkline",
}

// fieldOf tells which of the fields a member's name is. A switch, because it runs for each top-level member of each record.
func fieldOf(name []byte) field {
	switch string(name) {
	case "ContactId":
		return contactID
	case "AWSContactTraceRecordFormatVersion":
		return formatVersion
	case "LastUpdateTimestamp":
		return lastUpdate
	case "Channel":
		return channel
	case "EventId":
		return eventID
	case "EventType":
		return eventType
	case "EventTimestamp":
		return eventTime
	case "AgentARN":
		return agentARN
	case "trunkline":
		return marker
	}
	return fields
}

func (r *Record) identify() error {
	root := r.doc.Root()
	if kind := r.doc.Kind(root); kind != document.Object {
		return &KindError{fmt.Sprintf("want a record (a JSON object), have a JSON %s", kind)}
	}
	var found [fields]document.Node
	for n, end := r.doc.Children(root); n < end; n = r.doc.After(n) {
		name, plain := r.doc.Name(n)
		if !plain {
			name = r.doc.AppendKey(nil, n)
		}
		f := fieldOf(name)
		if f == fields {
			continue
		}
		if found[f] != 0 {
			return &KindError{fieldNames[f] + " occurs more than once"}
		}
		found[f] = n
	}
	switch {
	case found[marker] != 0 && r.doc.TextIs(found[marker], "call"):
		r.kind = CallNotice
		return nil
	case found[contactID] != 0 && found[formatVersion] != 0:
		return r.identifyContact(&found)
	case found[eventType] != 0 && found[agentARN] != 0:
		return r.identifyAgentEvent(&found)
	}
	return &KindError{"neither a contact record (ContactId and AWSContactTraceRecordFormatVersion) nor an agent event (EventType and AgentARN)"}
}

func (r *Record) identifyContact(found *[fields]document.Node) error {
	if r.id = r.text(found[contactID]); len(r.id) == 0 {
		return &KindError{"ContactId of a contact record is not a text"}
	}
	r.order = r.id
	r.channel = r.text(found[channel])
	if err := r.readVersion(found[lastUpdate], "LastUpdateTimestamp"); err != nil {
		return err
	}
	r.kind = Contact
	return nil
}

func (r *Record) identifyAgentEvent(found *[fields]document.Node) error {
	if r.id = r.text(found[eventID]); len(r.id) == 0 {
		return &KindError{"EventId of an agent event is missing or not a text"}
	}
	if r.order = r.text(found[agentARN]); len(r.order) == 0 {
		return &KindError{"AgentARN of an agent event is not a text"}
	}
	if err := r.readVersion(found[eventTime], "EventTimestamp"); err != nil {
		return err
	}
	r.kind = AgentEvent
	return nil
}

// readVersion takes a missing or null time as no version. Anything else that is no time would make an older version look newer.
func (r *Record) readVersion(n document.Node, name string) error {
	if n == 0 || r.doc.Kind(n) == document.Null {
		return nil
	}
	t, ok := r.time(n)
	if !ok {
		return &KindError{name + " is not an RFC 3339 time"}
	}
	r.version = t
	return nil
}

// text returns a string's content with escapes resolved, nil for anything else. Node 0, the root, stands for none.
func (r *Record) text(n document.Node) []byte {
	if n == 0 {
		return nil
	}
	text, plain := r.doc.Text(n)
	if plain {
		return text
	}
	begin := len(r.scratch)
	r.scratch = r.doc.AppendText(r.scratch, n)
	return r.scratch[begin:len(r.scratch):len(r.scratch)]
}
