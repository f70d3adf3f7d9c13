package catalog

import "strings"

// ResourceType is what actions are authorized on.
type ResourceType struct {
	Name string // may hold spaces; unique in its service only

	// Formats are the ARN templates, most often one: arn:${Partition}:sqs:${Region}:${Account}:${QueueName}. The service in it need
	// not be the prefix, nor the account a placeholder.
	Formats []string
	Keys    []*Key // condition keys of the type

	rules string // a digit for each format; trailing zeros are cut
}

// A rule says what the text of one format may be, where the format alone does not tell.
type rule uint8

const (
	// The placeholder at the end takes no ":", or no "/", because another type of the service goes on there: instance/ID is no
	// prefix of instance/ID/contact/ID. A placeholder in front of a separator never holds it, and anything else is allowed: log
	// groups, objects and roles with paths have "/" in their names.
	noColon rule = 1 << iota
	noSlash

	// A "*" in the format is what a request carries: connect's wildcard-queue. Elsewhere it stands for any text.
	literalStar
)

// maxFormat bounds a format, in bytes.
const maxFormat = 250

func (t *ResourceType) rule(format int) rule {
	if format >= len(t.rules) {
		return 0
	}
	return rule(t.rules[format] - '0')
}

// Match tells that the ARN of a request is of this type.
func (t *ResourceType) Match(arn string) bool {
	for i, format := range t.Formats {
		if follows(format, t.rule(i), arn, false) {
			return true
		}
	}
	return false
}

// Intersects tells that a pattern of a policy's Resource element can match an ARN of this type. The pattern may hold wildcards,
// variables, and placeholders that were left in it, such as <region> or {AWS Account ID}: those stand for any text.
func (t *ResourceType) Intersects(pattern string) bool {
	for i, format := range t.Formats {
		if follows(format, t.rule(i), pattern, true) {
			return true
		}
	}
	return false
}

// follows matches text against a format from left to right. Where the next separator does not decide, simulate goes on from there.
func follows(format string, r rule, text string, wild bool) bool {
	for format != "" {
		gap, rest := cutGap(format, r)
		if gap == noGap {
			if text == "" {
				return false
			}
			if wild && special(text[0]) {
				return simulate(format, r, text, wild)
			}
			if text[0] != format[0] {
				return false
			}
			format, text = format[1:], text[1:]
			continue
		}
		if rest != "" && rest[0] != ':' && rest[0] != '/' {
			return simulate(format, r, text, wild)
		}
		// Up to the separator, the text is what stands for the gap.
		end := 0
		for end < len(text) && (rest == "" || text[end] != rest[0]) {
			switch c := text[end]; {
			case wild && special(c):
				return simulate(format, r, text, wild)
			case rest == "" && gap == placeholderGap && (c == ':' && r&noColon != 0 || c == '/' && r&noSlash != 0):
				return false
			}
			end++
		}
		if end == 0 && gap == placeholderGap {
			return false
		}
		format, text = rest, text[end:]
	}
	return strings.Trim(text, "*") == "" && (wild || text == "")
}

// gap is a part of a format that is not literal.
type gap uint8

const (
	noGap          gap = iota
	placeholderGap     // at least one byte
	starGap            // any text
)

// cutGap takes the gap off that a format begins with. Placeholders without anything between them are one.
func cutGap(format string, r rule) (gap, string) {
	switch {
	case format[0] == '*' && r&literalStar == 0:
		return starGap, format[1:]
	case strings.HasPrefix(format, "${"):
		for strings.HasPrefix(format, "${") {
			end := strings.IndexByte(format, '}')
			if end < 0 {
				return placeholderGap, ""
			}
			format = format[end+1:]
		}
		return placeholderGap, format
	}
	return noGap, format
}

// special tells that a byte of a pattern may not be literal.
func special(c byte) bool { return c == '*' || c == '?' || c == '$' || c == '<' || c == '{' }

// unit is the next piece of a pattern: a byte, or unitAny for one of any kind, or unitMany for any text.
type unit int

const (
	unitAny unit = -1 - iota
	unitMany
)

// cutUnit takes the first piece off a pattern that is not empty.
func cutUnit(pattern string) (unit, string) {
	switch c := pattern[0]; c {
	case '*':
		return unitMany, pattern[1:]
	case '?':
		return unitAny, pattern[1:]
	case '$':
		end := strings.IndexByte(pattern, '}')
		if end < 0 || pattern[1] != '{' {
			break
		}
		if name := pattern[2:end]; name == "*" || name == "?" || name == "$" {
			return unit(name[0]), pattern[end+1:]
		}
		return unitMany, pattern[end+1:]
	case '<', '{':
		closing := byte('>')
		if c == '{' {
			closing = '}'
		}
		if end := strings.IndexByte(pattern, closing); end > 0 {
			return unitMany, pattern[end+1:]
		}
	}
	return unit(pattern[0]), pattern[1:]
}
