package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/spelling"
)

func (a *app) leaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lease", Short: "Release or reset the leases of a stream, for operators", Example: "  trunkline status --leases\n  trunkline lease release --owner HOST:ID",
		Args: knownCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.leaseReleaseCommand(), a.leaseResetCommand())
	return cmd
}

// leaseChoice says which leases a command is about, and how it is to go about it.
type leaseChoice struct {
	shards []string // keys
	all    bool
	owner  string

	yes, dryRun bool
	out         output
}

// flags adds those that release and reset share.
func (a *app) leaseFlags(cmd *cobra.Command, c *leaseChoice) *cobra.Command {
	cmd.ValidArgsFunction = a.completeShards
	cmd.Flags().BoolVar(&c.all, "all", false, "all leases of the stream")
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "show what would be done")
	withOutput(cmd, &c.out)
	return a.withConfig(cmd)
}

// check refuses a choice that is none, or more than one.
func (c *leaseChoice) check(cmd *cobra.Command, args []string) error {
	c.shards = args
	given := 0
	for _, is := range []bool{len(args) > 0, c.all, cmd.Flags().Changed("owner")} {
		if is {
			given++
		}
	}
	switch {
	case given == 1 && !slices.Contains(args, "") && (len(args) > 0 || c.all || c.owner != ""):
		return nil
	case cmd.Flags().Lookup("owner") != nil:
		return wrongCall(fmt.Errorf("say which leases: shards, --all, or --owner ID; which there are: trunkline status --leases -c %s", shellWord(cmd.Flag("config").Value.String())))
	}
	return wrongCall(fmt.Errorf("say which leases: shards, or --all; which there are: trunkline status --leases -c %s", shellWord(cmd.Flag("config").Value.String())))
}

// of are the leases that were chosen. A shard or owner that is not there is an error, and nothing is done.
func (c *leaseChoice) of(all []lease.Lease) (shards.Table, []lease.Lease, error) {
	table, leases := ofStream(all)
	switch {
	case c.all:
		return table, leases, nil
	case c.owner != "":
		owners := map[string]bool{}
		chosen := slices.DeleteFunc(slices.Clone(leases), func(l lease.Lease) bool {
			owners[l.Owner], owners[l.Holder()] = true, true
			return l.Owner != c.owner && l.Holder() != c.owner
		})
		if len(chosen) > 0 {
			return table, chosen, nil
		}
		delete(owners, "")
		return nil, nil, wrongCall(fmt.Errorf("no lease has the owner %q%s", legible(c.owner), didYouMean(c.owner, owners)))
	}
	var chosen []lease.Lease
	keys := map[string]bool{}
	for _, l := range leases {
		keys[l.Key] = true
		if slices.Contains(c.shards, l.Key) {
			chosen = append(chosen, l)
		}
	}
	for _, shard := range c.shards {
		if !keys[shard] {
			return nil, nil, wrongCall(fmt.Errorf("there is no lease of %q%s", legible(shard), didYouMean(shard, keys)))
		}
	}
	return table, chosen, nil
}

// didYouMean names the nearest of the words that there are. Of shards, the number counts more than how many zeros stand before it.
func didYouMean(word string, words map[string]bool) string {
	nearest, distance := "", math.MaxInt
	for w := range words {
		d := spelling.Distance(strings.ToLower(word), strings.ToLower(w))
		if n, known := shardNumber(word); known {
			if m, also := shardNumber(w); also && n == m {
				d = 0
			}
		}
		if d < distance || d == distance && w < nearest {
			nearest, distance = w, d
		}
	}
	switch {
	case len(words) == 0:
		return ": there are none"
	case distance > max(3, len(word)/4):
		return "; which there are: trunkline status --leases"
	}
	return fmt.Sprintf("; did you mean %s?", legible(nearest))
}

// shardNumber is the number at the end of a shard's id, or of what was meant as one.
func shardNumber(id string) (uint64, bool) {
	n, err := strconv.ParseUint(id[strings.LastIndexByte(id, '-')+1:], 10, 64)
	return n, err == nil
}

// attended refuses, before anything takes time, a command that would have to ask and can not.
func (a *app) attended(c leaseChoice) error {
	file, ok := a.stdin.(*os.File)
	if c.yes || c.dryRun || ok && onTerminal(file) {
		return nil
	}
	return wrongCall(errors.New("standard input is no terminal to ask on: add --yes to do it, or --dry-run to see what would be done"))
}

// confirm asks a person, on standard error.
func (a *app) confirm(ctx context.Context, c leaseChoice, question string) error {
	if c.yes {
		return nil
	}
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answer := make(chan string, 1)
	// A terminal's read cannot be ended: at an interrupt it stays behind, and ends with the process.
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.stderr)
		return ctx.Err()
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return &exit{status: exitFailed, err: errors.New("not confirmed: nothing was changed")}
	}
}

// leaseTries is how often a write is tried that others come before.
const leaseTries = 5

// changeLease reads a lease and changes it, again where somebody else changes it in between.
func changeLease(ctx context.Context, store lease.Store, key string, change func(lease.Lease) error) (err error) {
	for range leaseTries {
		var l lease.Lease
		if l, err = store.Get(ctx, key); err != nil {
			return err
		}
		if err = change(l); !errors.Is(err, lease.ErrConflict) {
			return err
		}
	}
	return err
}

// evict takes a lease from whoever has it, and in the middle of a hand-over from whom it was promised as well if both is set.
func evict(ctx context.Context, store lease.Store, l lease.Lease, both bool) (lease.Lease, error) {
	var err error
	for first := true; l.Holder() != "" && (first || both); first = false {
		if l, err = store.Evict(ctx, l); err != nil {
			return l, err
		}
	}
	return l, nil
}
