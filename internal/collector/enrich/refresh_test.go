package enrich

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// logged is what was logged since the last take.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "agents.csv")
		var seen counts
		var log logged
		e, err := New(t.Context(), Options{
			From: write(t, name, "Username,Team\nann,one\n"), Match: path(t, "Agent.Username"), Refresh: time.Minute,
			Log: slog.New(slog.NewTextHandler(&log, nil)), Observe: &seen,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()

		// after lets time pass, and wants ann's team, how often the file was found broken, and what was logged.
		after := func(what string, d time.Duration, team string, broken int64, want ...string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			row, _ := e.Directory().Lookup([]byte("ann"))
			if row, wantRow := string(row), `{"Username":"ann","Team":"`+team+`"}`; row != wantRow {
				t.Errorf("%s: row of ann is %s, want %s", what, row, wantRow)
			}
			if got := seen.broken.Swap(0); got != broken {
				t.Errorf("%s: %d times broken, want %d", what, got, broken)
			}
			text := log.take()
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%s: logged %s, want %s", what, text, part)
				}
			}
			if lines := strings.Count(text, "\n"); lines != min(len(want), 1) || strings.Contains(text, "canary") {
				t.Errorf("%s: %d lines logged, want %d, without values: %s", what, lines, min(len(want), 1), text)
			}
		}
		after("unchanged", 5*time.Minute+time.Second, "one", 0)
		write(t, name, "Username,Team\nann,two\nbob,x\n")
		after("changed, not looked at", 58*time.Second, "one", 0)
		after("changed, at rest", 2*time.Second, "two", 0, `level=INFO msg="agent file read"`, "rows=2")

		write(t, name, "Username,Team\nann,\"canary")
		after("cut off", 2*time.Minute, "two", 1, "level=WARN", "line 2, column 1", "rows=2")
		after("still cut off", 3*time.Minute, "two", 3)
		write(t, name, "Username,Team\nann,canary\nann,canary\n")
		after("an agent twice", time.Minute+time.Second, "two", 1, "line 3: the same Username as in line 2")
		write(t, name, "")
		after("empty", time.Minute+time.Second, "two", 1, "the file is empty")
		if err := os.Rename(name, name+".away"); err != nil {
			t.Fatal(err)
		}
		after("vanished", time.Minute, "two", 1, "no such file")
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		after("a folder", time.Minute, "two", 1, "it is a folder")
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		write(t, name, `[{"Username":"ann","Team":"three"}]`)
		after("usable again", 2*time.Minute, "three", 0, `msg="agent file read"`, "rows=1")
		if err := os.Rename(name, name+".away"); err != nil {
			t.Fatal(err)
		}
		after("vanished again", time.Minute, "three", 1, "no such file")
		if err := os.Rename(name+".away", name); err != nil {
			t.Fatal(err)
		}
		after("back", time.Minute, "three", 0, `msg="agent file is as it was read"`)

		if got := seen.loaded.Load(); got != 3 {
			t.Errorf("%d times loaded, want 3", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
	})
}

// A file that is written for a while is read when that is over.
func TestRunWaitsForRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "agents.csv")
		var seen counts
		e, err := New(t.Context(), Options{From: write(t, name, "Username,Team\nann,one\n"), Match: path(t, "Agent.Username"), Refresh: time.Minute, Observe: &seen})
		if err != nil {
			t.Fatal(err)
		}
		go e.Run(t.Context())
		time.Sleep(time.Minute - settle/2)
		for i := range 20 {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("agent" + string(rune('a'+i)) + ",two\n"); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(settle)
			if got := seen.loaded.Load(); got != 1 {
				t.Fatalf("loaded %d times while the file is written, want 1", got)
			}
		}
		time.Sleep(2 * settle)
		synctest.Wait()
		if got := e.Directory().Len(); got != 21 {
			t.Errorf("%d rows, want 21", got)
		}
		if got := seen.broken.Load(); got != 0 {
			t.Errorf("%d times broken, want 0", got)
		}
	})
}

// What is written between the look at a file and the end of its reading may be half of it.
func TestChangedWhileRead(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "agents.csv"), "Username\nann\n")
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(name, before); err != nil {
		t.Errorf("file that stays: %v", err)
	}
	if err := os.Truncate(name, 3); err != nil {
		t.Fatal(err)
	}
	if content, err := readAll(name, before); !errors.Is(err, errChanging) {
		t.Errorf("file that was cut meanwhile: %q, %v, want %v", content, err, errChanging)
	}
	write(t, name, "Username\nbob\n")
	if content, err := readAll(name, before); !errors.Is(err, errChanging) {
		t.Errorf("file that was replaced meanwhile: %q, %v, want %v", content, err, errChanging)
	}
}
