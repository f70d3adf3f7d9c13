package phone

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// read returns what E164 appends, or "-".
func read(t testing.TB, r *Region, text string) string {
	t.Helper()
	got, ok := r.E164([]byte("before"), []byte(text))
	number, found := strings.CutPrefix(string(got), "before")
	if !found || ok == (number == "") {
		t.Fatalf("E164(%q) appended %q and reports %v", text, got, ok)
	}
	if !ok {
		return "-"
	}
	return number
}

// exceptions are where we do not follow the library: region, text and our answer, and why.
var exceptions = map[string]struct{ number, why string }{
	"CA\t+1 (1) 3101234": {"+13101234", "Canada has seven-digit numbers and takes 3101234 alone; the library forgets its plan behind +1"},
}

func TestOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.tsv")
	if err != nil {
		t.Fatal(err)
	}
	regions := map[string]*Region{}
	texts, excepted := 0, 0
	for line := range strings.Lines(string(data)) {
		if line[0] == '#' {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		region, text, want := f[0], f[1], f[2]
		if regions[region] == nil {
			if regions[region], err = For(region); err != nil {
				t.Fatal(err)
			}
		}
		texts++
		if e, found := exceptions[region+"\t"+text]; found {
			excepted++
			want = e.number
		}
		if got := read(t, regions[region], text); got != want {
			t.Errorf("%s: E164(%q) = %s, want %s", region, text, got, want)
		}
	}
	if len(regions) < 240 || texts < 14_000 || excepted != len(exceptions) {
		t.Errorf("%d texts of %d regions, %d exceptions met; want over 14,000 of 240 and each of %d exceptions: run go generate",
			texts, len(regions), excepted, len(exceptions))
	}
}

// What the library would read otherwise, or not at all, by our own decision.
func TestForms(t *testing.T) {
	for _, c := range []struct{ region, text, want string }{
		{"GB", "07700 900123", "+447700900123"},
		{"GB", "(0207) 946 0018", "+442079460018"},
		{"GB", "0044 7700 900123", "+447700900123"},
		{"GB", "+44 (0)7700 900123", "+447700900123"},
		{"GB", "tel:+44-7700-900123", "+447700900123"},
		{"GB", "TEL: 07700.900123\n", "+447700900123"},
		{"GB", "447700900123", "+447700900123"},
		{"GB", "(+44) 7700/900123", "+447700900123"},
		{"GB", "＋４４ ７７００ ９００１２３", "+447700900123"},
		{"GB", "07700 900123 x12", "+447700900123"},
		{"GB", "07700 900123, Ext: 12", "+447700900123"},
		{"GB", "07700900123;ext=12", "+447700900123"},
		{"GB", "+1 202-555-0143", "+12025550143"},
		{"GB", "00 1 202 555 0143", "+12025550143"},
		{"US", "011 44 7700 900123", "+447700900123"},
		{"US", "1 (202) 555-0143", "+12025550143"},
		{"DE", "0151 23456789", "+4915123456789"},
		{"IT", "02 1234 5678", "+390212345678"},
		{"IT", "+39 (0)2 1234 5678", "+390212345678"},
		{"AR", "011 15-2345-6789", "+5491123456789"},
		{"GB", "+800 1234 5678", "+80012345678"},

		{"GB", "", "-"},
		{"GB", "+", "-"},
		{"GB", "tel:", "-"},
		{"GB", "()- .", "-"},
		{"GB", "0", "-"},
		{"GB", "999", "-"},
		{"GB", "1234567", "-"},
		{"GB", "12345678901234567", "-"},
		{"GB", strings.Repeat("0", 1000), "-"},
		{"GB", strings.Repeat(" ", 1000) + "+", "-"},
		{"GB", "+999 1234 5678", "-"},                       // no such calling code
		{"GB", "+07700 900123", "-"},                        // no calling code begins with 0
		{"GB", "++447700900123", "-"},                       // one plus is enough
		{"GB", "07700 +900123", "-"},                        // and it comes first
		{"GB", "call 07700 900123", "-"},                    // words
		{"GB", "07700 900123 or 07700 900124", "-"},         // two numbers
		{"GB", "07700 900123/07700 900124", "-"},            //
		{"US", "1-800-FLOWERS", "-"},                        // letters on keys
		{"GB", "07700 900123 x", "-"},                       // no extension behind it
		{"GB", "07700 900123 x1234567890", "-"},             // a number rather than an extension
		{"GB", "07700900123;phone-context=+44", "-"},        // parameters other than ext
		{"GB", "7700\x00900123", "-"},                       //
		{"GB", "7700\xff900123", "-"},                       //
		{"GB", "4e1f7c52-9b7d-4f0e-8a51-0123456789ab", "-"}, //
		{"GB", "2026-11-22T10:11:12Z", "-"},                 //
		{"GB", "jo@example.com", "-"},                       //
	} {
		r, err := For(c.region)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r, c.text); got != c.want {
			t.Errorf("%s: E164(%q) = %s, want %s", c.region, c.text, got, c.want)
		}
	}
}

func TestUnknownRegion(t *testing.T) {
	for region, want := range map[string]string{
		"UK":      `unknown region "UK"; did you mean GB?`,
		"gb":      `unknown region "gb"; did you mean GB?`,
		"QX":      `unknown region "QX"; those with Q are QA`,
		"Germany": `unknown region "Germany"; want a country code of ISO 3166-1 such as GB`,
		"":        `unknown region ""; want a country code of ISO 3166-1 such as GB`,
		"001":     `unknown region "001"; want a country code of ISO 3166-1 such as GB`,
		"1A":      `unknown region "1A"; want a country code of ISO 3166-1 such as GB`,
	} {
		if _, err := For(region); err == nil || err.Error() != want {
			t.Errorf("For(%q): %v, want %s", region, err, want)
		}
	}
}

// Every line of the facts can be read in full, so that none is found broken by the first number of its country.
func TestFacts(t *testing.T) {
	codes := map[int]int{}
	for line := range strings.Lines(facts) {
		if line[0] == '#' {
			continue
		}
		p := newPlan(line)
		if n := strings.Count(line, "\t"); n != 7 || p.code < 1 || p.code > 999 || len(p.region) < 2 {
			t.Errorf("%q: %d tabs, calling code %d", line, n, p.code)
		}
		if r := p.rules(); r.lengths == 0 || r.lengths&r.local != 0 || r.longest < 4 || r.transform != nil && r.trunk.pattern == nil {
			t.Errorf("%q: lengths %b, without area code %b, transform %q", line, r.lengths, r.local, r.transform)
		}
		if codes[p.code] += 0; p.main {
			codes[p.code]++
		}
	}
	for code, mains := range codes {
		if mains != 1 {
			t.Errorf("calling code %d has %d main plans, want 1", code, mains)
		}
		// A calling code is found digit by digit: none may begin another.
		if code > 9 && codes[code/10] > 0 || code > 99 && codes[code/100] > 0 {
			t.Errorf("calling code %d begins with another", code)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	r, err := For("GB")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for text, want := range map[string]string{"07700 900123": "+447700900123", "+1 202 555 0143": "+12025550143", "0049 30 123456": "+4930123456"} {
				if got := read(t, r, text); got != want {
					t.Errorf("E164(%q) = %s, want %s", text, got, want)
				}
			}
		})
	}
	wg.Wait()
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Whatever is read is in E.164 form, stays as it is when it is read again, and is the same without what stands between digits.
func FuzzE164(f *testing.F) {
	regions := map[string]*Region{}
	for _, name := range []string{"GB", "US", "CA", "DE", "IT", "BR", "AR", "MX", "AU", "RU", "KZ", "GG", "AG", "CN", "JP", "FI", "SM"} {
		r, err := For(name)
		if err != nil {
			f.Fatal(err)
		}
		regions[name] = r
		for _, text := range []string{"07700 900123", "+44 (0)7700 900123", "0011 44 7700 900123", "8 800 555 35 35", "0 11 15-2345-6789 x12", "54 9 11 2345 6789"} {
			f.Add(name, text)
		}
	}
	f.Fuzz(func(t *testing.T, region, text string) {
		r := regions[region]
		if r == nil {
			r = regions["GB"]
		}
		got := read(t, r, text)
		if got == "-" {
			return
		}
		if !e164.MatchString(got) {
			t.Errorf("%s: E164(%q) = %s, which is not in E.164 form", region, text, got)
		}
		if again := read(t, r, got); again != got {
			t.Errorf("%s: E164(%q) = %s, and that becomes %s", region, text, got, again)
		}
		if spaced := read(t, r, " "+strings.Join(strings.Split(got, ""), " ")); spaced != got {
			t.Errorf("%s: %s with spaces becomes %s", region, got, spaced)
		}
	})
}

func BenchmarkE164(b *testing.B) {
	r, err := For("GB")
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"national": "07700 900123", "international": "+44 (0)7700 900123", "abroad": "+1 202 555 0143", "none": "order 4711"} {
		b.Run(name, func(b *testing.B) {
			dst, in := make([]byte, 0, 64), []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				r.E164(dst, in)
			}
		})
	}
}

func BenchmarkFor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if r, err := For("GB"); err != nil || r.home.rules() == nil {
			b.Fatal(err)
		}
	}
}
