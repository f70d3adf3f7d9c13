// Package cloudtrail reads the log files that AWS CloudTrail writes: who called what, on what, and whether it was denied.
//
//	bytes ─ (gzip) ─▶ JSON ─┬─ {"Records": [event, …]}, as delivered to a bucket
//	                        └─ event, event, …           one after another, as exports have it
//	                 ─▶ Event, one at a time
//
// It streams: of a file of any size no more than one event is in memory, and one of more than 4 MiB is an error. What it reads may be
// hostile: text that is not JSON, values of other kinds, keys that stand twice give an error that names the event, and none panics.
package cloudtrail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"trunkline/internal/document"
)

// An Event is one call as CloudTrail has it.
type Event struct {
	Time      time.Time // zero when it is not known
	Source    string    // kinesis.amazonaws.com
	Name      string    // of the operation: GetRecords
	Region    string
	Account   string   // that the event was delivered to
	Category  string   // Management, Data, …
	Error     string   // code; "" when the call went through
	Principal string   // ARN of the user, or of the role and not of its session; "" for a service
	Resources []string // ARNs that the service named

	// Parameters are the texts among the request's parameters, by name as in the log; of objects in them none.
	Parameters map[string]string
}

// Denied tells whether the call was refused because no policy allowed it, or one denied it.
func (e *Event) Denied() bool {
	switch e.Error {
	case "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException",
		"KMSAccessDeniedException", "KmsAccessDenied", "Client.AccessDenied", "UnauthorizedException", "NotAuthorized":
		return true
	}
	return false
}

const (
	maxEvent = 4 << 20 // bytes
	maxDepth = 100     // of a value
)

// Read returns the events of a file in their order. After an error there are no more.
func Read(r io.Reader) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		n := 0
		err := read(r, func(e *Event) bool {
			n++
			return yield(e, nil)
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("event %d: %w", n+1, err))
		}
	}
}

// errStop says that the reader of the events wants no more.
var errStop = errors.New("enough")

func read(r io.Reader, take func(*Event) bool) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		buffered = bufio.NewReaderSize(z, 64<<10)
	}
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // it was peeked at
	}
	limited := &limited{r: buffered, left: maxEvent}
	s := &stream{limited: limited, decoder: json.NewDecoder(limited), take: take}
	for {
		e, err := s.top()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e != nil && !take(e) {
			return errStop
		}
	}
}

// limited reads so far and no farther, until it is told to go on.
type limited struct {
	r    io.Reader
	left int
}

var errLong = fmt.Errorf("it is longer than %d bytes", maxEvent)

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// stream takes a text apart.
type stream struct {
	limited *limited
	decoder *json.Decoder
	take    func(*Event) bool
	raw     json.RawMessage   // of a value
	index   document.Document // of an event
}

// top reads an object that is a file, whose events it hands on, or an event. The error is io.EOF at the end.
func (s *stream) top() (*Event, error) {
	s.limited.left = maxEvent
	token, err := s.decoder.Token()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') {
		return nil, fmt.Errorf("a log is an object with Records, or objects one after another; this is %.20v", token)
	}
	e, err := s.object()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return e, err
}

// object reads the members of an object that is open. Where it has Records these are handed on, and there is no event.
func (s *stream) object() (*Event, error) {
	var whole []byte // the object, but for Records
	seen := false
	for s.decoder.More() {
		token, err := s.decoder.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		switch {
		case key != "Records":
			if err := s.decoder.Decode(&s.raw); err != nil {
				return nil, err
			}
			if whole = append(whole, ','); len(whole) == 1 {
				whole[0] = '{'
			}
			whole = append(append(document.AppendString(whole, key), ':'), s.raw...)
		case seen:
			return nil, errors.New(`the key "Records" stands twice`)
		default:
			seen = true
			if err := s.records(); err != nil {
				return nil, err
			}
		}
	}
	if _, err := s.decoder.Token(); err != nil || seen {
		return nil, err
	}
	if whole == nil {
		whole = []byte("{")
	}
	return s.event(append(whole, '}'))
}

// records hands the events of a list on.
func (s *stream) records() error {
	if token, err := s.decoder.Token(); err != nil {
		return err
	} else if token != json.Delim('[') {
		return errors.New("records is no list")
	}
	for s.decoder.More() {
		s.limited.left = maxEvent
		if err := s.decoder.Decode(&s.raw); err != nil {
			return err
		}
		e, err := s.event(s.raw)
		if err != nil {
			return err
		}
		if !s.take(e) {
			return errStop
		}
	}
	_, err := s.decoder.Token()
	return err
}

// event reads an event from its text.
func (s *stream) event(text []byte) (*Event, error) {
	d := &s.index
	d.Limits = document.Limits{Size: maxEvent + 1<<10, Depth: maxDepth}
	if err := d.Parse(text); err != nil {
		return nil, err
	}
	if d.Kind(d.Root()) != document.Object {
		return nil, errors.New("it is no object")
	}
	e := &Event{}
	err := s.members(d.Root(), func(key string, n document.Node) error { return s.member(e, key, n) })
	if err == nil && (e.Source == "" || e.Name == "") {
		err = errors.New("it has no eventSource or no eventName")
	}
	return e, err
}

// members visits the members of an object. No key may stand twice.
func (s *stream) members(object document.Node, visit func(key string, n document.Node) error) error {
	seen := map[string]bool{}
	for n, end := s.index.Children(object); n < end; n = s.index.After(n) {
		key := string(s.index.AppendKey(nil, n))
		if seen[key] {
			return fmt.Errorf("the key %.40q stands twice", key)
		}
		seen[key] = true
		if err := visit(key, n); err != nil {
			return err
		}
	}
	return nil
}

// member reads the value of a key into the event.
func (s *stream) member(e *Event, key string, n document.Node) (err error) {
	kind := s.index.Kind(n)
	if kind == document.Null { // as if it were absent
		return nil
	}
	switch text := e.text(key); {
	case text != nil && kind != document.String:
		return fmt.Errorf("%s is no text", key)
	case text != nil:
		*text = s.text(n)
	case key == "eventTime":
		if e.Time, err = time.Parse(time.RFC3339, s.text(n)); err != nil {
			return errors.New("eventTime is no time")
		}
	case key == "userIdentity":
		e.Principal = s.principal(n)
	case key == "resources" && kind == document.Array:
		for one, end := s.index.Children(n); one < end; one = s.index.After(one) {
			if arn := s.at(one, "ARN"); arn != "" {
				e.Resources = append(e.Resources, arn)
			}
		}
	case key == "requestParameters" && kind == document.Object:
		e.Parameters = map[string]string{}
		return s.members(n, func(key string, n document.Node) error {
			if s.index.Kind(n) == document.String {
				e.Parameters[key] = s.text(n)
			}
			return nil
		})
	}
	return nil
}

// text is the field for a key, nil when there is none.
func (e *Event) text(key string) *string {
	switch key {
	case "eventSource":
		return &e.Source
	case "eventName":
		return &e.Name
	case "awsRegion":
		return &e.Region
	case "recipientAccountId":
		return &e.Account
	case "eventCategory":
		return &e.Category
	case "errorCode":
		return &e.Error
	}
	return nil
}

// principal is the ARN of who called: of a session the role's.
func (s *stream) principal(identity document.Node) string {
	if arn := s.at(identity, "sessionContext", "sessionIssuer", "arn"); arn != "" {
		return arn
	}
	return s.at(identity, "arn")
}

// at is the text at a path of keys, "" when there is none.
func (s *stream) at(n document.Node, path ...string) string {
	for _, key := range path {
		n = s.index.Member(n, key)
	}
	return s.text(n)
}

// text is what a string says, "" for any other value.
func (s *stream) text(n document.Node) string {
	if s.index.Kind(n) != document.String {
		return ""
	}
	return string(s.index.AppendText(nil, n))
}
