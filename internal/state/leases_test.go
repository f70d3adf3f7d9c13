package state

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"trunkline/internal/lease"
	"trunkline/internal/lease/leasetest"
)

func TestLeases(t *testing.T) {
	leasetest.Run(t, func(t *testing.T) leasetest.Harness {
		s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
		return leasetest.Harness{
			Store:  s.Leases(),
			Reopen: func() lease.Store { return reopen(t, s).Leases() },
		}
	})
}

// Leases and settlements share the file, and a file that never had leases opens as before.
func TestLeasesBesideSettlements(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	commit(t, s, Settlement{Positions: map[string]string{"a": "1"}})
	s = reopen(t, s)
	if all, err := s.Leases().List(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("leases of a file without: got %v %v", all, err)
	}
	if err := s.Leases().Create(t.Context(), leasetest.New("l")); err != nil {
		t.Fatal(err)
	}
	// What is refused stops nothing.
	if err := s.Leases().Create(t.Context(), leasetest.New("l")); !errors.Is(err, lease.ErrExists) {
		t.Errorf("Create again: got %v, want ErrExists", err)
	}
	commit(t, s, Settlement{Positions: map[string]string{"a": "2"}})
	s = reopen(t, s)
	got, err := s.Leases().Get(t.Context(), "l")
	if diff := cmp.Diff(got, leasetest.New("l")); diff != "" || err != nil {
		t.Errorf("lease (%v), got - want +:\n%s", err, diff)
	}
	if got, _, err := s.Position("a"); got != "2" || err != nil {
		t.Errorf("position: got %q %v, want 2", got, err)
	}
	if err := s.Leases().Create(t.Context(), leasetest.New(strings.Repeat("x", 40<<10))); err == nil {
		t.Error("Create with a key of 40 KiB: got no error")
	}
	if err := s.Leases().Create(t.Context(), leasetest.New("after")); err != nil {
		t.Errorf("Create after one that was refused: %v", err)
	}
}

// A file to be read only shows its leases and changes none.
func TestLeasesReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trunkline.db")
	s := open(t, path)
	if err := s.Leases().Create(t.Context(), leasetest.New("l")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.db, s.lock = nil, nil
	o := options()
	o.ReadOnly = true
	reader, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	l, err := reader.Leases().Get(t.Context(), "l")
	if err != nil {
		t.Error(err)
	}
	if _, err := reader.Leases().Take(t.Context(), l, "w1"); err == nil {
		t.Error("Take in a file to be read only: got no error")
	}
}

// A damaged lease is told as what it is, by reading and by writing.
func TestLeasesDamaged(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	err := s.db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(leasesBucket)
		if err != nil {
			return err
		}
		return bucket.Put([]byte("l"), []byte(`{"counter":"one"}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, listed := s.Leases().List(t.Context())
	_, got := s.Leases().Get(t.Context(), "l")
	_, written := s.Leases().Renew(t.Context(), lease.Lease{Key: "l"}, 0)
	for what, err := range map[string]error{"List": listed, "Get": got, "Renew": written} {
		if _, ok := errors.AsType[*CorruptError](err); !ok {
			t.Errorf("%s: got %v, want a CorruptError", what, err)
		}
	}
}

// Every field of a lease has a place in the file.
func TestLeaseEncoding(t *testing.T) {
	want := lease.Lease{
		Key: "k", Owner: "o", Counter: 1, Checkpoint: lease.Checkpoint{Position: "p", Sub: 2}, Switches: 3, Drainer: "d",
		Throughput: 4.5, Parents: []string{"a"}, Children: []string{"b"}, Range: lease.Range{Start: "s", End: "e"}, Stream: "st", Shard: "sh",
	}
	value, err := encodeLease(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&Leases{&Store{}}).decode([]byte("k"), value)
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("encoded and decoded (%v), got - want +:\n%s", err, diff)
	}
	var all map[string]any
	if err := json.Unmarshal(value, &all); err != nil || len(all) != 13 {
		t.Errorf("got %d fields in %s, want 13", len(all), value)
	}
}

// After a failed write nothing is written any more.
func TestLeasesAfterFailure(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "trunkline.db"))
	s.failure.set(fs.ErrPermission)
	if err := s.Leases().Create(context.Background(), leasetest.New("l")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Create after a failed write: got %v, want %v", err, fs.ErrPermission)
	}
}
