package files

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPositionText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := position{
			place{rapid.Int64Min(0).Draw(t, "offset"), rapid.SampledFrom([]mode{plain, array, entries, closing}).Draw(t, "mode")},
			stream{
				identity{rapid.Uint64().Draw(t, "device"), rapid.Uint64().Draw(t, "inode")},
				fingerprint{rapid.IntRange(0, maxPrint).Draw(t, "length"), [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "sum"))},
				rapid.String().Draw(t, "name"),
			},
		}
		got, err := parsePosition(p.String())
		if err != nil || got != p {
			t.Fatalf("%q: got %+v, %v, want %+v", p.String(), got, err, p)
		}
	})
}

func TestPositionTextRefused(t *testing.T) {
	const good = "1 12345 t 802-1f 3-00112233445566778899aabbccddeeff dir/records.jsonl"
	if _, err := parsePosition(good); err != nil {
		t.Fatalf("%q: %v", good, err)
	}
	for _, text := range []string{
		"", "1", "2" + good[1:], "1 -1 t 802-1f 3-00112233445566778899aabbccddeeff a", "1 x t 802-1f 3-00112233445566778899aabbccddeeff a",
		"1 1 q 802-1f 3-00112233445566778899aabbccddeeff a", "1 1 tt 802-1f 3-00112233445566778899aabbccddeeff a",
		"1 1 t 802 3-00112233445566778899aabbccddeeff a", "1 1 t x-1 3-00112233445566778899aabbccddeeff a",
		"1 1 t 802-1f 2000-00112233445566778899aabbccddeeff a", "1 1 t 802-1f 3-0011 a", "1 1 t 802-1f 3-00112233445566778899aabbccddeefg a",
		"1 1 t 802-1f 3-00112233445566778899aabbccddeeff00 a", "1 1 t 802-1f 3-00112233445566778899aabbccddeeff",
	} {
		if p, err := parsePosition(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, p)
		}
	}
}

func TestDescribe(t *testing.T) {
	const print = " 3-00112233445566778899aabbccddeeff "
	for text, want := range map[string]string{
		"1 12345 t 802-1f" + print + "dir/records.jsonl":           "records.jsonl: byte 12,345",
		"1 0 a 802-1f" + print + "a":                               "a: byte 0",
		"1 1234567 t 802-1f" + print + "two words":                 "two words: byte 1,234,567",
		"1 999 t 802-1f" + print + "line\nbreak":                   `"line\nbreak": byte 999`,
		"49590338271490256608559692538361571095921575989136588898": "shard-1: 49590338271490256608559692538361571095921575989136588898",
	} {
		if got := Describe("shard-1", text); got != want {
			t.Errorf("Describe(%q): got %q, want %q", text, got, want)
		}
	}
}
