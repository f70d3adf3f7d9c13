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
	s.decoder.UseNumber()
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
	e, err := s.object(true)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return e, err
}

// object reads the members of an object that is open. Where it may be a whole file, Records are handed on, and the event is nil then.
func (s *stream) object(file bool) (*Event, error) {
	e, seen, records := &Event{}, map[string]bool{}, false
	for s.decoder.More() {
		token, err := s.decoder.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		if seen[key] {
			return nil, fmt.Errorf("the key %.40q stands twice", key)
		}
		seen[key] = true
		if file && key == "Records" {
			records = true
			if err := s.records(); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.member(e, key); err != nil {
			return nil, err
		}
	}
	if _, err := s.decoder.Token(); err != nil {
		return nil, err
	}
	switch {
	case records:
		return nil, nil
	case e.Source == "" || e.Name == "":
		return nil, errors.New("it has no eventSource or no eventName")
	}
	return e, nil
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
		token, err := s.decoder.Token()
		if err != nil {
			return err
		}
		if token != json.Delim('{') {
			return errors.New("it is no object")
		}
		e, err := s.object(false)
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

// member reads the value of a key into the event.
func (s *stream) member(e *Event, key string) error {
	text := map[string]*string{
		"eventSource": &e.Source, "eventName": &e.Name, "awsRegion": &e.Region, "recipientAccountId": &e.Account, "eventCategory": &e.Category, "errorCode": &e.Error,
	}[key]
	v, err := s.value(0)
	if err != nil {
		return err
	}
	switch {
	case v == nil: // null is as absent
		return nil
	case text != nil:
		var ok bool
		if *text, ok = v.(string); !ok {
			return fmt.Errorf("%s is no text", key)
		}
	case key == "eventTime":
		when, _ := v.(string)
		if e.Time, err = time.Parse(time.RFC3339, when); err != nil {
			return errors.New("eventTime is no time")
		}
	case key == "userIdentity":
		e.Principal = principal(v)
	case key == "resources":
		list, _ := v.([]any)
		for _, one := range list {
			if arn := at(one, "ARN"); arn != "" {
				e.Resources = append(e.Resources, arn)
			}
		}
	case key == "requestParameters":
		parameters, _ := v.(map[string]any)
		for name, value := range parameters {
			if value, ok := value.(string); ok {
				if e.Parameters == nil {
					e.Parameters = map[string]string{}
				}
				e.Parameters[name] = value
			}
		}
	}
	return nil
}

// principal is the ARN of who called: of a session the role's.
func principal(identity any) string {
	if arn := at(identity, "sessionContext", "sessionIssuer", "arn"); arn != "" {
		return arn
	}
	return at(identity, "arn")
}

// at is the text at a path of keys, "" when there is none.
func at(v any, path ...string) string {
	for _, key := range path {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	text, _ := v.(string)
	return text
}

// value reads any value, without keys that stand twice.
func (s *stream) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is deeper than %d", maxDepth)
	}
	token, err := s.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for s.decoder.More() {
			token, err := s.decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := token.(string)
			if _, twice := object[key]; twice {
				return nil, fmt.Errorf("the key %.40q stands twice", key)
			}
			if object[key], err = s.value(depth + 1); err != nil {
				return nil, err
			}
		}
		_, err = s.decoder.Token()
		return object, err
	case json.Delim('['):
		var list []any
		for s.decoder.More() {
			one, err := s.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		_, err = s.decoder.Token()
		return list, err
	}
	return token, nil
}
