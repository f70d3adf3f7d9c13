//go:build interop

package kcl

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"trunkline/test/emulators"
)

// TestMain builds the workers once for all tests: those of Java, and ours as the command that it is.
func TestMain(m *testing.M) {
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func build() error {
	if err := emulators.Maven("."); err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-race", "-o", binary, "trunkline/cmd/trunkline").CombinedOutput(); err != nil {
		return fmt.Errorf("build trunkline: %w\n%s", err, out)
	}
	return nil
}
