package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"trunkline/internal/contactcentre"
)

// model says what must become of each record of a stream. It shares no code with the program: records are decoded with
// encoding/json, and the rules are those of the config that it goes with (see rules), written down once more.
//
// Feed it the stream in order; it is an oracle for at-least-once delivery, so it knows records, not requests.
type model struct {
	refuse func(form string) bool // whether the receiver refuses a record of this form

	records []*expected
	newest  map[string]version  // by kind and id: what was delivered
	forms   map[string]string   // form → the record's text, of those that are delivered
	order   map[string][]string // by order key: forms in the order of their first delivery
}

// rules is the part of a config that the model knows.
const rules = `
filter:
  - {"data": {"Channel": ["VOICE", "CHAT", "EMAIL"]}}
  - {"data": {"EventType": [{"exists": true}]}}
deduplicate: {window: 1h}
redact:
  keep: all
  deny: [CustomerEndpoint.Address]
  rules:
    - {path: Attributes.trunklineDay, action: truncate, to: day}
`

// The attribute that redaction fails on, and the word that makes the receiver refuse.
const (
	failsRedaction = `"trunklineDay":"not a time",`
	isRefused      = `"trunklineRefuse":"refuse this",`
)

// expected is one record and what must become of it.
type expected struct {
	raw     []byte
	outcome string // delivered, filtered, duplicate, superseded or dead_letter
	stage   string // of a dead letter
	form    string // what is sent of it, in a form that does not depend on its spelling; "" where nothing is
	key     string // what it stays in order with
	where   string // the file it stands in, for messages and positions
	begin   int64  // its place there, bytes
	end     int64
}

// version is the newest one that was delivered of a contact or event, and the texts of all that were.
type version struct {
	time  time.Time
	texts map[string]bool
}

func newModel() *model {
	return &model{
		refuse: func(form string) bool { return strings.Contains(form, "refuse this") },
		newest: map[string]version{}, forms: map[string]string{}, order: map[string][]string{},
	}
}

// add takes the next record of the stream.
func (m *model) add(raw []byte, where string, begin int64) *expected {
	e := &expected{raw: bytes.Clone(raw), where: where, begin: begin, end: begin + int64(len(raw))}
	m.records = append(m.records, e)
	m.decide(e)
	return e
}

func (m *model) decide(e *expected) {
	dead := func(stage string) { e.outcome, e.stage = "dead_letter", stage }
	value, ok := decode(e.raw)
	if !ok {
		dead("decode")
		return
	}
	text := func(name string) string { s, _ := value[name].(string); return s }
	id, moment := "", ""
	switch {
	case text("ContactId") != "" && value["AWSContactTraceRecordFormatVersion"] != nil:
		id, moment = "contact "+text("ContactId"), text("LastUpdateTimestamp")
		e.key = id
		if c := text("Channel"); c != "VOICE" && c != "CHAT" && c != "EMAIL" {
			e.outcome = "filtered"
			return
		}
	case text("EventType") != "" && text("AgentARN") != "" && text("EventId") != "":
		id, moment = "event "+text("EventId"), text("EventTimestamp")
		e.key = "agent " + text("AgentARN")
	default:
		dead("decode")
		return
	}
	if attributes, _ := value["Attributes"].(map[string]any); attributes["trunklineDay"] != nil {
		dead("redact")
		return
	}
	if endpoint, ok := value["CustomerEndpoint"].(map[string]any); ok {
		delete(endpoint, "Address")
	}
	e.form = formOf(value)
	when, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		panic("the generator writes a record without a version: " + moment)
	}
	seen, known := m.newest[id]
	switch {
	case seen.texts[string(e.raw)]:
		e.outcome = "duplicate"
		return
	case known && when.Before(seen.time):
		e.outcome = "superseded"
		return
	case m.refuse(e.form):
		dead("deliver")
		return
	}
	e.outcome = "delivered"
	if !known {
		seen.texts = map[string]bool{}
	}
	seen.texts[string(e.raw)] = true
	seen.time = when
	m.newest[id] = seen
	if other, twice := m.forms[e.form]; twice {
		panic(fmt.Sprintf("two records that are sent alike cannot be told apart:\n%s\n%s", other, e.raw))
	}
	m.forms[e.form] = string(e.raw)
	m.order[e.key] = append(m.order[e.key], e.form)
}

// decode reads a JSON object strictly.
func decode(raw []byte) (map[string]any, bool) {
	if !utf8.Valid(raw) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value map[string]any
	if d.Decode(&value) != nil || value == nil {
		return nil, false
	}
	_, err := d.Token()
	return value, err == io.EOF
}

// formOf is a short text that is equal for JSON texts of equal meaning, with what the model looks for in it.
func formOf(value map[string]any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was JSON
	}
	sum := sha256.Sum256(text)
	form := fmt.Sprintf("%x", sum[:8])
	if bytes.Contains(text, []byte("refuse this")) {
		form += " refuse this"
	}
	return form
}

// count of records by what becomes of them.
func (m *model) count() map[string]int {
	all := map[string]int{}
	for _, e := range m.records {
		all[e.outcome]++
	}
	return all
}

// stream makes the records of a contact centre, with some that redaction fails on, some that the receiver refuses, and some that
// come late, behind newer versions of the same contact.
type stream struct {
	centre *contactcentre.Centre
	chance *rand.Rand
	late   [][]byte
}

func newStream(seed uint64) *stream {
	return &stream{
		centre: contactcentre.New(seed, time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), contactcentre.Options{Broken: true}),
		chance: rand.New(rand.NewPCG(seed, 7)),
	}
}

// next returns one record, without a line break.
func (s *stream) next() []byte {
	if len(s.late) > 10 {
		i := s.chance.IntN(len(s.late))
		raw := s.late[i]
		s.late = append(s.late[:i], s.late[i+1:]...)
		return raw
	}
	raw, what := s.centre.AppendEvent(nil)
	raw = bytes.TrimRight(raw, " ") // a record that was cut off; white space around records is none of them
	if what.Kind == contactcentre.Update && s.chance.IntN(2) == 0 || s.chance.IntN(50) == 0 {
		s.late = append(s.late, raw)
		return s.next()
	}
	mark := ""
	switch s.chance.IntN(60) {
	case 0:
		mark = failsRedaction
	case 1:
		mark = isRefused
	}
	if at := bytes.Index(raw, []byte(`"Attributes":{"`)); mark != "" && at >= 0 {
		at += len(`"Attributes":{`)
		raw = append(append(append([]byte(nil), raw[:at]...), mark...), raw[at:]...)
	}
	return raw
}
