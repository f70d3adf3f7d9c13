package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
)

// digestFile writes one line for each record of a JSON-lines file, in sorted order, to the file digests:
// ContactId, LastUpdateTimestamp, and SHA-256 of the record in a form that does not depend on the order of keys,
// spaces and escapes, but does on the text of numbers. Two files with the same records, in whatever order and
// however often each, have equal digests.
func digestFile(records, digests string) error {
	f, err := os.Open(records)
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	defer f.Close()
	var (
		lines = make(chan []byte, 256)
		mu    sync.Mutex // guards all and errs
		all   []string
		errs  []error
		group sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for line := range lines {
				d, err := digestOf(line)
				mu.Lock()
				if err != nil && len(errs) < 5 {
					errs = append(errs, err)
				}
				all = append(all, d)
				mu.Unlock()
			}
		})
	}
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for in.Scan() {
		lines <- bytes.Clone(in.Bytes())
	}
	close(lines)
	group.Wait()
	if err := errors.Join(append(errs, in.Err())...); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	slices.Sort(all)
	var out bytes.Buffer
	for _, d := range all {
		out.WriteString(d + "\n")
	}
	if err := os.WriteFile(digests, out.Bytes(), 0o600); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	return nil
}

// digestOf returns the digest of one record. Its errors do not quote the record.
func digestOf(record []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var r map[string]any
	if err := d.Decode(&r); err != nil {
		return "", fmt.Errorf("decode a delivered record of %d bytes: %w", len(record), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("delivered line of %d bytes holds more than one record", len(record))
	}
	canonical, err := json.Marshal(r) // sorts the keys
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%v %v %x", r["ContactId"], r["LastUpdateTimestamp"], sha256.Sum256(canonical)), nil
}

// sameDigests compares two files of digests, and returns an error that names the first record that differs.
func sameDigests(one, two string) error {
	a, err := os.Open(one)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(two)
	if err != nil {
		return err
	}
	defer b.Close()
	as, bs := bufio.NewScanner(a), bufio.NewScanner(b)
	for {
		moreA, moreB := as.Scan(), bs.Scan()
		if err := errors.Join(as.Err(), bs.Err()); err != nil {
			return err
		}
		switch {
		case !moreA && !moreB:
			return nil
		case !moreA:
			return fmt.Errorf("only the second has %s", bs.Text())
		case !moreB:
			return fmt.Errorf("only the first has %s", as.Text())
		case as.Text() != bs.Text():
			return fmt.Errorf("%s in the first is %s in the second", as.Text(), bs.Text())
		}
	}
}
