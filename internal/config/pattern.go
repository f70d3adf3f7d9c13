package config

import (
	"encoding/json"
	"sort"
)

// Pattern is an event pattern as JSON text. Whether it is a good one, internal/pattern decides.
type Pattern struct {
	JSON  []byte
	text  bool   // it was written as a text that holds JSON
	marks []mark // by offset
}

// mark says where in the config file a piece of a pattern's JSON stands.
type mark struct {
	offset int
	at     Position
}

// At is where the config file has what stands at an offset of JSON: the nearest name or value that begins there or before. For a
// pattern that was written as a text, it is the text's position.
func (p *Pattern) At(offset int) Position {
	i := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].offset > offset })
	if i == 0 {
		return Position{1, 1}
	}
	return p.marks[i-1].at
}

type patternValue struct{ into *Pattern }

func pattern(into *Pattern) value { return patternValue{into} }

func (v patternValue) read(r *reader, key string, n node) {
	r.where[key] = n.at
	switch n.kind {
	case aMap:
		v.into.appendJSON(r, key, n)
	case aText:
		if !json.Valid([]byte(n.text)) {
			r.fail(n.at, key, `is not JSON; write a pattern such as {"data": {"Channel": ["VOICE"]}}`)
		}
		*v.into = Pattern{JSON: []byte(n.text), text: true, marks: []mark{{0, n.at}}}
	default:
		r.fail(n.at, key, `want an event pattern such as {"data": {"Channel": ["VOICE"]}}, have %s`, n.kind)
	}
}

func (p *Pattern) appendJSON(r *reader, key string, n node) {
	p.marks = append(p.marks, mark{len(p.JSON), n.at})
	switch n.kind {
	case aText:
		p.appendText(n.text)
	case aMap:
		p.JSON = append(p.JSON, '{')
		for i, m := range n.members {
			if i > 0 {
				p.JSON = append(p.JSON, ',')
			}
			p.marks = append(p.marks, mark{len(p.JSON), m.at})
			p.appendText(m.name)
			p.JSON = append(p.JSON, ':')
			p.appendJSON(r, key, m.value)
		}
		p.JSON = append(p.JSON, '}')
	case aList:
		p.JSON = append(p.JSON, '[')
		for i, item := range n.items {
			if i > 0 {
				p.JSON = append(p.JSON, ',')
			}
			p.appendJSON(r, key, item)
		}
		p.JSON = append(p.JSON, ']')
	case aNumber:
		if !jsonNumber(n.text) {
			r.fail(n.at, key, "%s: write numbers as JSON does, or put a text in quotes", quote(n.text))
		}
		p.JSON = append(p.JSON, n.text...)
	default:
		p.JSON = append(p.JSON, n.text...) // null, true, false
	}
}

func (p *Pattern) appendText(t string) {
	text, err := marshal(t)
	if err != nil { // a string always has a JSON form
		panic(err)
	}
	p.JSON = append(p.JSON, text...)
}

func (v patternValue) absent(*reader, string, Position) {}

func (v patternValue) dump() (any, bool) {
	if v.into.text {
		return string(v.into.JSON), true
	}
	return json.RawMessage(v.into.JSON), true
}

func (v patternValue) schema() object { return object{{"type", []any{"object", "string"}}} }
func (v patternValue) form() string   { return "event pattern" }
