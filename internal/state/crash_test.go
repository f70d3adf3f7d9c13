package state

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
)

// collector does with its state what a run does: records 1, 2, 3 … of one partition are delivered or dead-lettered, and settled in
// groups.
type collector struct {
	store    *Store
	folder   *deadletter.Folder
	window   *dedupe.Window
	position uint64
	record   []byte // what every record ends with
	step     func() // is called between the steps, where a crash may come
}

const partition = "records.jsonl"

// deadly records are dead-lettered.
func deadly(record uint64) bool { return record%7 == 0 }

func versionOf(record uint64) (v dedupe.Version) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, record))
	copy(v.ID[:], sum[:])
	copy(v.Content[:], sum[16:])
	v.Time = int64(record)
	return v
}

func textOf(record uint64) string { return fmt.Sprintf("record %d", record) }

func letterID(record uint64) deadletter.ID {
	return deadletter.NewID(partition, strconv.FormatUint(record, 10), versionOf(record).Content)
}

// start opens what a run in this folder left behind.
func start(dir string, recipients []age.Recipient) (c *collector, err error) {
	c = &collector{window: dedupe.New(dedupe.Options{}), step: func() {}}
	if c.store, err = Open(filepath.Join(dir, "trunkline.db"), options()); err != nil {
		return nil, err
	}
	if c.folder, err = deadletter.OpenFolder(filepath.Join(dir, "dead-letters"), deadletter.FolderOptions{
		Recipients: recipients, Owner: c.store.ID(), SegmentSize: 64 << 10,
	}); err != nil {
		return nil, errors.Join(err, c.store.Close())
	}
	at, ok, err := c.store.Position(partition)
	if ok {
		c.position, err = strconv.ParseUint(at, 10, 64)
	}
	err = errors.Join(err, c.store.WindowChunks(c.window.Load))
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *collector) close() error { return errors.Join(c.folder.Close(), c.store.Close()) }

// settle handles the next n records and commits.
func (c *collector) settle(n uint64) error {
	s := Settlement{Outcomes: map[string]uint64{}}
	for range n {
		c.position++
		if !deadly(c.position) {
			if got := c.window.Check(versionOf(c.position)); got != dedupe.Deliver {
				return fmt.Errorf("record %d is %v", c.position, got)
			}
			c.window.Add(versionOf(c.position), epoch)
			s.Outcomes["delivered"]++
			continue
		}
		text := append([]byte(textOf(c.position)), c.record...)
		e, err := c.folder.Append(deadletter.Letter{
			Time: epoch, Stage: "redact", Reason: "a test", Kind: "contact record", ContactID: fmt.Sprintf("contact-%d", c.position),
			Contact: deadletter.Hash(versionOf(c.position).ID), ContentHash: versionOf(c.position).Content,
			Source: deadletter.Source{Partition: partition, Position: strconv.FormatUint(c.position, 10)},
		}, text)
		if err != nil {
			return err
		}
		c.step()
		s.DeadLetters = append(s.DeadLetters, e)
		s.Outcomes["dead-lettered"]++
	}
	if err := c.folder.Sync(); err != nil {
		return err
	}
	c.step()
	s.Positions = map[string]string{partition: strconv.FormatUint(c.position, 10)}
	s.Window = c.window.Take(epoch)
	if err := c.store.Commit(s); err != nil {
		return err
	}
	c.step()
	c.window.Confirm()
	c.folder.Committed(s.DeadLetters...)
	return nil
}

// verify opens what is in the folder and checks that exactly the records up to the position are settled, each one way. It returns
// the position.
func verify(t *testing.T, dir string, identity age.Identity) uint64 {
	t.Helper()
	c, err := start(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	dead := 0
	for record := uint64(1); record <= c.position+200; record++ {
		e, indexed, err := c.store.DeadLetter(letterID(record))
		if err != nil {
			t.Fatal(err)
		}
		known := c.window.Check(versionOf(record)) == dedupe.Duplicate
		settled := record <= c.position
		if wantIndexed, wantKnown := settled && deadly(record), settled && !deadly(record); indexed != wantIndexed || known != wantKnown {
			t.Fatalf("position %d: record %d is indexed %v and known %v, want %v and %v", c.position, record, indexed, known, wantIndexed, wantKnown)
		}
		if !indexed {
			continue
		}
		dead++
		letter, err := c.folder.Read(e)
		if err != nil {
			t.Fatal(err)
		}
		text, err := letter.Decrypt(identity)
		if err != nil || !strings.HasPrefix(string(text), textOf(record)) {
			t.Fatalf("dead letter of record %d holds %.20q (%v)", record, text, err)
		}
	}
	if n, err := c.store.DeadLetterCount(); n != dead || err != nil {
		t.Fatalf("%d dead letters in the index (%v), want %d", n, err, dead)
	}
	outcomes, err := c.store.Outcomes()
	if got := outcomes["delivered"] + outcomes["dead-lettered"]; got != c.position || err != nil {
		t.Fatalf("%v add up to %d (%v), want the position %d", outcomes, got, err, c.position)
	}
	if _, err := c.folder.Prune(segmentsOf(t, c.store)); err != nil {
		t.Fatal(err)
	}
	return c.position
}

func segmentsOf(t *testing.T, s *Store) map[string]int {
	t.Helper()
	used, err := s.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return used
}

func newIdentity(t *testing.T) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// TestCrashBetweenSteps copies the files at every step, as a killed process would leave them, and goes on from each copy.
func TestCrashBetweenSteps(t *testing.T) {
	dir, identity := t.TempDir(), newIdentity(t)
	recipients := []age.Recipient{identity.Recipient()}
	c, err := start(dir, recipients)
	if err != nil {
		t.Fatal(err)
	}
	var copies []string
	c.step = func() {
		to := filepath.Join(t.TempDir(), strconv.Itoa(len(copies)))
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		copies = append(copies, to)
	}
	for _, n := range []uint64{1, 20, 3, 40} {
		if err := c.settle(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if len(copies) < 15 {
		t.Fatalf("only %d steps", len(copies))
	}
	for i, dir := range copies {
		before := verify(t, dir, identity)
		c, err := start(dir, recipients)
		if err != nil {
			t.Fatalf("copy %d: %v", i, err)
		}
		if err := errors.Join(c.settle(50), c.close()); err != nil {
			t.Fatalf("copy %d: %v", i, err)
		}
		if after := verify(t, dir, identity); after != before+50 {
			t.Fatalf("copy %d: position %d, want %d", i, after, before+50)
		}
	}
}

// The test binary starts itself again in one of these roles.
const roleVariable = "TRUNKLINE_STATE_TEST_ROLE"

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "commit":
		err = commitForEver(os.Args[1], os.Args[2])
	case "fill":
		err = fill(os.Args[1], os.Args[2], os.Args[3])
	case "hold":
		err = hold(os.Args[1])
	case "open":
		var s *Store
		if s, err = Open(os.Args[1], options()); err == nil {
			err = s.Close()
		}
	default:
		err = fmt.Errorf("no role %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child prepares this test binary to run in a role.
func child(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// commitForEver prints each position that Commit has acknowledged.
func commitForEver(dir, recipient string) error {
	recipients, err := deadletter.ParseRecipients(recipient)
	if err != nil {
		return err
	}
	c, err := start(dir, recipients)
	if err != nil {
		return err
	}
	for {
		if err := c.settle(1 + rand.Uint64N(20)); err != nil {
			return err
		}
		fmt.Println(c.position)
	}
}

// TestKill kills a process that commits, again and again: what it acknowledged is there, and nothing half done.
func TestKill(t *testing.T) {
	dir, identity := t.TempDir(), newIdentity(t)
	kills := 20
	if testing.Short() {
		kills = 3
	}
	var position uint64
	for range kills {
		cmd := child(t, "commit", dir, identity.Recipient().String())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var acknowledged uint64
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			at, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				t.Fatalf("the process printed %q", lines.Text())
			}
			if acknowledged == 0 { // it has begun: from now on it may be killed at any instant
				time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
			acknowledged = at
		}
		err = cmd.Wait()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("the process ended by itself: %v: %s", err, stderr.String())
		}
		got := verify(t, dir, identity)
		if got < acknowledged || acknowledged <= position {
			t.Fatalf("position %d after the kill, %d was acknowledged and %d before", got, acknowledged, position)
		}
		position = got
	}
}

// fill settles records until the disk is full: until files may not grow past a size.
func fill(dir, recipient, limit string) error {
	recipients, err := deadletter.ParseRecipients(recipient)
	if err != nil {
		return err
	}
	c, err := start(dir, recipients)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	bytes, err := strconv.ParseUint(limit, 10, 64)
	if err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		return err
	}
	c.record = make([]byte, 1000)
	for {
		if err := c.settle(500); err != nil {
			if again := c.settle(1); again == nil {
				return errors.New("a settlement after the failed one succeeded")
			}
			return errors.Join(err, c.close())
		}
		fmt.Println(c.position)
	}
}

// TestDiskFull: the error says what to do, what was acknowledged is there, and with room again the run goes on.
func TestDiskFull(t *testing.T) {
	for _, c := range []struct{ name, limit, want string }{
		{"state file", "600000", "commit to state file "},
		{"dead letters", "60000", "write to dead-letter folder "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, identity := t.TempDir(), newIdentity(t)
			var acknowledged uint64
			for range 2 {
				var stderr bytes.Buffer
				cmd := child(t, "fill", dir, identity.Recipient().String(), c.limit)
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if err == nil || !strings.Contains(stderr.String(), c.want) || !strings.Contains(stderr.String(), "there is no room for it: free some") {
					t.Fatalf("got %v: %s, want %q and what to do", err, stderr.String(), c.want)
				}
				if lines := strings.Fields(string(out)); len(lines) > 0 {
					acknowledged, _ = strconv.ParseUint(lines[len(lines)-1], 10, 64)
				}
				if got := verify(t, dir, identity); got != acknowledged {
					t.Fatalf("position %d, want the acknowledged %d", got, acknowledged)
				}
			}
			run, err := start(dir, []age.Recipient{identity.Recipient()})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(run.settle(100), run.close()); err != nil {
				t.Fatal(err)
			}
			verify(t, dir, identity)
		})
	}
}
