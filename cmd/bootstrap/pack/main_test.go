package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// limit of the zip, in bytes: reading the binary in is most of a cold start.
const limit = 6_000_000

// TestReproducible builds the zip twice for each architecture, from different folders and at different times: the same bytes, small, and
// what Lambda expects to find in it.
func TestReproducible(t *testing.T) {
	for arch, machine := range map[string]elf.Machine{"arm64": elf.EM_AARCH64, "amd64": elf.EM_X86_64} {
		var sums [2][32]byte
		var size int
		var name string
		for i := range sums {
			dir := t.TempDir()
			config := filepath.Join(dir, "trunkline.yaml")
			if err := os.WriteFile(config, []byte("version: 1\n"), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(config, time.Now(), time.Now().Add(-time.Duration(i)*time.Hour)); err != nil {
				t.Fatal(err)
			}
			var err error
			name = filepath.Join(dir, "made", "lambda.zip")
			if size, sums[i], err = pack(name, arch, true, []string{config}); err != nil {
				t.Fatal(err)
			}
		}
		if sums[0] != sums[1] {
			t.Errorf("%s: the first zip is %x, the second %x", arch, sums[0], sums[1])
		}
		if size >= limit {
			t.Errorf("%s: the zip has %d bytes, want less than %d", arch, size, limit)
		}
		checkZip(t, name, machine)
	}
}

func checkZip(t *testing.T, name string, machine elf.Machine) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 2 || z.File[0].Name != "bootstrap" || z.File[1].Name != "trunkline.yaml" {
		t.Fatalf("the zip holds %v", z.File)
	}
	if mode := z.File[0].Mode(); mode != 0o755 {
		t.Errorf("bootstrap has mode %v, want -rwxr-xr-x", mode)
	}
	if mode := z.File[1].Mode(); mode != 0o644 {
		t.Errorf("trunkline.yaml has mode %v, want -rw-r--r--", mode)
	}
	in, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		t.Fatal(err)
	}
	if file.Machine != machine || file.Section(".interp") != nil || file.Section(".symtab") != nil {
		t.Errorf("bootstrap is for %v, want %v, static and stripped", file.Machine, machine)
	}
}

// TestParts links the SDK when a file names something in AWS.
func TestParts(t *testing.T) {
	for text, want := range map[string]bool{
		"version: 1\n": false, "redact: {key: env:KEY}\n": false, "redact: {key: \"aws-secretsmanager:a\"}\n": true,
		"enrich: {agents: {from: s3://bucket/agents.csv}}\n": true,
	} {
		path := filepath.Join(t.TempDir(), "trunkline.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := needAWS([]string{path}); got != want {
			t.Errorf("%q needs the SDK: %v, want %v", text, got, want)
		}
	}
}

// TestSameNames refuses two files that would take each other's place.
func TestSameNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bootstrap")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(io.Discard, []entry{{"bootstrap", 0o755, path}, {"bootstrap", 0o644, path}}); err == nil {
		t.Error("two files of one name are packed, want an error")
	}
}
