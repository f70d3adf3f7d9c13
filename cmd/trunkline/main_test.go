package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

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
//
// and a state file with leases, leases.db: see storedLeases.
func TestScript(t *testing.T) {
	testscript.Run(t, scripts("testdata/script", func(env *testscript.Env) error { return errors.Join(keys(env), storedLeases(env.WorkDir)) }))
}

// TestTerminal runs the scripts in testdata/terminal, which have a terminal. There is also in.jsonl with 60 records, and at $RECEIVER
// an endpoint that takes its time and refuses the last 30 of them.
func TestTerminal(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
		if bytes.Contains(body, []byte("refuse")) {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	t.Cleanup(receiver.Close) // the scripts run when this function has returned
	testscript.Run(t, scripts("testdata/terminal", func(env *testscript.Env) error {
		env.Setenv("RECEIVER", receiver.URL)
		records := goods(30)
		records = append(records, bytes.ReplaceAll(records, []byte("contact-"), []byte("refuse-"))...)
		return errors.Join(keys(env), storedLeases(env.WorkDir), os.WriteFile(filepath.Join(env.WorkDir, "in.jsonl"), records, 0o600))
	}))
}

// keys writes two age identities, and sets $RECIPIENT.
func keys(env *testscript.Env) error {
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
}

func scripts(dir string, setup func(*testscript.Env) error) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Deadline:            time.Now().Add(2 * time.Minute),
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
	}
}
