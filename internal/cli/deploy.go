package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/internal/config"
	"trunkline/internal/deploy"
	"trunkline/internal/deploy/export/cloudformation"
	"trunkline/internal/deploy/export/terraform"
)

func (a *app) deployCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "deploy",
		Short:   "What a deployment in AWS is made of",
		Example: "  trunkline deploy export cloudformation --out trunkline-stack.yaml",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.deployExportCommand())
	return cmd
}

func (a *app) deployExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write a deployment as a CloudFormation template or a Terraform module",
		Example: "  trunkline deploy export terraform --out main.tf",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.exportCommand("cloudformation", "template", "trunkline-stack.yaml", cloudformation.Write),
		a.exportCommand("terraform", "module", "main.tf", terraform.Write),
	)
	return cmd
}

// exportCommand is one form of an export.
func (a *app) exportCommand(form, what, example string, write func(io.Writer, *deploy.Description) error) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   form,
		Short: "Write a deployment as one " + what,
		Long: "Write what the config needs in AWS as one " + what + `: with source.kinesis and integration, the pipe, its function and its API
destination; with state.dynamodb, what workers of your own need. What can differ from one deployment to the next is a parameter, with
what the config says as its default; what is optional is there, and left out until its parameter is given. Nothing is asked of AWS, and
no value of a secret is written: the API key is given when the ` + what + ` is deployed.

Exit status: 0 written, 1 failed, 2 wrong call or config.`,
		Example: fmt.Sprintf("  trunkline deploy export %[1]s --out %[2]s\n  trunkline deploy export %[1]s -c trunkline.yaml > %[2]s", form, example),
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.export(cmd.Context(), out, write)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the file to write; standard output without it")
	_ = cmd.MarkFlagFilename("out")
	return a.withConfig(cmd)
}

func (a *app) export(ctx context.Context, out string, write func(io.Writer, *deploy.Description) error) error {
	c, err := config.Load(a.configPath)
	if err != nil {
		return wrongCall(err)
	}
	d, err := deploy.Describe(c)
	if err != nil {
		return wrongCall(err)
	}
	if c.State.DynamoDB == nil {
		if err := functionTakes(a.configPath); err != nil {
			return wrongCall(err)
		}
	}
	if out == "" {
		return write(a.stdout, d)
	}
	if err := replace(ctx, out, func(w io.Writer) error { return write(w, d) }); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stderr, "wrote", out)
	return err
}

// functionTakes tells whether the function of a pipe starts with a config, which is in its zip.
func functionTakes(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := config.ParseLambda(path, text); err != nil {
		return fmt.Errorf("%w\nthe function reads this file too; or share the stream among workers of your own, with state.dynamodb", err)
	}
	return nil
}

// replace writes a file that is there whole or as it was before.
func replace(ctx context.Context, path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
