package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/collector"
	"trunkline/internal/config"
	"trunkline/internal/demo"
)

// demoFlags are the flags of demo.
type demoFlags struct {
	duration time.Duration
	rate     recordRate
	seed     uint64
	keep     string
	verbose  bool
	out      output
}

func (a *app) demoCommand() *cobra.Command {
	f := demoFlags{rate: recordRate{200, "s"}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it all at once: a synthetic contact centre, the collector and a receiver",
		Long: `Run a synthetic contact centre, the collector and a receiver in this process, on the loopback interface. The receiver misbehaves a
little on purpose: 503s, connections that break, answers that get lost, a record that it refuses. At the end, three counts of what
became of every record are compared: what the centre expects, what the collector says, and what the receiver got.

A first interrupt (Ctrl-C) ends the demo early, with its account. It works in a temporary folder and removes it, unless --keep
names a folder to play on in. About 5 KB are written for each record, and a demo ends after ` + strconv.Itoa(demo.MaxRecords) + ` records.

Exit status: 0 the counts agree, 1 they do not or something failed, 2 wrong call.`,
		Example: `  trunkline demo
  trunkline demo --duration 30s --rate 1000/s
  trunkline demo --keep try --seed 7`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.DurationVar(&f.duration, "duration", 8*time.Second, "how long the contact centre writes; 0: until Ctrl-C")
	flags.Var(&f.rate, "rate", "how many records it writes, in a second or a minute")
	flags.Uint64Var(&f.seed, "seed", 1, "of the records and of the receiver's faults")
	flags.StringVar(&f.keep, "keep", "", "work in this new folder, and keep it")
	flags.BoolVar(&f.verbose, "verbose", false, "show the collector's log, on standard error")
	_ = cmd.MarkFlagDirname("keep")
	withOutput(cmd, &f.out)
	return cmd
}

func (a *app) demo(ctx context.Context, f *demoFlags) (err error) {
	if f.duration < 0 {
		return wrongCall(fmt.Errorf("--duration %v: want a time such as 10s, or 0 for until Ctrl-C", f.duration))
	}
	folder, remove, err := demoFolder(f.keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	o := demo.Options{Folder: folder, Duration: f.duration, Rate: f.rate.perSecond(), Seed: f.seed, Collect: collectDemo, Log: a.stderr}
	if !f.verbose {
		log, err := os.OpenFile(filepath.Join(folder, "collector.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer log.Close()
		o.Log = log
	}
	style := demo.Style{Colour: onTerminal(a.stdout.to) && os.Getenv("NO_COLOR") == ""}
	switch {
	case f.out == asJSON:
	case onTerminal(a.stdout.to) && os.Getenv("TERM") != "dumb" && !f.verbose:
		o.Screen = &demo.Block{Out: a.stdout, Style: style}
	default:
		o.Screen = &demo.Lines{Out: a.stdout, Style: style}
	}
	summary, err := demo.Run(ctx, o)
	if err != nil {
		return err
	}
	if f.out == asJSON {
		err = json.NewEncoder(a.stdout).Encode(summary)
	} else {
		err = errors.Join(summary.Print(a.stdout, style), nextSteps(a.stdout, folder, f.keep != ""))
	}
	if err == nil && !summary.Balanced {
		err = fmt.Errorf("the account does not balance: %s", summary.Problems[0])
	}
	return err
}

// collectDemo runs the collector of a config as run does.
func collectDemo(ctx context.Context, path string, log io.Writer, started func(demo.Progress)) (books demo.Books, err error) {
	c, err := config.Load(path)
	if err != nil {
		return books, err
	}
	inner := &app{stdin: strings.NewReader(""), stdout: &results{to: io.Discard}, stderr: &diagnostics{to: log}, configPath: path}
	err = inner.collect(ctx, c, func(r *run) error {
		if err := r.start(ctx); err != nil {
			return err
		}
		started(func() collector.Counts { counts, _ := r.collector.Counts(); return counts })
		if err := r.untilDone(ctx); err != nil {
			return err
		}
		books, err = r.books()
		return err
	})
	return books, err
}

// books reads back from the state file and the dead letters what the collector has kept of its run.
func (r *run) books() (books demo.Books, err error) {
	totals, err := r.store.Outcomes()
	if err != nil {
		return books, err
	}
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		books.Outcomes[o] = int64(totals[o.String()])
	}
	for entry, err := range r.store.DeadLetters() {
		if err != nil {
			return books, err
		}
		letter, err := r.journal.letters.Read(entry)
		if err != nil {
			return books, err
		}
		books.DeadLetters = append(books.DeadLetters, demo.DeadLetter{Stage: letter.Stage, Reason: letter.Reason, Attempts: letter.Attempts})
	}
	return books, nil
}

// demoFolder makes the folder to work in; remove does what is to be done with it in the end.
func demoFolder(keep string) (folder string, remove func() error, err error) {
	if keep == "" {
		folder, err = os.MkdirTemp("", "trunkline-demo-")
		return folder, func() error { return os.RemoveAll(folder) }, err
	}
	if info, err := os.Stat(keep); err == nil && !info.IsDir() {
		return "", nil, wrongCall(fmt.Errorf("--keep %s: there is a file of that name; name a new folder", keep))
	}
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(keep)
	if err == nil && len(entries) > 0 {
		err = wrongCall(fmt.Errorf("--keep %s: the folder is not empty; name another one", keep))
	}
	return keep, func() error { return nil }, err
}

// nextSteps tells what to type next.
func nextSteps(out io.Writer, folder string, kept bool) error {
	text := `
Next:
  trunkline demo --keep try      the same, in a folder to look into: config, records, dead letters, log
  trunkline init files           write a commented trunkline.yaml of your own
  trunkline check record.json    what one of your records looks like before and after
`
	if kept {
		text = strings.NewReplacer("DIR", shellWord(folder)).Replace(`
Next, in what was kept in DIR:
  trunkline status -c DIR/trunkline.yaml
  head -1 DIR/records.jsonl | trunkline check -c DIR/trunkline.yaml -
  trunkline replay -c DIR/trunkline.yaml --list
  trunkline replay -c DIR/preview.yaml --identity DIR/identity.txt   (opens them, and prints what can be sent now)
`)
	}
	_, err := io.WriteString(out, text)
	return err
}

// shellWord quotes a path for a shell where it must.
func shellWord(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// recordRate is a flag such as 200/s.
type recordRate struct {
	count float64
	unit  string
}

// maxRate is more than one machine's collector and receiver together can do.
const maxRate = 100_000

func (r *recordRate) perSecond() float64 {
	if r.unit == "m" {
		return r.count / 60
	}
	return r.count
}

// String, Set and Type make a recordRate a flag.
func (r *recordRate) String() string { return fmt.Sprintf("%v/%s", r.count, r.unit) }

// Set takes a number of records in a second or a minute.
func (r *recordRate) Set(text string) error {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	parsed := recordRate{n, cmp.Or(unit, "s")}
	if err != nil || parsed.unit != "s" && parsed.unit != "m" || !(n > 0 && parsed.perSecond() <= maxRate) {
		return fmt.Errorf("want a rate such as 200/s or 600/m, up to %d/s", maxRate)
	}
	*r = parsed
	return nil
}

// Type is the word for the value in help texts.
func (r *recordRate) Type() string { return "rate" }
