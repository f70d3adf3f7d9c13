// Records writes synthetic contact records as JSON lines to standard output: the input of every benchmark.
//
//	go run ./bench/records -n 200000 -seed 1 > records.jsonl
//
// The same flags give the same bytes on every machine. What was written is summed up on standard error.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"trunkline/internal/contactcentre"
)

func main() {
	n := flag.Int("n", 200_000, "how many records")
	seed := flag.Uint64("seed", 1, "seed of everything random")
	mixed := flag.Bool("mixed", false, "the mixed life: transfers, updates, duplicates, quirks, agent events")
	broken := flag.Bool("broken", false, "with -mixed: about 1 % of broken records as well")
	flag.Parse()
	if flag.NArg() > 0 || *n < 0 || *broken && !*mixed {
		flag.Usage()
		os.Exit(2)
	}
	stats, err := write(os.Stdout, *n, *seed, *mixed, *broken)
	if err != nil {
		fmt.Fprintln(os.Stderr, "records:", err)
		os.Exit(1)
	}
	fmt.Fprint(os.Stderr, stats)
}

// epoch is when the centre opens, the same in every run.
var epoch = time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)

// write writes n records to w and returns what it wrote.
func write(w io.Writer, n int, seed uint64, mixed, broken bool) (statistics, error) {
	out := bufio.NewWriterSize(w, 1<<20)
	// The workload is a busy centre; the mixed life keeps its pace of one event in two minutes.
	opts := contactcentre.Options{Broken: broken}
	if !mixed {
		opts.Pace = 2 * time.Second
	}
	centre := contactcentre.New(seed, epoch, opts)
	stats := statistics{kinds: map[contactcentre.What]int{}}
	var line []byte
	for range n {
		if mixed {
			var what contactcentre.What
			line, what = centre.AppendEvent(line[:0])
			stats.kinds[what]++
		} else {
			line = centre.AppendContactRecord(line[:0])
		}
		stats.sizes = append(stats.sizes, int32(len(line)))
		stats.bytes += int64(len(line)) + 1
		line = append(line, '\n')
		if _, err := out.Write(line); err != nil {
			return statistics{}, fmt.Errorf("write records: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return statistics{}, fmt.Errorf("write records: %w", err)
	}
	slices.Sort(stats.sizes)
	return stats, nil
}

// statistics of what was written. Sizes are in bytes, ascending, without the newline.
type statistics struct {
	bytes int64
	sizes []int32
	kinds map[contactcentre.What]int
}

// String returns one line of sizes, and for the mixed life one line for each kind and channel.
func (s statistics) String() string {
	n := len(s.sizes)
	if n == 0 {
		return "0 records, 0 bytes\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d records, %d bytes; mean %d B, p50 %d B, p99 %d B, max %d B\n",
		n, s.bytes, (s.bytes-int64(n))/int64(n), s.sizes[n/2], s.sizes[n*99/100], s.sizes[n-1])
	kinds := make([]contactcentre.What, 0, len(s.kinds))
	for what := range s.kinds {
		kinds = append(kinds, what)
	}
	slices.SortFunc(kinds, func(a, b contactcentre.What) int { return s.kinds[b] - s.kinds[a] })
	for _, what := range kinds {
		fmt.Fprintf(&text, "%8d %s %s\n", s.kinds[what], what.Kind, what.Channel)
	}
	return text.String()
}
