package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// show writes records as text: key/hash=data.
func show(records []Record) string {
	var out []string
	for _, r := range records {
		switch {
		case r.PartitionKey == nil:
			out = append(out, fmt.Sprintf("ordinary=%s", r.Data))
		case r.ExplicitHashKey == nil:
			out = append(out, fmt.Sprintf("%s=%s", r.PartitionKey, r.Data))
		default:
			out = append(out, fmt.Sprintf("%s/%s=%s", r.PartitionKey, r.ExplicitHashKey, r.Data))
		}
	}
	return strings.Join(out, " ")
}

// group puts depth groups around nothing.
func group(depth int) []byte {
	return slices.Concat(bytes.Repeat([]byte{9<<3 | 3}, depth), bytes.Repeat([]byte{9<<3 | 4}, depth))
}

// TestSplit is what is in an aggregate, field by field.
func TestSplit(t *testing.T) {
	a, b, x, tag := key("a"), key("b"), user(0, "x"), text(4, text(1, "tag"))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"one", aggregateOf(a, x), "a=x"},
		{"several", aggregateOf(a, b, x, user(1, "y"), x), "a=x b=y a=x"},
		{"tables behind the records", aggregateOf(user(1, "y"), x, a, b), "b=y a=x"},
		{
			"explicit hash keys", aggregateOf(a, explicit("7"), explicit("340282366920938463463374607431768211455"), sub(number(1, 0), number(2, 1), text(3, "x")), x, sub(number(1, 0), number(2, 0), text(3, "y"))),
			"a/340282366920938463463374607431768211455=x a=x a/7=y",
		},
		{"an explicit hash key with zeros before", aggregateOf(a, explicit(strings.Repeat("0", 90)), sub(number(1, 0), number(2, 0), text(3, "x"))), "a/" + strings.Repeat("0", 90) + "=x"},
		{"no record", aggregateOf(a), ""},
		{"empty data, empty key", aggregateOf(key(""), user(0, "")), "="},
		{"an aggregate inside is not taken apart", aggregateOf(a, user(0, string(aggregateOf(a, x)))), "a=" + string(aggregateOf(a, x))},
		{"a broken entry that nobody uses", aggregateOf(a, explicit("seven"), x), "a=x"},
		{"the last of a field counts", aggregateOf(a, b, sub(number(1, 7), text(3, "x"), number(1, 1), text(3, "y"))), "b=y"},
		{"tags", aggregateOf(a, sub(tag, number(1, 0), text(4, append(text(2, "value"), text(1, "tag")...)), text(3, "x"))), "a=x"},
		{"unknown fields", aggregateOf(number(4, 1<<63), a, text(99, "?"), []byte{5<<3 | 1, 1, 2, 3, 4, 5, 6, 7, 8}, []byte{5<<3 | 5, 1, 2, 3, 4}, sub(number(77, 1), number(1, 0), text(78, "?"), text(3, "x"))), "a=x"},
		{"known fields of another type are unknown", aggregateOf(number(1, 5), a, number(3, 5), sub(text(1, "?"), number(1, 0), text(2, "?"), text(3, "x"), number(3, 1))), "a=x"},
		{"groups", aggregateOf(group(1), a, sub(number(1, 0), group(2), text(3, "x")), group(100)), "a=x"},
		{"groups with fields", aggregateOf(a, []byte{9<<3 | 3}, number(1, 7), user(1, "?"), []byte{9<<3 | 4}, x), "a=x"},
		{"long numbers", aggregateOf(a, []byte{0x8a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x81, 0x00, 'b'}, user(1, "x")), "b=x"},
		{"bits beyond the 32nd of a tag are dropped", aggregateOf(a, []byte{0x8a, 0x80, 0x80, 0x80, 0x10, 1, 'b'}, user(1, "x")), "b=x"},
		{"and of a length", aggregateOf(a, []byte{1<<3 | 2, 0x81, 0x80, 0x80, 0x80, 0x10, 'b'}, user(1, "x")), "b=x"},
	} {
		records, err := new(Splitter).Split(nil, c.data, Range{})
		if got := show(records); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// TestOrdinary is what is no aggregate: it stays as it is.
func TestOrdinary(t *testing.T) {
	a, x := key("a"), user(0, "x")
	good := aggregateOf(a, x)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"JSON", []byte(`{"ContactId":"0e62c1d2-6b52-4c3b-9f1e-0123456789ab"}`)},
		{"the magic alone", good[:4]},
		{"no message", aggregateOf()},
		{"another magic", append([]byte("\xf3\x89\x9a\xc3"), good[4:]...)},
		{"another digest", flipped},
		{"cut", good[:len(good)-1]},
		{"bytes behind", append(bytes.Clone(good), 0)},
		{"no protobuf", wrap([]byte("this is no message"))},
		{"a record without a key", aggregateOf(a, sub(text(3, "x")))},
		{"a record without data", aggregateOf(a, sub(number(1, 0)))},
		{"a good record before", aggregateOf(a, x, sub(number(1, 0)))},
		{"a tag without a key", aggregateOf(a, sub(number(1, 0), text(4, text(2, "value")), text(3, "x")))},
		{"a broken tag", aggregateOf(a, sub(number(1, 0), text(4, "\x0a\x05tag"), text(3, "x")))},
		{"field 0", aggregateOf(a, x, []byte{0, 0})},
		{"field 0 in an unknown group", aggregateOf(a, x, []byte{9<<3 | 3, 0, 9<<3 | 4})},
		{"wire type 6", aggregateOf(a, x, []byte{9<<3 | 6})},
		{"wire type 7", aggregateOf(a, x, []byte{9<<3 | 7})},
		{"a text that is too long", aggregateOf(a, x, []byte{1<<3 | 2, 9, 'a'})},
		{"a text of 2³² - 1 bytes", aggregateOf(a, x, []byte{1<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 'a'})},
		{"a number that ends", aggregateOf(a, x, []byte{9 << 3, 0x80})},
		{"a number of eleven bytes", aggregateOf(a, x, []byte{9 << 3}, bytes.Repeat([]byte{0x80}, 10), []byte{0})},
		{"four bytes that end", aggregateOf(a, x, []byte{9<<3 | 5, 1, 2, 3})},
		{"eight bytes that end", aggregateOf(a, x, []byte{9<<3 | 1, 1, 2, 3})},
		{"a group that ends outside", aggregateOf(a, x, []byte{9<<3 | 4})},
		{"a group that does not end", aggregateOf(a, x, []byte{9<<3 | 3})},
		{"a group that another ends", aggregateOf(a, x, []byte{9<<3 | 3, 10<<3 | 4})},
		{"a record that ends a group", aggregateOf(a, []byte{9<<3 | 3}, sub(number(1, 0), text(3, "x"), []byte{9<<3 | 4}))},
		{"101 groups", aggregateOf(a, x, group(101))},
		{"100 groups in a record", aggregateOf(a, sub(number(1, 0), text(3, "x"), group(100)))},
		{"100,000 groups", aggregateOf(a, x, group(100_000))},
	} {
		before := []Record{{Data: []byte("before")}}
		records, err := new(Splitter).Split(before, c.data, Range{})
		if err != nil || len(records) != 2 || show(records[:1]) != "ordinary=before" || records[1].PartitionKey != nil || !bytes.Equal(records[1].Data, c.data) {
			t.Errorf("%s: got %q, %v; want the record itself", c.name, show(records), err)
		}
	}
}

// TestBroken is what AWS's consumers lose a part of.
func TestBroken(t *testing.T) {
	a, x := key("a"), user(0, "x")
	withHash := func(i uint64) []byte { return sub(number(1, 0), number(2, i), text(3, "canary")) }
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"no table", aggregateOf(x), "aggregate, record 0: its partition key is beyond the end of the table of 0"},
		{"beyond the table", aggregateOf(a, x, user(1, "canary")), "aggregate, record 1: its partition key is beyond the end of the table of 1"},
		{"far beyond", aggregateOf(a, x, user(1<<63, "canary")), "aggregate, record 1: its partition key is beyond the end of the table of 1"},
		{"beyond in 32 bits, within in fewer", aggregateOf(a, x, user(1<<32, "canary")), "aggregate, record 1: its partition key is beyond the end of the table of 1"},
		{"no table of hash keys", aggregateOf(a, withHash(0)), "aggregate, record 0: its explicit hash key is beyond the end of the table of 0"},
		{"the last index that there is", aggregateOf(a, explicit("1"), withHash(1<<64-1)), "aggregate, record 0: its explicit hash key is beyond the end of the table of 1"},
		{"an index of 32 bits", aggregateOf(a, explicit("1"), withHash(1<<32-1)), "aggregate, record 0: its explicit hash key is beyond the end of the table of 1"},
		{"no number", aggregateOf(a, explicit("canary"), withHash(0)), "aggregate, record 0: its explicit hash key is no decimal number of at most 128 bits"},
		{"an empty hash key", aggregateOf(a, explicit(""), withHash(0)), "aggregate, record 0: its explicit hash key is no decimal number of at most 128 bits"},
		{"2¹²⁸", aggregateOf(a, explicit("340282366920938463463374607431768211456"), withHash(0)), "aggregate, record 0: its explicit hash key is no decimal number of at most 128 bits"},
		{"negative", aggregateOf(a, explicit("-1"), withHash(0)), "aggregate, record 0: its explicit hash key is no decimal number of at most 128 bits"},
	} {
		records, err := new(Splitter).Split([]Record{{Data: []byte("before")}}, c.data, Range{})
		if err == nil || err.Error() != c.want || errors.Is(err, ErrElsewhere) || show(records) != "ordinary=before" {
			t.Errorf("%s: got %q, %v; want error %q", c.name, show(records), err, c.want)
		}
	}
}

// TestRange takes aggregates that belong, in part or as a whole, to another shard.
func TestRange(t *testing.T) {
	withHash := func(i uint64) []byte { return sub(number(1, 0), number(2, i), text(3, "y")) }
	// The MD5 of "a" is 0cc175b9c0f1b6a831c399e269772661, that of "b" is 92eb5ffee6ae2fec3ad71c777531578f.
	const md5a, md5b = "16955237001963240173058271559858726497", "195289424170611159128911017612795795343"
	a, b, x, y := key("a"), key("b"), user(0, "x"), user(1, "y")
	for _, c := range []struct {
		name, start, end string
		data             []byte
		want             string // "": ErrElsewhere
	}{
		{"all inside", "0", "340282366920938463463374607431768211455", aggregateOf(a, b, x, y), "a=x b=y"},
		{"the bounds belong to it", md5a, md5b, aggregateOf(a, b, x, y), "a=x b=y"},
		{"one key alone", md5a, md5a, aggregateOf(a, b, x), "a=x"},
		{"start one higher", "16955237001963240173058271559858726498", md5b, aggregateOf(a, b, x, y), ""},
		{"end one lower", md5a, "195289424170611159128911017612795795342", aggregateOf(a, b, x, y), ""},
		{"a table entry that nobody uses", md5a, md5a, aggregateOf(a, b, x, x), "a=x a=x"},
		{"the explicit hash key decides", "5", "7", aggregateOf(a, explicit("5"), explicit("7"), withHash(0), withHash(1)), "a/5=y a/7=y"},
		{"below", "6", "7", aggregateOf(a, explicit("5"), withHash(0)), ""},
		{"above", "3", "4", aggregateOf(a, explicit("5"), withHash(0)), ""},
		{"the partition key of another record", "0", "7", aggregateOf(a, explicit("5"), withHash(0), x), ""},
		{"in the low half", "18446744073709551616", "18446744073709551617", aggregateOf(a, explicit("18446744073709551615"), withHash(0)), ""},
		{"by the high half", "0", "18446744073709551615", aggregateOf(a, explicit("18446744073709551616"), withHash(0)), ""},
		{"outside before something broken", "0", "1", aggregateOf(a, x, user(9, "y")), ""},
		{"an ordinary record has no range", "0", "1", []byte("{}"), "ordinary={}"},
	} {
		r, err := ParseRange(c.start, c.end)
		if err != nil {
			t.Fatal(err)
		}
		records, err := new(Splitter).Split(nil, c.data, r)
		if got := show(records); got != c.want || errors.Is(err, ErrElsewhere) != (c.want == "") || (err != nil) != (c.want == "") {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// TestMemory: sub-records are parts of the input that cannot grow into their neighbours, and nothing is allocated by a warm Splitter.
func TestMemory(t *testing.T) {
	data := aggregateOf(key("a"), explicit("77"), sub(number(1, 0), number(2, 0), text(3, "content")), user(0, "more"))
	want := bytes.Clone(data)
	var s Splitter
	records, err := s.Split(nil, data, Range{})
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, r := range records {
		for _, part := range [][]byte{r.Data, r.PartitionKey, r.ExplicitHashKey} {
			if part != nil && !within(data, part) {
				t.Errorf("%q is a copy", part)
			}
			_ = append(part, "overwritten"...)
		}
	}
	if !bytes.Equal(data, want) {
		t.Errorf("appending to a part changed the input to %q", data)
	}

	half, err := ParseRange("0", "170141183460469231731687303715884105727")
	if err != nil {
		t.Fatal(err)
	}
	big, n := like(100, 50<<10)
	inputs := [][]byte{big, data, []byte("{}"), aggregateOf(key("a"), user(0, "x"), []byte{0})}
	dst := make([]Record, 0, n)
	for _, r := range []Range{{}, half} {
		if allocs := testing.AllocsPerRun(20, func() {
			for _, in := range inputs {
				if dst, err = s.Split(dst[:0], in, r); err != nil && err != ErrElsewhere {
					t.Fatal(err)
				}
			}
		}); allocs != 0 {
			t.Errorf("%v allocations in range %v, want none", allocs, r)
		}
	}
}

// within tells whether part is memory of whole.
func within(whole, part []byte) bool {
	first, at := uintptr(unsafe.Pointer(unsafe.SliceData(whole))), uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	return at >= first && at+uintptr(cap(part)) <= first+uintptr(len(whole))
}

// TestHostileTables: long entries that all sub-records refer to are hashed once, and many short ones take memory in proportion.
func TestHostileTables(t *testing.T) {
	most, err := ParseRange("0", "340282366920938463463374607431768211454")
	if err != nil {
		t.Fatal(err)
	}
	long, zeros := key(strings.Repeat("k", 400_000)), explicit(strings.Repeat("0", 400_000)+"1")
	explicitly := bytes.Repeat(sub(number(1, 0), number(2, 0), text(3, "")), 200_000)
	began := time.Now()
	records, err := new(Splitter).Split(nil, aggregateOf(long, zeros, explicitly, bytes.Repeat(user(0, ""), 200_000)), most)
	if took := time.Since(began); err != nil || len(records) != 400_000 || took > 30*time.Second { // hashing each time would take minutes
		t.Errorf("%d records, %v, after %v", len(records), err, took)
	}
	many := aggregateOf(bytes.Repeat(key(""), 500_000), bytes.Repeat(explicit(""), 500_000), user(0, "x"))
	var s Splitter
	if records, err = s.Split(nil, many, most); err != nil || show(records) != "=x" {
		t.Errorf("%d records, %v", len(records), err)
	}
	if size := (cap(s.keys) + cap(s.explicit)) * int(unsafe.Sizeof(entry{})); size > 10*len(many) {
		t.Errorf("tables of %d bytes for an aggregate of %d", size, len(many))
	}
}
