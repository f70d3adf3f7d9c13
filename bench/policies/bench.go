package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"text/tabwriter"
)

// The inputs of the decisions.
const (
	administrator = "instance administrator"
	hard          = "hard case"
)

// bench is a comparison.
type bench struct {
	options
	inputs  inputs
	pin     []string // the start of a command line that ties a program to a core
	workers          // who takes part
}

// workers are the contenders of each discipline. The first is trunkline.
type workers struct {
	deciders, linters, parsers []contender
}

// A column is an input in a table.
type column struct {
	name, path string
	skip       string // a contender that is not able to
}

// run measures everything and prints it. It returns an error when decisions differ without a reason.
func (b *bench) run(ctx context.Context, stdout io.Writer) error {
	fmt.Fprintf(stdout, "rates are per second of CPU time of one process on one core, best of %d; the ratio is trunkline's rate to the row's\n", b.rounds)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(stdout, "%d cores; load over 1, 5, 15 minutes, running, last process: %s", runtime.NumCPU(), load)
	}
	columns := []column{{administrator, b.inputs.administrator, ""}, {hard, b.inputs.hard, cedarGo}}
	answers, err := b.measure(ctx, b.deciders, columns)
	if err != nil {
		return err
	}
	if err := table(stdout, "decisions/s", columns, b.deciders, answers, 1); err != nil {
		return err
	}
	differ := b.check(stdout, columns, answers)

	columns = []column{{"published policies", b.inputs.published, ""}, {"one of 4 KB", b.inputs.one, ""}}
	if answers, err = b.measure(ctx, b.linters, columns); err != nil {
		return errors.Join(differ, err)
	}
	if err := table(stdout, "policies linted/s", columns, b.linters, answers, 1); err != nil {
		return errors.Join(differ, err)
	}
	columns = []column{{"one of 4 KB", b.inputs.policy, ""}}
	if answers, err = b.measure(ctx, b.parsers, columns); err != nil {
		return errors.Join(differ, err)
	}
	if err := table(stdout, "policies parsed/s", columns, b.parsers, answers, 2); err != nil {
		return errors.Join(differ, err)
	}
	return errors.Join(differ, b.starts(ctx, stdout))
}

// measure gives each contender its turn on each input, round after round, and keeps the best answer of each, by column.
func (b *bench) measure(ctx context.Context, contenders []contender, columns []column) ([]map[string]answer, error) {
	best := make([]map[string]answer, len(columns))
	for range b.rounds {
		for i, column := range columns {
			if best[i] == nil {
				best[i] = map[string]answer{}
			}
			for _, c := range contenders {
				if c.name == column.skip {
					continue
				}
				a, err := c.ask(ctx, b.pin, column.path, b.seconds)
				if err != nil {
					return nil, err
				}
				if before, ok := best[i][c.name]; !ok || a.rate() > before.rate() {
					best[i][c.name] = a
				}
			}
		}
	}
	return best, nil
}

// check holds all decisions against the expected ones.
func (b *bench) check(stdout io.Writer, columns []column, answers []map[string]answer) error {
	var errs []error
	var lines bytes.Buffer
	for i, column := range columns {
		w, err := readWorkload(column.path)
		if err != nil {
			return err
		}
		for _, c := range b.deciders {
			if a, ok := answers[i][c.name]; ok {
				errs = append(errs, check(&lines, differences(), c.name, column.name, w.Requests, a.Decisions))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("decisions differ:\n%w", err)
	}
	fmt.Fprintln(stdout, "decisions: as expected, but for")
	if lines.Len() == 0 {
		lines.WriteString("  nothing\n")
	}
	_, err := stdout.Write(lines.Bytes())
	return err
}

// table prints rates and ratios to the first contender's.
func table(stdout io.Writer, title string, columns []column, contenders []contender, answers []map[string]answer, digits int) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s\t", title)
	for _, column := range columns {
		fmt.Fprintf(w, "%s\tratio\t", column.name)
	}
	fmt.Fprintln(w)
	for _, c := range contenders {
		fmt.Fprintf(w, "%s\t", c.name)
		for i := range columns {
			a, ok := answers[i][c.name]
			first := answers[i][contenders[0].name]
			if ok {
				fmt.Fprintf(w, "%s\t%.*f\t", thousands(a.rate()), digits, first.rate()/a.rate())
			} else {
				fmt.Fprint(w, "–\t\t")
			}
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// thousands words a rate with commas.
func thousands(rate float64) string {
	text := fmt.Sprintf("%.0f", rate)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// starts measures whole processes: from the start to the first decision, on the first request of the instance administrator.
func (b *bench) starts(ctx context.Context, stdout io.Writer) error {
	if b.trunkline == "" {
		return nil
	}
	type process struct {
		name string
		line []string
	}
	w, err := readWorkload(b.inputs.administrator)
	if err != nil {
		return err
	}
	r := w.Requests[0]
	processes := []process{
		{"trunkline policy simulate", []string{
			b.trunkline, "policy", "simulate", "--identity", b.inputs.identity,
			"--principal", w.Principal, "--action", r.Action, "--resource", r.Resource,
		}},
		{"trunkline policy catalog (all services)", []string{b.trunkline, "policy", "catalog"}},
		{"trunkline version", []string{b.trunkline, "version"}},
	}
	for _, c := range b.deciders {
		if c.name == validating || c.name == unvalidated || c.name == cedarGo {
			line := append(append([]string{}, c.command...), b.inputs.administrator, "0")
			processes = append(processes, process{c.name, line})
		}
	}
	if !b.alone {
		processes = append(processes, process{"bare node", []string{"node", "-e", "0"}})
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nstart to end, best of %d\tms\tto trunkline's\tpeak MiB\t\n", b.options.starts)
	var first start
	for i, p := range processes {
		s, err := startOf(ctx, b.options.starts, p.line...)
		if err != nil {
			return err
		}
		if i == 0 {
			first = s
		}
		fmt.Fprintf(table, "%s\t%.1f\t%.2f\t%.1f\t\n", p.name, float64(s.wall.Microseconds())/1000,
			s.wall.Seconds()/first.wall.Seconds(), float64(s.peak)/(1<<20))
	}
	return table.Flush()
}
