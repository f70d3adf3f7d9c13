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
//
// A placeholder before the end holds no ":" or "/", but may hold "/" in front of ":", as names of log groups do.
type rule uint8

const (
	// The placeholder at the end takes no ":", or no "/": because another type of the service goes on there, as instance/ID/queue/ID
	// does behind instance/ID, or because nothing says that such names have it. Objects, and roles with their path, do.
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
// variables, which stand for any text, and placeholders that were left in it, such as <region> or {AWS Account ID}: those stand for a
// name, without ":" or "/", because arn:aws:s3:::<bucket> means no object. One that stands alone, or for all that follows the account
// where the format has a fixed word there, may be anything.
//
// Where the pattern has all fields of an ARN, a wildcard in one of the first five stands for text of that field: policies are matched
// as one text, but no ARN of AWS has the fields of another in the name of its resource.
func (t *ResourceType) Intersects(pattern string) bool {
	var fields [5]string
	var literal [5]bool
	rest, whole := pattern, true
	for i := range fields {
		var ok bool
		fields[i], rest, ok = cutField(rest)
		literal[i] = !hasSpecial(fields[i])
		whole = whole && ok
	}
	for i, format := range t.Formats {
		r := t.rule(i)
		if !whole {
			if isPlaceholder(pattern) || simulate(format, r, pattern, true) {
				return true
			}
			continue
		}
		resource, matches := format, true
		for i, field := range fields {
			var own string
			own, resource, _ = strings.Cut(resource, ":")
			if literal[i] && (own == field || field != "" && strings.HasPrefix(own, "${") && strings.IndexByte(own, '}') == len(own)-1) {
				continue
			}
			if matches = follows(own, noColon, field, true); !matches {
				break
			}
		}
		if matches && resourceFollows(resource, r, rest) {
			return true
		}
	}
	return false
}

// IntersectsResource is Intersects for one of the formats and what stands behind the account: resource is that part of a pattern.
func (t *ResourceType) IntersectsResource(format int, resource string) bool {
	own := t.Formats[format]
	for range 3 {
		_, own, _ = strings.Cut(own, ":")
	}
	rest, usual := strings.CutPrefix(own, "${Region}:${Account}:")
	if !usual {
		_, rest, _ = strings.Cut(own, ":")
		_, rest, _ = strings.Cut(rest, ":")
	}
	return resourceFollows(rest, t.rule(format), resource)
}

// resourceFollows matches what stands behind the account.
func resourceFollows(format string, r rule, pattern string) bool {
	return follows(format, r, pattern, true) || isPlaceholder(pattern) && !strings.HasPrefix(format, "${")
}

// cutField cuts a pattern at the next colon that is not inside of a variable or placeholder.
func cutField(pattern string) (field, rest string, ok bool) {
	for i := 0; i < len(pattern); {
		switch pattern[i] {
		case ':':
			return pattern[:i], pattern[i+1:], true
		case '$', '<', '{':
			_, after := cutUnit(pattern[i:])
			i = len(pattern) - len(after)
		default:
			i++
		}
	}
	return pattern, "", false
}

// follows matches text against a format from left to right. Where the next byte does not decide, simulate goes on from there.
func follows(format string, r rule, text string, wild bool) bool {
	for {
		same := 0
		for same < len(format) && same < len(text) && format[same] == text[same] && format[same] != '$' && format[same] != '*' {
			same++
		}
		format, text = format[same:], text[same:]
		if format == "" {
			return text == "" || wild && onlyStars(text)
		}
		gap, rest := cutGap(format, r)
		if gap == noGap {
			switch {
			case text == "":
				return false
			case wild && special(text[0]):
				return simulate(format, r, text, wild)
			case text[0] != format[0]:
				return false
			}
			format, text = format[1:], text[1:]
			continue
		}
		not, decided := limits(gap, rest, r)
		if !decided {
			return simulate(format, r, text, wild)
		}
		// Up to the separator, the text is what stands for the gap.
		end := len(text)
		if rest != "" {
			if i := strings.IndexByte(text, rest[0]); i >= 0 {
				end = i
			}
		}
		taken := text[:end]
		switch {
		case wild && hasSpecial(taken):
			return simulate(format, r, text, wild)
		case taken == "" && gap == placeholderGap,
			not&noColon != 0 && strings.IndexByte(taken, ':') >= 0,
			not&noSlash != 0 && strings.IndexByte(taken, '/') >= 0:
			return false
		}
		format, text = rest, text[end:]
	}
}

// limits says what a gap in front of the rest of a format does not take, and whether the next byte of the rest ends it.
func limits(gap gap, rest string, r rule) (not rule, decided bool) {
	switch {
	case rest == "" && gap == starGap:
		return 0, true
	case rest == "":
		return r & (noColon | noSlash), true
	case rest[0] == ':':
		return noColon, true
	}
	return noColon | noSlash, rest[0] == '/'
}

func onlyStars(pattern string) bool {
	for i := range len(pattern) {
		if pattern[i] != '*' {
			return false
		}
	}
	return true
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
func special(c byte) bool {
	switch c {
	case '*', '?', '$', '<', '{':
		return true
	}
	return false
}

func hasSpecial(pattern string) bool {
	for i := range len(pattern) {
		if special(pattern[i]) {
			return true
		}
	}
	return false
}

// unit is the next piece of a pattern: a byte, or one of those below.
type unit int

const (
	unitAny  unit = -1 - iota // one byte of any kind
	unitMany                  // any text
	unitName                  // at least one byte, none of them ":" or "/"
)

// isPlaceholder tells that a pattern is nothing but a placeholder that was left in.
func isPlaceholder(pattern string) bool {
	if pattern == "" {
		return false
	}
	u, rest := cutUnit(pattern)
	return u == unitName && rest == ""
}

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
			return unitName, pattern[end+1:]
		}
	}
	return unit(pattern[0]), pattern[1:]
}
