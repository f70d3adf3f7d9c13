package cli

import "github.com/spf13/cobra"

func (a *app) statusCommand() *cobra.Command { return &cobra.Command{Use: "status"} }
