package mkv

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"time"
)

// Fragment is what a document says beside its blocks. Texts are without the zeros at their end.
type Fragment struct {
	Offset   int64         // of its EBML header, in bytes from the start of the stream
	Number   []byte        // decimal, nil when the service has not said it; compare with [CompareNumbers]
	Producer time.Duration // since the Unix epoch, 0 when not said
	Server   time.Duration // since the Unix epoch, 0 when not said; may be earlier than Producer
	Behind   time.Duration // how far the stream's end was ahead of the fragment when it was sent, -1 when not said
	Token    []byte        // asks for what follows the fragment, nil before it is known
	Time     time.Duration // of the Cluster that was read last: since the Unix epoch for Connect
	Clusters int           // how many were begun; one in each fragment of the service
	Tracks   []Track
	Tags     []Tag // in the order of the stream, the service's among them
	Ending   Ending
}

// Ending says how the end of a fragment showed.
type Ending int

const (
	byNothing Ending = iota
	byToken
	bySize
	byHeader
	byStream
)

// Whole tells whether something in the stream says that the fragment has ended: the service's last tag, the size of its Segment, or
// the next document. When it is false at an End, then the stream just ended behind an element, and more may have been meant to come.
func (e Ending) Whole() bool { return e == byToken || e == bySize || e == byHeader }

func (e Ending) String() string {
	return [...]string{"open", "ended by its token", "ended by its size", "ended by the next document", "ended with the stream"}[e]
}

// Direction is whom one hears on a track.
type Direction int

const (
	OtherDirection Direction = iota // not known by its name
	FromCustomer                    // the customer
	ToCustomer                      // what the customer hears: prompts, the agent
)

func (d Direction) String() string {
	return [...]string{"other", "from customer", "to customer"}[d]
}

// Track is a track of a fragment.
type Track struct {
	Number    uint64
	Name      []byte
	Direction Direction
}

// directionOf knows a track by its name. Streams from before 2019 have the customer's side only, under a name of its own.
func directionOf(name []byte) Direction {
	switch string(name) {
	case "AUDIO_FROM_CUSTOMER", "Track_audio/L16":
		return FromCustomer
	case "AUDIO_TO_CUSTOMER":
		return ToCustomer
	}
	return OtherDirection
}

func (f *Fragment) track(number uint64) *Track {
	for i := range f.Tracks {
		if f.Tracks[i].Number == number {
			return &f.Tracks[i]
		}
	}
	return nil
}

// Tag is a name with a value.
type Tag struct {
	Name, Value []byte
	Trailing    bool // it stands behind the first Cluster, where a producer's tags mostly stand, those of the fragment or of the next
}

// Tag returns the last value of a tag before the Clusters, or of one that is trailing, and whether there is one.
func (f *Fragment) Tag(name string, trailing bool) (value []byte, ok bool) {
	for _, tag := range f.Tags {
		if tag.Trailing == trailing && string(tag.Name) == name {
			value, ok = tag.Value, true
		}
	}
	return value, ok
}

// ContactID is the tag of Connect that says whose fragment it is: before the Cluster, and behind it. Either is nil when not said. What
// stands behind belongs to this fragment or to the next one, which no rule can tell from the stream alone.
func (f *Fragment) ContactID() (before, trailing []byte) {
	before, _ = f.Tag("ContactId", false)
	trailing, _ = f.Tag("ContactId", true)
	return before, trailing
}

// ServiceError is an error that the service put into the stream, under a successful status.
type ServiceError struct {
	ID      int    // 3002, 4000, 4500 to 4506, 5000; 0 where only a code is said
	Code    string // such as ARCHIVAL_ERROR
	Message string // of GetMediaForFragmentList
}

func (e *ServiceError) Error() string {
	return fmt.Sprintf("kinesis video: error %d %s %s", e.ID, e.Code, e.Message)
}

// Err is the error that the service put into the fragment, a *[ServiceError], or nil. Look at it at each End: such a fragment may have no Cluster.
func (f *Fragment) Err() error {
	var e ServiceError
	found := false
	for _, tag := range f.Tags {
		switch string(tag.Name) {
		case "AWS_KINESISVIDEO_ERROR_ID":
			e.ID, _ = strconv.Atoi(string(tag.Value))
		case "AWS_KINESISVIDEO_ERROR_CODE", "AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE":
			e.Code = string(tag.Value)
		case "AWS_KINESISVIDEO_EXCEPTION_MESSAGE":
			e.Message = string(tag.Value)
		default:
			continue
		}
		found = true
	}
	if !found {
		return nil
	}
	return &e
}

// keep copies a text of the fragment.
func (r *Reader) keep(text []byte) ([]byte, error) {
	text = trim(text)
	if len(r.text)+len(text) > MaxMeta {
		return nil, limit("the tags and tracks of a fragment have more than %d bytes", MaxMeta)
	}
	if r.text == nil {
		r.text = make([]byte, 0, 2<<10)
	}
	n := len(r.text)
	// Where this moves the text, what was kept before stays where it is.
	r.text = append(r.text, text...)
	return r.text[n:len(r.text):len(r.text)], nil
}

func (r *Reader) readTracks(content []byte) error {
	c := children{rest: content}
	for c.next() {
		if c.id != idTrackEntry {
			continue
		}
		var track Track
		if err := r.readTrack(&track, c.content); err != nil {
			return err
		}
		if len(r.fragment.Tracks) == maxTracks {
			return limit("more than %d tracks", maxTracks)
		}
		for _, other := range r.fragment.Tracks {
			if other.Number == track.Number {
				return malformed("two tracks have number %d", track.Number)
			}
			if other.Direction == track.Direction && track.Direction != OtherDirection {
				return malformed("tracks %d and %d have the same direction, %v", other.Number, track.Number, track.Direction)
			}
		}
		r.fragment.Tracks = append(r.fragment.Tracks, track)
	}
	return c.err
}

func (r *Reader) readTrack(track *Track, content []byte) (err error) {
	c := children{rest: content}
	for c.next() {
		switch c.id {
		case idTrackNumber:
			if track.Number, err = number(c.content); err != nil {
				return err
			}
		case idName:
			if track.Name, err = r.keep(c.content); err != nil {
				return err
			}
		case idContentEncodings:
			return unsupported("a track that is compressed or encrypted")
		}
	}
	if c.err == nil && track.Number == 0 {
		return malformed("a track without a number")
	}
	track.Direction = directionOf(track.Name)
	return c.err
}

// readTags reports whether the service's last tag is among them.
func (r *Reader) readTags(content []byte) (last bool, err error) {
	tags := children{rest: content}
	for tags.next() {
		if tags.id != idTag {
			continue
		}
		tag := children{rest: tags.content}
		for tag.next() {
			if tag.id != idSimpleTag {
				continue
			}
			token, err := r.readTag(tag.content)
			if err != nil {
				return false, err
			}
			last = last || token
		}
		if tag.err != nil {
			return false, tag.err
		}
	}
	return last, tags.err
}

func (r *Reader) readTag(content []byte) (token bool, err error) {
	tag := Tag{Trailing: r.fragment.Clusters > 0}
	c := children{rest: content}
	for c.next() {
		switch c.id {
		case idTagName:
			tag.Name, err = r.keep(c.content)
		case idTagString:
			tag.Value, err = r.keep(c.content)
		}
		if err != nil {
			return false, err
		}
	}
	if c.err != nil {
		return false, c.err
	}
	if len(r.fragment.Tags) == maxTags {
		return false, limit("more than %d tags in a fragment", maxTags)
	}
	r.fragment.Tags = append(r.fragment.Tags, tag)
	return r.fragment.service(tag)
}

// service reads a tag of the service. A time that is none is passed over: blocks have times of their own.
func (f *Fragment) service(tag Tag) (token bool, err error) {
	name, ok := bytes.CutPrefix(tag.Name, []byte("AWS_KINESISVIDEO_"))
	if !ok {
		return false, nil
	}
	switch string(name) {
	case "FRAGMENT_NUMBER":
		if !isNumber(tag.Value) {
			return false, malformed("a fragment number that is no decimal number")
		}
		if f.Number != nil && !bytes.Equal(f.Number, tag.Value) {
			return false, malformed("a fragment with two numbers")
		}
		f.Number = tag.Value
	case "PRODUCER_TIMESTAMP":
		f.Producer = seconds(tag.Value)
	case "SERVER_TIMESTAMP":
		f.Server = seconds(tag.Value)
	case "MILLIS_BEHIND_NOW":
		if ms, err := strconv.ParseInt(string(tag.Value), 10, 44); err == nil && ms >= 0 {
			f.Behind = time.Duration(ms) * time.Millisecond
		}
	case "CONTINUATION_TOKEN":
		f.Token = tag.Value
		return true, nil
	}
	return false, nil
}

func isNumber(text []byte) bool {
	return len(text) > 0 && len(bytes.Trim(text, "0123456789")) == 0
}

// seconds reads a time in decimal seconds, such as 1725368687.758. It is 0 when the text is none, or too late.
func seconds(text []byte) time.Duration {
	whole, fraction, _ := bytes.Cut(text, []byte("."))
	if !isNumber(whole) || len(whole) > 10 || len(fraction) > 0 && !isNumber(fraction) {
		return 0
	}
	v := int64(0)
	for _, c := range whole {
		v = 10*v + int64(c-'0')
	}
	for i := range 9 {
		v *= 10
		if i < len(fraction) {
			v += int64(fraction[i] - '0')
		}
	}
	if v < 0 {
		return 0
	}
	return time.Duration(v)
}

// CompareNumbers compares two fragment numbers, which are too large for integers: -1, 0 or 1. As texts they would compare wrong, since they differ in length.
func CompareNumbers[T ~string | ~[]byte](a, b T) int {
	x, y := bytes.TrimLeft([]byte(a), "0"), bytes.TrimLeft([]byte(b), "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(x, y))
}
