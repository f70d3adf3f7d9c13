package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the command: started under the name trunkline, it is main itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"trunkline": func() { os.Exit(run()) }})
}
