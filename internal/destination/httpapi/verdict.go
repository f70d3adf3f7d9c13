package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// verdict is what an answer means for the record.
type verdict uint8

const (
	again   verdict = iota // not now
	taken                  // delivered
	refused                // never
	clash                  // 409: a few times again, then never
	denied                 // the key is wrong: for this record and all others
)

// judge says what a status means.
//
//	2xx                                      taken
//	401 403 407                              denied
//	408 425 429, 5xx but for 501 and 505     again; also what is no status for an answer to POST: 1xx, from 600 on
//	409                                      clash
//	3xx, other 4xx, 501, 505                 refused
func judge(status int) verdict {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return denied
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return again
	case http.StatusConflict:
		return clash
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return refused
	}
	switch {
	case status >= 200 && status <= 299:
		return taken
	case status >= 300 && status <= 499:
		return refused
	}
	return again
}

// answer is the outcome of one request.
type answer struct {
	verdict verdict
	status  int           // 0: none came
	sent    time.Time     // when the request was
	after   time.Duration // Retry-After, capped
	body    string        // start of a refusal, safe
	key     *secret       // that the request carried
	err     error         // why no answer came
}

func (a *answer) refusal() *RefusedError {
	return &RefusedError{Status: a.status, Body: a.body}
}

// surrender is the refusal of a record that the endpoint has failed on that often.
func (a *answer) surrender(tries int) *RefusedError {
	return &RefusedError{Status: a.status, Tries: tries}
}

// RefusedError is why a record is dead-lettered: the endpoint will never take it.
type RefusedError struct {
	// Status of the answer: 3xx, 4xx, 501 or 505; with Tries any that means a failure, or 0 where the connection was broken instead.
	Status int
	// Tries, when not 0, is how often the endpoint has failed on this record while it took others.
	Tries int
	// Body is the start of the answer: at most 256 bytes, printable, scrubbed.
	Body string
}

func (e *RefusedError) Error() string {
	if e.Tries > 0 {
		answer := fmt.Sprintf("status %d %s", e.Status, http.StatusText(e.Status))
		if e.Status == 0 {
			answer = "a broken connection"
		}
		return fmt.Sprintf("given up after %d failures, the last with %s, while other records were taken", e.Tries, strings.TrimSpace(answer))
	}
	text := fmt.Sprintf("refused with status %d", e.Status)
	if name := http.StatusText(e.Status); name != "" {
		text += " " + name
	}
	if e.Status >= 300 && e.Status <= 399 {
		text += ": redirects are not followed; write the final address as destination.http.url"
	}
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

const maxBody = 256

// printable cuts b to one line of at most 256 bytes of valid, printable text: white space becomes one blank, the rest goes.
func printable(b []byte) string {
	out := make([]byte, 0, min(len(b), maxBody))
	blank := false
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		switch {
		case unicode.IsSpace(r):
			blank = len(out) > 0
			continue
		case r == utf8.RuneError || !unicode.IsPrint(r):
			continue
		}
		width := utf8.RuneLen(r)
		if blank {
			width++
		}
		if len(out)+width > maxBody {
			break
		}
		if blank {
			out = append(out, ' ')
			blank = false
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// hideEcho replaces the words of an answer that were sent as values: endpoints quote what they refuse. Names of members stay, since
// they say what is wrong.
func hideEcho(answer, sent []byte) []byte {
	sent = bytes.ToLower(sent)
	word := func(c byte) bool {
		return c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	out := make([]byte, 0, len(answer))
	for len(answer) > 0 {
		n := 0
		for n < len(answer) && word(answer[n]) == word(answer[0]) {
			n++
		}
		if part := answer[:n]; n > 2 && word(part[0]) && isValue(bytes.ToLower(part), sent) {
			out = append(out, "[sent]"...)
		} else {
			out = append(out, part...)
		}
		answer = answer[n:]
	}
	return out
}

// isValue tells whether a word stands in a JSON text, both in small letters, elsewhere than as a member's whole name. A word with
// characters that the text may hold escaped counts as one that does.
func isValue(word, text []byte) bool {
	if bytes.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) && bytes.Contains(text, []byte(`\u`)) {
		return true
	}
	for at := 0; ; {
		i := bytes.Index(text[at:], word)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(word)
		if begin == 0 || text[begin-1] != '"' || !bytes.HasPrefix(text[end:], []byte(`":`)) {
			return true
		}
		at = end
	}
}

// hideDigits replaces every digit of any script: what is left of a number tells nobody.
func hideDigits(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if unicode.IsNumber(r) {
			out = append(out, '#')
		} else {
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return out
}
