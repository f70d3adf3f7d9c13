package redact

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"trunkline/contact"
)

// ParsePrivacy reads the published privacy object, {"type": "WHITELIST"|"BLACKLIST", "fields": [...]}, alone or as the value of
// {"key": "REDACTION_CONFIG", "value": …}, and returns the options that mean the same. A WHITELIST adds its fields to the minimum
// set; a BLACKLIST takes its fields out of the whole record, but never those of the minimum set.
func ParsePrivacy(text []byte) (Options, error) {
	var object struct {
		Key    string          `json:"key"`
		Value  json.RawMessage `json:"value"`
		Type   string          `json:"type"`
		Fields []string        `json:"fields"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return Options{}, fmt.Errorf("privacy object: %w", err)
	}
	if object.Value != nil {
		if object.Key != "REDACTION_CONFIG" {
			return Options{}, fmt.Errorf("privacy object: key is %q, want REDACTION_CONFIG", object.Key)
		}
		value := object.Value
		object.Value = nil
		if err := json.Unmarshal(value, &object); err != nil {
			return Options{}, fmt.Errorf("privacy object: %w", err)
		}
	}
	var paths []contact.Path
	var problems error
	for _, f := range object.Fields {
		p, err := contact.ParsePath(fromGJSON(f))
		problems = errors.Join(problems, err)
		paths = append(paths, p)
	}
	if problems != nil {
		return Options{}, fmt.Errorf("privacy object: %w", problems)
	}
	switch object.Type {
	case "WHITELIST":
		return Options{Keep: Minimum, Allow: paths}, nil
	case "BLACKLIST":
		return Options{Keep: All, Deny: paths, Mandatory: true}, nil
	}
	return Options{}, fmt.Errorf("privacy object: type is %q, want WHITELIST or BLACKLIST", object.Type)
}

// fromGJSON turns the array steps of gjson's paths (Recordings.#.Location) into this package's, where arrays are transparent.
func fromGJSON(path string) string {
	path = strings.ReplaceAll(path, ".#.", ".")
	return strings.TrimSuffix(path, ".#")
}
