//go:build interop

package kpl

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"trunkline/internal/source/kinesis/aggregate"
)

// How many aggregates are compared.
const (
	seed          = 20261122
	madeByAWS     = 500
	madeByHostile = 30_000
)

const maxHashKey = "340282366920938463463374607431768211455"

// TestMain builds the oracles once for all tests.
func TestMain(m *testing.M) {
	for tool, hint := range map[string]string{"java": "openjdk-17-jdk-headless", "mvn": "maven"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(os.Stderr, "%s is missing: apt-get install %s\n", tool, hint)
			os.Exit(1)
		}
	}
	if out, err := exec.Command("mvn", "-q", "-B", "package").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the oracles with mvn: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// java runs the main class of a module to its end and returns its lines.
func java(t *testing.T, module, class string, in io.Reader) []string {
	t.Helper()
	classpath := filepath.Join(module, "target", "oracle.jar") + string(os.PathListSeparator) + filepath.Join(module, "target", "lib", "*")
	cmd := exec.CommandContext(t.Context(), "java", "-Xmx1g", "-cp", classpath, "trunkline.interop."+class)
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %s: %v", class, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

func encode[T string | []byte](b T) string { return base64.StdEncoding.EncodeToString([]byte(b)) }

// question is a Kinesis record, and the hash range of the shard that it is read from.
type question struct {
	data       []byte
	start, end string
}

// answer is what becomes of it.
type answer struct {
	ordinary bool
	records  []aggregate.Record
	err      error // of ours alone
}

// theirs asks the Kinesis Client Library.
func theirs(t *testing.T, questions []question) []answer {
	t.Helper()
	var in bytes.Buffer
	for _, q := range questions {
		fmt.Fprintln(&in, encode(q.data), q.start, q.end)
	}
	lines := java(t, "split", "Split", &in)
	if len(lines) != len(questions) {
		t.Fatalf("%d answers to %d questions", len(lines), len(questions))
	}
	answers := make([]answer, len(lines))
	for i, line := range lines {
		if line == "ordinary" {
			answers[i].ordinary = true
			continue
		}
		words := strings.Split(line, " ") // the last one is empty
		for n := 0; n+4 < len(words); n += 4 {
			if words[n] != fmt.Sprint(n/4) {
				t.Fatalf("sub-sequence number %s of sub-record %d", words[n], n/4)
			}
			r := aggregate.Record{PartitionKey: decode(t, words[n+1]), Data: decode(t, words[n+3])}
			if words[n+2] != "-" {
				r.ExplicitHashKey = decode(t, words[n+2])
			}
			answers[i].records = append(answers[i].records, r)
		}
	}
	return answers
}

func decode(t *testing.T, word string) []byte {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(word)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func ours(t *testing.T, s *aggregate.Splitter, q question) (a answer) {
	t.Helper()
	r, err := aggregate.ParseRange(q.start, q.end)
	if err != nil {
		t.Fatal(err)
	}
	a.records, a.err = s.Split(nil, q.data, r)
	if len(a.records) == 1 && a.records[0].PartitionKey == nil {
		if !bytes.Equal(a.records[0].Data, q.data) {
			t.Fatalf("an ordinary record became %q", a.records[0].Data)
		}
		return answer{ordinary: true}
	}
	return a
}

// same compares sub-records; keys that are not UTF-8 by nothing but that, because Java cannot hold them.
func same(a, b []aggregate.Record) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Data, b[i].Data) || utf8.Valid(a[i].PartitionKey) && !bytes.Equal(a[i].PartitionKey, b[i].PartitionKey) ||
			(a[i].ExplicitHashKey == nil) != (b[i].ExplicitHashKey == nil) || !bytes.Equal(a[i].ExplicitHashKey, b[i].ExplicitHashKey) {
			return false
		}
	}
	return true
}

// TestMadeByAWS takes apart what AWS's aggregator put together: nothing is missing, nothing is changed, and the client library agrees.
func TestMadeByAWS(t *testing.T) {
	r := rand.New(rand.NewPCG(seed, 1))
	put := make([][]aggregate.Record, madeByAWS)
	var in bytes.Buffer
	for i := range put {
		for range 1 + r.IntN(50) {
			record := aggregate.Record{PartitionKey: fmt.Appendf(nil, "key-%d-äß𝄞", r.IntN(20)), Data: make([]byte, r.IntN(3000))}
			for k := range record.Data {
				record.Data[k] = byte(r.Uint32())
			}
			hash := "-"
			if r.IntN(3) == 0 {
				record.ExplicitHashKey = fmt.Append(nil, r.Uint64())
				hash = encode(record.ExplicitHashKey)
			}
			put[i] = append(put[i], record)
			fmt.Fprintln(&in, encode(record.PartitionKey), hash, encode(record.Data))
		}
		fmt.Fprintln(&in)
	}
	lines := java(t, "aggregate", "Aggregate", &in)
	if len(lines) != len(put) {
		t.Fatalf("%d aggregates, want %d", len(lines), len(put))
	}
	questions := make([]question, len(lines))
	for i, line := range lines {
		questions[i] = question{decode(t, line), "0", maxHashKey}
	}
	var s aggregate.Splitter
	for i, their := range theirs(t, questions) {
		our := ours(t, &s, questions[i])
		if our.err != nil || our.ordinary || their.ordinary || !same(our.records, their.records) {
			t.Fatalf("aggregate %d: got %d records, error %v; the client library has %d", i, len(our.records), our.err, len(their.records))
		}
		for k, want := range put[i] {
			got := our.records[k]
			if want.ExplicitHashKey == nil {
				got.ExplicitHashKey = nil // the aggregator makes one of the partition key
			}
			if len(our.records) != len(put[i]) || !same([]aggregate.Record{got}, []aggregate.Record{want}) {
				t.Fatalf("aggregate %d, record %d: got key %q, hash key %q, %d bytes; want %q, %q, %d bytes", i, k,
					got.PartitionKey, got.ExplicitHashKey, len(got.Data), want.PartitionKey, want.ExplicitHashKey, len(want.Data))
			}
		}
	}
}

// differences are the known ones: where we decide otherwise than the client library, and why.
var differences = []struct {
	name, why string
	applies   func(q question, ours, theirs answer) bool
}{
	{
		"broken aggregates", "where an index is beyond its table or a hash key is no number, the client library keeps the sub-records before it and loses the " +
			"others in silence; with us the whole aggregate goes to the dead letters",
		func(_ question, ours, theirs answer) bool {
			return ours.err != nil && !errors.Is(ours.err, aggregate.ErrElsewhere) && !theirs.ordinary
		},
	},
	{
		"partition keys that are not UTF-8", "Java replaces what is not UTF-8 before it hashes; we hash the bytes that are there",
		func(q question, ours, theirs answer) bool {
			return !utf8.Valid(q.data[:len(q.data)-16]) && !theirs.ordinary && !ours.ordinary && (q.start != "0" || q.end != maxHashKey)
		},
	},
}

// TestHostile holds what nobody should send against the client library: damaged, contradictory and foreign messages with right digests, and
// hash ranges that cut them.
func TestHostile(t *testing.T) {
	r := hostile{rand.New(rand.NewPCG(seed, 2))}
	questions := make([]question, madeByHostile)
	for i := range questions {
		questions[i] = r.question()
	}
	their := theirs(t, questions)
	tally := map[string]int{}
	unexplained := 0
	var s aggregate.Splitter
	var ordinary, elsewhere, split int
	for i, q := range questions {
		our := ours(t, &s, q)
		switch {
		case our.ordinary:
			ordinary++
		case errors.Is(our.err, aggregate.ErrElsewhere):
			elsewhere++
		case our.err == nil && len(our.records) > 0:
			split++
		}
		clean := our.err == nil || errors.Is(our.err, aggregate.ErrElsewhere)
		if clean && our.ordinary == their[i].ordinary && same(our.records, their[i].records) {
			continue
		}
		explained := false
		for _, d := range differences {
			if explained = d.applies(q, our, their[i]); explained {
				tally[d.name]++
				break
			}
		}
		if !explained {
			if unexplained++; unexplained <= 10 {
				t.Errorf("data %x\nrange %s to %s\nours   ordinary %v, %d records, error %v\ntheirs ordinary %v, %d records", q.data, q.start, q.end,
					our.ordinary, len(our.records), our.err, their[i].ordinary, len(their[i].records))
			}
		}
	}
	t.Logf("%d records: %d are ordinary, %d split, %d of another shard, %d differ without explanation", len(questions), ordinary, split, elsewhere, unexplained)
	for _, d := range differences {
		t.Logf("%6d explained: %s (%s)", tally[d.name], d.name, d.why)
	}
	if n := tally["broken aggregates"]; n < madeByHostile/100 || n > madeByHostile/3 {
		t.Errorf("%d of %d aggregates are broken: the comparison says little", n, madeByHostile)
	}
	if n := tally["partition keys that are not UTF-8"]; n == 0 || n > madeByHostile/100 {
		t.Errorf("keys that are not UTF-8 explain %d of %d: it is gone, or it explains too much", n, madeByHostile)
	}
	if least := madeByHostile / 20; ordinary < least || elsewhere < least || split < least {
		t.Error("the hostile records have become too one-sided")
	}
}
