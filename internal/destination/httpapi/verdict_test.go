package httpapi

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestJudge(t *testing.T) {
	want := map[int]verdict{401: denied, 403: denied, 407: denied, 408: again, 409: clash, 425: again, 429: again, 501: refused, 505: refused}
	for status := 100; status < 1000; status++ {
		w, ok := want[status]
		switch {
		case ok:
		case status < 200:
			w = again
		case status < 300:
			w = taken
		case status < 500:
			w = refused
		default:
			w = again
		}
		if got := judge(status); got != w {
			t.Errorf("judge(%d): got %d, want %d", status, got, w)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		want time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"7", 7 * time.Second},
		{" 7\t", 7 * time.Second},
		{"007", 7 * time.Second},
		{"300", maxRetryAfter},
		{"301", maxRetryAfter},
		{"99999999999999999999999999", maxRetryAfter},
		{"-1", 0},
		{"1.5", 0},
		{"7s", 0},
		{"soon", 0},
		{"1 2", 0},
		{"７", 0},
		{"Sun, 22 Nov 2026 12:00:30 GMT", 30 * time.Second},
		{"Sunday, 22-Nov-26 12:00:30 GMT", 30 * time.Second},
		{"Sun Nov 22 12:00:30 2026", 30 * time.Second},
		{"Sun, 22 Nov 2026 11:00:00 GMT", 0},
		{"Sun, 22 Nov 2126 12:00:00 GMT", maxRetryAfter},
		{"Sun, 22 Nov 9999 12:00:00 GMT", maxRetryAfter},
	} {
		if got := retryAfter(c.text, now); got != c.want {
			t.Errorf("retryAfter(%q): got %v, want %v", c.text, got, c.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "99999999999999999999", "-5", "Sun, 22 Nov 2026 12:00:30 GMT", "Sunday, 22-Nov-26 12:00:30 GMT"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		got := retryAfter(text, now)
		if got < 0 || got > maxRetryAfter {
			t.Errorf("retryAfter(%q): got %v, want between 0 and %v", text, got, maxRetryAfter)
		}
		if later := retryAfter(text, now.Add(time.Second)); later > got {
			t.Errorf("retryAfter(%q): got %v, and %v a second later, want no more", text, got, later)
		}
	})
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"", ""},
		{`{"error":"bad"}`, `{"error":"bad"}`},
		{" \r\n a\x00\x1b[31m b\t\tc \n", "a[##m b c"},
		{"caller +44 7700 900123", "caller +## #### ######"},
		{"٠١٢ ½ Ⅷ é", "### # # é"},
		{"\xff\xfeok\xc3", "ok"},
		{"\u202eevil\u200b", "evil"},
		{strings.Repeat("é", 200), strings.Repeat("é", 128)},
		{strings.Repeat("a", 255) + " b", strings.Repeat("a", 255)},
	} {
		if got := printable(hideDigits([]byte(c.body))); got != c.want {
			t.Errorf("printable(%q): got %q, want %q", c.body, got, c.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "ok", "a\r\nb", "\x1b[2J", "+44 7700 900123", "\xff\xfe", "٠١٢", strings.Repeat("é ", 300)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := printable(hideDigits(body))
		if len(got) > 256 || !utf8.ValidString(got) {
			t.Errorf("printable(%q): got %q, want at most 256 bytes of UTF-8", body, got)
		}
		for _, r := range got {
			if r != ' ' && !unicode.IsPrint(r) || unicode.IsNumber(r) {
				t.Errorf("printable(%q): got %q with %q in it, want it gone", body, got, r)
			}
		}
		if again := printable(hideDigits([]byte(got))); again != got {
			t.Errorf("printable(%q): got %q, and %q of that, want no change", body, got, again)
		}
	})
}

func TestHideEcho(t *testing.T) {
	sent := `{"ContactId":"c1","Attributes":{"customerName":"Ren\u00e9e Clarke","city":"Zürich","mail":"ann@example.com"}}`
	for _, c := range []struct{ answer, want string }{
		{"ContactId is not known", "ContactId is not known"},
		{"bad customerName: Clarke", "bad customerName: [sent]"},
		{"bad customerName: CLARKE", "bad customerName: [sent]"},
		{`no such person: "Renée Clarke"`, `no such person: "[sent] [sent]"`},
		{"no city Zürich; mail=ann@example.com", "no city [sent]; mail=[sent]@[sent].[sent]"},
		{"", ""},
	} {
		if got := string(hideEcho([]byte(c.answer), []byte(sent))); got != c.want {
			t.Errorf("hideEcho(%q): got %q, want %q", c.answer, got, c.want)
		}
	}
}

func TestRefusedError(t *testing.T) {
	for _, c := range []struct {
		err  RefusedError
		want string
	}{
		{RefusedError{Status: 400, Body: "bad field"}, "refused with status 400 Bad Request: bad field"},
		{RefusedError{Status: 499}, "refused with status 499"},
		{RefusedError{Status: 500, Tries: 12}, "given up after 12 failures, the last with status 500 Internal Server Error, while other records were taken"},
		{RefusedError{Status: 599, Tries: 12}, "given up after 12 failures, the last with status 599, while other records were taken"},
		{RefusedError{Tries: 12}, "given up after 12 failures, the last with a broken connection, while other records were taken"},
		{RefusedError{Status: 307}, "refused with status 307 Temporary Redirect: redirects are not followed; write the final address as destination.http.url"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.err, got, c.want)
		}
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{base: 100 * time.Millisecond, limit: 30 * time.Second, jitter: func() float64 { return 0.5 }}
	for _, c := range []struct {
		n           int
		after, want time.Duration
	}{
		{0, 0, 50 * time.Millisecond},
		{1, 0, 100 * time.Millisecond},
		{8, 0, 12800 * time.Millisecond},
		{9, 0, 15 * time.Second},
		{1000, 0, 15 * time.Second},
		{0, time.Second, 1050 * time.Millisecond},
		{9, time.Second, 15 * time.Second},
	} {
		if got := b.wait(c.n, c.after); got != c.want {
			t.Errorf("wait(%d, %v): got %v, want %v", c.n, c.after, got, c.want)
		}
	}
}
