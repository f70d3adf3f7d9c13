package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/config"
)

// stages are where a record can become a dead letter.
func stages() []string {
	return []string{"source", "decode", "filter", "enrich", "redact", "deliver"}
}

// replayFlags choose dead letters and say what to do with them.
type replayFlags struct {
	stage, reason, contact string
	since, until           string
	ids                    []string
	identity               string
	force, list            bool
	out                    output
}

// replaySummary is the last line of replay --output json.
type replaySummary struct {
	Selected   int `json:"selected"`
	Delivered  int `json:"delivered"`
	Filtered   int `json:"filtered"`
	Duplicate  int `json:"duplicate"`
	DeadLetter int `json:"dead_letter"` // failed again, and stay
	Superseded int `json:"superseded"`  // older than what was delivered since, and stay
	Unreadable int `json:"unreadable"`  // their record could not be had, and stay
}

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send dead letters again",
		Long: `Take dead letters through the pipeline of the present config again, under their old Idempotency-Key. What is delivered, filtered or
a duplicate leaves the dead letters; what fails again stays, with the new reason. A dead letter that is older than what was
delivered of its contact since is reported as superseded and stays, unless --force sends it. Stop the collector first.

Exit status: 0 none of the selected dead letters stays or, with --list, they are listed, 1 failed, 2 wrong call or config.
Exit status 3: some of the dead letters stay.`,
		Example: `  trunkline replay --list
  trunkline replay --stage redact --identity key.txt
  trunkline replay --reason 'status 422' --since 2026-11-20T00:00:00Z
  trunkline replay --contact 11111111-2222-3333-4444-555555555555 --force`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(a.configPath)
			if err != nil {
				return wrongCall(err)
			}
			if f.stage != "" && !slices.Contains(stages(), f.stage) {
				return wrongCall(fmt.Errorf("--stage %s: no such stage; there are: %s", f.stage, strings.Join(stages(), ", ")))
			}
			if _, err := os.Stat(c.State.File); errors.Is(err, fs.ErrNotExist) {
				return noState(c.State.File)
			}
			return a.collect(cmd.Context(), c, func(r *run) error { return r.replay(cmd, &f) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.stage, "stage", "", "only those of a stage: "+strings.Join(stages(), ", "))
	flags.StringVar(&f.reason, "reason", "", "only those whose reason contains this text")
	flags.StringVar(&f.contact, "contact", "", "only those of a ContactId or EventId")
	flags.StringVar(&f.since, "since", "", "only those dead-lettered at or after this RFC 3339 time")
	flags.StringVar(&f.until, "until", "", "only those dead-lettered before this RFC 3339 time")
	flags.StringSliceVar(&f.ids, "id", nil, "only these dead letters")
	flags.StringVar(&f.identity, "identity", "", "file with the age identity that opens their records")
	flags.BoolVar(&f.force, "force", false, "send also what is superseded")
	flags.BoolVar(&f.list, "list", false, "only list them")
	_ = cmd.RegisterFlagCompletionFunc("stage", cobra.FixedCompletions(stages(), cobra.ShellCompDirectiveNoFileComp))
	withOutput(cmd, &f.out)
	return a.withConfig(cmd)
}

func (r *run) replay(cmd *cobra.Command, f *replayFlags) error {
	chosen, err := r.choose(f)
	if err != nil {
		return err
	}
	if f.list {
		return r.listLetters(chosen, f.out)
	}
	identities, err := readIdentities(f.identity)
	if err != nil {
		return wrongCall(err)
	}
	summary := replaySummary{Selected: len(chosen)}
	journal := &replayJournal{journal: r.journal, letters: map[string]heldLetter{}, force: f.force, stderr: r.app.stderr}
	source := &replaySource{run: r, journal: journal, entries: chosen, identities: identities, force: f.force, summary: &summary}
	if onTerminal(r.app.stderr) {
		bar := progressbar.NewOptions(len(chosen), progressbar.OptionSetWriter(r.app.stderr), progressbar.OptionSetDescription("replay"), progressbar.OptionShowCount())
		journal.progress = func(n int) { _ = bar.Add(n) }
		defer func() { _ = bar.Finish(); fmt.Fprintln(r.app.stderr) }()
	}
	options := r.options(source, journal)
	options.Deduplicate = true // superseded is decided when it is a letter's turn, whether there is a window or not
	c := collector.New(options)
	if err := c.Run(cmd.Context()); err != nil {
		return err
	}
	if err := r.prune(); err != nil {
		return err
	}
	counts, _ := c.Counts()
	summary.Delivered, summary.Filtered = int(counts[collector.Delivered]), int(counts[collector.Filtered])
	summary.Duplicate, summary.DeadLetter = int(counts[collector.Duplicate]), int(counts[collector.DeadLetter])
	summary.Superseded += int(counts[collector.Superseded])
	if f.out == asJSON {
		err = json.NewEncoder(r.app.stdout).Encode(summary)
	} else {
		_, err = fmt.Fprintf(r.app.stdout, "%d dead letters: %d delivered, %d filtered, %d duplicate, %d failed again, %d superseded, %d unreadable\n",
			summary.Selected, summary.Delivered, summary.Filtered, summary.Duplicate, summary.DeadLetter, summary.Superseded, summary.Unreadable)
	}
	if err == nil && summary.Delivered+summary.Filtered+summary.Duplicate < summary.Selected {
		fmt.Fprintf(r.app.stderr, "some dead letters stay; why: trunkline replay --list -c %s\n", shellWord(r.app.configPath))
		err = &exit{status: exitFound}
	}
	return err
}

// choose returns the entries of the index that the flags select, in the order in which they were dead-lettered.
func (r *run) choose(f *replayFlags) (chosen []deadletter.Entry, err error) {
	selection := deadletter.Selection{Stage: f.stage, Reason: f.reason}
	if selection.From, err = parseTime("since", f.since); err != nil {
		return nil, err
	}
	if selection.To, err = parseTime("until", f.until); err != nil {
		return nil, err
	}
	ids := map[deadletter.ID]bool{}
	for _, text := range f.ids {
		id, err := deadletter.ParseID(text)
		if err != nil {
			return nil, wrongCall(err)
		}
		ids[id] = true
	}
	keys := r.keys()
	of := map[deadletter.Hash]bool{}
	if f.contact != "" {
		for _, kind := range []contact.Kind{contact.Contact, contact.AgentEvent} {
			of[deadletter.Hash(keys.ID(kind, f.contact))] = true
		}
	}
	for entry, err := range r.store.DeadLetters() {
		if err != nil {
			return nil, err
		}
		if selection.Match(entry) && (len(ids) == 0 || ids[entry.ID]) && (len(of) == 0 || of[entry.Contact]) {
			chosen = append(chosen, entry)
		}
	}
	return chosen, nil
}

func parseTime(flag, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err != nil {
		return t, wrongCall(fmt.Errorf("--%s %s: want an RFC 3339 time, e.g. 2026-11-22T10:00:00Z", flag, text))
	}
	return t, nil
}

func readIdentities(path string) (identities []age.Identity, err error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return deadletter.ParseIdentities(f)
}

func (r *run) listLetters(entries []deadletter.Entry, out output) error {
	for _, e := range entries {
		l, err := r.journal.letters.Read(e)
		if err != nil {
			fmt.Fprintln(r.app.stderr, "trunkline:", err)
			continue
		}
		if out == asJSON {
			l.Record = ""
			err = json.NewEncoder(r.app.stdout).Encode(l)
		} else {
			_, err = fmt.Fprintf(r.app.stdout, "%s  %s  %s  %s%s  %s  (%s)\n", l.ID, l.Time.UTC().Format(time.RFC3339), l.Stage,
				legible(l.ContactID), legible(l.EventID), legible(l.Reason), legible(l.Source.Location))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prune deletes segment files that no dead letter needs any more.
func (r *run) prune() error {
	segments, err := r.store.Segments()
	if err != nil {
		return err
	}
	_, err = r.journal.letters.Prune(segments)
	return err
}
