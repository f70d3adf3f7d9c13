package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"trunkline/contact"
	"trunkline/internal/cloud"
	"trunkline/internal/collector"
	"trunkline/internal/collector/redact"
	"trunkline/internal/config"
	"trunkline/internal/document"
	"trunkline/internal/pipeline"
)

// checkConfig is what check --output json prints when it is called without records.
type checkConfig struct {
	Config   string         `json:"config"` // the file
	Valid    bool           `json:"valid"`
	Problems []checkProblem `json:"problems,omitempty"` // why it is not
	Warnings []string       `json:"warnings,omitempty"` // what was probably not meant
}

// checkProblem is one thing wrong with a config.
type checkProblem struct {
	Line    int    `json:"line"`          // from 1; 0: it is about the file
	Column  int    `json:"column"`        // from 1, in characters
	Key     string `json:"key,omitempty"` // e.g. redact.rules[2].action
	Problem string `json:"problem"`
}

// checkResult is a line of check --output json: what run would do with one record.
type checkResult struct {
	Record  int             `json:"record"` // which one of the argument, from 1
	Kind    string          `json:"kind,omitempty"`
	ID      string          `json:"id,omitempty"` // ContactId or EventId
	Outcome string          `json:"outcome"`      // delivered, filtered or dead_letter
	Reason  string          `json:"reason,omitempty"`
	Fields  []checkField    `json:"fields,omitempty"`
	After   json.RawMessage `json:"after,omitempty"` // what would be sent
}

// checkField is a field of the record, and what becomes of it.
type checkField struct {
	Path   string          `json:"path"`
	Action string          `json:"action"` // keep, remove, or a rule's action
	By     string          `json:"by"`     // what decided
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after,omitempty"`
}

func (a *app) checkCommand() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "check [RECORD…]",
		Short: "Validate the config; show what records look like before and after",
		Long: `Validate the config: keys, patterns, paths, secrets. With files of records, or the text of one, show for each field what becomes of it
and what decided so. Nothing is delivered and no state is kept. The values of the records are shown as they are.

Exit status: 0 the config is valid and no record would be dead-lettered, 1 failed, 2 wrong call or config, 3 a record would be
dead-lettered.`,
		Example: `  trunkline check
  trunkline check record.json
  trunkline check -c trunkline.yaml --output json records.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.check(cmd.Context(), args, out)
		},
	}
	withOutput(cmd, &out)
	return a.withConfig(cmd)
}

func (a *app) check(ctx context.Context, args []string, out output) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	noticed := &warnings{out: a.stderr}
	c, err := config.Load(a.configPath)
	var p *pipeline.Pipeline
	if err == nil {
		p, err = buildPipeline(ctx, c, cloud.New(c.AWS), slog.New(noticed), nil)
	}
	if len(args) == 0 && out == asJSON {
		report := checkConfig{Config: a.configPath, Valid: err == nil, Problems: checkProblems(err), Warnings: noticed.list}
		if err := encoder.Encode(report); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return wrongCall(err)
	case len(args) > 0:
	case out == asJSON:
		return nil
	default:
		_, err := fmt.Fprintf(a.stdout, "%s is valid\n", a.configPath)
		return err
	}
	checker := newChecker(p)
	bad := false
	show := func(number int, in collector.Input) error {
		result := checker.check(number, in)
		bad = bad || result.Outcome == collector.DeadLetter.String()
		if out == asJSON {
			return encoder.Encode(result)
		}
		return result.print(a.stdout)
	}
	for _, arg := range args {
		if inline(arg) {
			if err := show(1, collector.Input{Data: []byte(arg)}); err != nil {
				return err
			}
			continue
		}
		if err := a.eachRecord(ctx, arg, show); err != nil {
			return err
		}
	}
	if bad {
		return &exit{status: exitFound}
	}
	return nil
}

// checkProblems takes an error of a config apart.
func checkProblems(err error) (list []checkProblem) {
	if all, ok := errors.AsType[*config.Problems](err); ok {
		for _, p := range all.List {
			list = append(list, checkProblems(p)...)
		}
		return list
	}
	if p, ok := errors.AsType[*config.Problem](err); ok {
		return []checkProblem{{p.At.Line, p.At.Column, p.Key, p.Err.Error()}}
	}
	if err != nil {
		return []checkProblem{{Problem: err.Error()}}
	}
	return nil
}

// checker takes records through the stages of a config and explains them.
type checker struct {
	before   []func(*collector.Record) error // the stages before redaction
	names    []string
	redactor *redact.Redactor
	record   collector.Record
}

func newChecker(p *pipeline.Pipeline) *checker {
	k := &checker{redactor: p.Policy.Redactor()}
	for _, s := range p.Stages[:len(p.Stages)-1] {
		k.before, k.names = append(k.before, s.New()), append(k.names, s.Name)
	}
	return k
}

func (k *checker) check(number int, in collector.Input) checkResult {
	result := checkResult{Record: number, Outcome: collector.DeadLetter.String()}
	if in.Problem != nil {
		result.Reason = "source: " + in.Problem.Error()
		return result
	}
	r := &k.record
	if err := r.Parse(in.Data); err != nil {
		result.Reason = "decode: " + err.Error()
		return result
	}
	r.Meta = in.Meta
	result.Kind, result.ID = r.Kind().String(), string(r.ID())
	if r.Kind() == contact.CallNotice {
		result.Outcome, result.Reason = collector.Filtered.String(), "call notice"
		return result
	}
	for i, process := range k.before {
		if err := process(r); err == collector.ErrFiltered {
			result.Outcome, result.Reason = collector.Filtered.String(), k.names[i]
			return result
		} else if err != nil {
			result.Reason = k.names[i] + ": " + err.Error()
			return result
		}
	}
	decisions := map[document.Node]redact.Decision{}
	if err := k.redactor.Explain(&r.Record, func(n document.Node, d redact.Decision) { decisions[n] = d }); err != nil {
		result.Reason = "redact: " + err.Error()
		return result
	}
	w := fieldWalk{doc: r.Document(), decisions: decisions}
	w.walk(w.doc.Root(), "", redact.Decision{}, false)
	result.Fields, result.Outcome = w.fields, collector.Delivered.String()
	result.After = r.Document().Render(nil)
	return result
}

// fieldWalk lists the fields of a record in their order.
type fieldWalk struct {
	doc       *document.Document
	decisions map[document.Node]redact.Decision
	fields    []checkField
}

// walk goes down to where a decision was made; below a rule that takes each scalar, to the scalars.
func (w *fieldWalk) walk(n document.Node, path string, d redact.Decision, decided bool) {
	if own, ok := w.decisions[n]; ok {
		d, decided = own, true
	}
	kind := w.doc.Kind(n)
	container := kind == document.Object || kind == document.Array
	text, removed, planned := w.doc.Planned(n)
	if container && !removed && !planned && (!decided || d.Action != redact.Keep) {
		i := 0
		for c, end := w.doc.Children(n); c < end; c = w.doc.After(c) {
			w.walk(c, w.join(path, c, kind, i), d, decided)
			i++
		}
		return
	}
	f := checkField{Path: path, Action: d.Action.String(), By: d.By, Before: w.doc.Raw(n), After: w.doc.Raw(n)}
	switch {
	case removed:
		f.After = nil
	case planned:
		f.After = append(json.RawMessage(nil), text...)
	}
	w.fields = append(w.fields, f)
}

func (w *fieldWalk) join(path string, c document.Node, parent document.Kind, index int) string {
	if parent == document.Array {
		return fmt.Sprintf("%s[%d]", path, index)
	}
	name := contact.Path{{Name: string(w.doc.AppendKey(nil, c))}}.String()
	if path == "" {
		return name
	}
	return path + "." + name
}

func (r *checkResult) print(out io.Writer) error {
	title := fmt.Sprintf("record %d", r.Record)
	if r.Kind != "" {
		title += ": " + r.Kind
	}
	if r.ID != "" {
		title += " " + r.ID
	}
	title += ": " + r.Outcome
	if r.Reason != "" {
		title += " (" + r.Reason + ")"
	}
	if _, err := fmt.Fprintln(out, legible(title)); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range r.Fields {
		value := clip(f.Before)
		if f.After != nil && string(f.After) != string(f.Before) {
			value += " → " + clip(f.After)
		}
		by := strings.TrimSuffix(strings.TrimSuffix(f.By, " "+f.Path), " "+f.Action) // not what stands beside it already
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", f.Action, legible(f.Path), legible(by), value)
	}
	return table.Flush()
}

// clip shortens a value to what a line of a table bears.
func clip(value []byte) string {
	const most = 40
	text := []rune(legible(strings.Join(strings.Fields(string(value)), " ")))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}
