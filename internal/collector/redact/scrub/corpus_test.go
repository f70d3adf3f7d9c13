package scrub

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// kindNames are the kinds that a corpus may label.
var kindNames = []string{"EMAIL", "PHONE", "CARD", "IBAN", "IP", "SSN", "NHS", "TFN", "ABN", "SIN"}

// labelled is one line of a corpus: a text and what stands in it, in order.
type labelled struct {
	Text  string         `json:"text"`
	Finds []labelledFind `json:"finds"`
}

type labelledFind struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func readCorpus(t testing.TB, file string) []labelled {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []labelled
	in := bufio.NewScanner(f)
	for in.Scan() {
		var line labelled
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%s line %d: %v", file, len(lines)+1, err)
		}
		lines = append(lines, line)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
