// Package arn reads Amazon Resource Names and matches them with the patterns that IAM policies use.
//
// An ARN has six fields between colons; the sixth is the rest, with its colons:
//
//	arn : partition : service : region : account : resource
//
// Policies match ARNs in two ways, and mixing them up opens holes:
//
//   - Glob, one pattern over the whole string, for Resource, StringLike and the like: "*" is any string, colons and slashes
//     included, "?" is exactly one character;
//   - Pattern, a Glob for each of the six fields, for ArnLike and ArnEquals: a "*" never runs beyond the colon of its field.
//
// Matching is case-sensitive and allocates nothing. Intersects and Covers compare globs exactly. Everything here is immutable and
// safe for concurrent use.
package arn

import (
	"fmt"
	"strings"
)

// An ARN is the fields of a name behind "arn". Any of them but Partition, Service and Resource may be empty.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string // with its colons and slashes
}

// A SyntaxError says why a string is no ARN. It does not repeat the string.
type SyntaxError struct{ Reason string }

func (e *SyntaxError) Error() string { return "no ARN: " + e.Reason }

// Parse reads an ARN. It checks that partition, service and resource are not empty, but not what they are: a field may hold wildcards
// or a placeholder. The error is a *SyntaxError.
func Parse(s string) (ARN, error) {
	fields, n := Split(s)
	switch {
	case fields[0] != "arn":
		return ARN{}, &SyntaxError{`does not begin with "arn:"`}
	case n < len(fields):
		return ARN{}, &SyntaxError{fmt.Sprintf("has %d of six fields", n)}
	case fields[1] == "":
		return ARN{}, &SyntaxError{"has no partition"}
	case fields[2] == "":
		return ARN{}, &SyntaxError{"has no service"}
	case fields[5] == "":
		return ARN{}, &SyntaxError{"has no resource"}
	}
	return ARN{fields[1], fields[2], fields[3], fields[4], fields[5]}, nil
}

// String is the ARN as it is written.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}

// Split cuts s at its first five colons: the fields, "arn" included, and how many there are, from 1 to 6. Fields that are not there
// are empty.
func Split(s string) (fields [6]string, n int) {
	for n < len(fields)-1 {
		field, rest, found := strings.Cut(s, ":")
		fields[n] = field
		n++
		if !found {
			return fields, n
		}
		s = rest
	}
	fields[n] = s
	return fields, n + 1
}

// IsAccount says whether s is written as an account id: twelve digits.
func IsAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// IsRegion says whether s is written as a Region: words of lower-case letters, at least two, and a number, with hyphens between
// (eu-central-1). Whether there is such a Region it does not know: AWS opens new ones.
func IsRegion(s string) bool {
	words := 0
	for {
		word, rest, found := strings.Cut(s, "-")
		if !found {
			return words >= 2 && span(word, '0', '9') == len(word) && word != ""
		}
		if word == "" || span(word, 'a', 'z') != len(word) {
			return false
		}
		words++
		s = rest
	}
}

// span is how many bytes from low to high s begins with.
func span(s string, low, high byte) int {
	i := 0
	for i < len(s) && low <= s[i] && s[i] <= high {
		i++
	}
	return i
}
