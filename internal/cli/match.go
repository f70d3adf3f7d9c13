package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"trunkline/internal/collector"
	"trunkline/internal/document"
	"trunkline/internal/pattern"
	"trunkline/internal/pattern/cases"
)

// matchResult is a line of match --output json.
type matchResult struct {
	Event  string `json:"event"`  // the argument that it came from
	Number int    `json:"number"` // which record of it, from 1
	Match  bool   `json:"match"`
	Error  string `json:"error,omitempty"` // why it is no event
}

func (a *app) matchCommand() *cobra.Command {
	var text, casesPath, form string
	var out output
	cmd := &cobra.Command{
		Use:   "match --pattern FILE|TEXT [EVENT…]",
		Short: "Try an event pattern on events",
		Long: `Tell for each event whether an EventBridge event pattern matches it. Events are JSON texts or files of them; without any, standard
input is read. With --form filter or pipe, the pattern has the form that a pipe takes, {"data": {…}}, and each event is a record.

With --cases, read JSON lines {"id", "pattern", "event"} and answer {"id", "match": true|false} or {"id", "invalid": "reason"}.

Exit status: 0 every event was answered, matched or not, 1 something is no event or no case, 2 wrong call or invalid pattern.`,
		Example: `  trunkline match --pattern '{"Channel": ["VOICE"]}' record.json
  trunkline match --form pipe --pattern filter.json records.jsonl
  trunkline match --cases cases.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if casesPath != "" {
				if text != "" || len(args) > 0 {
					return wrongCall(errors.New("--cases brings its own patterns and events; leave --pattern and the events out"))
				}
				return a.matchCases(casesPath, form)
			}
			set, err := a.compilePattern(text, form)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"-"}
			}
			return a.matchEvents(cmd, set, form != "bus", args, out)
		},
	}
	cmd.Flags().StringVar(&text, "pattern", "", "the pattern: a file, or the JSON text itself")
	cmd.Flags().StringVar(&casesPath, "cases", "", "a file of cases, or - for standard input")
	cmd.Flags().StringVar(&form, "form", "bus", "bus, filter (trunkline's own: in the form of a pipe, all operators) or pipe")
	_ = cmd.RegisterFlagCompletionFunc("form", cobra.FixedCompletions([]string{"bus", "filter", "pipe"}, cobra.ShellCompDirectiveNoFileComp))
	withOutput(cmd, &out)
	return cmd
}

func patternLevel(form string) (pattern.Level, error) {
	switch form {
	case "bus":
		return pattern.Bus, nil
	case "filter":
		return pattern.Filter, nil
	case "pipe":
		return pattern.Pipe, nil
	}
	return 0, wrongCall(fmt.Errorf("--form %s: want bus, filter or pipe", form))
}

func (a *app) compilePattern(arg, form string) (*pattern.Set, error) {
	level, err := patternLevel(form)
	if err != nil {
		return nil, err
	}
	if arg == "" {
		return nil, wrongCall(errors.New("no pattern; give --pattern FILE or TEXT, or --cases FILE"))
	}
	text := []byte(arg)
	if !inline(arg) {
		if text, err = os.ReadFile(arg); err != nil {
			return nil, wrongCall(err)
		}
	}
	set, err := pattern.Compile(level, text)
	if err != nil {
		return nil, wrongCall(err)
	}
	for _, w := range set.Warnings() {
		fmt.Fprintln(a.stderr, "warning:", w.Message())
	}
	return set, nil
}

func (a *app) matchEvents(cmd *cobra.Command, set *pattern.Set, records bool, events []string, out output) error {
	matcher := set.NewMatcher()
	var doc document.Document
	encoder := json.NewEncoder(a.stdout)
	failed := false
	try := func(name string, number int, in collector.Input) error {
		result := matchResult{Event: name, Number: number}
		err := in.Problem
		if err == nil {
			err = doc.Parse(in.Data)
		}
		if err == nil && records {
			result.Match, err = matcher.MatchRecord(nil, &doc)
		} else if err == nil {
			result.Match, err = matcher.Match(&doc)
		}
		if err != nil {
			result.Error, failed = err.Error(), true
		}
		if out == asJSON {
			return encoder.Encode(result)
		}
		verdict := "no match"
		switch {
		case err != nil:
			verdict = "invalid: " + result.Error
		case result.Match:
			verdict = "match"
		}
		_, err = fmt.Fprintf(a.stdout, "%s: record %d: %s\n", name, number, verdict)
		return err
	}
	for _, event := range events {
		if inline(event) {
			if err := try("argument", 1, collector.Input{Data: []byte(event)}); err != nil {
				return err
			}
			continue
		}
		err := a.eachRecord(cmd.Context(), event, func(n int, in collector.Input) error { return try(event, n, in) })
		if err != nil {
			return err
		}
	}
	if failed {
		return &exit{status: exitFailed}
	}
	return nil
}

func (a *app) matchCases(path, form string) error {
	level, err := patternLevel(form)
	if err != nil {
		return err
	}
	var in io.Reader = a.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return wrongCall(err)
		}
		defer f.Close()
		in = f
	}
	summary, err := cases.Run(level, in, a.stdout)
	if err == nil && summary.Errors > 0 {
		err = fmt.Errorf("%d lines could not be answered", summary.Errors)
	}
	return err
}
