package telemetry

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector"
)

var update = flag.Bool("update", false, "write doc/metrics.md anew")

const referenceHead = `# Metrics

<!-- Written from the metrics in internal/telemetry by: go test ./internal/telemetry -update -->

A running collector answers on ` + "`observe.listen`" + `, for instance ` + "`127.0.0.1:9750`" + `, which ` + "`trunkline init`" + ` writes. Without the key there are no pages:

| page | answer |
|---|---|
| ` + "`/metrics`" + ` | the metrics below, for Prometheus |
| ` + "`/healthz`" + ` | 200 as long as the process lives |
| ` + "`/readyz`" + ` | 200 when the collector gets on with its work, else 503 with a line for each reason |

It is not ready while it starts or stops, while the destination is down or refuses the key, after a checkpoint that could not be
written, when there has been work to do for 30 seconds without a checkpoint, and while a shard of a stream cannot
be read for lack of a permission or a key. It starts until the leases of a stream have been looked at.

No page asks for a password. None shows personal data, an identifier of a contact, an address, or a secret: labels are words of the
program, status codes, ids of shards, and versions.

`

const referenceTraces = `
## Traces

With ` + "`observe.traces.otlp`" + `, a sample of spans goes to an OpenTelemetry receiver: of each kind, and of each outcome of records, the first
20 of every second. A receiver that is down holds nothing up: the spans are dropped, and the log says so once. A key for the receiver
is read from ` + "`OTEL_EXPORTER_OTLP_HEADERS`" + `.

| span | from, to | attributes |
|---|---|---|
| ` + "`record`" + ` | read, settled | ` + "`trunkline.outcome`, `trunkline.reason`, `trunkline.records`" + ` |
| ` + "`request`" + ` | sent, answered | ` + "`http.request.method`, `trunkline.code`" + ` |
| ` + "`checkpoint`" + ` | begun, durable | |

Each span is a trace of its own. They hold no more than the metrics do.
`

// reference describes every metric that there can be.
func reference(t *testing.T) []byte {
	t.Helper()
	m := NewMetrics("v1")
	m.Watch(everyReading())
	d := m.Destination()
	d.Request(200, 0)
	d.Retry(503)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(referenceHead)
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "trunkline_") {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp())
	}
	b.WriteString(`
The destination's metrics exist where it is an HTTP endpoint, those of the enrichment where the config has one, those of shards, leases,
checkpoints and the stream where it reads one. A shard's are gone with its lease. Beside them stand
what the Go runtime and the process tell of themselves, under ` + "`go_` and `process_`" + `.

## Outcomes and reasons

| outcome | reasons |
|---|---|
`)
	for o, names := range reasons {
		if len(names) == 0 {
			continue
		}
		var quoted []string
		for _, name := range names {
			if name == "" {
				name = "(empty)"
			} else {
				name = "`" + name + "`"
			}
			quoted = append(quoted, name)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", collector.Outcome(o), strings.Join(quoted, ", "))
	}
	b.WriteString("\n`other` stands for a reason that this list does not know.\n" + referenceTraces)
	return b.Bytes()
}

func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "doc", "metrics.md")
	want := reference(t)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("doc/metrics.md is not what the metrics say; run: go test ./internal/telemetry -update\n(-file +metrics):\n%s", diff)
	}
}

// Names and helps follow the conventions of Prometheus: https://prometheus.io/docs/practices/naming/
func TestConventions(t *testing.T) {
	m := NewMetrics("v1")
	m.Watch(everyReading())
	m.Destination()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		name, kind := f.GetName(), f.GetType().String()
		if !strings.HasPrefix(name, "trunkline_") {
			continue
		}
		if got, want := strings.HasSuffix(name, "_total"), kind == "COUNTER"; got != want {
			t.Errorf("%s is a %s: got suffix _total %t, want %t", name, kind, got, want)
		}
		if kind == "HISTOGRAM" && !strings.HasSuffix(name, "_seconds") {
			t.Errorf("%s is a histogram of times and does not end in _seconds", name)
		}
		if help := f.GetHelp(); !strings.HasSuffix(help, ".") || strings.Contains(help, "|") {
			t.Errorf("%s: help %q is no sentence that fits into a table", name, help)
		}
	}
}
