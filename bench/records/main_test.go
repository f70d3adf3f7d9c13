package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestWriteGivesLinesAndTheirSizes(t *testing.T) {
	for _, mixed := range []bool{false, true} {
		var out bytes.Buffer
		stats, err := write(&out, 500, 1, mixed, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := int64(out.Len()), stats.bytes; got != want {
			t.Errorf("mixed %v: wrote %d bytes, statistics say %d", mixed, got, want)
		}
		largest := 0
		lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
		for _, line := range lines {
			largest = max(largest, len(line))
			if !json.Valid(line) {
				t.Fatalf("mixed %v: line is not JSON: %s", mixed, line)
			}
		}
		if got, want := len(lines), 500; got != want {
			t.Errorf("mixed %v: %d lines, want %d", mixed, got, want)
		}
		first, _, _ := strings.Cut(stats.String(), "\n")
		if want := fmt.Sprintf("500 records, %d bytes; ", out.Len()); !strings.HasPrefix(first, want) {
			t.Errorf("mixed %v: statistics are %q, want prefix %q", mixed, first, want)
		}
		if want := fmt.Sprintf("max %d B", largest); !strings.HasSuffix(first, want) {
			t.Errorf("mixed %v: statistics are %q, want suffix %q", mixed, first, want)
		}
		if got := strings.Contains(stats.String(), "agent event"); got != mixed {
			t.Errorf("mixed %v: statistics tell of agent events: %v", mixed, got)
		}
	}
}

type full struct{ err error }

func (w full) Write([]byte) (int, error) { return 0, w.err }

func TestWriteReportsAFullDisk(t *testing.T) {
	noSpace := errors.New("no space left")
	if _, err := write(full{noSpace}, 1000, 1, false, false); !errors.Is(err, noSpace) {
		t.Errorf("write to a full disk: error is %v, want %v", err, noSpace)
	}
}
