package contactcentre_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/internal/contactcentre"
)

var opening = time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)

// life is n items of the mixed life, with what each of them was.
func life(tb testing.TB, seed uint64, n int, opts contactcentre.Options) (items [][]byte, whats []contactcentre.What) {
	tb.Helper()
	c := contactcentre.New(seed, opening, opts)
	for range n {
		item, what := c.AppendEvent(nil)
		items, whats = append(items, item), append(whats, what)
	}
	return items, whats
}

// work is n records of the benchmark's workload.
func work(seed uint64, n int) (records [][]byte) {
	c := contactcentre.New(seed, opening, contactcentre.Options{Pace: time.Second})
	for range n {
		records = append(records, c.AppendContactRecord(nil))
	}
	return records
}

// aLife is a life that several tests look at, decoded once.
var aLife = sync.OnceValue(func() (all []event) {
	c := contactcentre.New(22, opening, contactcentre.Options{})
	for range 7_000 {
		item, what := c.AppendEvent(nil)
		d := json.NewDecoder(bytes.NewReader(item))
		d.UseNumber()
		e := event{what: what, item: item}
		e.err = d.Decode(&e.object)
		all = append(all, e)
	}
	return all
})

// event is one item of a life.
type event struct {
	what   contactcentre.What
	item   []byte
	object object
	err    error
}

type object = map[string]any

func decode(tb testing.TB, item []byte) object {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(item))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		tb.Fatalf("decode: %v\n%s", err, item)
	}
	return o
}

func TestItemsAreCompactJSON(t *testing.T) {
	var items [][]byte
	for i, e := range aLife() {
		if e.err != nil {
			t.Fatalf("item %d (%v): %v\n%s", i, e.what, e.err, e.item)
		}
		if e.what.Kind == contactcentre.Broken {
			t.Fatalf("item %d is broken, though Options.Broken is off", i)
		}
		if i%10 == 0 { // that the others are JSON is known by now
			items = append(items, e.item)
		}
	}
	for i, item := range append(items, work(3, 500)...) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, item); err != nil {
			t.Fatalf("item %d is not JSON: %v\n%s", i, err, item)
		}
		if !bytes.Equal(item, compact.Bytes()) {
			t.Fatalf("item %d is not compact:\n%s\nwant\n%s", i, item, compact.Bytes())
		}
	}
}

func TestTopLevelKeysAreInOrder(t *testing.T) {
	items, _ := life(t, 4, 500, contactcentre.Options{})
	for _, item := range append(items, work(4, 300)...) {
		if keys := topLevelKeys(t, item); !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Fatalf("keys are %q, want each once and in byte order\n%s", keys, item)
		}
	}
}

// topLevelKeys returns the keys as they are written.
func topLevelKeys(tb testing.TB, item []byte) (keys []string) {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(item))
	if _, err := d.Token(); err != nil {
		tb.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, key.(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			tb.Fatal(err)
		}
	}
	return keys
}

func TestSameSeedSameBytes(t *testing.T) {
	opts := contactcentre.Options{Broken: true}
	one, _ := life(t, 7, 2_000, opts)
	two, _ := life(t, 7, 2_000, opts)
	other, _ := life(t, 8, 2_000, opts)
	if !slices.EqualFunc(one, two, bytes.Equal) {
		t.Error("two centres of seed 7 differ")
	}
	if slices.EqualFunc(one, other, bytes.Equal) {
		t.Error("seeds 7 and 8 give the same items")
	}
	if !slices.EqualFunc(work(7, 500), work(7, 500), bytes.Equal) {
		t.Error("two workloads of seed 7 differ")
	}
}

// The figures are those of the workload that the benchmark targets were measured with.
func TestWorkload(t *testing.T) {
	const n, decoded = 10_000, 2_000
	var sizes []int
	calls, tokens, total := 0, 0, 0
	for i, item := range work(1, n) {
		sizes = append(sizes, len(item))
		total += len(item)
		if i >= decoded {
			continue
		}
		r := decode(t, item)
		if len(r) != 49 {
			t.Fatalf("record has %d top-level keys, want 49\n%s", len(r), item)
		}
		if r["Channel"] != "VOICE" {
			continue
		}
		calls++
		tokens += tokenFields(t, r, item)
	}
	slices.Sort(sizes)
	within(t, "mean size", total/n, 4_650, 4_950)
	within(t, "median size", sizes[n/2], 4_600, 4_950)
	within(t, "99th percentile of size", sizes[n*99/100], 5_800, 6_400)
	within(t, "largest size", sizes[n-1], 6_500, 7_600)
	within(t, "calls in 100,000", calls*100_000/decoded, 77_000, 83_000)
	within(t, "token fields in 100 calls", tokens*100/calls, 680, 720)
}

func within(t *testing.T, name string, got, low, high int) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %d, want %d to %d", name, got, low, high)
	}
}

var (
	e164    = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)
	mail    = regexp.MustCompile(`^[a-z0-9.]+@example\.(com|net|org)$`)
	account = regexp.MustCompile(`^[A-Z]{2}[0-9]{5}-[A-Z][0-9]$`)
	name    = regexp.MustCompile(`^[a-z0-9.]+(@example\.com)?$`)
)

// tokenFields counts the fields that the benchmark replaces by tokens, and checks the form of each.
func tokenFields(t *testing.T, r object, item []byte) (n int) {
	t.Helper()
	for _, field := range []struct {
		path []string
		form *regexp.Regexp
	}{
		{[]string{"CustomerEndpoint", "Address"}, e164},
		{[]string{"SystemEndpoint", "Address"}, e164},
		{[]string{"TransferredToEndpoint", "Address"}, e164},
		{[]string{"Agent", "Username"}, name},
		{[]string{"Attributes", "customerEmail"}, mail},
		{[]string{"Attributes", "accountNumber"}, account},
		{[]string{"Attributes", "callbackNumber"}, e164},
		{[]string{"Tags", "aws:connect:systemEndpoint"}, e164},
	} {
		parent, _ := r[field.path[0]].(object)
		value, present := parent[field.path[1]]
		if !present {
			continue
		}
		if text, isText := value.(string); !isText || !field.form.MatchString(text) {
			t.Fatalf("%s is %v, want %v\n%s", strings.Join(field.path, "."), value, field.form, item)
		}
		n++
	}
	return n
}

func TestPersonalDataIsFictional(t *testing.T) {
	number := regexp.MustCompile(`\+[0-9]{8,15}`)
	fictional := regexp.MustCompile(`^\+(` +
		`447700900[0-9]{3}|44(113|121|161)4960[0-9]{3}|442079460[0-9]{3}|448081570[0-9]{3}|443069990[0-9]{3}|` + // Ofcom
		`61[2378](5550|7010)[0-9]{4}|` + // ACMA
		`1[2-9][0-9]{2}55501[0-9]{2}|` + // North America
		`4420794600|1202555010199)$`) // of unexpected length on purpose
	address := regexp.MustCompile(`[\w.+-]+@[\w.-]+`)
	reserved := regexp.MustCompile(`@example\.(com|net|org)$`)
	items, _ := life(t, 5, 800, contactcentre.Options{Broken: true})
	for _, item := range append(items, work(5, 200)...) {
		for _, n := range number.FindAllString(string(item), -1) {
			if !fictional.MatchString(n) && !strings.HasPrefix(n, "+44770090") {
				t.Fatalf("number %s is not in a range kept for fiction\n%s", n, item)
			}
		}
		for _, m := range address.FindAllString(string(item), -1) {
			if m = strings.TrimSuffix(m, "."); !reserved.MatchString(m) {
				t.Fatalf("e-mail address %s is not one of example.com\n%s", m, item)
			}
		}
	}
}

func TestNoAllocationOnceWarm(t *testing.T) {
	c := contactcentre.New(6, opening, contactcentre.Options{Broken: true})
	buf := make([]byte, 0, 1<<16)
	for range 5_000 {
		buf, _ = c.AppendEvent(buf[:0])
	}
	if n := testing.AllocsPerRun(2_000, func() { buf, _ = c.AppendEvent(buf[:0]) }); n != 0 {
		t.Errorf("AppendEvent makes %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(2_000, func() { buf = c.AppendContactRecord(buf[:0]) }); n != 0 {
		t.Errorf("AppendContactRecord makes %v allocations, want 0", n)
	}
}
