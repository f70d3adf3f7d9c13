package scrub

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
)

// quality counts for one kind, by overlap of spans of the same kind.
type quality struct {
	labelled int // spans in the corpus
	hit      int // of those, overlapped by a find
	exact    int // of those, found with the same start and end
	finds    int // what Scan reported
	right    int // of those, overlapping a label
}

func (q quality) recall() float64    { return float64(q.hit) / float64(max(1, q.labelled)) }
func (q quality) precision() float64 { return float64(q.right) / float64(max(1, q.finds)) }

// least is the quality asked of each kind: recall and precision.
var least = map[Kind][2]float64{
	Email: {0.99, 0.99}, Card: {0.99, 0.99}, IBAN: {0.99, 0.99}, SSN: {0.99, 0.99},
	// Four small numbers with dots are an address or a version, and nothing but the words around can tell.
	IP:  {0.99, 0.95},
	NHS: {0.99, 0.99}, TFN: {0.99, 0.99}, ABN: {0.99, 0.99}, SIN: {0.99, 0.99},
	Phone: {0.92, 0.90},
}

// TestQuality measures recall and precision on each corpus and prints them per kind:
//
//	go test -run TestQuality -v ./internal/collector/redact/scrub
//
// With SCRUB_MISSES=corpus in the environment it lists what is missed, found in part, or found without being there.
func TestQuality(t *testing.T) {
	for _, name := range []string{"corpus", "heldout"} {
		lines := readCorpus(t, "testdata/"+name+".jsonl")
		var table [len(kinds)]quality
		for _, line := range lines {
			for _, miss := range measure(&table, line) {
				if os.Getenv("SCRUB_MISSES") == name {
					t.Log(miss)
				}
			}
		}
		var out bytes.Buffer
		w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(w, "kind\tlabelled\tfound\texact\trecall\tprecision\t\n")
		for k := Email; k <= SIN; k++ {
			q := table[k]
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%.3f\t%.3f\t\n", k, q.labelled, q.hit, q.exact, q.recall(), q.precision())
			if q.recall() < least[k][0] || q.precision() < least[k][1] {
				t.Errorf("%s: %s has recall %.3f, precision %.3f, want at least %.2f, %.2f", name, k, q.recall(), q.precision(), least[k][0], least[k][1])
			}
		}
		w.Flush()
		t.Logf("%s.jsonl, %d texts\n%s", name, len(lines), out.String())
	}
}

// measure adds the finds in one text to the table and describes what is missed and what is found without being there.
func measure(table *[len(kinds)]quality, line labelled) (misses []string) {
	finds := Scan(nil, []byte(line.Text))
	known := make([]bool, len(finds))
	from := 0
	for _, want := range line.Finds {
		start := from + strings.Index(line.Text[from:], want.Text)
		end := start + len(want.Text)
		from = end
		q := &table[kindOf(want.Kind)]
		q.labelled++
		hit, exact := 0, 0
		for i, f := range finds {
			if f.Kind.String() == want.Kind && f.Start < end && start < f.End {
				known[i] = true
				hit = 1
				if f.Start == start && f.End == end {
					exact = 1
				}
			}
		}
		q.hit += hit
		q.exact += exact
		if exact == 0 {
			misses = append(misses, fmt.Sprintf("%s %q not found as such (hit %d) in %q", want.Kind, want.Text, hit, line.Text))
		}
	}
	for i, f := range finds {
		q := &table[f.Kind]
		q.finds++
		if known[i] {
			q.right++
			continue
		}
		misses = append(misses, fmt.Sprintf("%s %q is none in %q", f.Kind, line.Text[f.Start:f.End], line.Text))
	}
	return misses
}

func kindOf(name string) Kind {
	for k := Email; k <= SIN; k++ {
		if k.String() == name {
			return k
		}
	}
	panic("corpus labels a kind that does not exist: " + name)
}
