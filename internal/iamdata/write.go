package iamdata

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// blockSize is how much text goes into one block, in bytes. Larger ones compress better, smaller ones are quicker to a first answer.
const blockSize = 48 << 10

// source is a line about where facts are from.
type source struct{ pkg, version, licence, of string }

// write makes the file that package catalog describes.
func write(f *facts, dependents map[string][]string, sources []source, tables []table) ([]byte, error) {
	services := slices.Clone(f.services)
	slices.Sort(services)
	var index, blocks, text bytes.Buffer
	index.WriteString("trunkline iam catalog 1\n")
	line(&index, "D", f.date.Format(time.DateOnly))
	for _, s := range sources {
		line(&index, "N", s.pkg, s.version, s.licence, s.of)
	}
	for _, x := range f.keyAliases() {
		line(&index, "X", x[0], x[1])
	}
	var members []string // lines of the services in text
	flush := func() error {
		compressed, err := compress(text.Bytes())
		if err != nil {
			return err
		}
		line(&index, "B", strconv.Itoa(len(compressed)), strconv.Itoa(text.Len()))
		for _, m := range members {
			index.WriteString(m)
		}
		blocks.Write(compressed)
		text.Reset()
		members = nil
		return nil
	}
	for _, prefix := range services {
		s, err := f.service(prefix, dependents)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", prefix, err)
		}
		if text.Len() > 0 && text.Len()+len(s) > blockSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		var member bytes.Buffer
		controlled := ""
		if slices.Contains(f.controlled, prefix) {
			controlled = "1"
		}
		line(&member, "S", prefix, strconv.Itoa(text.Len()), strconv.Itoa(len(s)), controlled, cmp.Or(f.names[prefix], prefix))
		members = append(members, member.String())
		text.WriteString(s)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	for _, t := range tables {
		rows := t.rows()
		var member bytes.Buffer
		line(&member, "T", t.name, strconv.Itoa(text.Len()), strconv.Itoa(len(rows)))
		members = append(members, member.String())
		text.WriteString(rows)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	head, err := compress(index.Bytes())
	return append(head, blocks.Bytes()...), err
}

func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// line writes fields with tabs between them, without empty ones at the end.
func line(b *bytes.Buffer, fields ...string) {
	b.WriteString(strings.TrimRight(strings.Join(fields, "\t"), "\t"))
	b.WriteByte('\n')
}

// keyAliases lists prefixes of condition keys that another service declares, from the package's own list and from what the services'
// tables hold.
func (f *facts) keyAliases() [][2]string {
	seen := map[[2]string]bool{}
	for prefix, services := range f.aliases {
		for _, s := range services {
			seen[[2]string{prefix, s}] = true
		}
	}
	for service, keys := range f.keys {
		for _, k := range keys {
			prefix, _, _ := strings.Cut(k.Key, ":")
			if i := strings.Index(k.Key, "}:"); i >= 0 { // the placeholder's colon is none of the prefix
				prefix = k.Key[:i+1]
			}
			if p := strings.ToLower(prefix); p != service && p != "aws" && !strings.Contains(p, "/${tagkey}") {
				seen[[2]string{prefix, service}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
}

// service writes one service as lines.
func (f *facts) service(prefix string, dependents map[string][]string) (string, error) {
	e := encoder{keys: map[string]int{}, types: map[string]int{}}
	var b bytes.Buffer
	for i, name := range slices.Sorted(maps.Keys(f.keys[prefix])) {
		k := f.keys[prefix][name]
		e.keys[name] = i
		line(&b, "c"+k.Key, k.Type)
	}
	types := f.types[prefix]
	formats, all := map[string][]string{}, []string(nil)
	for name, t := range types {
		formats[name] = arnFormats(prefix, t)
		all = append(all, formats[name]...)
	}
	for i, name := range slices.Sorted(maps.Keys(types)) {
		t := types[name]
		e.types[name] = i
		e.formats += len(formats[name])
		line(&b, "t"+t.Key, abbreviate(prefix, formats[name]), e.references(t.ConditionKeys), rules(t.Key, formats[name], all))
	}
	for _, name := range slices.Sorted(maps.Keys(f.actions[prefix])) {
		a := f.actions[prefix][name]
		level, err := levelLetter(a.AccessLevel)
		if err != nil {
			return "", fmt.Errorf("action %s: %w", a.Name, err)
		}
		var rows []string
		for _, r := range a.ResourceTypes {
			rows = append(rows, e.row(r.Name, r.Required, r.ConditionKeys))
		}
		e.rows += len(rows)
		line(&b, level+a.Name, strings.Join(rows, "|"), e.references(a.ConditionKeys), f.list(dependents[prefix+":"+name]))
	}
	if e.unknown != "" {
		return "", fmt.Errorf("refers to %q, which it does not declare", e.unknown)
	}
	counts := []string{"S"}
	for _, n := range []int{len(e.keys), len(e.types), e.formats, len(f.actions[prefix]), e.rows, e.refs} {
		counts = append(counts, strconv.Itoa(n))
	}
	return strings.Join(counts, "\t") + "\n" + b.String(), nil
}

// list writes dependents in the spelling of the catalogue; those of actions that are gone are left out.
func (f *facts) list(dependents []string) string {
	var known []string
	for _, d := range dependents {
		prefix, name, _ := strings.Cut(d, ":")
		if a, ok := f.actions[strings.ToLower(prefix)][strings.ToLower(name)]; ok {
			known = append(known, strings.ToLower(prefix)+":"+a.Name)
		}
	}
	slices.Sort(known)
	return strings.Join(slices.Compact(known), ",")
}

func levelLetter(level string) (string, error) {
	switch strings.TrimSuffix(level, ", Write") {
	case "Read":
		return "R", nil
	case "List":
		return "L", nil
	case "Write":
		return "W", nil
	case "Tagging":
		return "T", nil
	case "Permissions management":
		return "P", nil
	}
	return "", fmt.Errorf("access level %q is not known", level)
}

// encoder turns names into indexes and counts what it wrote.
type encoder struct {
	keys, types         map[string]int // by lower-case name
	formats, rows, refs int
	unknown             string
}

func (e *encoder) references(keys []string) string {
	var list []string
	for _, k := range keys {
		i, ok := e.keys[strings.ToLower(k)]
		if !ok {
			e.unknown = k
		}
		list = append(list, strconv.Itoa(i))
	}
	e.refs += len(list)
	return strings.Join(list, ",")
}

func (e *encoder) row(name string, required bool, keys []string) string {
	i, ok := e.types[strings.ToLower(name)]
	if !ok {
		e.unknown = name
	}
	row := strconv.Itoa(i)
	if required {
		row += "!"
	}
	if list := e.references(keys); list != "" {
		row += ":" + list
	}
	return row
}
