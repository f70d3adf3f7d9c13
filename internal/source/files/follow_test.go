package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// follower is a source that follows files, in a synctest bubble: its time passes only while it waits.
type follower struct {
	t         *testing.T
	s         *Source
	log       bytes.Buffer
	positions map[string]string // as a collector would keep them: by partition, behind the last record read
}

func follow(t *testing.T, path string, positions map[string]string) *follower {
	t.Helper()
	f := &follower{t: t, positions: positions}
	if positions == nil {
		f.positions = map[string]string{}
	}
	f.s = open(t, Options{
		Path: path, Follow: true, Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
		Position: func(partition string) (string, bool) { p, ok := f.positions[partition]; return p, ok },
	})
	return f
}

// want reads for a time and compares the records.
func (f *follower) want(what string, d time.Duration, want ...string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	var got []string
	for {
		b, err := f.s.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			f.t.Fatalf("%s: %v", what, err)
		}
		f.positions[b.Partition] = b.Positions.After(len(b.Records) - 1)
		var k taken
		k.add(b)
		got = append(got, k.texts...)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		f.t.Errorf("%s: got %q, want %q; log:\n%s", what, got, want, f.log.String())
	}
}

func (f *follower) close() {
	f.t.Helper()
	if err := f.s.Close(); err != nil {
		f.t.Error(err)
	}
}

// appendTo writes at a file's end, as a process does that keeps it open.
func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestFollow(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, dir string){
		"growing": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a")
			f := follow(t, path, nil)
			defer f.close()
			f.want("nothing there", time.Second)
			appendTo(t, path, "{\"a\":1}\n{\"b\"")
			f.want("a line and a half", time.Second, `{"a":1}`)
			appendTo(t, path, ":2")
			f.want("still not whole", time.Hour)
			appendTo(t, path, "}")
			f.want("whole, without a line break", time.Second, `{"b":2}`)
			appendTo(t, path, "\n12")
			f.want("a number may go on", time.Hour)
			appendTo(t, path, "3\n")
			f.want("a number", time.Second, "123")
			appendTo(t, path, "[{\"c\":3},")
			f.want("an array that goes on", time.Second, `{"c":3}`)
			appendTo(t, path, "{\"d\":4}]\n{\"e\":5}\n")
			f.want("its end", time.Second, `{"d":4}`, `{"e":5}`)
			if got, ok := f.s.Lag(); got != 0 || !ok {
				t.Errorf("got lag %d, %v, want 0", got, ok)
			}
			appendTo(t, path, "1234567\n")
			if got, _ := f.s.Lag(); got != 8 {
				t.Errorf("got lag %d, want 8", got)
			}
		},
		"rotation by rename": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.jsonl")
			appendTo(t, path, "{\"a\":1}\n")
			f := follow(t, path, nil)
			defer f.close()
			f.want("before", time.Second, `{"a":1}`)
			appendTo(t, path, "{\"b\":2}\n")
			rename(t, path, path+".1")
			appendTo(t, path, "{\"c\":3}\n")
			f.want("the old file first", time.Second, `{"b":2}`, `{"c":3}`)
			appendTo(t, path+".1", "{\"d\":4}\n{\"e\":5")
			f.want("a writer that has not noticed", 30*time.Second, `{"d":4}`)
			appendTo(t, path, "{\"f\":6}\n")
			f.want("a last line without end", time.Hour, `{"f":6}`, `{"e":5`)
			if n := len(f.s.files); n != 1 {
				t.Errorf("%d files are watched, want 1", n)
			}
		},
		"rotation before the first read": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.jsonl")
			appendTo(t, path, "{\"a\":1}\n")
			f := follow(t, path, nil)
			defer f.close()
			rename(t, path, path+".1")
			appendTo(t, path, "{\"b\":2}\n")
			f.want("both", time.Second, `{"a":1}`, `{"b":2}`)
			f.want("nothing twice", time.Hour)
		},
		"removed before the first read": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.jsonl")
			appendTo(t, path, "{\"a\":1}\n")
			f := follow(t, path, nil)
			defer f.close()
			os.Remove(path)
			appendTo(t, path+"x", "{}") // may be given the file's number
			appendTo(t, path, "{\"b\":2}\n")
			f.want("the new one", time.Second, `{"b":2}`)
			if !strings.Contains(f.log.String(), "the file has gone") {
				t.Errorf("the loss was not logged:\n%s", f.log.String())
			}
			if !strings.Contains(f.log.String(), "gone before it was read to its end") {
				t.Errorf("the loss was not logged:\n%s", f.log.String())
			}
		},
		"rotation of an empty file": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.jsonl")
			appendTo(t, path, "")
			f := follow(t, path, nil)
			defer f.close()
			f.want("empty", time.Second)
			rename(t, path, path+".1")
			appendTo(t, path, "{\"a\":1}\n")
			f.want("the new one", time.Second, `{"a":1}`)
			appendTo(t, path+".1", "{\"late\":1}\n")
			f.want("a writer that has not noticed", time.Hour, `{"late":1}`)
			if n := len(f.s.files); n != 1 {
				t.Errorf("%d files are watched, want 1", n)
			}
		},
		"removed and written anew": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a")
			appendTo(t, path, "{\"a\":1}\n")
			f := follow(t, path, nil)
			defer f.close()
			f.want("before", time.Second, `{"a":1}`)
			appendTo(t, path, "{\"b\":2}\n")
			os.Remove(path)
			f.want("what was written before it was removed", time.Second, `{"b":2}`)
			appendTo(t, path, "{\"c\":3}\n")
			f.want("after", time.Second, `{"c":3}`)
		},
		"truncation": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a")
			appendTo(t, path, "{\"a\":1}\n{\"half\":")
			f := follow(t, path, nil)
			defer f.close()
			f.want("before", time.Second, `{"a":1}`)
			os.Truncate(path, 0)
			f.want("cut", time.Second, `{"half":`)
			appendTo(t, path, "{\"b\":2}\n")
			f.want("after", time.Second, `{"b":2}`)
			os.Truncate(path, 0)
			appendTo(t, path, "{\"c\":3}\n{\"longer\":\"than before\"}\n")
			f.want("cut, and grown beyond before anybody looked", time.Second, `{"c":3}`, `{"longer":"than before"}`)
			if got := strings.Count(f.log.String(), "cut short"); got != 1 {
				t.Errorf("%d lines say that the file was cut short, want 1:\n%s", got, f.log.String())
			}
		},
		"folder": func(t *testing.T, dir string) {
			f := follow(t, dir, nil)
			defer f.close()
			f.want("empty", time.Second)
			appendTo(t, filepath.Join(dir, "b"), "{\"b\":1}\n")
			appendTo(t, filepath.Join(dir, "a"), "{\"a\":1}\n")
			f.want("two files", time.Second, `{"a":1}`, `{"b":1}`)
			f.want("silence, after which they are closed", time.Hour)
			for _, file := range f.s.files {
				if file.handle != nil {
					t.Errorf("%s is still open", file.path)
				}
			}
			appendTo(t, filepath.Join(dir, "b"), "{\"b\":2}\n")
			rename(t, filepath.Join(dir, "a"), filepath.Join(dir, "c"))
			appendTo(t, filepath.Join(dir, "c"), "{\"a\":2}\n")
			appendTo(t, filepath.Join(dir, "a"), "{\"new\":1}\n")
			f.want("growth, a new name and a new file", time.Second, `{"new":1}`, `{"b":2}`, `{"a":2}`)
		},
		"compressed files": func(t *testing.T, dir string) {
			f := follow(t, filepath.Join(dir, "*.gz"), nil)
			defer f.close()
			path, text := filepath.Join(dir, "a.gz"), gz("{\"a\":1}\n", "{\"b\":2}\n")
			appendTo(t, path, text[:2])
			f.want("nothing yet", time.Second)
			appendTo(t, path, text[2:len(text)-16])
			f.want("still being copied", time.Minute, `{"a":1}`)
			appendTo(t, path, text[len(text)-16:])
			f.want("whole", time.Second, `{"b":2}`)
			appendTo(t, path, gz("{\"c\":3}"))
			f.want("a member more", time.Second, `{"c":3}`)
			if got := strings.Count(f.log.String(), "set aside"); got != 1 {
				t.Errorf("%d lines say that the file is not whole, want 1:\n%s", got, f.log.String())
			}
		},
		"killed and started again": func(t *testing.T, dir string) {
			path := filepath.Join(dir, "a.jsonl")
			appendTo(t, path, "{\"a\":1}\n{\"b\":2}\n{\"c\":")
			f := follow(t, path, nil)
			f.want("first run", time.Second, `{"a":1}`, `{"b":2}`)
			f.close()
			appendTo(t, path, "3}\n")
			f = follow(t, path, f.positions)
			f.want("second run", time.Second, `{"c":3}`)
			f.close()
			appendTo(t, path, "{\"d\":4}\n")
			rename(t, path, filepath.Join(dir, "a-20261122.jsonl"))
			appendTo(t, path, "{\"e\":5}\n")
			appendTo(t, filepath.Join(dir, "a-other.jsonl"), "{\"not\":\"ours\"}\n")
			// One that has a position, as if its number had been another file's, but other content.
			other := write(t, filepath.Join(dir, "a-reused.jsonl"), "{\"not\":\"ours either\"}\n")
			info, err := os.Stat(other)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range f.positions {
				f.positions[identify(other, info).String()] = p
			}
			f = follow(t, path, f.positions)
			f.want("rotated meanwhile", time.Second, `{"d":4}`, `{"e":5}`)
			f.close()
			write(t, path, "{\"f\":6}\n")
			f = follow(t, path, f.positions)
			f.want("written over meanwhile", time.Second, `{"f":6}`)
			f.close()
		},
		"one that never ends": func(t *testing.T, dir string) {
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			appendTo(t, a, "{\"a\":1}\n")
			appendTo(t, b, "{\"b\":1}\n")
			f := follow(t, dir, nil)
			defer f.close()
			for range 10 {
				batch, err := f.s.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if bytes.HasPrefix(batch.Records[0].Data, []byte(`{"b"`)) {
					return
				}
				batch.Release()
				appendTo(t, a, "{\"a\":1}\n")
			}
			t.Error("b was not read while a grew")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { test(t, dir) })
		})
	}
}

func TestReadHonoursContextAndLagIsConcurrent(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a"), strings.Repeat("{\"a\":1}\n", 100_000))
	r, w := io.Pipe()
	defer w.Close()
	for name, o := range map[string]Options{
		"file": {Path: path, Follow: true}, "missing": {Path: path + "x", Follow: true}, "standard input": {Path: "-", Stdin: r},
	} {
		s := open(t, o)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 100 {
				if lag, _ := s.Lag(); lag < 0 || lag > 800_000 {
					t.Errorf("%s: got lag %d", name, lag)
				}
			}
			cancel()
		}()
		for {
			b, err := s.Read(ctx)
			if err != nil {
				if err != context.Canceled {
					t.Errorf("%s: got %v, want the context's error", name, err)
				}
				break
			}
			b.Release()
		}
		<-done
		s.Close()
	}
}

func TestStandardInputIsDeliveredAsItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := open(t, Options{Path: "-", Stdin: r})
		f := &follower{t: t, s: s, positions: map[string]string{}}
		send := func(text string) {
			go io.WriteString(w, text)
			synctest.Wait()
		}
		f.want("silence", time.Hour)
		send("{\"a\":1}\n{\"b\":2}{\"c\"")
		f.want("two and a half", time.Second, `{"a":1}`, `{"b":2}`)
		send(":3}")
		f.want("before the pause", 200*time.Millisecond)
		f.want("after it", time.Second, `{"c":3}`)
		if _, ok := s.Lag(); ok {
			t.Error("standard input has no lag that is known")
		}
		send("{\"d\":")
		f.want("half", time.Hour)
		w.Close()
		synctest.Wait()
		k, err := drain(t.Context(), s)
		if err != nil || strings.Join(k.texts, " ") != `{"d":` {
			t.Errorf("got %q, %v at the end, want the half record", k.texts, err)
		}
		if k.partition[0] != "" {
			t.Errorf("got partition %q, want none", k.partition[0])
		}
		if got := Describe("", k.after[0]); got != "standard input: byte 27" {
			t.Errorf("Describe: got %q", got)
		}
		f.close()
	})
}
