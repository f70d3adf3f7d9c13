package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The texts of durations, sizes and rates. The expressions also stand in the JSON Schema.
var (
	durationText = expression(`^([0-9]{1,9}(d|h|m|s|ms))+$`)
	sizeText     = expression(`^[0-9]{1,12}(B|kB|KB|MB|GB|KiB|MiB|GiB)$`)
	rateText     = expression(`^[0-9]{1,9}/(s|m|h)$`)
)

// parseDuration reads 250ms, 5s, 1h30m, 7d.
func parseDuration(text string) (time.Duration, error) {
	if !durationText.MatchString(text) {
		return 0, fmt.Errorf("%s is no duration; write one such as 250ms, 5s, 168h or 7d", quote(text))
	}
	var sum time.Duration
	for text != "" {
		end := strings.IndexAny(text, "dhms")
		number, rest := text[:end], text[end:]
		unit, length := time.Duration(0), 1
		switch {
		case rest[0] == 'd':
			unit = 24 * time.Hour
		case rest[0] == 'h':
			unit = time.Hour
		case strings.HasPrefix(rest, "ms"):
			unit, length = time.Millisecond, 2
		case rest[0] == 'm':
			unit = time.Minute
		case rest[0] == 's':
			unit = time.Second
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, err
		}
		if n > int64((math.MaxInt64-sum)/unit) {
			return 0, errors.New("is longer than 290 years")
		}
		sum += time.Duration(n) * unit
		text = rest[length:]
	}
	return sum, nil
}

// formatDuration writes a whole number of milliseconds as parseDuration reads it, "" for 0.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.unit; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.unit
		}
	}
	return b.String()
}

// Size is a number of bytes. In the file it has a unit: 64KiB, 100MB.
type Size int64

var sizeUnits = []struct {
	name string
	size Size
}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}}

func parseSize(text string) (Size, error) {
	if !sizeText.MatchString(text) {
		return 0, fmt.Errorf("%s is no size; write one such as 64KiB or 100MB", quote(text))
	}
	for _, u := range sizeUnits {
		if number, found := strings.CutSuffix(text, u.name); found {
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				return 0, err
			}
			if Size(n) > math.MaxInt64/u.size {
				return 0, errors.New("is too large")
			}
			return Size(n) * u.size, nil
		}
	}
	return 0, fmt.Errorf("%s has no unit", quote(text))
}

// String writes the size with the largest unit that divides it, "" for 0.
func (s Size) String() string {
	if s == 0 {
		return ""
	}
	for _, u := range sizeUnits {
		if s%u.size == 0 {
			return fmt.Sprintf("%d%s", s/u.size, u.name)
		}
	}
	return ""
}

// Rate is a number of requests in a time. The zero Rate stands for no limit.
type Rate struct {
	Count int           // 1 or more
	Per   time.Duration // a second, a minute or an hour
}

// PerSecond is the rate as a number a second, 0 for no limit.
func (r Rate) PerSecond() float64 {
	if r.Per == 0 {
		return 0
	}
	return float64(r.Count) / r.Per.Seconds()
}

// String writes 300/s, "" for the zero Rate.
func (r Rate) String() string {
	switch r.Per {
	case time.Second:
		return fmt.Sprintf("%d/s", r.Count)
	case time.Minute:
		return fmt.Sprintf("%d/m", r.Count)
	case time.Hour:
		return fmt.Sprintf("%d/h", r.Count)
	}
	return ""
}

func parseRate(text string) (Rate, error) {
	if !rateText.MatchString(text) {
		return Rate{}, fmt.Errorf("%s is no rate; write one such as 300/s, 600/m or 1000/h", quote(text))
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return Rate{}, err
	}
	if n == 0 {
		return Rate{}, errors.New("nothing would ever be sent; leave the key out for no limit")
	}
	return Rate{n, map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]}, nil
}
