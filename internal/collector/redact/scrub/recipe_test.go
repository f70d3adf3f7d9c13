package scrub

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/*.jsonl anew from the recipes")

// expansions is how often each text template of a recipe is expanded.
const expansions = 30

// TestCorpusIsCurrent generates the corpora again from their recipes and compares. The files are kept, not only
// the recipes, so that a reader can look at them and a change of them shows in a review.
func TestCorpusIsCurrent(t *testing.T) {
	for _, name := range []string{"corpus", "heldout"} {
		lines := generate(t, "testdata/"+name+".recipe")
		var got bytes.Buffer
		encoder := json.NewEncoder(&got)
		encoder.SetEscapeHTML(false)
		for _, line := range lines {
			if err := encoder.Encode(line); err != nil {
				t.Fatal(err)
			}
		}
		file := "testdata/" + name + ".jsonl"
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what its recipe makes; run: go test ./internal/collector/redact/scrub -run TestCorpusIsCurrent -update", file)
		}
	}
}

// recipe holds the patterns of each slot and the text templates, in file order.
type recipe struct {
	slots map[string][]string
	texts []string
	turn  map[string]int // which pattern of a slot comes next
	dice  uint64         // state of the generator of digits (splitmix64)
	err   error
}

func generate(t *testing.T, file string) []labelled {
	t.Helper()
	r := recipe{slots: map[string][]string{}, turn: map[string]int{}, dice: 42}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		word, rest, _ := strings.Cut(in.Text(), " ")
		switch {
		case word == "" || word == ";":
		case word == "text":
			r.texts = append(r.texts, rest)
		default:
			r.slots[word] = append(r.slots[word], rest)
		}
	}
	var lines []labelled
	for _, text := range r.texts {
		n := expansions
		if !strings.Contains(text, "{") {
			n = 1
		}
		for range n {
			lines = append(lines, r.expand(text))
		}
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
	return lines
}

// expand fills the slots of a text template and notes which of them are finds.
func (r *recipe) expand(text string) labelled {
	line := labelled{Finds: []labelledFind{}}
	var out strings.Builder
	for len(text) > 0 {
		if slot, rest, ok := r.slotAt(text); ok {
			value := r.value(slot)
			if kind, _, _ := strings.Cut(slot, "_"); slices.Contains(kindNames, kind) {
				line.Finds = append(line.Finds, labelledFind{kind, strings.TrimPrefix(value, "tel:")})
			}
			out.WriteString(value)
			text = rest
			continue
		}
		if text[0] == '\\' && len(text) > 1 {
			out.WriteByte(strings.NewReplacer("n", "\n", "t", "\t").Replace(text[1:2])[0])
			text = text[2:]
			continue
		}
		out.WriteByte(text[0])
		text = text[1:]
	}
	line.Text = out.String()
	return line
}

func (r *recipe) slotAt(text string) (slot, rest string, ok bool) {
	if text[0] != '{' {
		return "", "", false
	}
	slot, rest, ok = strings.Cut(text[1:], "}")
	return slot, rest, ok && len(r.slots[slot]) > 0
}

// value makes one value for a slot: the next of its patterns, its signs replaced until the check digit exists.
func (r *recipe) value(slot string) string {
	patterns := r.slots[slot]
	pattern := patterns[r.turn[slot]%len(patterns)]
	r.turn[slot]++
	kind, _, _ := strings.Cut(slot, "_")
	for range 1000 {
		if value, ok := check(kind, r.fill(pattern)); ok {
			return value
		}
	}
	r.err = fmt.Errorf("no check digit for pattern %q of slot %s", pattern, slot)
	return ""
}

func (r *recipe) fill(pattern string) string {
	var out strings.Builder
	for len(pattern) > 0 {
		if slot, rest, ok := r.slotAt(pattern); ok {
			out.WriteString(r.value(slot))
			pattern = rest
			continue
		}
		c := pattern[0]
		switch {
		case c == '#':
			c = "0123456789"[r.below(10)]
		case c == '*':
			c = "123456789"[r.below(9)]
		case c == '%':
			c = "0123456789abcdef"[r.below(16)]
		case c == '^':
			c = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[r.below(26)]
		case c == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
			c = pattern[0]
		}
		out.WriteByte(c)
		pattern = pattern[1:]
	}
	return out.String()
}

func (r *recipe) below(n uint64) uint64 {
	r.dice += 0x9e3779b97f4a7c15
	z := r.dice
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % n
}

// check replaces the signs ! of a value by check digits, by trial: the digits are right when the kind's rule,
// written here a second time and in another way than in the scanner, says so. It reports false when no digits fit.
func check(kind, value string) (string, bool) {
	signs := strings.Count(value, "!")
	if signs == 0 || !slices.Contains(kindNames, kind) {
		return value, true
	}
	for n := range []int{1, 10, 100}[signs] {
		digits := fmt.Sprintf("%0*d", signs, n)
		tried := value
		for i := range signs {
			tried = strings.Replace(tried, "!", digits[i:i+1], 1)
		}
		if valid(kind, tried) {
			return tried, true
		}
	}
	return "", false
}

// valid is the oracle of the check digits.
func valid(kind, value string) bool {
	var plain []int // digits as they are, letters from 10
	for _, c := range strings.ToUpper(value) {
		switch {
		case c >= '0' && c <= '9':
			plain = append(plain, int(c-'0'))
		case c >= 'A' && c <= 'Z':
			plain = append(plain, int(c-'A')+10)
		}
	}
	weighted := func(weights ...int) int {
		sum := 0
		for i, w := range weights {
			sum += w * plain[i]
		}
		return sum
	}
	switch kind {
	case "CARD", "SIN":
		sum := 0
		for i, d := range plain {
			if (len(plain)-i)%2 == 0 {
				d = d*2/10 + d*2%10
			}
			sum += d
		}
		return sum%10 == 0
	case "IBAN":
		rest := 0
		for _, d := range append(slices.Clone(plain[4:]), plain[:4]...) {
			if d > 9 {
				rest *= 10
			}
			rest = (rest*10 + d) % 97
		}
		return rest == 1
	case "NHS":
		return weighted(10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	case "TFN":
		return weighted(1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0
	case "ABN":
		return plain[0] > 0 && (weighted(10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
	}
	return false
}
