package cli

import (
	"github.com/spf13/cobra"

	"trunkline/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "About the config file", Example: "  trunkline config schema > trunkline.schema.json", Args: knownCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of trunkline.yaml, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of trunkline.yaml. Editors with a YAML language server complete and explain keys with it.

Exit status: 0 printed, 2 wrong call.`,
		Example: `  trunkline config schema > trunkline.schema.json
  # then, as the first line of trunkline.yaml:
  # yaml-language-server: $schema=trunkline.schema.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(config.Schema())
			return err
		},
	})
	return cmd
}
