package file_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"trunkline/internal/collector"
	"trunkline/internal/destination/destinationtest"
	"trunkline/internal/destination/file"
)

func open(t testing.TB, o file.Options) *file.Destination {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := file.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func deliver(t testing.TB, d *file.Destination, batch []*collector.Outgoing) {
	t.Helper()
	if err := d.Deliver(t.Context(), batch); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
}

// lines of the full files in the order of their numbers, and then of the file itself.
func lines(t testing.TB, path string) [][]byte {
	t.Helper()
	names, err := filepath.Glob(path + ".*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all [][]byte
	for _, name := range append(names, path) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			t.Errorf("%s: got a torn last line %.80q, want whole lines", name, text[bytes.LastIndexByte(text, '\n')+1:])
		}
		for line := range bytes.Lines(text) {
			all = append(all, bytes.TrimSuffix(line, []byte("\n")))
		}
	}
	return all
}

func TestSuite(t *testing.T) {
	for _, rotate := range []int64{0, 200} {
		t.Run(fmt.Sprintf("rotate %d", rotate), func(t *testing.T) {
			destinationtest.Run(t, func(t *testing.T) destinationtest.Harness {
				path := filepath.Join(t.TempDir(), "delivered.jsonl")
				return destinationtest.Harness{
					Destination: open(t, file.Options{Path: path, Rotate: rotate}),
					Arrived:     func() [][]byte { return lines(t, path) },
				}
			})
		})
	}
}

func TestRotate(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "delivered.jsonl")
	os.WriteFile(path+".000007", []byte("{\"old\":1}\n"), 0o600)
	os.WriteFile(path+".backup", nil, 0o600)
	os.WriteFile(path+".9", nil, 0o600)
	d := open(t, file.Options{Path: path, Rotate: 100}) // three lines of 31 bytes
	for i := range 10 {
		deliver(t, d, destinationtest.Records(i, 1))
	}
	deliver(t, d, destinationtest.Records(10, 8)) // larger than a file: it stays whole
	deliver(t, d, destinationtest.Records(18, 1))
	got := map[string]int{}
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(folder, e.Name()))
		got[e.Name()] = bytes.Count(text, []byte("\n"))
		if info, _ := e.Info(); strings.HasSuffix(e.Name(), ".000008") && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", e.Name(), info.Mode())
		}
	}
	want := map[string]int{
		"delivered.jsonl.000007": 1, "delivered.jsonl.000008": 3, "delivered.jsonl.000009": 3, "delivered.jsonl.000010": 3,
		"delivered.jsonl.000011": 1, "delivered.jsonl.000012": 8, "delivered.jsonl": 1, "delivered.jsonl.backup": 0, "delivered.jsonl.9": 0,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("lines by file:\ngot  %v\nwant %v", got, want)
	}
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "delivered.jsonl")
	d := open(t, file.Options{Path: path, Rotate: 40, Keep: 2})
	for i := range 6 {
		deliver(t, d, destinationtest.Records(i, 1))
	}
	got := bytes.Join(lines(t, path), []byte(" "))
	if want := `{"number":3,"Channel":"VOICE"} {"number":4,"Channel":"VOICE"} {"number":5,"Channel":"VOICE"}`; string(got) != want {
		t.Errorf("kept: got %s, want %s", got, want)
	}
}

// A folder that cannot be rotated into is an error that leaves the file as it is.
func TestRotateBlocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "delivered.jsonl")
	d := open(t, file.Options{Path: path, Rotate: 40})
	deliver(t, d, destinationtest.Records(0, 1))
	if err := os.Mkdir(path+".000001", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Deliver(t.Context(), destinationtest.Records(1, 1)); err == nil || !strings.Contains(err.Error(), "is there already; move it away") {
		t.Errorf("Deliver: got %v, want an error that says what is in the way", err)
	}
	os.Remove(path + ".000001")
	deliver(t, d, destinationtest.Records(1, 1))
	if got := len(lines(t, path)); got != 2 {
		t.Errorf("got %d lines, want 2", got)
	}
}

func TestTornLine(t *testing.T) {
	whole := `{"number":1}` + "\n"
	long := `{"long":"` + strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name, before string
		want         string // after one more record
		err          string
	}{
		{"empty", "", "", ""},
		{"whole", whole, whole, ""},
		{"torn", whole + `{"numb`, whole, ""},
		{"torn, nothing before", `{"numb`, "", ""},
		{"torn beyond one block", whole + long, whole, ""},
		{"torn beyond one block, nothing before", long, "", ""},
		{"whole but for the newline", whole + `{"number":1}`, whole + whole, ""},
		{"one document", `{"number":1}`, whole, ""},
		{"torn behind a brace", whole + `{"a":{}`, whole, ""},
		{"zeros of a power cut", whole + strings.Repeat("\x00", 5000), whole, ""},
		{"not ours", "Dear diary", "", "not a file of JSON lines"},
		{"not ours, several lines", "Dear diary,\ntoday", "", "not a file of JSON lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "delivered.jsonl")
			if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			d, err := file.New(file.Options{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if c.err != "" {
				if after, _ := os.ReadFile(path); err == nil || !strings.Contains(err.Error(), c.err) || string(after) != c.before {
					t.Errorf("New: got %v and the file %q, want an error with %q and the file as it was", err, after, c.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			defer d.Close()
			deliver(t, d, destinationtest.Records(2, 1))
			after, _ := os.ReadFile(path)
			if want := c.want + `{"number":2,"Channel":"VOICE"}` + "\n"; string(after) != want {
				t.Errorf("file: got %.100q, want %.100q", after, want)
			}
			if told := strings.Contains(log.String(), "last line"); told != (c.before != c.want) || strings.Contains(log.String(), "numb\"") {
				t.Errorf("log: got %q, want it told: %v", log.String(), c.before != c.want)
			}
		})
	}
}

func TestRefusesToOpen(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	os.WriteFile(plain, nil, 0o600)
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(folder, "locked")
	os.Mkdir(locked, 0o500)
	if os.Geteuid() == 0 {
		locked = "/sys" // where root cannot write either
	}
	for _, c := range []struct {
		o    file.Options
		want []string
	}{
		{file.Options{}, []string{"destination.file.path: missing"}},
		{file.Options{Path: plain, Rotate: -1}, []string{"destination.file.rotate: "}},
		{file.Options{Path: plain, Keep: -1}, []string{"destination.file.keep: "}},
		{file.Options{Path: folder}, []string{"destination.file.path: ", folder, "is a folder; name a file in it"}},
		{file.Options{Path: pipe}, []string{"destination.file.path: ", "not a regular file", "stdout"}},
		{file.Options{Path: "/dev/null"}, []string{"destination.file.path: ", "not a regular file", "stdout"}},
		{file.Options{Path: plain + "/x.jsonl"}, []string{"destination.file.path: ", plain + " is a file, where a folder is needed"}},
		{file.Options{Path: folder + "/no/x.jsonl"}, []string{"destination.file.path: ", "mkdir -p " + folder + "/no"}},
		{file.Options{Path: locked + "/x.jsonl"}, []string{"destination.file.path: ", "; ", "name another destination.file.path"}},
	} {
		d, err := file.New(c.o)
		if err == nil {
			d.Close()
			t.Errorf("New %+v: got no error, want %q", c.o, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("New %+v: got %v, want %q in it", c.o, err, want)
			}
		}
	}
}

// A link is followed: the file it leads to is rotated where it is.
func TestLink(t *testing.T) {
	folder := t.TempDir()
	os.Mkdir(filepath.Join(folder, "disk"), 0o700)
	target, link := filepath.Join(folder, "disk", "out.jsonl"), filepath.Join(folder, "link.jsonl")
	os.WriteFile(target, nil, 0o600)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	d := open(t, file.Options{Path: link, Rotate: 40})
	for i := range 3 {
		deliver(t, d, destinationtest.Records(i, 1))
	}
	if got := len(lines(t, target)); got != 3 {
		t.Errorf("got %d lines beside the link's target, want 3", got)
	}
}

func TestClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "delivered.jsonl")
	d := open(t, file.Options{Path: path})
	d.Close()
	if err := d.Deliver(t.Context(), destinationtest.Records(0, 1)); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("Deliver after Close: got %v, want an error", err)
	}
	open(t, file.Options{Path: path}) // the lock is free
}

// asChild makes this test binary a process that does something to a file.
const asChild = "TRUNKLINE_TEST_CHILD"

func TestMain(m *testing.M) {
	what, path, _ := strings.Cut(os.Getenv(asChild), " ")
	switch what {
	case "hold": // the file, until killed
		if _, err := file.New(file.Options{Path: path}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		io.Copy(io.Discard, os.Stdin)
	case "limit": // the size of files, as a full disk would
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: 100}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		limited(path)
	default:
		os.Exit(m.Run())
	}
}

func child(t *testing.T, what, path string) (*exec.Cmd, io.Reader) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asChild+"="+what+" "+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, out
}

func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "delivered.jsonl")
	cmd, out := child(t, "hold", path)
	var said string
	fmt.Fscanln(out, &said)
	if said != "held" {
		t.Fatalf("first process: got %q, want held", said)
	}
	if d, err := file.New(file.Options{Path: path}); err == nil || !strings.Contains(err.Error(), "another process writes to") {
		t.Errorf("second process: got %v, %v, want it to refuse", d, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	deliver(t, open(t, file.Options{Path: path}), destinationtest.Records(0, 1))
}

// limited delivers until the kernel writes short, and prints what happened.
func limited(path string) {
	d, err := file.New(file.Options{Path: path})
	for i := 0; err == nil && i < 10; i++ {
		err = d.Deliver(context.Background(), destinationtest.Records(i*2, 2))
	}
	fmt.Println(err)
}

func TestNoSpace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "delivered.jsonl")
	_, out := child(t, "limit", path)
	said, _ := io.ReadAll(out)
	if !strings.Contains(string(said), "file too large; set destination.file.rotate") {
		t.Errorf("a file beyond its limit: got %q, want the cause and what to do", said)
	}
	// 62 of 100 bytes hold the first batch; of the second, 38 bytes were written and are gone again.
	if got := len(lines(t, path)); got != 2 {
		t.Errorf("got %d lines, want the 2 of the batch that was delivered", got)
	}
	deliver(t, open(t, file.Options{Path: path}), destinationtest.Records(2, 2))
	if got := len(lines(t, path)); got != 4 {
		t.Errorf("with space again: got %d lines, want 4", got)
	}
}

// BenchmarkDeliver is a batch of 200 records of 4.8 KB; sync=true waits for the disk after each.
func BenchmarkDeliver(b *testing.B) {
	batch := destinationtest.Records(0, 200)
	for _, r := range batch {
		r.Body = fmt.Appendf(nil, `{"padding":%q}`, strings.Repeat("0123456789abcdef", 300))
	}
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			d := open(b, file.Options{Path: filepath.Join(b.TempDir(), "delivered.jsonl"), Rotate: 100_000_000, Keep: 1})
			b.SetBytes(int64(len(batch) * len(batch[0].Body)))
			b.ReportAllocs()
			for b.Loop() {
				deliver(b, d, batch)
				if !sync {
					continue
				}
				if err := d.Sync(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
