package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/config"
)

// replayFlags choose dead letters and say what to do with them.
type replayFlags struct {
	letterQuery
	identity    string
	force, list bool
	out         output
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
delivered of its contact since is reported as superseded and stays, unless --force sends it.

Stop the collector first; with --list it may run. Where dead letters go to a queue (dead_letter.sqs), those that are there are first
taken out of it, into dead_letter.folder; not by --list while the collector runs.

Exit status: 0 none of the selected dead letters stays or, with --list, they are listed, 1 failed, 2 wrong call or config.
Exit status 3: some of the dead letters stay.`,
		Example: `  trunkline replay --list
  trunkline replay --stage redact --identity key.txt
  trunkline replay --reason 'status 422' --since 2026-11-20T00:00:00Z
  trunkline replay --contact 11111111-2222-3333-4444-555555555555 --force`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := noEmptyFlag(cmd); err != nil {
				return err
			}
			c, err := config.Load(a.configPath)
			if err != nil {
				return wrongCall(err)
			}
			if _, err := f.parse(); err != nil {
				return wrongCall(err)
			}
			if _, err := os.Stat(c.State.File); errors.Is(err, fs.ErrNotExist) {
				return noState(c.State.File)
			}
			if f.list {
				return a.listLetters(cmd.Context(), c, &f)
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
	return a.withGuard(a.withConfig(cmd))
}

func (r *run) replay(cmd *cobra.Command, f *replayFlags) error {
	identities, err := readIdentities(f.identity)
	if err != nil {
		return wrongCall(err)
	}
	if err := r.takeQueued(cmd.Context()); err != nil {
		return err
	}
	chosen, err := r.choose(f.letterQuery)
	if err != nil {
		return err
	}
	summary := replaySummary{Selected: len(chosen)}
	journal := &replayJournal{journal: r.journal, letters: map[string]heldLetter{}, force: f.force, stderr: r.app.stderr}
	source := &replaySource{run: r, journal: journal, entries: chosen, identities: identities, force: f.force, summary: &summary}
	options := r.options(source, journal)
	options.Deduplicate = true // superseded is decided when it is a letter's turn, whether there is a window or not
	c := collector.New(options)
	end := r.progress("replaying", int64(len(chosen)), journal.handled.Load)
	err = c.Run(cmd.Context())
	end()
	if err != nil {
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

// noEmptyFlag refuses a flag that is given and empty, such as one whose shell variable is not set: it would choose everything.
func noEmptyFlag(cmd *cobra.Command) error {
	for _, name := range []string{"stage", "reason", "contact", "since", "until", "id", "identity"} {
		if f := cmd.Flags().Lookup(name); f.Changed && (f.Value.String() == "" || f.Value.String() == "[]") {
			return wrongCall(fmt.Errorf("--%s is empty; leave it out, or say which", name))
		}
	}
	return nil
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

// prune deletes segment files that no dead letter needs any more.
func (r *run) prune() error {
	segments, err := r.store.Segments()
	if err != nil {
		return err
	}
	_, err = r.journal.letters.Prune(segments)
	return err
}
