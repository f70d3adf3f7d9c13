package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// TestMain lets the test binary play every process of the runner: its own roles, and trunkline.
func TestMain(m *testing.M) {
	args := os.Args[1:]
	switch {
	case len(args) == 3 && args[0] == "run" && args[1] == "-c":
		if err := placeholder(args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case len(args) == 1 && args[0] == "sleep":
		fmt.Println("asleep")
		time.Sleep(time.Minute)
	case len(args) > 0 && (args[0] == "receive" || args[0] == "post" || args[0] == "digest"):
		os.Exit(run(context.Background(), args, os.Stdin, os.Stdout, os.Stderr))
	default:
		status := m.Run()
		if err := os.RemoveAll(testFolder()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
}

// testFolder is where the tests of this process share the Bento that they build.
func testFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("peers-test-%d", os.Getpid()))
}

// placeholderConfig is as much of a trunkline.yaml as the runner writes.
type placeholderConfig struct {
	Version int
	Source  struct{ File struct{ Path string } }
	Filter  []struct {
		Data struct {
			Channel []string `yaml:"Channel"`
		}
	}
	Deduplicate struct{ Window string }
	Redact      struct {
		Keep  string
		Deny  []string
		Rules []struct{ Path, Action string }
		Key   string
	}
	Destination struct {
		File struct{ Path string }
		HTTP struct {
			URL, Header, Key string
			Concurrency      int
		}
	}
	DeadLetter struct{ Folder string } `yaml:"dead_letter"`
	State      struct{ File string }
}

// placeholder does the job of a trunkline.yaml with encoding/json: an oracle for Bento's configs, and a stand-in for
// trunkline in the tests of the runner. With PEERS_FAULT it spoils one record.
func placeholder(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var c placeholderConfig
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return err
	}
	key, err := os.ReadFile(strings.TrimPrefix(c.Redact.Key, "file:"))
	if err != nil {
		return err
	}
	in, err := os.Open(c.Source.File.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	var out bytes.Buffer
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		var r map[string]any
		if err := d.Decode(&r); err != nil {
			return err
		}
		if len(c.Filter) > 0 && r["Channel"] != c.Filter[0].Data.Channel[0] {
			continue
		}
		for _, path := range c.Redact.Deny {
			edit(r, path, func(parent map[string]any, key string) error { delete(parent, key); return nil })
		}
		var failed error
		for _, rule := range c.Redact.Rules {
			failed = errors.Join(failed, edit(r, rule.Path, func(parent map[string]any, name string) error {
				switch v := parent[name].(type) {
				case nil:
				case string:
					mac := hmac.New(sha256.New, key)
					mac.Write([]byte(v))
					parent[name] = fmt.Sprintf("tok_%x", mac.Sum(nil)[:16])
				default:
					return fmt.Errorf("%s is not a string", rule.Path)
				}
				return nil
			}))
		}
		if failed != nil {
			err := errors.Join(os.MkdirAll(c.DeadLetter.Folder, 0o700),
				os.WriteFile(filepath.Join(c.DeadLetter.Folder, "letter"), []byte(failed.Error()), 0o600))
			if err != nil {
				return err
			}
			continue
		}
		if os.Getenv("PEERS_FAULT") != "" && out.Len() == 0 {
			r["Channel"] = "voice"
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if c.Destination.File.Path != "" {
		return os.WriteFile(c.Destination.File.Path, out.Bytes(), 0o600)
	}
	to := c.Destination.HTTP
	header, err := os.ReadFile(strings.TrimPrefix(to.Key, "file:"))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(out.Bytes()) {
		req, err := http.NewRequest(http.MethodPost, to.URL, bytes.NewReader(bytes.TrimSpace(line)))
		if err != nil {
			return err
		}
		req.Header.Set(to.Header, string(header))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil {
			return err
		}
	}
	return nil
}

// edit calls f with the parent of what is at the path, once for each element of an array on the way.
func edit(v any, path string, f func(parent map[string]any, key string) error) error {
	key, rest, more := strings.Cut(path, ".")
	switch v := v.(type) {
	case []any:
		var errs []error
		for _, element := range v {
			errs = append(errs, edit(element, path, f))
		}
		return errors.Join(errs...)
	case map[string]any:
		if _, present := v[key]; !present {
			return nil
		}
		if more {
			return edit(v[key], rest, f)
		}
		return f(v, key)
	}
	return nil
}
