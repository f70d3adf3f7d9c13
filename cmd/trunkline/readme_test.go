package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/internal/cli"
)

// TestReadme: the config in README.md is valid, and what the page shows of trunkline check is what it prints.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "```yaml\n")
	text, _, closed := strings.Cut(text, "```")
	if !ok || !closed {
		t.Fatal("README.md has no config")
	}
	text = strings.Replace(text, "age1…", "age1egpp4c59ed6aa65fz0nkh7a5jpu46x8ldnd5y82sufpn3zl4ygss706fpa", 1)
	path := filepath.Join(t.TempDir(), "trunkline.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TRUNKLINE_KEY", "the key of the example in README.md")
	var out, errs bytes.Buffer
	status := cli.Main(context.Background(), []string{"check", "-c", path, "testdata/readme/record.json"}, strings.NewReader(""), &out, &errs)
	if status != 0 {
		t.Fatalf("check of README's config: status %d: %s", status, &errs)
	}
	if !strings.Contains(string(page), "```\n"+out.String()+"```") {
		t.Errorf("README.md does not show what check prints:\n%s", &out)
	}
}

// TestReadmeLint: what README.md shows of trunkline policy lint is what it prints.
func TestReadmeLint(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("testdata/readme")
	var out, errs bytes.Buffer
	if status := cli.Main(context.Background(), []string{"policy", "lint", "role.json"}, strings.NewReader(""), &out, &errs); status != 3 {
		t.Fatalf("policy lint of README's role: status %d: %s", status, &errs)
	}
	if !strings.Contains(string(page), "```\n"+out.String()+"```") {
		t.Errorf("README.md does not show what policy lint prints:\n%s", &out)
	}
}
