package cli

import "github.com/spf13/cobra"

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "policy",
		Short:   "About IAM policies, offline",
		Example: "  trunkline policy catalog",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.policyListCommand(), a.policyShowCommand(), a.policyGenerateCommand(), a.policyLintCommand(), a.policySimulateCommand(), a.policyMatrixCommand(), a.policyUsedCommand(), a.policyCatalogCommand())
	return cmd
}
