// Peers runs trunkline and what a user would pick instead on the same records, one after the other, and prints
// what each of them took.
//
//	go run . -trunkline ../../bin/trunkline -n 200000     both jobs, on generated records
//	go run . -trunkline ../../bin/trunkline -records FILE on records of your own, one JSON object a line
//	go run . -trunkline ../../bin/trunkline -jobs kinesis -n 20000   from a stream, played by kinesis-mock (Node)
//	go run . -trunkline ../../bin/trunkline -failures     what each does with a record that it cannot redact
//
// The job: keep Channel = VOICE; replace 8 values by "tok_" and the first 32 hex digits of HMAC-SHA-256; remove 9
// paths. Once from file to file, once from file to HTTP: one record a request, 64 in flight; and once from Kinesis to HTTP.
//
//	records ─┬─▶ trunkline ─▶ file, receiver ─┐
//	         ├─▶ Bento ─────▶ file, receiver ─┼─▶ equal after parsing?  ─▶ table
//	         └─▶ (redacted) bare net/http ────┘
//
// Every contender and the receiver is a process of its own, so that CPU time and peak memory (wait4's) are its own.
// They share the machine's cores all the same: look at ratios within one run. Without -trunkline, Bento and the
// bare client run alone.
//
// Exit status: 0 done and all outputs equal, 1 otherwise, 2 wrong call.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// errWrongCall is a call that the usage text does not allow.
var errWrongCall = errors.New("wrong call")

// run is main without the process: it returns the exit status. "receive", "post" and "digest" are the roles in
// which the program starts itself.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) == 3 && args[0] == "receive":
		expected, _ := strconv.ParseInt(args[2], 10, 64)
		err = receive(stdin, stdout, args[1], expected)
	case len(args) == 3 && args[0] == "front":
		err = front(stdout, args[1], args[2])
	case len(args) == 3 && args[0] == "post":
		err = post(ctx, args[1], args[2], inFlight)
	case len(args) == 3 && args[0] == "digest":
		err = digestFile(args[1], args[2])
	default:
		err = compare(ctx, args, stdout, stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errWrongCall):
		return 2
	default:
		fmt.Fprintln(stderr, "peers:", err)
		return 1
	}
}

// options are the flags of the call.
type options struct {
	trunkline, bento, bentoAWS, records, jobs string
	n                                         int
	failures                                  bool
	bound                                     time.Duration
}

var jobList = regexp.MustCompile(`^(file|http|kinesis)(,(file|http|kinesis))*$`)

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.trunkline, "trunkline", "", "the trunkline executable; left out when empty")
	flags.StringVar(&o.bento, "bento", "", "a Bento executable; built from this module when empty")
	flags.StringVar(&o.bentoAWS, "bento-aws", "", "a Bento executable with its AWS components, for the job kinesis; built from this module when empty")
	flags.StringVar(&o.records, "records", "", "a file of contact records, one JSON object a line; generated when empty")
	flags.StringVar(&o.jobs, "jobs", "file,http", "which jobs to run, in this order: file, http, kinesis")
	flags.IntVar(&o.n, "n", 200_000, "how many records to generate")
	flags.BoolVar(&o.failures, "failures", false, "show what happens to a record that cannot be redacted, instead")
	flags.DurationVar(&o.bound, "bound", 5*time.Second, "with -failures: how long each contender may take")
	if err := flags.Parse(args); err != nil {
		return options{}, errors.Join(errWrongCall, err)
	}
	if flags.NArg() > 0 || !jobList.MatchString(o.jobs) {
		flags.Usage()
		return options{}, errWrongCall
	}
	return o, nil
}

// compare does what the flags ask for, in a folder of its own that is gone afterwards.
func compare(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return fmt.Errorf("make working folder: %w", err)
	}
	defer os.RemoveAll(folder)

	if o.bento == "" && (o.failures || o.jobs != "kinesis") {
		o.bento = filepath.Join(folder, "bento")
		began := time.Now()
		if err := tool(ctx, stderr, nil, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", o.bento, "./bento"); err != nil {
			return fmt.Errorf("build Bento (call this from bench/peers): %w", err)
		}
		fmt.Fprintf(stderr, "built Bento in %.0f s\n", time.Since(began).Seconds())
	}
	if o.records == "" {
		if o.failures {
			o.n = 200
		}
		o.records = filepath.Join(folder, "records.jsonl")
		if err := generate(ctx, stderr, o.records, o.n); err != nil {
			return err
		}
	}
	b, err := newBench(o, folder, stderr)
	if err != nil {
		return err
	}
	if o.failures {
		return b.failures(ctx, stdout, o.bound)
	}
	return b.jobs(ctx, stdout, o.jobs)
}

// generate writes n contact records to path, with the generator of the main module.
func generate(ctx context.Context, stderr io.Writer, path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("generate records: %w", err)
	}
	err = tool(ctx, stderr, f, "go", "-C", filepath.Join("..", ".."), "run", "./bench/records", "-n", fmt.Sprint(n))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("generate records (call this from bench/peers): %w", err)
	}
	return nil
}

// tool runs a program that is not measured.
func tool(ctx context.Context, stderr, stdout io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %v: %w", name, args, err)
	}
	return nil
}
