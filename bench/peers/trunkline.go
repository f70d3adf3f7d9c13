package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The job, as paths of a contact record. The Bento configs say the same in Bento's language.
var (
	tokenPaths = []string{
		"CustomerEndpoint.Address", "SystemEndpoint.Address", "TransferredToEndpoint.Address", "Agent.Username",
		"Attributes.customerEmail", "Attributes.accountNumber", "Attributes.callbackNumber",
		"Tags.aws:connect:systemEndpoint",
	}
	removedPaths = []string{
		"Attributes.customerName", "Attributes.dateOfBirth", "Attributes.postalAddress", "Attributes.lexSlotCard",
		"Attributes.agentNotes", "ContactDetails.Name", "ContactDetails.Description", "Recording.Location",
		"Recordings.Location",
	}
)

// trunklineJob is what a trunkline.yaml for a comparison says.
type trunklineJob struct {
	input          string
	output         string // a file, or when it begins with http://, a URL
	window         bool   // with the durable window for duplicates
	tokens, remove []string
	onlyVoice      bool
	stream         *cloud // read in place of input, unless nil
}

// writeTrunkline writes the config, the keys that it names, and nothing else into folder, and returns the config's
// path. State and dead letters will stand there too.
func writeTrunkline(folder string, job trunklineJob) (string, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("write config: %w", err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	var y strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&y, format+"\n", args...) }
	line("version: 1")
	if job.stream != nil {
		line("source: {kinesis: {stream: %s, application: trunkline}}", quote(streamARN))
		line("aws: {region: eu-west-2, endpoints: {kinesis: %s, dynamodb: %s}}", quote(job.stream.url), quote(job.stream.url))
	} else {
		line("source: {file: {path: %s}}", quote(job.input))
	}
	if job.onlyVoice {
		line("filter:")
		line(`  - {"data": {"Channel": ["VOICE"]}}`)
	}
	if job.window {
		line("deduplicate: {window: 168h}")
	}
	line("redact:")
	line("  keep: all")
	line("  deny:")
	for _, path := range job.remove {
		line("    - %s", quote(path))
	}
	line("  rules:")
	for _, path := range job.tokens {
		line("    - {path: %s, action: pseudonymize}", quote(path))
	}
	line("  key: %s", quote("file:"+in("token.key")))
	line("destination:")
	if strings.HasPrefix(job.output, "http://") {
		line("  http:")
		line("    url: %s", quote(job.output))
		line("    header: %s", headerName)
		line("    key: %s", quote("file:"+in("header.key")))
		line("    concurrency: %d", inFlight)
	} else {
		line("  file: {path: %s, rotate: 1000GB}", quote(job.output)) // one file, to compare
	}
	line("dead_letter: {folder: %s}", quote(in("dead-letters")))
	shared := ""
	if job.stream != nil {
		shared = ", dynamodb: {}"
	}
	line("state: {file: %s%s}", quote(in("trunkline.db")), shared)
	for name, text := range map[string]string{
		"trunkline.yaml": y.String(), "token.key": tokenKey, "header.key": headerValue,
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("write config: %w", err)
		}
	}
	return in("trunkline.yaml"), nil
}

// quote returns s as a YAML string in double quotes, for which the JSON form does.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // cannot happen: every string has a JSON form
	}
	return string(quoted)
}
