package iamdata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeNPM puts a script called npm on an otherwise empty path.
func fakeNPM(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "npm"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

func TestFindRegistry(t *testing.T) {
	env := func(pairs map[string]string) func(string) string {
		return func(name string) string { return pairs[name] }
	}
	t.Run("npm", func(t *testing.T) {
		fakeNPM(t, `echo warning >&2; [ "$*" = "config get registry" ] && echo https://npm.example/`)
		r, err := FindRegistry(t.Context(), env(map[string]string{"NPM_CONFIG_REGISTRY": "https://other.example"}))
		if err != nil || r.URL != "https://npm.example/" {
			t.Errorf("got %+v, %v, want what npm says", r, err)
		}
	})
	t.Run("npm fails", func(t *testing.T) {
		fakeNPM(t, "exit 1")
		if r, err := FindRegistry(t.Context(), env(nil)); err == nil || !strings.Contains(err.Error(), "npm config get registry") {
			t.Errorf("got %+v, %v, want npm's failure", r, err)
		}
	})
	t.Setenv("PATH", t.TempDir())
	for _, name := range []string{"NPM_CONFIG_REGISTRY", "npm_config_registry"} {
		if r, err := FindRegistry(t.Context(), env(map[string]string{name: "https://npm.example"})); err != nil || r.URL != "https://npm.example" {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
	if r, err := FindRegistry(t.Context(), env(nil)); err == nil || !strings.Contains(err.Error(), "set NPM_CONFIG_REGISTRY") {
		t.Errorf("neither npm nor environment: got %+v, %v, want what to do", r, err)
	}
}
