package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the command: started under the name trunkline, it is main itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"trunkline": func() { os.Exit(run()) }})
}

// TestScript runs the scripts in testdata/script. Besides testscript's own commands they have
//
//	exits STATUS COMMAND…   run a command that must end with this exit status
//	expand FILE             replace $NAME in a file; $RECIPIENT is an age recipient whose identity is in key.txt, not in other.txt
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"other.txt", "key.txt"} {
				identity, err := age.GenerateX25519Identity()
				if err != nil {
					return err
				}
				env.Setenv("RECIPIENT", identity.Recipient().String())
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(identity.String()+"\n"), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits STATUS COMMAND…")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					failed, ok := errors.AsType[*exec.ExitError](err)
					if !ok {
						ts.Fatalf("%v", err)
					}
					got = failed.ExitCode()
				}
				if got != want {
					ts.Fatalf("got exit status %d, want %d", got, want)
				}
			},
			"expand": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					text := os.Expand(ts.ReadFile(name), ts.Getenv)
					ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
				}
			},
		},
	})
}
