package pattern_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// The reference matcher: slow, and written down from the rules alone. It decodes pattern and event with encoding/json, expands $or
// into combinations, lists the event's leaves with the index they have in each array, and tries leaf after leaf.

type member struct {
	name  string
	value any
}

type object []member

// decodeOrdered keeps the order of members, repeated names and the text of numbers.
func decodeOrdered(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return decodeValue(d)
}

func decodeValue(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		panic(err)
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				panic(err)
			}
			o = append(o, member{name.(string), decodeValue(d)})
		}
		d.Token()
		return o
	case json.Delim('['):
		a := []any{}
		for d.More() {
			a = append(a, decodeValue(d))
		}
		d.Token()
		return a
	}
	return token
}

// refLeaf is a scalar of the event, with its index in each array that it is inside of through an object or array.
type refLeaf struct {
	value  any
	arrays map[int]int
}

type refEvent struct {
	leaves map[string][]refLeaf
	arrays int
}

func (e *refEvent) collect(path string, first bool, v any, arrays map[int]int) {
	switch v := v.(type) {
	case object:
		for _, m := range v {
			if first {
				e.collect(m.name, false, m.value, arrays)
			} else {
				e.collect(path+"."+m.name, false, m.value, arrays)
			}
		}
	case []any:
		e.arrays++
		id := e.arrays
		for i, x := range v {
			inside := arrays
			switch x.(type) {
			case object, []any:
				inside = maps.Clone(arrays)
				inside[id] = i
			}
			e.collect(path, false, x, inside)
		}
	default:
		e.leaves[path] = append(e.leaves[path], refLeaf{v, arrays})
	}
}

// refMatch decides whether a valid pattern matches the event.
func refMatch(pattern, event string) bool {
	e := &refEvent{leaves: map[string][]refLeaf{}}
	e.collect("", true, decodeOrdered(event), map[int]int{})
	for _, branch := range refBranches(decodeOrdered(pattern).(object), "", []map[string][]any{{}}) {
		paths := slices.SortedFunc(maps.Keys(branch), func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
		if e.choose(branch, paths, nil) {
			return true
		}
	}
	return false
}

func refBranches(o object, prefix string, branches []map[string][]any) []map[string][]any {
	for _, m := range o {
		path := m.name
		if prefix != "" {
			path = prefix + "." + m.name
		}
		switch v := m.value.(type) {
		case object:
			branches = refBranches(v, path, branches)
		case []any:
			if m.name != "$or" {
				for _, b := range branches {
					b[path] = v
				}
				continue
			}
			var all []map[string][]any
			for _, alternative := range v {
				var copies []map[string][]any
				for _, b := range branches {
					copies = append(copies, maps.Clone(b))
				}
				all = append(all, refBranches(alternative.(object), prefix, copies)...)
			}
			branches = all
		}
	}
	return branches
}

// choose tries every leaf for the first of the paths, given the leaves chosen so far.
func (e *refEvent) choose(branch map[string][]any, paths []string, chosen []refLeaf) bool {
	if len(paths) == 0 {
		return true
	}
	var agreeing []refLeaf
	for _, l := range e.leaves[paths[0]] {
		if !slices.ContainsFunc(chosen, func(c refLeaf) bool {
			for array, i := range c.arrays {
				if j, ok := l.arrays[array]; ok && i != j {
					return true
				}
			}
			return false
		}) {
			agreeing = append(agreeing, l)
		}
	}
	for _, element := range branch[paths[0]] {
		if o, ok := element.(object); ok && o[0].name == "exists" && o[0].value == false {
			if len(agreeing) == 0 && e.choose(branch, paths[1:], chosen) {
				return true
			}
			continue
		}
		for _, l := range agreeing {
			if refHolds(element, l.value) && e.choose(branch, paths[1:], append(slices.Clone(chosen), l)) {
				return true
			}
		}
	}
	return false
}

// refHolds decides one element with one leaf.
func refHolds(element, leaf any) bool {
	s, isString := leaf.(string)
	n, isNumber := leaf.(json.Number)
	switch x := element.(type) {
	case string:
		if a, ok := refAddress(x); ok {
			b, ok := refAddress(s)
			return isString && ok && a == b
		}
		return isString && s == x
	case json.Number:
		if !isNumber {
			return false
		}
		if a, ok := refNumber(x); ok {
			b, ok := refNumber(n)
			return ok && a.Cmp(b) == 0
		}
		return x == n
	case bool, nil:
		return x == leaf
	case object:
		return refOperator(x[0].name, x[0].value, leaf)
	}
	panic(fmt.Sprintf("element %v", element))
}

func refOperator(name string, operand, leaf any) bool {
	s, isString := leaf.(string)
	n, isNumber := leaf.(json.Number)
	switch name {
	case "exists":
		return true
	case "anything-but":
		return !refExcluded(operand, leaf)
	case "numeric":
		v, ok := new(big.Rat), false
		if isNumber {
			v, ok = refNumber(n)
		}
		for terms := operand.([]any); ok && len(terms) > 0; terms = terms[2:] {
			bound, _ := refNumber(terms[1].(json.Number))
			sign := v.Cmp(bound)
			ok = strings.Contains(terms[0].(string), map[int]string{-1: "<", 0: "=", 1: ">"}[sign])
		}
		return ok
	case "cidr":
		block, err := netip.ParsePrefix(operand.(string))
		if err != nil {
			panic(err)
		}
		a, ok := refAddress(s)
		return isString && ok && block.Contains(a)
	}
	if !isString {
		return false
	}
	if o, ok := operand.(object); ok {
		return slices.ContainsFunc(refFoldings(o[0].value.(string)), func(x string) bool {
			return name == "prefix" && strings.HasPrefix(s, x) || name == "suffix" && strings.HasSuffix(s, x)
		})
	}
	x := operand.(string)
	switch name {
	case "exactly":
		return s == x
	case "prefix":
		return strings.HasPrefix(s, x)
	case "suffix":
		return strings.HasSuffix(s, x)
	case "equals-ignore-case":
		return slices.Contains(refFoldings(x), s)
	case "wildcard":
		return refWildcard(x, s)
	}
	panic("operator " + name)
}

func refExcluded(operand, leaf any) bool {
	switch x := operand.(type) {
	case []any:
		return slices.ContainsFunc(x, func(x any) bool { return refExcluded(x, leaf) })
	case object:
		list, ok := x[0].value.([]any)
		if !ok {
			list = []any{x[0].value}
		}
		return slices.ContainsFunc(list, func(operand any) bool { return refOperator(x[0].name, operand, leaf) })
	case string:
		return leaf == any(x)
	}
	return refHolds(operand, leaf)
}

// refNumber returns the value of a number whose double's shortest decimal has the same value.
func refNumber(n json.Number) (*big.Rat, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return nil, false
	}
	if f == 0 {
		mantissa, _, _ := strings.Cut(strings.ToLower(string(n)), "e")
		return new(big.Rat), !strings.ContainsAny(mantissa, "123456789")
	}
	exact, ok := new(big.Rat).SetString(string(n))
	shortest, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
	return exact, ok && ok2 && exact.Cmp(shortest) == 0
}

var leadingZeros = regexp.MustCompile(`(^|[.:])0+([0-9a-fA-F])`)

// refAddress reads an IP literal: in dotted or in hexadecimal form, not in both; zeros may lead.
func refAddress(s string) (netip.Addr, bool) {
	if strings.Contains(s, "%") || strings.Contains(s, ".") && (strings.Contains(s, ":") || len(s) > len("255.255.255.255")) {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(leadingZeros.ReplaceAllString(s, "$1$2"))
	return a.Unmap(), err == nil
}

// refFoldings lists all texts that equal x, ignoring case.
func refFoldings(x string) []string {
	all := []string{""}
	for _, r := range x {
		upper := string(unicode.ToUpper(r))
		if r == 'ß' {
			upper = "SS"
		}
		var next []string
		for _, head := range all {
			next = append(next, head+string(unicode.ToLower(r)), head+upper)
		}
		slices.Sort(next)
		all = slices.Compact(next)
	}
	return all
}

// refWildcard tries every length for every star.
func refWildcard(x, s string) bool {
	switch {
	case x == "":
		return s == ""
	case x[0] == '*':
		return refWildcard(x[1:], s) || s != "" && refWildcard(x, s[1:])
	case x[0] == '\\':
		x = x[1:]
	}
	return s != "" && x[0] == s[0] && refWildcard(x[1:], s[1:])
}
