package patterntest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Random makes patterns and events out of small alphabets, so that they often match. The same source gives the same ones.
type Random struct{ *rand.Rand }

// NewRandom returns the generator of a seed.
func NewRandom(seed uint64) Random { return Random{rand.New(rand.NewPCG(seed, 0x7061747465726e))} }

var (
	names   = []string{"a", "b", "c", "a", "b", "c", "d", "a.b", "b!", "é"}
	strs    = []string{"", "x", "xy", "xyx", "yx", "X", "Xy", "xYx", "ß", "SS", "ss", "é", "É", "10.0.0.1", "10.0.0.200", "::1", "0:0:0:0:0:0:0:1", "2001:db8::5", "1", "true", "x*y", `x\y`, "xxyxyxxy", "ab.c", "null", "K"}
	numbers = []string{"0", "-0", "1", "1.0", "1e0", "2", "10", "-5", "0.1", "0.10", "100", "1e2", "99.5", "12345678901234567890", "1e400", "3.25", "5000000001"}
	words   = []string{"true", "false", "null"}
)

func pick[T any](r Random, of []T) T { return of[r.IntN(len(of))] }

// chance is true in p of 100 cases.
func (r Random) chance(p int) bool { return r.IntN(100) < p }

// Quote writes s as a JSON string.
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Event is a random event: its text, and the paths and texts of the scalars in it.
type Event struct {
	Text   string
	leaves []leaf
}

type leaf struct {
	path []string
	text string
}

// Event returns a random event, a JSON object.
func (r Random) Event() *Event {
	e := &Event{}
	e.Text = r.object(e, nil)
	return e
}

func (r Random) object(e *Event, path []string) string {
	var members []string
	for range r.IntN(5) {
		name := pick(r, names)
		text := Quote(name)
		if r.chance(3) && name == "a" {
			text = `"\u0061"`
		}
		members = append(members, text+":"+r.value(e, append(path[:len(path):len(path)], name)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (r Random) value(e *Event, path []string) string {
	if len(path) < 5 {
		switch n := r.IntN(100); {
		case n < 25:
			return r.object(e, path)
		case n < 55:
			var items []string
			for range r.IntN(4) {
				if r.chance(60) {
					items = append(items, r.object(e, path))
				} else {
					items = append(items, r.value(e, path))
				}
			}
			return "[" + strings.Join(items, ",") + "]"
		}
	}
	text := r.scalar()
	e.leaves = append(e.leaves, leaf{path, text})
	return text
}

func (r Random) scalar() string {
	switch n := r.IntN(100); {
	case n < 55:
		s := pick(r, strs)
		if s == "x" && r.chance(10) {
			return `"\u0078"`
		}
		return Quote(s)
	case n < 85:
		return pick(r, numbers)
	}
	return pick(r, words)
}

// PatternFor returns a pattern that has a fair chance to match e. It is valid for a bus.
func (r Random) PatternFor(e *Event) string {
	used := map[string]bool{}
	chain := func() string {
		l := leaf{[]string{pick(r, names)}, "1"}
		if len(e.leaves) > 0 && r.chance(85) {
			l = pick(r, e.leaves)
		}
		if path := strings.Join(l.path, "."); used[path] {
			return ""
		} else {
			used[path] = true
		}
		// Names are joined into one here and there, which means the same.
		var b strings.Builder
		for i, name := range l.path {
			switch {
			case i == 0:
				b.WriteString(`"` + name)
			case r.chance(15):
				b.WriteString("." + name)
			default:
				b.WriteString(`":{"` + name)
			}
		}
		text := b.String()
		items := []string{r.elementFor(l.text)}
		for r.chance(25) {
			items = append(items, r.element())
		}
		return text + `":[` + strings.Join(items, ",") + "]" + strings.Repeat("}", strings.Count(text, `:{"`))
	}
	members := []string{chain()}
	for range r.IntN(4) {
		if m := chain(); m != "" {
			members = append(members, m)
		}
	}
	if r.chance(15) {
		or := []string{}
		for range 2 + r.IntN(2) {
			clear(used) // $or may set a path again
			or = append(or, "{"+chain()+"}")
		}
		members = append(members, `"$or":[`+strings.Join(or, ",")+"]")
	}
	return "{" + strings.Join(members, ",") + "}"
}

// elementFor returns an element that often holds for the scalar of that text.
func (r Random) elementFor(text string) string {
	if r.chance(20) {
		return r.element()
	}
	if r.chance(5) {
		return `{"exists":true}`
	}
	if text[0] != '"' {
		if !strings.Contains("-0123456789", text[:1]) || r.chance(40) || strings.Contains(text, "e4") || len(text) > 15 {
			return text
		}
		return pick(r, []string{
			`{"numeric":["=",` + text + `]}`, `{"numeric":[">=",` + text + `]}`, `{"numeric":["<=",` + text + `]}`, `{"numeric":["<",` + text + `]}`, `{"numeric":[">",-6,"<=",5000000002]}`,
			`{"anything-but":"x"}`, `{"anything-but":[7,8]}`, `{"anything-but":[7,` + text + `]}`,
		})
	}
	s := strings.NewReplacer(`\u0078`, "x", `\\`, `\`).Replace(text[1 : len(text)-1])
	runes := []rune(s)
	cut := r.IntN(len(runes) + 1)
	head, tail := string(runes[:cut]), string(runes[cut:])
	star := strings.NewReplacer(`*`, `\*`, `\`, `\\`)
	return pick(r, []string{
		text, text, text, text,
		`{"exactly":` + text + `}`,
		`{"prefix":` + Quote(head) + `}`, `{"suffix":` + Quote(tail) + `}`,
		`{"prefix":{"equals-ignore-case":` + Quote(strings.ToUpper(head)) + `}}`, `{"suffix":{"equals-ignore-case":` + Quote(strings.ToLower(tail)) + `}}`,
		`{"equals-ignore-case":` + Quote(strings.ToUpper(s)) + `}`, `{"equals-ignore-case":` + Quote(strings.ToLower(s)) + `}`,
		`{"wildcard":` + Quote(star.Replace(head)+"*") + `}`, `{"wildcard":` + Quote("*"+star.Replace(tail)) + `}`, `{"wildcard":` + Quote(star.Replace(head)+"*"+star.Replace(tail)) + `}`,
		`{"anything-but":` + text + `}`, `{"anything-but":[1,2]}`, `{"anything-but":{"wildcard":"q*"}}`, `{"cidr":"10.0.0.0/9"}`,
	})
}

// Pattern returns a random pattern that is valid for a bus.
func (r Random) Pattern() string {
	return r.fields(0, map[string]bool{}, "", 1+r.IntN(3), false)
}

// fields returns an object of n fields at prefix, none of whose paths is in used.
func (r Random) fields(depth int, used map[string]bool, prefix string, n int, inOr bool) string {
	var members []string
	names := names
	for range n {
		name := pick(r, names)
		path := name
		if prefix != "" {
			path = prefix + "." + name
		}
		switch {
		case used[path]:
			continue
		case depth < 3 && r.chance(45):
			used[path] = true // leave the name to this object
			members = append(members, Quote(name)+":"+r.fields(depth+1, used, path, 1+r.IntN(3), inOr))
		case depth < 2 && r.chance(12):
			var objects []string
			for range 2 + r.IntN(2) {
				// Paths may be set again inside $or.
				objects = append(objects, r.fields(depth+1, map[string]bool{}, prefix, 1+r.IntN(2), true))
			}
			members = append(members, `"$or":[`+strings.Join(objects, ",")+`]`)
		default:
			used[path] = true
			members = append(members, Quote(name)+":"+r.list())
		}
	}
	if len(members) == 0 {
		name := fmt.Sprintf("e%d", len(used))
		used[prefix+"."+name] = true
		return `{"` + name + `":` + r.list() + `}`
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (r Random) list() string {
	items := []string{r.element()}
	for r.chance(35) {
		items = append(items, r.element())
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (r Random) element() string {
	if r.chance(40) {
		return r.scalar()
	}
	s := func() string { return Quote(pick(r, strs)) }
	n := func() string { return pick(r, numbers[:13]) } // the comparable ones
	some := func(one func() string) string {
		items := []string{one()}
		for r.chance(50) {
			items = append(items, one())
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	full := func() string {
		for {
			if t := s(); t != `""` {
				return t
			}
		}
	}
	switch r.IntN(20) {
	case 0:
		return `{"exactly":` + s() + `}`
	case 1, 2:
		return `{"prefix":` + s() + `}`
	case 3:
		return `{"prefix":{"equals-ignore-case":` + s() + `}}`
	case 4, 5:
		return `{"suffix":` + s() + `}`
	case 6:
		return `{"suffix":{"equals-ignore-case":` + s() + `}}`
	case 7:
		return `{"equals-ignore-case":` + s() + `}`
	case 8, 9:
		return `{"wildcard":` + r.wildcard() + `}`
	case 10:
		return `{"anything-but":` + pick(r, []string{s(), n(), some(s), some(n)}) + `}`
	case 11:
		return `{"anything-but":{"prefix":` + pick(r, []string{full(), some(full)}) + `}}`
	case 12:
		return `{"anything-but":{"suffix":` + pick(r, []string{full(), some(full)}) + `}}`
	case 13:
		return `{"anything-but":{"equals-ignore-case":` + pick(r, []string{s(), some(s)}) + `}}`
	case 14:
		return `{"anything-but":{"wildcard":` + pick(r, []string{r.wildcard(), some(r.wildcard)}) + `}}`
	case 15:
		return `{"numeric":["` + pick(r, []string{"=", "<", "<=", ">", ">="}) + `",` + n() + `]}`
	case 16:
		low, high := r.IntN(10)-6, r.IntN(200)+4
		return fmt.Sprintf(`{"numeric":["%s",%d,"%s",%d]}`, pick(r, []string{">", ">="}), low, pick(r, []string{"<", "<="}), high)
	case 17:
		return `{"cidr":"` + pick(r, []string{"10.0.0.0/8", "10.0.0.1/25", "10.0.0.3/30", "::/64", "2001:db8::/32", "10.0.0.0/0"}) + `"}`
	case 18:
		return `{"exists":true}`
	}
	return `{"exists":false}`
}

// wildcard returns a text with * in it, sometimes with escapes.
func (r Random) wildcard() string {
	var b strings.Builder
	star := false
	for range 1 + r.IntN(5) {
		switch n := r.IntN(10); {
		case n < 4 && !star:
			b.WriteByte('*')
			star = true
			continue
		case n == 4:
			b.WriteString(`\*`)
		case n == 5:
			b.WriteString(`\\`)
		default:
			b.WriteString(pick(r, []string{"x", "y", "xy", "é", "1"}))
		}
		star = false
	}
	return Quote(b.String())
}

// Damaged returns a pattern that is a random change of a valid one; most are invalid.
func (r Random) Damaged() string {
	bad := []string{
		`{}`, `[]`, `[[1]]`, `1`, `"x"`, `null`, `[{}]`, `[{"prefix":1}]`, `[{"prefix":"a","suffix":"b"}]`, `[{"prefix":{"suffix":"x"}}]`, `[{"contains":"x"}]`,
		`[{"anything-but":true}]`, `[{"anything-but":[]}]`, `[{"anything-but":[1,"x"]}]`, `[{"anything-but":["x",null]}]`, `[{"anything-but":[["x"]]}]`, `[{"anything-but":{}}]`,
		`[{"anything-but":{"prefix":""}}]`, `[{"anything-but":{"suffix":["x",""]}}]`, `[{"anything-but":{"prefix":1}}]`, `[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]`,
		`[{"anything-but":{"numeric":[">",1]}}]`, `[{"anything-but":{"prefix":"x","suffix":"y"}}]`, `[{"anything-but":12345678901234567890}]`, `[{"anything-but":[1,1e400]}]`,
		`[{"numeric":[]}]`, `[{"numeric":[">"]}]`, `[{"numeric":[">","1"]}]`, `[{"numeric":["!=",1]}]`, `[{"numeric":["<",1,">",0]}]`, `[{"numeric":[">",1,"<",1]}]`,
		`[{"numeric":[">=",2,"<=",1]}]`, `[{"numeric":["=",1,"<",2]}]`, `[{"numeric":[">",1,"<",2,"<",3]}]`, `[{"numeric":{">":1}}]`, `[{"numeric":["=",1e400]}]`, `[{"numeric":[1,"="]}]`,
		`[{"numeric":[">",1,"="]}]`, `[{"numeric":[">",1,"=",2]}]`, `[{"numeric":[">",1,">=",2]}]`,
		`[{"cidr":"10.0.0.0"}]`, `[{"cidr":"10.0.0.0/32"}]`, `[{"cidr":"10.0.0.0/33"}]`, `[{"cidr":"::/128"}]`, `[{"cidr":"10.0.0.0/x"}]`, `[{"cidr":"10.0.0.0/8/8"}]`, `[{"cidr":"10.0.0/8"}]`, `[{"cidr":"/8"}]`, `[{"cidr":7}]`, `[{"cidr":"10.0.0.0/-1"}]`,
		`[{"exists":1}]`, `[{"exists":"true"}]`, `[{"exists":null}]`, `[{"wildcard":"a**b"}]`, `[{"wildcard":"a\\b"}]`, `[{"wildcard":"a\\"}]`, `[{"wildcard":["a"]}]`, `[{"wildcard":1}]`, `[{"exactly":1}]`, `[{"equals-ignore-case":["x"]}]`,
		`[{"equals-ignore-case":1}]`, `[{"suffix":{"equals-ignore-case":1}}]`, `[{"prefix":{"equals-ignore-case":"x","x":1}}]`,
		`{"$or":[]}`, `{"$or":[{"a":[1]}]}`, `{"$or":[{"a":[1]},{}]}`, `{"$or":[{"a":[1]},1]}`, `{"$or":{"a":[1]}}`, `{"$or":["a","b"]}`, `{"$or":[{"prefix":["x"]},{"a":[1]}]}`, `{"$or":[{"a":{"numeric":[1]}},{"b":[1]}]}`, `{"$or":[{"=":[1]},{"b":[1]}]}`,
		`[{"anything-but":{"wildcard":"a**"}}]`, `[{"anything-but":{"equals-ignore-case":[1]}}]`, `[{"anything-but":{"exactly":"x"}}]`, `[{"anything-but":{"cidr":"10.0.0.0/8"}}]`, `[01]`, `[1,]`, `[tru]`, `["x"`, `['x']`,
	}
	good := r.Pattern()
	switch at := strings.LastIndex(good, ":["); {
	case r.chance(85) && at >= 0:
		end := strings.LastIndex(good, "]")
		return good[:at+1] + pick(r, bad) + good[end+1:]
	default:
		runes := []rune(good)
		i := r.IntN(len(runes))
		return string(slices.Delete(runes, i, i+1))
	}
}
