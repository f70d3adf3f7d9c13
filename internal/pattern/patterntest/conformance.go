// Package patterntest is what tests of event patterns share: conformance cases to read, and random patterns and events that
// often match each other. Only tests import it.
package patterntest

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed testdata/*.cases
var files embed.FS

// Case is one pattern with one event, or one pattern that does not compile.
type Case struct {
	File    string // with the line: "number.cases:12"
	Section string // the line that opened its section: where the rule stands, and what it is
	Level   string // bus, filter or pipe
	Pattern string
	Event   string
	Match   bool
	Invalid string // part of the reason why the pattern does not compile; the case then has no event
	Warning string // part of a warning of the pattern; the case then has no event
}

// Cases returns the conformance cases. A file consists of sections:
//
//	== 4.2 suffix                     the rule's place and name; every section has one
//	level pipe                        optional, for the patterns that follow; bus at a section's beginning
//	pattern {"a": [{"suffix": "x"}]}  followed by one or more expectations:
//	match {"a": "xx"}                 an event that matches
//	no match {"a": 1}                 an event that does not
//	warning …                         part of a warning
//	invalid …                         part of the error; then the only expectation
//
// Lines that begin with # are comments. Anything else is an error, as are a pattern without expectation and a section without
// pattern.
func Cases() ([]Case, error) {
	entries, err := files.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, e := range entries {
		text, err := files.ReadFile(path.Join("testdata", e.Name()))
		if err != nil {
			return nil, err
		}
		more, err := parse(e.Name(), string(text))
		if err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	return cases, nil
}

func parse(name, text string) ([]Case, error) {
	var cases []Case
	c := Case{}
	expected := true // the pattern or section before has what it needs
	for i, line := range strings.Split(text, "\n") {
		at := fmt.Sprintf("%s:%d", name, i+1)
		word, rest, _ := strings.Cut(line, " ")
		if word == "no" {
			word, rest, _ = strings.Cut(rest, " ")
			word = "no " + word
		}
		switch word {
		case "", "#":
			continue
		case "==":
			if !expected || rest == "" {
				return nil, fmt.Errorf("%s: what is before this section has no expectation, or the section has no name", at)
			}
			c, expected = Case{Section: rest, Level: "bus"}, false
			continue
		case "level":
			if rest != "bus" && rest != "filter" && rest != "pipe" {
				return nil, fmt.Errorf("%s: unknown level %q", at, rest)
			}
			c.Level, c.Pattern = rest, ""
			continue
		case "pattern":
			if c.Section == "" || c.Pattern != "" && !expected {
				return nil, fmt.Errorf("%s: pattern outside of a section, or the one before has no expectation", at)
			}
			c.Pattern, expected = rest, false
			continue
		}
		if c.Pattern == "" {
			return nil, fmt.Errorf("%s: expectation without a pattern", at)
		}
		expected = true
		one := c
		one.File = at
		switch word {
		case "match", "no match":
			one.Event, one.Match = rest, word == "match"
		case "invalid":
			one.Invalid = rest
		case "warning":
			one.Warning = rest
		default:
			return nil, fmt.Errorf("%s: unknown line %q", at, line)
		}
		if rest == "" {
			return nil, fmt.Errorf("%s: %q says nothing", at, word)
		}
		cases = append(cases, one)
	}
	if !expected {
		return nil, fmt.Errorf("%s: ends with a pattern or section that has no expectation", name)
	}
	return cases, nil
}
