package aggregate

import (
	"bytes"
	"crypto/md5"
	"errors"
	"math/big"
	"slices"
	"testing"
)

// FuzzSplit takes a message apart, in its envelope and bare, and compares with a reading that knows no shortcut. What a Splitter handled
// before makes no difference, and parts lie in the input.
func FuzzSplit(f *testing.F) {
	a, x := key("a"), user(0, "x")
	for _, message := range [][]byte{
		nil,
		slices.Concat(a, key("b"), x, user(1, "y")),
		slices.Concat(a, explicit("170141183460469231731687303715884105728"), sub(number(1, 0), number(2, 0), text(3, "x"))),
		slices.Concat(a, explicit("seven"), sub(number(1, 0), number(2, 0), text(3, "x")), user(9, "y")),
		slices.Concat(group(3), a, sub(number(1, 0), text(4, text(1, "tag")), group(2), text(3, "x"))),
		bytes.Repeat([]byte{9<<3 | 3}, 200),
	} {
		f.Add(message, byte(0), byte(255))
		f.Add(message, byte(0), byte(127))
		f.Add(wrap(message), byte(128), byte(255))
	}
	used := new(Splitter)
	f.Fuzz(func(t *testing.T, message []byte, low, high byte) {
		start, end := edge(min(low, high)), edge(max(low, high))
		end.Sub(end.Add(end, edge(1)), big.NewInt(1))
		r, err := ParseRange(start.String(), end.String())
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{message, wrap(message)} {
			want, wantErr := slowly(data, start, end)
			before := bytes.Clone(data)
			for _, s := range []*Splitter{used, new(Splitter)} {
				got, err := s.Split(nil, data, r)
				if (err == nil) != (wantErr == nil) || errors.Is(err, ErrElsewhere) != errors.Is(wantErr, ErrElsewhere) {
					t.Fatalf("got error %v, want %v", err, wantErr)
				}
				if show(got) != show(want) {
					t.Fatalf("got %q, want %q", show(got), show(want))
				}
				for _, r := range got {
					if !within(data, r.Data) || r.PartitionKey != nil && !within(data, r.PartitionKey) || r.ExplicitHashKey != nil && !within(data, r.ExplicitHashKey) {
						t.Fatalf("%q is not part of the input", show([]Record{r}))
					}
				}
			}
			if !bytes.Equal(data, before) {
				t.Fatal("the input was changed")
			}
		}
	})
}

// edge is n · 2¹²⁰.
func edge(n byte) *big.Int { return new(big.Int).Lsh(big.NewInt(int64(n)), 120) }

var errBroken = errors.New("broken")

// slowly is Split by the letter of the rules.
func slowly(data []byte, start, end *big.Int) (records []Record, err error) {
	ordinary := []Record{{Data: data}}
	if len(data) <= 20 || string(data[:4]) != "\xf3\x89\x9a\xc2" {
		return ordinary, nil
	}
	message := data[4 : len(data)-16]
	if sum := md5.Sum(message); string(sum[:]) != string(data[len(data)-16:]) {
		return ordinary, nil
	}
	fields, ok := parseFields(message, 100)
	if !ok {
		return ordinary, nil
	}
	var subs [][]field
	for _, f := range fields {
		if f.tag != 3<<3|2 {
			continue
		}
		sub, ok := parseFields(f.text, 99)
		if !ok || last(sub, 1<<3) == nil || last(sub, 3<<3|2) == nil {
			return ordinary, nil
		}
		for _, t := range sub {
			if t.tag == 4<<3|2 {
				if tag, ok := parseFields(t.text, 98); !ok || last(tag, 1<<3|2) == nil {
					return ordinary, nil
				}
			}
		}
		subs = append(subs, sub)
	}
	table := func(tag uint32, i uint64) []byte {
		for _, f := range fields {
			if f.tag == tag {
				if i == 0 {
					return f.text
				}
				i--
			}
		}
		return nil
	}
	for _, sub := range subs {
		r := Record{Data: last(sub, 3<<3|2).text, PartitionKey: table(1<<3|2, last(sub, 1<<3).number)}
		if r.PartitionKey == nil {
			return nil, errBroken
		}
		sum := md5.Sum(r.PartitionKey)
		hash := new(big.Int).SetBytes(sum[:])
		if at := last(sub, 2<<3); at != nil {
			if r.ExplicitHashKey = table(2<<3|2, at.number); !slices.ContainsFunc(r.ExplicitHashKey, func(c byte) bool { return c >= '0' && c <= '9' }) ||
				slices.ContainsFunc(r.ExplicitHashKey, func(c byte) bool { return c < '0' || c > '9' }) {
				return nil, errBroken
			}
			if hash.SetString(string(r.ExplicitHashKey), 10); hash.BitLen() > 128 {
				return nil, errBroken
			}
		}
		if hash.Cmp(start) < 0 || hash.Cmp(end) > 0 {
			return nil, ErrElsewhere
		}
		records = append(records, r)
	}
	return records, nil
}

// field is one field of a message; text is not nil where it has a length.
type field struct {
	tag    uint32
	number uint64
	text   []byte
}

func last(fields []field, tag uint32) *field {
	for i := len(fields) - 1; i >= 0; i-- {
		if fields[i].tag == tag {
			return &fields[i]
		}
	}
	return nil
}

// parseFields reads a message in which groups may be nested depth deep. The fields of groups are not kept.
func parseFields(message []byte, depth int) (fields []field, ok bool) {
	rest, ok := parseUntil(message, 0, depth, func(f field) { fields = append(fields, f) })
	return fields, ok && len(rest) == 0
}

// parseUntil reads fields up to the end of the message, when group is 0, or else of the group.
func parseUntil(rest []byte, group uint32, depth int, keep func(field)) ([]byte, bool) {
	for len(rest) > 0 {
		v, ok := uint64(0), false
		if v, rest, ok = parseNumber(rest); !ok || uint32(v)>>3 == 0 {
			return nil, false
		}
		f := field{tag: uint32(v)}
		switch size := map[uint32]int{1: 8, 5: 4}[f.tag&7]; f.tag & 7 {
		case 0:
			if f.number, rest, ok = parseNumber(rest); !ok {
				return nil, false
			}
		case 2:
			if v, rest, ok = parseNumber(rest); !ok || uint64(uint32(v)) > uint64(len(rest)) {
				return nil, false
			}
			f.text, rest = rest[:uint32(v)], rest[uint32(v):]
		case 1, 5:
			if len(rest) < size {
				return nil, false
			}
			rest = rest[size:]
		case 3:
			if depth == 0 {
				return nil, false
			}
			if rest, ok = parseUntil(rest, f.tag>>3, depth-1, func(field) {}); !ok {
				return nil, false
			}
		case 4:
			return rest, group != 0 && f.tag>>3 == group
		default:
			return nil, false
		}
		keep(f)
	}
	return nil, group == 0
}

func parseNumber(rest []byte) (v uint64, after []byte, ok bool) {
	for i := range min(10, len(rest)) {
		v |= uint64(rest[i]&0x7f) << (7 * i)
		if rest[i] < 0x80 {
			return v, rest[i+1:], true
		}
	}
	return 0, nil, false
}
