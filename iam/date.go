package iam

import (
	"strconv"
	"strings"
)

// isDate says whether IAM takes s as a date: W3C ISO 8601 from the year on, with fields in range but days of any month up to 31, or
// whole seconds since 1970.
func isDate(s string) bool {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return true
	}
	date, clock, hasClock := strings.Cut(s, "T")
	sign := ""
	if rest, found := strings.CutPrefix(date, "-"); found {
		date, sign = rest, "-"
	}
	fields := strings.Split(date, "-")
	year, err := strconv.ParseInt(sign+fields[0], 10, 64)
	if err != nil || digits(fields[0]) != len(fields[0]) || year < -292275054 || year > 292278993 || len(fields) > 3 {
		return false
	}
	if len(fields) > 1 && !between(fields[1], 1, 12) || len(fields) > 2 && !between(fields[2], 1, 31) {
		return false
	}
	return !hasClock || len(fields) == 3 && isClock(clock)
}

// isClock says whether s is a time of day with a zone or without: 12:00, 12:00:00.5Z, 12:00:00+01:00.
func isClock(s string) bool {
	if rest, found := strings.CutSuffix(s, "Z"); found {
		s = rest
	} else if i := strings.IndexAny(s, "+-"); i >= 0 {
		hours, minutes, found := strings.Cut(s[i+1:], ":")
		if !between(hours, 0, 23) || found && !between(minutes, 0, 59) {
			return false
		}
		s = s[:i]
	}
	fields := strings.Split(s, ":")
	if len(fields) > 3 || !between(fields[0], 0, 23) || len(fields) > 1 && !between(fields[1], 0, 59) {
		return false
	}
	if len(fields) < 3 {
		return true
	}
	seconds, fraction, found := strings.Cut(fields[2], ".")
	if found && (fraction == "" || len(fraction) > 9 || digits(fraction) != len(fraction)) {
		return false
	}
	return between(seconds, 0, 59)
}

// between says whether s is one or two digits, and a number from low to high.
func between(s string, low, high int) bool {
	if s == "" || len(s) > 2 || digits(s) != len(s) {
		return false
	}
	n, err := strconv.Atoi(s)
	return err == nil && low <= n && n <= high
}
