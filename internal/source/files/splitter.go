package files

import (
	"bytes"
	"fmt"
)

// mode is what stands around the next record.
type mode byte

const (
	plain   mode = 't' // nothing: records follow each other, with white space between them or without
	array   mode = 'a' // a top-level array: its elements are records
	entries mode = 'r' // the array of {"Records": […]}: its elements are Kinesis envelopes
	closing mode = 'c' // the '}' of {"Records": […]} is still to come
)

// ending tells a splitter what comes behind the bytes that it was given.
type ending uint8

const (
	more  ending = iota // nobody knows
	idle                // nothing for the moment: a value that has ended is a record, whatever may follow it
	final               // nothing, ever
)

// TooLongError is the Problem of a record that is longer than the source's limit. The record was skipped, not kept.
type TooLongError struct {
	Length int64 // bytes
	Limit  int   // bytes
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("record of %d bytes; the limit is %d", e.Length, e.Limit)
}

// record is a record that a splitter found.
type record struct {
	at     place
	data   []byte // nil when it is too long
	length int64  // bytes, without white space around it
}

// place is where something begins in a stream, and all that is needed to read on there.
type place struct {
	offset int64 // bytes from the start, after decompression
	mode   mode
}

// splitter finds where records begin and end. It does not check them: what is not JSON becomes a record too, and its reader
// finds the fault. Where a record begins decides all that follows: nothing before it does, but the mode.
//
//   - An object or array is followed to its last bracket, over lines. Behind it must come a line break, the next object or array
//     (or ',' or ']' inside an array), or the end. See quick for how most ends are found without looking at each byte.
//   - What breaks these rules is garbage. It ends at the next line break, or where '{' follows on '}'. A value that is found to be
//     broken after several lines ends before the first of them that begins with '{' at its first column, so that one broken line
//     of JSON lines is one record, and a pretty-printed record whose rest is missing is one too.
//   - A line that begins with anything but an object or array is a record as a whole.
type splitter struct {
	max  int   // longest record, bytes
	off  int64 // where the bytes given to next begin
	mode mode  // what stands around b[0]
	open bool  // a record has begun at b[0], or before it when long
	in   state // how the open record is followed
	seen int   // bytes of b that were looked at
	stop int   // behind: where the value ended
	long bool  // the record is over max, and its bytes are not kept
	gone int64 // bytes of the record dropped so far
	at   place // where the open record began
	was  byte  // garbage: the last byte but white space
	v    value
}

// state is how an open record is followed.
type state uint8

const (
	inValue   state = iota
	inScalar        // an array's element that is no object, array or string
	inGarbage       // up to a line break
	behind          // a value has ended: what follows?
)

// next looks for a record in b, the stream's bytes from s.off on. It returns how many of them are done with: when a record was
// found it is among them, otherwise they were separators and the rest must be given again with more behind it.
func (s *splitter) next(b []byte, e ending) (r record, n int, ok bool) {
	start := 0
	if !s.open {
		if start, ok = s.separators(b, e); !ok {
			s.off += int64(start)
			return record{}, start, false
		}
		s.at = place{s.off + int64(start), s.mode}
		if s.mode == plain && b[start] == '{' {
			if stop, ok := quick(b, start, s.max); ok {
				s.off += int64(stop)
				return record{s.at, b[start:stop:stop], int64(stop - start)}, stop, true
			}
		}
		s.begin(b[start])
	}
	stop, ok := s.follow(b[start:], e)
	if !ok {
		n := start + s.forget(len(b)-start)
		s.off += int64(n)
		return record{}, n, false
	}
	r = record{at: s.at, length: s.gone + int64(stop)}
	if !s.long {
		data := trim(b[start : start+stop])
		r.length = int64(len(data))
		if r.length <= int64(s.max) {
			r.data = data
		}
	}
	s.open = false
	s.off += int64(start + stop)
	return r, start + stop, true
}

// quick is the short way for objects on lines of their own or behind each other. It looks for the first '}' that '{' follows, white
// space between them allowed, and for line breaks. In JSON this is the end of a record unless it stands in a string, for no value
// goes on so; and a line break before it tells that it is not in a string, as does an even number of quotes. Where ok is false
// nothing is proved, and the record must be followed. Of text that is no JSON both ways make the same records.
func quick(b []byte, i, limit int) (stop int, ok bool) {
	const window = 4096 // bytes looked at in one go: not far beyond a record's end
	for stop = i; stop < len(b) && stop-i <= limit; {
		part := b[stop:min(len(b), stop+window)]
		line := bytes.IndexByte(part, '\n')
		if line >= 0 {
			part = part[:line]
		}
		for n := bytes.IndexByte(part, '}'); n >= 0; n = bytes.IndexByte(part, '}') {
			stop, part = stop+n+1, part[n+1:]
			if stop < len(b) && b[stop] > ' ' && b[stop] != '{' && b[stop] != '[' {
				continue
			}
			next, newline := stop, false
			for next < len(b) && blank(b[next]) {
				newline = newline || b[next] == '\n'
				next++
			}
			switch {
			case next == len(b), next-stop > maxBlank, next-i > limit:
				return 0, false
			case b[next] == '{':
				return stop, newline || evenQuotes(b[i:stop])
			case b[next] == '[', newline:
				return 0, false
			}
		}
		if line >= 0 {
			return 0, false
		}
		stop += len(part)
	}
	return 0, false
}

// evenQuotes reports whether strings have ended in b as many times as they have begun.
func evenQuotes(b []byte) bool {
	n := bytes.Count(b, quote)
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 == len(b) {
			return n%2 == 0
		}
		if b[i+1] == '"' {
			n--
		}
		b = b[i+2:]
	}
}

// separators skips what stands between records and keeps the mode. ok tells that a record begins at b[n].
func (s *splitter) separators(b []byte, e ending) (n int, ok bool) {
	i := 0
	if s.off == 0 && len(b) > 0 && b[0] == mark[0] {
		if len(b) < len(mark) && e != final {
			return 0, false
		}
		if bytes.HasPrefix(b, mark) {
			i = len(mark)
		}
	}
	for i < len(b) {
		c := b[i]
		switch {
		case blank(c):
			i++
		case s.mode == plain:
			n, kind, v := opens(b[i:])
			if v == unfinished && e != final {
				return i, false
			}
			if v != complete {
				return i, true
			}
			i += n
			s.mode = kind
		case s.mode == closing:
			if c == '}' {
				i++
			}
			s.mode = plain
		case c == ',':
			i++
		case c == ']':
			i++
			if s.mode == array {
				s.mode = plain
			} else {
				s.mode = closing
			}
		default:
			return i, true
		}
	}
	return i, false
}

// maxBlank is how much white space is looked over before something is decided without what stands behind it.
const maxBlank = 4096

// mark is the byte order mark that some editors put at a file's start.
var mark = []byte("\xef\xbb\xbf")

// opens tells whether b begins with the brackets around records: '[' with a value or ']' behind it, or {"Records":[. It returns
// their length and the mode behind them.
func opens(b []byte) (n int, kind mode, v verdict) {
	if b[0] == '[' {
		n = 1
		for n < len(b) && n <= maxBlank && blank(b[n]) {
			n++
		}
		if n > maxBlank {
			return n, array, complete
		}
		if n == len(b) {
			return 0, array, unfinished
		}
		switch c := b[n]; {
		case c == '{', c == '[', c == ']', c == '"', c == '-', c-'0' <= 9:
			return n, array, complete
		case c == 't' || c == 'f' || c == 'n':
			for _, word := range []string{"true", "false", "null"} {
				if word[0] != c {
					continue
				}
				if rest := b[n:min(len(b), n+len(word))]; string(rest) != word[:len(rest)] {
					return 0, array, faulty
				} else if len(rest) < len(word) {
					return 0, array, unfinished
				}
				return n, array, complete
			}
		}
		return 0, array, faulty
	}
	if b[0] != '{' {
		return 0, plain, faulty
	}
	for _, word := range []string{"{", `"Records"`, ":", "["} {
		for n < len(b) && blank(b[n]) {
			n++
		}
		rest := b[n:min(len(b), n+len(word))]
		if string(rest) != word[:len(rest)] || n > maxBlank {
			return 0, entries, faulty
		}
		if len(rest) < len(word) {
			return 0, entries, unfinished
		}
		n += len(word)
	}
	return n, entries, complete
}

// begin opens a record at a byte that is not white space.
func (s *splitter) begin(c byte) {
	s.open, s.long, s.seen, s.stop, s.gone, s.was = true, false, 0, 0, 0, 0
	s.v.depth, s.v.last, s.v.inText, s.v.escaped = 0, nothing, false, false
	s.v.fresh, s.v.newline, s.v.cut = false, 0, 0
	switch {
	case c == '{' || c == '[' || c == '"' && s.mode != plain:
		s.in = inValue
	case s.mode != plain && c != '}' && c != ':':
		s.in = inScalar
	default:
		s.in = inGarbage
	}
}

// follow goes on with the open record, b[0] being its first byte that is kept, and returns where it stops.
func (s *splitter) follow(b []byte, e ending) (stop int, ok bool) {
	for {
		// A record is looked at up to its limit first: whether it is too long must not depend on how much of it was read at once.
		part := b
		if most := s.max + 1; !s.long && s.in != behind && len(b) > most {
			part = b[:max(most, s.seen)]
		}
		switch s.in {
		case inValue:
			var v verdict
			switch s.seen, v = s.v.scan(part, s.seen); v {
			case complete:
				s.in, s.stop = behind, s.seen
				continue
			case faulty:
				switch fault := s.seen; {
				case s.v.cut > 0 && !s.long:
					return s.v.cut, true
				case s.v.fresh, s.v.last == braceClosed && b[fault] == '{':
					return fault, true
				}
				s.in, s.was = inGarbage, 0
				continue
			}
		case inScalar:
			for s.seen < len(part) && !endsScalar(part[s.seen]) {
				s.seen++
			}
			if s.seen < len(part) {
				s.in, s.stop = behind, s.seen
				continue
			}
		case inGarbage:
			if s.garbage(part) {
				return s.seen, true
			}
		case behind:
			for s.seen < len(b) && blank(b[s.seen]) && b[s.seen] != '\n' {
				if s.seen++; s.seen-s.stop > maxBlank {
					return s.stop, true
				}
			}
			if s.seen < len(b) {
				switch c := b[s.seen]; {
				case c == '\n', c == '{', c == '[', s.mode != plain && (c == ',' || c == ']'):
					return s.stop, true
				}
				s.in, s.was = inGarbage, 0
				continue
			}
			if e != more {
				return s.stop, true
			}
			return 0, false
		}
		switch {
		case len(part) < len(b):
			s.long = true
		case e != final:
			return 0, false
		case s.in == inValue && s.v.cut > 0 && !s.long:
			return s.v.cut, true
		default:
			return len(b), true
		}
	}
}

// garbage looks for the end of a record that is none: s.seen is there when it returns true.
func (s *splitter) garbage(b []byte) bool {
	was := s.was
	for i, c := range b[s.seen:] {
		switch {
		case c == '\n', c == '{' && was == '}':
			s.seen += i
			return true
		case !blank(c):
			was = c
		}
	}
	s.was, s.seen = was, len(b)
	return false
}

// endsScalar reports whether c stands behind a number or the like.
func endsScalar(c byte) bool {
	k := class[c]
	return k != isAtom && k != isOther && k != isColon
}

// forget drops the first bytes of an open record that is too long to be kept, n being there, and returns how many.
func (s *splitter) forget(n int) int {
	if !s.long {
		return 0
	}
	if s.in == behind {
		n = s.stop
	}
	s.gone += int64(n)
	s.seen -= n
	s.stop = 0
	return n
}

// trim removes the white space behind a record.
func trim(b []byte) []byte {
	n := len(b)
	for n > 0 && blank(b[n-1]) {
		n--
	}
	return b[:n:n]
}
