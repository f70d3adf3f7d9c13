//go:build interop

package kcl

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// binary is trunkline as TestMain built it, with the race detector.
const binary = "target/trunkline"

// ours is the command of a worker of ours: the real one, that delivers over HTTP to the test.
func (w *world) ours(p *process) *exec.Cmd {
	w.t.Helper()
	dir := w.t.TempDir()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		w.t.Fatal(err)
	}
	config := fmt.Sprintf(`version: 1
source: {kinesis: {stream: %q, application: %s}}
redact: {keep: all, key: env:REDACT_KEY}
destination: {http: {url: %q}}
dead_letter: {recipient: %s}
state: {dynamodb: {failover: %v}}
aws: {region: %s, endpoints: {kinesis: %q, dynamodb: %q}}
observe: {listen: "off"}
`, "arn:aws:kinesis:"+region+":111122223333:stream/"+w.name, w.name, w.receiver(p.id), identity.Recipient(), failover, region, w.kinesis, w.dynamodb)
	if err := os.WriteFile(filepath.Join(dir, "trunkline.yaml"), []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	path, err := filepath.Abs(binary)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(path, "run")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+p.id, "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"REDACT_KEY="+strings.Repeat("0123456789abcdef", 4))
	return cmd
}

// receiver is where one worker delivers to.
func (w *world) receiver(worker string) string {
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return // it was killed before it had delivered
		}
		var d document
		if err := json.Unmarshal(body, &d); err != nil {
			w.t.Errorf("%s: record %q: %v", worker, body, err)
		}
		w.note(delivery{time.Now(), worker, d.Number})
	}))
	w.t.Cleanup(server.Close)
	return server.URL
}
