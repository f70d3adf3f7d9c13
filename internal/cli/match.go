package cli

import "github.com/spf13/cobra"

func (a *app) matchCommand() *cobra.Command { return &cobra.Command{Use: "match"} }
