package contact

import (
	"fmt"
	"strings"
)

// Path names a field of a record, or all fields of one shape: member names from the root on. Arrays are transparent: a path goes
// through every element.
type Path []Segment

// Segment is one step of a Path.
type Segment struct {
	Name string // the member's name
	Any  bool   // any name
}

// ParsePath reads the dotted form: Attributes.language, Recordings.Location, Attributes.*. A backslash makes the dot, the star or
// the backslash behind it part of a name.
func ParsePath(text string) (Path, error) {
	var path Path
	var name strings.Builder
	star, escaped := false, false
	end := func(at int) error {
		switch {
		case name.Len() == 0 && !star:
			return fmt.Errorf("path %q: empty name at character %d", text, at)
		case star && name.Len() > 0:
			return fmt.Errorf("path %q: * stands for a whole name; write \\* for the character", text)
		}
		path = append(path, Segment{name.String(), star})
		name.Reset()
		star = false
		return nil
	}
	for i, c := range text {
		switch {
		case escaped:
			if c != '.' && c != '*' && c != '\\' {
				return nil, fmt.Errorf("path %q: a backslash stands only before . * and \\", text)
			}
			name.WriteRune(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '.':
			if err := end(i); err != nil {
				return nil, err
			}
		case c == '*':
			if star {
				return nil, fmt.Errorf("path %q: * stands for one whole name", text)
			}
			star = true
		default:
			name.WriteRune(c)
		}
	}
	if escaped {
		return nil, fmt.Errorf("path %q: ends in a backslash", text)
	}
	if err := end(len(text)); err != nil {
		return nil, err
	}
	return path, nil
}

// String is the dotted form that ParsePath reads.
func (p Path) String() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.Any {
			b.WriteByte('*')
			continue
		}
		pathEscapes.WriteString(&b, s.Name)
	}
	return b.String()
}

var pathEscapes = strings.NewReplacer(`\`, `\\`, `.`, `\.`, `*`, `\*`)
