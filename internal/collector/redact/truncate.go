package redact

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
)

var (
	errNoTime   = errors.New("the value is not an RFC 3339 time")
	errNoNumber = errors.New("the value is not a number, or beyond 1e300")
)

// truncation returns what brings a text to a precision.
func truncation(to string) (func(dst, text []byte) ([]byte, error), error) {
	switch to {
	case "year", "month", "day", "hour", "minute":
		return func(dst, text []byte) ([]byte, error) { return truncateTime(dst, text, to) }, nil
	}
	unit, err := strconv.ParseInt(to, 10, 64)
	if err != nil || unit < 1 {
		return nil, fmt.Errorf("to is %q; want year, month, day, hour or minute for times, or a whole number from 1 on for numbers", to)
	}
	return func(dst, text []byte) ([]byte, error) { return truncateNumber(dst, text, unit) }, nil
}

// truncateTime cuts a time in its own offset from UTC.
func truncateTime(dst, text []byte, to string) ([]byte, error) {
	var t time.Time
	if t.UnmarshalText(text) != nil {
		return dst, errNoTime
	}
	year, month, day, hour, minute := t.Year(), time.January, 1, 0, 0
	switch to {
	case "minute":
		minute = t.Minute()
		fallthrough
	case "hour":
		hour = t.Hour()
		fallthrough
	case "day":
		day = t.Day()
		fallthrough
	case "month":
		month = t.Month()
	}
	zone := t.Location()
	if zone == time.Local { // where this program runs: in another season it may have another offset
		_, offset := t.Zone()
		zone = time.FixedZone("", offset)
	}
	return time.Date(year, month, day, hour, minute, 0, 0, zone).AppendFormat(dst, time.RFC3339), nil
}

// truncateNumber rounds towards zero to a multiple of unit, exactly.
func truncateNumber(dst, text []byte, unit int64) ([]byte, error) {
	const longest, largest = 400, 1e300 // exact arithmetic on 1e999999999 would take all memory
	if len(text) > longest {
		return dst, errNoNumber
	}
	f, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil, math.IsNaN(f), math.Abs(f) > largest:
		return dst, errNoNumber
	case math.Abs(f) < 1:
		return append(dst, '0'), nil
	}
	value, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return dst, errNoNumber
	}
	u := big.NewInt(unit)
	whole := new(big.Int).Quo(value.Num(), value.Denom())
	return whole.Mul(whole.Quo(whole, u), u).Append(dst, 10), nil
}
