//go:build interop

package interop

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain builds the oracles once for all tests.
func TestMain(m *testing.M) {
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func build() error {
	for tool, hint := range map[string]string{"java": "openjdk-17-jdk-headless", "mvn": "maven"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing: apt-get install %s", tool, hint)
		}
	}
	out, err := exec.Command("mvn", "-q", "-B", "package").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the oracles with mvn: %w\n%s", err, out)
	}
	return nil
}

// java runs the main class of an oracle to its end, with in as its standard input, and returns what it wrote.
func java(t *testing.T, class string, in io.Reader) []byte {
	t.Helper()
	classpath := filepath.Join("target", "oracles.jar") + string(os.PathListSeparator) + filepath.Join("target", "lib", "*")
	cmd := exec.CommandContext(t.Context(), "java", "-Xmx1g", "-cp", classpath, class)
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %s: %v", class, err)
	}
	return out
}
