package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// The smaller job of the failures: three tokens, one removal. In the bad record, the second token's value is a
// number where every other record has a string.
var (
	failingTokens  = []string{"CustomerEndpoint.Address", "Attributes.accountNumber", "Attributes.callbackNumber"}
	failingRemoved = []string{"Attributes.customerName"}
)

// failures gives each contender 200 records of which one cannot be redacted, and prints what became of them.
func (b *bench) failures(ctx context.Context, stdout io.Writer, bound time.Duration) error {
	bad, err := b.plantBadRecord()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d records; in one of them Attributes.accountNumber is a number. Each contender has %v.\n\n", b.count, bound)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "contender\tends\tdelivered\tbad record\traw in what was delivered of it\tlog lines\tCPU s")
	row := func(name, output string, u usage, bad string, raw []string, note string) {
		ends := fmt.Sprintf("after %.1f s", u.wall.Seconds())
		if u.killed {
			ends = fmt.Sprintf("never (stopped after %.0f s)", u.wall.Seconds())
		}
		n, _, err := countLines(output)
		if errors.Is(err, fs.ErrNotExist) {
			n = 0
		}
		leak := "nothing"
		if len(raw) > 0 {
			leak = strings.Join(raw, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s%s\t%s\t%d\t%.1f\n", name, ends, n, bad, note, leak, u.lines, u.cpu.Seconds())
	}
	if b.trunkline != "" {
		folder, output := b.path("trunkline"), b.path("jsonl")
		config, err := writeTrunkline(folder, trunklineJob{
			input: b.records, output: output, tokens: failingTokens, remove: failingRemoved,
		})
		if err != nil {
			return err
		}
		u, err := measure(ctx, bound, nil, b.trunkline, "run", "-c", config)
		if err != nil {
			return err
		}
		fate, raw, err := bad.fate(output)
		if err != nil {
			return err
		}
		letters, err := countFiles(filepath.Join(folder, "dead-letters"))
		if err != nil {
			return err
		}
		row("trunkline", output, u, fate, raw, fmt.Sprintf(", files of dead letters: %d", letters))
	}
	for _, config := range []string{"mapping", "mutation", "reject"} {
		output := b.path("jsonl")
		u, err := b.runBento(ctx, bound, "failing-"+config, "OUTPUT="+output)
		if err != nil {
			return err
		}
		fate, raw, err := bad.fate(output)
		if err != nil {
			return err
		}
		row("Bento, "+config, output, u, fate, raw, "")
	}
	return w.Flush()
}

// badRecord is the one that cannot be redacted: its identity, and its personal values by path, raw and not escaped.
type badRecord struct {
	id  string
	raw map[string]string
}

// plantBadRecord makes a copy of the first 200 calls of the input, with a bad one in the middle, the new input.
func (b *bench) plantBadRecord() (badRecord, error) {
	const wanted = 200
	f, err := os.Open(b.records)
	if err != nil {
		return badRecord{}, fmt.Errorf("plant bad record: %w", err)
	}
	defer f.Close()
	var bad badRecord
	var out bytes.Buffer
	b.count = 0
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for b.count < wanted && in.Scan() {
		var r struct {
			ContactID  string `json:"ContactId"`
			Channel    string
			Attributes map[string]json.RawMessage
		}
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return badRecord{}, fmt.Errorf("plant bad record: %w", err)
		}
		account := r.Attributes["accountNumber"]
		if r.Channel != "VOICE" || len(account) == 0 || r.Attributes["callbackNumber"] == nil {
			continue
		}
		line := in.Bytes()
		if b.count == wanted/4 {
			line = bytes.Replace(line, append([]byte(`"accountNumber":`), account...), []byte(`"accountNumber":4839201776`), 1)
			bad = badRecord{id: r.ContactID, raw: map[string]string{}}
			values, err := valuesOf(line)
			if err != nil {
				return badRecord{}, fmt.Errorf("plant bad record: %w", err)
			}
			for _, path := range slices.Concat(failingRemoved, failingTokens) {
				bad.raw[path] = values[path]
			}
		}
		out.Write(line)
		out.WriteByte('\n')
		b.count++
	}
	if err := in.Err(); err != nil {
		return badRecord{}, fmt.Errorf("plant bad record: %w", err)
	}
	if bad.id == "" {
		return badRecord{}, fmt.Errorf("plant bad record: the input has only %d calls with account and callback numbers; give it more", b.count)
	}
	b.records = b.path("jsonl")
	if err := os.WriteFile(b.records, out.Bytes(), 0o600); err != nil {
		return badRecord{}, fmt.Errorf("plant bad record: %w", err)
	}
	return bad, nil
}

// valuesOf returns the values at the paths of the smaller job, and the ContactId: strings without their escapes,
// numbers as they are written, nothing for what is not there.
func valuesOf(record []byte) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var top map[string]any
	if err := d.Decode(&top); err != nil {
		return nil, err
	}
	values := map[string]string{"ContactId": fmt.Sprint(top["ContactId"])}
	for _, path := range slices.Concat(failingRemoved, failingTokens) {
		parent, key, _ := strings.Cut(path, ".")
		inner, _ := top[parent].(map[string]any)
		if value, present := inner[key]; present {
			values[path] = fmt.Sprint(value)
		}
	}
	return values, nil
}

// fate says whether the bad record is in the output, and which of its personal values are there as they were.
func (bad badRecord) fate(output string) (fate string, raw []string, err error) {
	f, err := os.Open(output)
	if errors.Is(err, fs.ErrNotExist) {
		return "not delivered", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for in.Scan() {
		values, err := valuesOf(in.Bytes())
		if err != nil {
			return "", nil, fmt.Errorf("read what was delivered: %w", err)
		}
		if values["ContactId"] != bad.id {
			continue
		}
		for _, path := range slices.Concat(failingTokens, failingRemoved) {
			if value, present := values[path]; present && value == bad.raw[path] {
				raw = append(raw, path)
			}
		}
		return "delivered", raw, nil
	}
	return "not delivered", nil, in.Err()
}

// countFiles counts the files in a folder and below it; none when there is no folder.
func countFiles(folder string) (n int, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return n, err
}
