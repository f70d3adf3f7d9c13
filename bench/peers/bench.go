package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

//go:embed bento/*.yaml
var bentoConfigs embed.FS

// tokenKey is the key of the pseudonyms: a key file's bytes for trunkline, a variable of the environment for Bento.
const tokenKey = "4d1f0c6b8a2e47953bd07c1e9f6a58e2"

// bench runs the contenders on one file of records.
type bench struct {
	options
	folder string // for everything written
	self   string // this program, for its other roles
	stderr io.Writer
	count  int   // records in the input
	size   int64 // bytes in the input
	runs   int   // runs so far, for names
}

func newBench(o options, folder string, stderr io.Writer) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	b := &bench{options: o, folder: folder, self: self, stderr: stderr}
	// The contenders run in folders of their own.
	for _, path := range []*string{&b.records, &b.bento, &b.bentoAWS, &b.trunkline} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, fmt.Errorf("find input: %w", err)
		}
		if _, err := os.Stat(*path); err != nil {
			return nil, fmt.Errorf("find input: %w", err)
		}
	}
	if b.count, b.size, err = countLines(b.records); err != nil {
		return nil, err
	}
	return b, nil
}

// result is one row of the table.
type result struct {
	name string
	usage
	counts
	digests string // the file of digests of what arrived
}

// jobs runs the jobs asked for and prints a table for each. It returns an error when outputs differ.
func (b *bench) jobs(ctx context.Context, stdout io.Writer, which string) error {
	fmt.Fprintf(stdout, "%d records, %d bytes; rates and CPU are per input record\n", b.count, b.size)
	var errs []error
	for job := range strings.SplitSeq(which, ",") {
		run, title := b.fileJob, "file → filter → redact → file"
		switch job {
		case "http":
			run, title = b.httpJob, "file → filter → redact → HTTP, one record a request, 64 in flight"
		case "kinesis":
			run, title = b.streamJob, fmt.Sprintf("Kinesis (kinesis-mock), %d shards → filter → redact → HTTP, one record a request, 64 in flight", streamShards)
		}
		results, err := run(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "\n%s\n", title)
		if err := b.print(stdout, results); err != nil {
			return err
		}
		for _, r := range results[1:] {
			if err := sameDigests(results[0].digests, r.digests); err != nil {
				errs = append(errs, fmt.Errorf("%s and %s delivered different records: %w", results[0].name, r.name, err))
			}
		}
		if len(errs) == 0 {
			fmt.Fprintf(stdout, "outputs: equal after parsing, %d records each\n", results[0].delivered())
		}
	}
	return errors.Join(errs...)
}

// fileJob runs the contenders from file to file.
func (b *bench) fileJob(ctx context.Context) (results []result, err error) {
	if b.trunkline != "" {
		for _, window := range []bool{false, true} {
			name := "trunkline"
			if window {
				name += ", window"
			}
			output := b.path("jsonl")
			u, err := b.runTrunkline(ctx, b.job(output, window))
			if err != nil {
				return nil, err
			}
			results = append(results, result{name: name, usage: u, digests: output})
			if err := b.digest(ctx, &results[len(results)-1]); err != nil {
				return nil, err
			}
		}
	}
	output := b.path("jsonl")
	u, err := b.runBento(ctx, 0, "file", "OUTPUT="+output)
	if err != nil {
		return nil, err
	}
	results = append(results, result{name: "Bento", usage: u, digests: output})
	return results, b.digest(ctx, &results[len(results)-1])
}

// httpJob runs the contenders from file to HTTP, each against a new receiver, and the bare client last, with the
// lines that the first of them sent.
func (b *bench) httpJob(ctx context.Context) (results []result, err error) {
	redacted := ""
	type contender struct {
		name string
		run  func(url string) (usage, error)
	}
	contenders := []contender{
		{"Bento", func(url string) (usage, error) {
			return b.runBento(ctx, 0, "http", "URL="+url, "HEADER="+headerName, "HEADER_VALUE="+headerValue)
		}},
		{"bare net/http", func(url string) (usage, error) {
			return measure(ctx, 0, nil, b.self, "post", url, redacted)
		}},
	}
	if b.trunkline != "" {
		first := contender{"trunkline", func(url string) (usage, error) {
			return b.runTrunkline(ctx, b.job(url, false))
		}}
		contenders = append([]contender{first}, contenders...)
	}
	for i, c := range contenders {
		bodies := b.path("jsonl")
		r, err := startReceiver(ctx, b.stderr, bodies, 0)
		if err != nil {
			return nil, err
		}
		u, err := c.run(r.url)
		seen, stopErr := r.stop()
		if err := errors.Join(err, stopErr); err != nil {
			return nil, err
		}
		if seen.Wrong > 0 {
			return nil, fmt.Errorf("%s sent %d requests without the right method, body or header", c.name, seen.Wrong)
		}
		if i == 0 {
			// The bare client posts these; digest takes its input away.
			redacted = b.path("jsonl")
			if err := os.Link(bodies, redacted); err != nil {
				return nil, fmt.Errorf("keep the bodies: %w", err)
			}
		}
		results = append(results, result{name: c.name, usage: u, counts: seen, digests: bodies})
		if err := b.digest(ctx, &results[i]); err != nil {
			return nil, err
		}
	}
	return results, os.Remove(redacted)
}

// job is the whole job for trunkline.
func (b *bench) job(output string, window bool) trunklineJob {
	return trunklineJob{
		input: b.records, output: output, window: window,
		tokens: tokenPaths, remove: removedPaths, onlyVoice: true,
	}
}

func (b *bench) runTrunkline(ctx context.Context, job trunklineJob) (usage, error) {
	config, err := writeTrunkline(b.path("trunkline"), job)
	if err != nil {
		return usage{}, err
	}
	return measure(ctx, 0, nil, b.trunkline, "run", "-c", config)
}

// runBento runs one of the embedded configs; bound as in measure.
func (b *bench) runBento(ctx context.Context, bound time.Duration, config string, env ...string) (usage, error) {
	path, err := b.writeBento(config)
	if err != nil {
		return usage{}, err
	}
	env = append(env, "INPUT="+b.records, "TOKEN_KEY="+tokenKey)
	return measure(ctx, bound, env, b.bento, "-c", path)
}

// writeBento writes one of the embedded configs where Bento can read it.
func (b *bench) writeBento(config string) (path string, err error) {
	text, err := bentoConfigs.ReadFile("bento/" + config + ".yaml")
	if err != nil {
		return "", fmt.Errorf("read Bento config: %w", err)
	}
	path = b.path("yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("write Bento config: %w", err)
	}
	return path, nil
}

// digest replaces the output of a result, which may be as large as the input, by its digests. It works in a process
// of its own: see measure.
func (b *bench) digest(ctx context.Context, r *result) error {
	digests := b.path("digests")
	if err := tool(ctx, b.stderr, nil, b.self, "digest", r.digests, digests); err != nil {
		return fmt.Errorf("read what %s delivered: %w", r.name, err)
	}
	if err := os.Remove(r.digests); err != nil {
		return fmt.Errorf("read what %s delivered: %w", r.name, err)
	}
	r.digests = digests
	return nil
}

// path names a new file or folder.
func (b *bench) path(suffix string) string {
	b.runs++
	return filepath.Join(b.folder, fmt.Sprintf("%02d.%s", b.runs, suffix))
}

// print prints the table. Ratios are to Bento's row, and for HTTP, CPU also to the bare client's.
func (b *bench) print(stdout io.Writer, results []result) error {
	byName := map[string]result{}
	for _, r := range results {
		byName[r.name] = r
	}
	bento, bare := byName["Bento"], byName["bare net/http"]
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	heads := "\twall s\trecords/s\tMB/s\tCPU µs\tpeak MiB\trate ÷ Bento\tCPU ÷ Bento\t"
	if bare.cpu > 0 {
		heads += "CPU ÷ bare\t"
	}
	sent := results[0].Requests > 0
	if sent {
		heads += "receiver's CPU µs\tconnections\trequests\t"
	}
	fmt.Fprintln(w, heads)
	for _, r := range results {
		n, seconds := float64(b.count), r.wall.Seconds()
		fmt.Fprintf(w, "%s\t%.2f\t%.0f\t%.0f\t%.1f\t%.0f\t%.2f\t%.3f\t", r.name, seconds, n/seconds,
			float64(b.size)/1e6/seconds, float64(r.cpu.Microseconds())/n, float64(r.peak)/(1<<20),
			bento.wall.Seconds()/seconds, r.cpu.Seconds()/bento.cpu.Seconds())
		if bare.cpu > 0 {
			fmt.Fprintf(w, "%.2f\t", r.cpu.Seconds()/bare.cpu.Seconds())
		}
		if sent {
			fmt.Fprintf(w, "%.1f\t%d\t%d\t", float64(r.receiverCPU.Microseconds())/n, r.Connections, r.Requests)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// delivered counts the digests.
func (r *result) delivered() int {
	n, _, err := countLines(r.digests)
	if err != nil {
		return 0
	}
	return n
}

// countLines returns how many lines and bytes a file has, without keeping it in memory.
func countLines(path string) (lines int, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, fmt.Errorf("count records: %w", err)
	}
	defer f.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := f.Read(buf)
		lines += bytes.Count(buf[:n], []byte("\n"))
		size += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return lines, size, nil
		case err != nil:
			return 0, 0, fmt.Errorf("count records: %w", err)
		}
	}
}
