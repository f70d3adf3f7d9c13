package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// backoff is full jitter: a random wait between nothing and a bound that doubles with each try, up to a limit. Senders that fail
// together do not come back together.
type backoff struct {
	base, limit time.Duration
	jitter      func() float64
}

// wait after the failure of try n, counted from 0. What the endpoint asks for is a lower bound; a tenth is spread on top.
func (b backoff) wait(n int, after time.Duration) time.Duration {
	bound := b.limit
	if n < 30 && b.base<<n < b.limit {
		bound = b.base << n
	}
	wait := time.Duration(b.jitter() * float64(bound))
	if wait < after {
		wait = after + time.Duration(b.jitter()*float64(after)/10)
	}
	return wait
}

// maxRetryAfter bounds what an endpoint can ask for: a wrong clock or a joke must not stop deliveries for a year.
const maxRetryAfter = 5 * time.Minute

// retryAfter reads the header (RFC 9110, section 10.2.3): seconds or a date. It is 0 when missing, wrong or past, and never more
// than maxRetryAfter.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.Trim(text, " \t")
	if text == "" {
		return 0
	}
	seconds := 0
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			date, err := http.ParseTime(text)
			if err != nil {
				return 0
			}
			return min(max(date.Sub(now), 0), maxRetryAfter)
		}
		seconds = min(seconds*10+int(c-'0'), int(maxRetryAfter/time.Second))
	}
	return time.Duration(seconds) * time.Second
}

func sleepUntil(ctx context.Context, t time.Time) error {
	if t.IsZero() {
		return ctx.Err()
	}
	return sleep(ctx, time.Until(t))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
