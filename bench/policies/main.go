// Policies measures trunkline's IAM engine and what else evaluates, lints and reads IAM policies, on the same inputs, in turn, and
// prints a table of ratios. It calls the peers from the folder bench/policies, where peers/install has installed them:
//
//	make policies                                    installs the peers and runs it
//	go run . -trunkline ../../bin/trunkline          the same, when they are installed
//	go run . -trunkline … -seconds 5 -rounds 5       longer
//
// What is measured, and beside what:
//
//	decisions   iam-simulate (npm), cedar-go         the workloads of iam/sim/testdata: instance administrator, hard case
//	lint        parliament (PyPI)                    the policies of iam/lint/testdata/published; one policy of 4 KB
//	parse       encoding/json                        the policy of 4 KB
//	start       iam-simulate, cedar-go, bare node    a process from its start to its first decision; peak memory
//
// The decisions of every contender are held against the expected ones. What a peer decides otherwise is listed with its reason; a
// difference without a reason in differences.go is an error, and so is a reason that nothing needs any more.
//
// Every contender is a process of its own, tied to one core where the command taskset can do it. Rates are per second of the CPU time
// of that process, which other work on the machine disturbs less than wall time; each is the best of some rounds. Starts are wall time, on
// all cores, the best of many: run them on a machine that is quiet.
//
// The peers are never linked or shipped: iam-simulate and parliament run in node and Python, cedar-go in a module of its own.
//
// Exit status: 0 done and all decisions as expected or explained, 1 otherwise, 2 wrong call.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errWrongCall is a call that the usage text does not allow.
var errWrongCall = errors.New("wrong call")

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var err error
	if len(args) > 0 && slices.Contains(roles, args[0]) {
		err = play(args, stdout)
	} else {
		err = compare(ctx, args, stdout, stderr)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errWrongCall):
		return 2
	default:
		fmt.Fprintln(stderr, "policies:", err)
		return 1
	}
}

// roles are trunkline's and encoding/json's parts, which the program plays when it starts itself as a contender.
var roles = []string{"decide", "request", "lint", "parse", "json"}

// play answers as every contender does: see contender.go.
func play(args []string, stdout io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("%s: %d arguments, want INPUT SECONDS", args[0], len(args)-1)
	}
	seconds, err := strconv.ParseFloat(args[2], 64)
	if err != nil {
		return fmt.Errorf("%s: seconds: %w", args[0], err)
	}
	var a answer
	switch args[0] {
	case "decide", "request":
		a, err = decide(args[1], args[0] == "decide", seconds)
	case "lint":
		a, err = lintAll(args[1], seconds)
	default:
		a, err = parse(args[1], args[0] == "json", seconds)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return json.NewEncoder(stdout).Encode(a)
}

// options are the flags of the call.
type options struct {
	trunkline string
	alone     bool
	seconds   float64
	rounds    int
	starts    int
}

func parseFlags(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.trunkline, "trunkline", "", "the trunkline executable, for starts and memory; they are left out when empty")
	flags.BoolVar(&o.alone, "alone", false, "without the peers that have to be installed")
	flags.Float64Var(&o.seconds, "seconds", 2, "CPU time of each measurement, after as much to warm up")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each contender has its turn; the best counts")
	flags.IntVar(&o.starts, "starts", 20, "how often each process is started; the best counts")
	if err := flags.Parse(args); err != nil {
		return options{}, errors.Join(errWrongCall, err)
	}
	if flags.NArg() > 0 || o.seconds <= 0 || o.rounds < 1 || o.starts < 1 {
		flags.Usage()
		return options{}, errWrongCall
	}
	return o, nil
}

// compare does what the flags ask for, in a folder of its own that is gone afterwards.
func compare(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "policies")
	if err != nil {
		return fmt.Errorf("make working folder: %w", err)
	}
	defer os.RemoveAll(folder)
	if o.trunkline != "" {
		if o.trunkline, err = filepath.Abs(o.trunkline); err != nil {
			return fmt.Errorf("find trunkline: %w", err)
		}
	}
	in, err := writeInputs(folder)
	if err != nil {
		return err
	}
	b := bench{options: o, inputs: in}
	if err := b.findContenders(ctx, folder, stderr); err != nil {
		return err
	}
	return b.run(ctx, stdout)
}
