// Package cli is the command line: one file a command, and the wiring of the parts that commands run.
//
// Results go to standard output, everything else to standard error. The exit status is 0 when done, 1 when failed, 2 for a wrong
// call or config, 3 when a command worked and found something, and 141 when what reads its results has gone.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"trunkline/internal/config"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitCall   = 2
	exitFound  = 3
)

// exit is an error with a status of its own. A nil err says nothing more to the user.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// wrongCall marks an error of the call or the config.
func wrongCall(err error) error { return &exit{exitCall, err} }

// app is what all commands share.
type app struct {
	stdin  io.Reader
	stdout *results
	stderr *diagnostics

	configPath string
	guard      guardFlags
}

// Main runs one command line and returns the exit status.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a := &app{stdin: stdin, stdout: &results{to: stdout, stop: stop}, stderr: &diagnostics{to: stderr}}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.InitDefaultCompletionCmd() // it takes the output as it is now
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args = knownCommand
		completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	return a.status(a.stdout.outcome(root.ExecuteContext(ctx)))
}

// status reports an error and turns it into an exit status.
func (a *app) status(err error) int {
	if err == nil {
		return exitDone
	}
	status := exitFailed
	var problems *config.Problems
	var problem *config.Problem
	if e, ok := errors.AsType[*exit](err); ok {
		status = e.status
	} else if errors.As(err, &problems) || errors.As(err, &problem) {
		status = exitCall
	}
	text := err.Error()
	if text != "" && errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	if text != "" {
		fmt.Fprintln(a.stderr, "trunkline:", text)
	}
	return status
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "trunkline",
		Short: "Take Amazon Connect's contact data to the system that needs it",
		Long: `trunkline takes contact records and agent events to the system that needs them. On the way it removes what that system must
not see. Every record that was read is delivered, dropped for a recorded reason, or dead-lettered.

Exit status: 0 done, 1 failed, 2 wrong call or config, 3 worked and found something, 141 the reader of the results has gone.`,
		Version: version(),
		Example: `  trunkline demo                 see it all at once, on this machine
  trunkline init files           write a commented trunkline.yaml
  trunkline check record.json    what one record looks like before and after
  trunkline run                  collect`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetHelpCommand(helpCommand(root))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrongCall(fmt.Errorf("%w; see: %s --help", err, cmd.CommandPath()))
	})
	root.AddCommand(
		a.demoCommand(), a.initCommand(), a.checkCommand(), a.runCommand(), a.replayCommand(),
		a.statusCommand(), a.leaseCommand(), a.matchCommand(), a.policyCommand(), a.deployCommand(), a.configCommand(), a.versionCommand(),
	)
	return root
}

// knownCommand refuses what follows a command that only groups others: it is none of them.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q; see: %s --help", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("unknown command %q; did you mean: %s %s", args[0], cmd.CommandPath(), near[0])
	}
	return wrongCall(err)
}

// helpCommand is cobra's, but an unknown topic is an error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Example: "  trunkline help replay",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			cmd, _, _ := root.Find(args)
			for _, c := range cmd.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return wrongCall(err)
			}
			if err := knownCommand(cmd, rest); err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// noArgs and its like are cobra's checks with our exit status.
func noArgs(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return wrongCall(fmt.Errorf("%s takes no arguments; see: %s --help", cmd.CommandPath(), cmd.CommandPath()))
	}
	return nil
}

// withConfig adds the flag that names the config.
func (a *app) withConfig(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVarP(&a.configPath, "config", "c", "trunkline.yaml", "the config file")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml")
	return cmd
}

// output is the choice between text for people and JSON for programs.
type output string

const (
	asText output = "text"
	asJSON output = "json"
)

func withOutput(cmd *cobra.Command, o *output) {
	*o = asText
	cmd.Flags().Var(o, "output", "text or json: one object a line")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// String, Set and Type make an output a flag.
func (o *output) String() string { return string(*o) }

// Set takes text or json.
func (o *output) Set(s string) error {
	if output(s) != asText && output(s) != asJSON {
		return errors.New("want text or json")
	}
	*o = output(s)
	return nil
}

// Type is the word for the value in help texts.
func (o *output) Type() string { return "form" }

// legible is text from a record as a person may see it: what is not printable, and could steer a terminal, becomes U+FFFD.
func legible(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}
