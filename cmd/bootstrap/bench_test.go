package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/internal/contactcentre"
	"trunkline/test/emulators/runtimeapi"
)

// empty is the smallest function that aws-lambda-go makes: what bootstrap is measured beside.
const empty = `package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type echo struct{}

func (echo) Invoke(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }

func main() { lambda.Start(echo{}) }
`

// buildEmpty builds it as bootstrap is built, from a folder of this module, where its dependency is known.
func buildEmpty(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp(".", "testdata-empty")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(b.TempDir(), "empty")
	if err := os.WriteFile(source, []byte(empty), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// BenchmarkStart is the time from exec to the first call of the Runtime API, for bootstrap with the default config and with a long one, and
// for an empty handler, in turn. It reports the medians in milliseconds and their ratio.
func BenchmarkStart(b *testing.B) {
	long := strings.Replace("version: 1\n"+stages, "enrich:\n  agents: {from: agents.csv, match: Agent.Username, column: Username}\n", "", 1)
	for name, config := range map[string]string{"default": "version: 1\n", "long": long} {
		b.Run(name, func(b *testing.B) { benchmarkStart(b, config) })
	}
}

func benchmarkStart(b *testing.B, config string) {
	binaries := []string{filepath.Join(built, "bootstrap"), buildEmpty(b)}
	root := b.TempDir()
	if err := os.WriteFile(filepath.Join(root, "trunkline.yaml"), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	took := make([][]float64, 2)
	for b.Loop() {
		for i, binary := range binaries {
			took[i] = append(took[i], start(b, binary, root).Seconds()*1e3)
		}
	}
	for _, all := range took {
		slices.Sort(all)
	}
	ours, theirs := took[0][len(took[0])/2], took[1][len(took[1])/2]
	b.ReportMetric(ours, "ms/bootstrap")
	b.ReportMetric(theirs, "ms/empty")
	b.ReportMetric(ours/theirs, "ratio")
}

func start(b *testing.B, binary, root string) time.Duration {
	api, err := runtimeapi.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer api.Close()
	cmd := exec.Command(binary)
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + api.Address(), "LAMBDA_TASK_ROOT=" + root}, keys...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	select {
	case at := <-api.Started():
		return at.Sub(began)
	case <-time.After(10 * time.Second):
		b.Fatal("no call")
		return 0
	}
}

// BenchmarkInvoke is one record of about 5 KB behind a pipe, by bootstrap and by an empty handler, in turn. It reports the medians in
// microseconds and what bootstrap takes beyond the round trip.
func BenchmarkInvoke(b *testing.B) {
	centre := contactcentre.New(1, time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), contactcentre.Options{})
	var record []byte
	for !strings.Contains(string(record), `"Channel":"VOICE"`) {
		record = centre.AppendContactRecord(nil)
	}
	var list []map[string]any
	if err := json.Unmarshal(pipeEvent("x"), &list); err != nil {
		b.Fatal(err)
	}
	list[0]["data"] = base64.StdEncoding.EncodeToString(record)
	event := marshal(list)
	binaries := []string{filepath.Join(built, "bootstrap"), buildEmpty(b)}
	functions := make([]*lambdaFunction, 2)
	for i, binary := range binaries {
		functions[i] = startBinary(b, binary, map[string]string{"trunkline.yaml": "version: 1\n" + stages, "agents.csv": "Username,Team\nann,A\n"}, keys...)
	}
	took := make([][]float64, 2)
	for b.Loop() {
		for i, f := range functions {
			began := time.Now()
			if _, err := f.api.Invoke(context.Background(), event, 10*time.Second); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began).Seconds()*1e6)
		}
	}
	for _, all := range took {
		slices.Sort(all)
	}
	ours, theirs := took[0][len(took[0])/2], took[1][len(took[1])/2]
	b.ReportMetric(float64(len(record)), "B/record")
	b.ReportMetric(ours, "µs/bootstrap")
	b.ReportMetric(theirs, "µs/empty")
	b.ReportMetric(ours-theirs, "µs/beyond")
}
