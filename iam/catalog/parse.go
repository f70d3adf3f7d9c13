package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseService reads a service from its lines. The first letter of a line is its kind; its fields are separated by tabs, and empty
// ones at the end are cut. Indexes count from 0 in the service.
//
//	S  keys types formats actions rows references    how many there are, the first line
//	c  name type                                     a condition key; ArrayOf… = multi-valued
//	t  name formats keys rules                       a resource type
//	R  name rows keys dependents                     an action that reads; L lists, W writes, T tags, P manages permissions
//
// Formats are separated by ", ", and ~ in one is arn:${Partition}:<prefix>:${Region}:${Account}: in full; rules has a digit for each
// (see rule). Keys are indexes of condition keys, separated by commas. A row is an index of a type, "!" if marked required, ":" and
// keys; rows are separated by "|". Dependents are names of actions, separated by commas.
//
// The counts let every list be a part of one array. They are held to what the text can hold, so that a hostile file costs no more
// than some thirty times its inflated size.
func parseService(text, prefix string) (*Service, error) {
	head, lines, _ := strings.Cut(text, "\n")
	f := fields{rest: head}
	kind := f.next()
	most := len(text) / 2 // what is counted takes two bytes at least
	keys, types, formats, actions, rows, refs := f.number(most), f.number(most), f.number(most), f.number(most), f.number(most), f.number(most)
	if kind != "S" || f.bad || strings.Count(lines, "\n") != keys+types+actions {
		return nil, errors.New("counts are wrong")
	}
	p := parser{
		Service: &Service{Prefix: prefix, Actions: make([]Action, 0, actions), Types: make([]ResourceType, 0, types), Keys: make([]Key, 0, keys)},
		arn:     "arn:${Partition}:" + prefix + ":${Region}:${Account}:",
		formats: make([]string, 0, formats),
		rows:    make([]ActionResource, 0, rows),
		refs:    make([]*Key, 0, refs),
	}
	p.full.Grow(len(text)/2 + actions*(len(prefix)+1) + formats*len(p.arn))
	for number := 2; lines != ""; number++ {
		line, rest, _ := strings.Cut(lines, "\n")
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		lines = rest
	}
	return p.Service, nil
}

type parser struct {
	*Service

	arn  string          // what ~ stands for
	full strings.Builder // what the text abbreviates: names with prefix, and formats

	// Arrays that the lists are parts of. They must not grow: pointers and slices into them are out already.
	formats []string         // of all types
	rows    []ActionResource // of all actions
	refs    []*Key           // of all types, actions and rows
}

var errCount = errors.New("more than was counted, or out of order")

func (p *parser) line(line string) error {
	if line == "" {
		return errors.New("empty")
	}
	f := fields{rest: line[1:]}
	switch line[0] {
	case 'c':
		return p.key(&f)
	case 't':
		return p.resourceType(&f)
	case 'R':
		return p.action(Read, &f)
	case 'L':
		return p.action(List, &f)
	case 'W':
		return p.action(Write, &f)
	case 'T':
		return p.action(Tagging, &f)
	case 'P':
		return p.action(PermissionsManagement, &f)
	}
	return fmt.Errorf("kind %q is not known", line[0])
}

// join keeps texts as one.
func (p *parser) join(parts ...string) string {
	from := p.full.Len()
	for _, part := range parts {
		p.full.WriteString(part)
	}
	return p.full.String()[from:]
}

func (p *parser) key(f *fields) error {
	k := Key{Name: f.next()}
	var ok bool
	if k.Type, k.Multi, ok = parseKeyType(f.next()); !ok || !strings.Contains(k.Name, ":") {
		return errors.New("no condition key with a type")
	}
	if n := len(p.Keys); n == cap(p.Keys) || len(p.Types)+len(p.Actions) > 0 || n > 0 && compareFold(p.Keys[n-1].Name, k.Name) >= 0 {
		return errCount
	}
	p.Keys = append(p.Keys, k)
	return nil
}

func (p *parser) resourceType(f *fields) error {
	t := ResourceType{Name: f.next()}
	formats, keys := f.next(), f.next()
	t.rules = f.next()
	if n := len(p.Types); n == cap(p.Types) || len(p.Actions) > 0 || n > 0 && compareFold(p.Types[n-1].Name, t.Name) >= 0 {
		return errCount
	}
	first := len(p.formats)
	for more := true; more; {
		var format string
		format, formats, more = strings.Cut(formats, ", ")
		if len(p.formats) == cap(p.formats) {
			return errCount
		}
		if tail, ok := strings.CutPrefix(format, "~"); ok {
			format = p.join(p.arn, tail)
		}
		if !strings.HasPrefix(format, "arn:") || len(format) > maxFormat {
			return fmt.Errorf("%q is no ARN format of at most %d bytes", format[:min(len(format), 80)], maxFormat)
		}
		p.formats = append(p.formats, format)
	}
	t.Formats = p.formats[first:len(p.formats):len(p.formats)]
	var err error
	if t.Keys, err = p.references(keys); err != nil {
		return err
	}
	p.Types = append(p.Types, t)
	return nil
}

func (p *parser) action(level Level, f *fields) error {
	name, rows, keys := f.next(), f.next(), f.next()
	if name == "" || strings.Contains(name, ":") {
		return errors.New("no name of an action")
	}
	if n := len(p.Actions); n == cap(p.Actions) || n > 0 && compareFold(p.Actions[n-1].Name, name) >= 0 {
		return errCount
	}
	a := Action{Service: p.Service, Level: level, full: p.join(p.Prefix, ":", name), dependents: f.next(), at: len(p.Actions)}
	a.Name = a.full[len(p.Prefix)+1:]
	first := len(p.rows)
	for rows != "" {
		var row string
		row, rows, _ = strings.Cut(rows, "|")
		if err := p.row(row); err != nil {
			return err
		}
	}
	a.Resources = p.rows[first:len(p.rows):len(p.rows)]
	var err error
	if a.Keys, err = p.references(keys); err != nil {
		return err
	}
	for list := a.dependents; list != ""; {
		var dependent string
		if dependent, list, _ = strings.Cut(list, ","); !strings.Contains(dependent, ":") {
			return errors.New("dependent is no action")
		}
	}
	p.Actions = append(p.Actions, a)
	return nil
}

func (p *parser) row(row string) error {
	row, keys, _ := strings.Cut(row, ":")
	index, required := strings.CutSuffix(row, "!")
	i, err := strconv.ParseUint(index, 10, 16)
	if err != nil || int(i) >= len(p.Types) {
		return errors.New("row is no resource type of the service")
	}
	if len(p.rows) == cap(p.rows) {
		return errCount
	}
	refs, err := p.references(keys)
	if err != nil {
		return err
	}
	p.rows = append(p.rows, ActionResource{Type: &p.Types[i], Required: required, Keys: refs})
	return nil
}

// references turns a list of indexes into pointers to keys.
func (p *parser) references(list string) ([]*Key, error) {
	first := len(p.refs)
	for list != "" {
		var index string
		index, list, _ = strings.Cut(list, ",")
		i, err := strconv.ParseUint(index, 10, 16)
		if err != nil || int(i) >= len(p.Keys) {
			return nil, errors.New("reference to no condition key of the service")
		}
		if len(p.refs) == cap(p.refs) {
			return nil, errCount
		}
		p.refs = append(p.refs, &p.Keys[i])
	}
	return p.refs[first:len(p.refs):len(p.refs)], nil
}
