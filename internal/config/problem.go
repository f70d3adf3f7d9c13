package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"trunkline/internal/spelling"
)

// Position is where something stands in a file. Line and Column count from 1; Column counts characters, not bytes.
type Position struct{ Line, Column int }

// Problem is one thing wrong with a config, and where.
type Problem struct {
	File string
	At   Position
	Key  string // e.g. redact.rules[2].action; "" where it is about the file
	Err  error
}

// Error is one line, e.g. trunkline.yaml:12:5: redact.rules[2].action: unknown action "maks"; did you mean "mask"?
func (p *Problem) Error() string {
	text := fmt.Sprintf("%s:%d:%d: ", p.File, p.At.Line, p.At.Column)
	if p.Key != "" {
		text += p.Key + ": "
	}
	return text + p.Err.Error()
}

// Unwrap returns Err.
func (p *Problem) Unwrap() error { return p.Err }

// MaxProblems is how many problems of one config are reported.
const MaxProblems = 20

// Problems are what is wrong with a config: at least one, at most [MaxProblems], in the file's order.
type Problems struct {
	List []*Problem
	More int // how many were found beyond
}

// Error is one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, 0, len(p.List)+1)
	for _, problem := range p.List {
		lines = append(lines, problem.Error())
	}
	if p.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", p.More))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the single problems.
func (p *Problems) Unwrap() []error {
	all := make([]error, len(p.List))
	for i, problem := range p.List {
		all[i] = problem
	}
	return all
}

// reader collects what reading one file finds.
type reader struct {
	name     string
	ifEmpty  string // what to do about an empty file
	where    map[string]Position
	problems []*Problem
	more     int
}

// fail notes a problem. Nothing is read twice, so none is noted twice.
func (r *reader) fail(at Position, key, format string, args ...any) {
	if len(r.problems) >= 10*MaxProblems { // some spare, since they are put in order afterwards
		r.more++
		return
	}
	r.problems = append(r.problems, &Problem{r.name, at, key, fmt.Errorf(format, args...)})
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b *Problem) int {
		if d := a.At.Line - b.At.Line; d != 0 {
			return d
		}
		return a.At.Column - b.At.Column
	})
	p := &Problems{List: r.problems, More: r.more}
	if over := len(p.List) - MaxProblems; over > 0 {
		p.List, p.More = p.List[:MaxProblems], p.More+over
	}
	return p
}

// join makes the key of a mapping's member.
func join(key, name string) string {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c == '.' || c == '[' || c == '"' || c > '~' }) {
		name = quote(name)
	}
	if key == "" {
		return name
	}
	return key + "." + name
}

// element makes the key of a list's element.
func element(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// quote shows a text of the config in a message: never a secret's, and never more than a line's worth.
func quote(text string) string {
	if utf8.RuneCountInString(text) > 60 {
		text = string([]rune(text)[:60]) + "…"
	}
	return strconv.Quote(text)
}

// didYouMean is the end of a message about a word that is not among the known ones.
func didYouMean(word string, known []string) string {
	if near, ok := nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "known: " + strings.Join(known, ", ")
}

// nearest finds the word that was probably meant: a few typing slips away, or one that begins alike.
func nearest(word string, known []string) (string, bool) {
	best, least := "", 1+max(1, min(len(word), 64)/3)
	for _, k := range known {
		d := spelling.Distance(strings.ToLower(word), k)
		if len(word) > 2 && (strings.HasPrefix(word, k) || strings.HasPrefix(k, word)) {
			d = 1
		}
		if d < least {
			best, least = k, d
		}
	}
	return best, best != ""
}
