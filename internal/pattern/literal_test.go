package pattern

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"0", 0, true},
		{"-0", 0, true},
		{"-0.0e-7", 0, true},
		{"0e99999999999999999999", 0, true},
		{"1", 1, true},
		{"-1.50", -1.5, true},
		{"100", 100, true},
		{"0.001", 0.001, true},
		{"1000.0010", 1000.001, true},
		{"123456789012345", 123456789012345, true},
		{"1234567890123456", 1234567890123456, true},
		{"1e22", 1e22, true},
		{"1e23", 1e23, true},
		{"12e22", 12e22, true},
		{"1e-22", 1e-22, true},
		{"1e-23", 1e-23, true},
		{"5e-324", 5e-324, true},
		{"4.9e-324", 0, false},
		{"3e-324", 0, false},
		{"1.7976931348623157e308", math.MaxFloat64, true},
		{"1.7976931348623158e308", 0, false},
		{"1e309", 0, false},
		{"-1e400", 0, false},
		{"1e-400", 0, false},
		{"9007199254740991", 1<<53 - 1, true},
		{"9007199254740993", 0, false},
		{"18014398509481984", 1 << 54, true},
		{"12345678901234567890", 0, false},
		{"100000000000000000000", 1e20, true},
		{"0.1000000000000000055511151231257827", 0, false},
		{"1" + strings.Repeat("0", 300), 1e300, true},
		{"0." + strings.Repeat("0", 299) + "1", 1e-300, true},
		{"1" + strings.Repeat("0", 300) + "e-300", 1, true},
		{"1e99999999999999999999", 0, false},
		{"1e-99999999999999999999", 0, false},
	} {
		got, ok := number([]byte(c.text))
		if got != c.want || ok != c.ok || math.Signbit(got) && got == 0 {
			t.Errorf("number(%s) = %v, %v; want %v, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// FuzzNumber: the shortest decimal of a double is comparable and is that double, in every notation.
func FuzzNumber(f *testing.F) {
	f.Add(0.1)
	f.Add(-1e300)
	f.Add(5e-324)
	f.Add(float64(1 << 60))
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		for _, format := range "efg" {
			text := strconv.FormatFloat(v, byte(format), -1, 64)
			if got, ok := number([]byte(text)); got != v || !ok {
				t.Fatalf("number(%s) = %v, %v; want %v", text, got, ok, v)
			}
		}
	})
}

func TestParseAddress(t *testing.T) {
	for _, c := range []struct{ text, want string }{ // want is another spelling, "" for none
		{"10.0.0.1", "010.00.000.01"},
		{"1.2.3.000000004", "1.2.3.4"},
		{"1.2.3.0000000004", ""},
		{"1.2.3", ""},
		{"1.2.3.4.", ""},
		{".1.2.3.4", ""},
		{"1..2.3", ""},
		{"1.2.3.4.5", ""},
		{"1.2.3.256", ""},
		{"1.2.3.a", ""},
		{"1.2.3.4 ", ""},
		{"::", "0:0:0:0:0:0:0:0"},
		{"::1", "0:0:0:0:0:0:0:1"},
		{"1::", "1:0:0:0:0:0:0:0"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"1::2:3:4:5:6:7:8", ""},
		{"2001:DB8::ABCD", "2001:0db8:0:0:0:0:0:abcd"},
		{"000000001::", "1::"},
		{"12345::", ""},
		{"::ffff:102:304", "1.2.3.4"},
		{"::ffff:1.2.3.4", ""},
		{"::1:102:304", "0:0:0:0:0:1:102:304"},
		{":", ""},
		{":::", ""},
		{"1::2::3", ""},
		{":1:2:3:4:5:6:7:8", ""},
		{"1:2:3:4:5:6:7:8:", ""},
		{"1:2:3:4:5:6:7:8:9", ""},
		{"1:2:3:4:5:6:7", ""},
		{"g::", ""},
		{"::1%1", ""},
		{"[::1]", ""},
		{"", ""},
		{"abc", ""},
		{"1234", ""},
	} {
		got, ok := parseAddress(c.text)
		want, _ := parseAddress(c.want)
		if ok != (c.want != "") || ok && got != want {
			t.Errorf("parseAddress(%q) = %+v, %v; want that of %q", c.text, got, ok, c.want)
		}
	}
}

// TestForms: no form of a character begins or ends with its other form. So a text is accepted in one way only, from either end.
func TestForms(t *testing.T) {
	several := 0
	for r := rune(0); r <= 0xFFFF; r++ {
		f := formsOf(r)
		if len([]rune(f.upper)) > 1 || len([]rune(f.lower)) > 1 {
			several++
		}
		if f.lower == f.upper {
			continue
		}
		for _, p := range [][2]string{{f.lower, f.upper}, {f.upper, f.lower}} {
			if strings.HasPrefix(p[0], p[1]) || strings.HasSuffix(p[0], p[1]) {
				t.Errorf("%U: %q and %q", r, f.lower, f.upper)
			}
		}
	}
	if several != 103 {
		t.Errorf("%d characters have a form of several characters, want the 103 of Unicode", several)
	}
}
