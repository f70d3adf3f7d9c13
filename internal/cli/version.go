package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"trunkline/iam/catalog"
)

// versionReport is what version --output json prints.
type versionReport struct {
	Version string `json:"version"` // of the module, or the commit
	Go      string `json:"go"`      // that it was built with
	OS      string `json:"os"`
	Arch    string `json:"arch"`

	Catalog     string `json:"catalog"`      // version of the facts about AWS's services
	CatalogDate string `json:"catalog_date"` // their day
}

func (a *app) versionCommand() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the version, what it was built with and for which system, and of which day the facts are that policies are checked against.\n\nExit status: 0 printed, 2 wrong call.",
		Example: `  trunkline version
  trunkline version --output json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			facts := catalog.Default()
			v := versionReport{version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, facts.Sources()[0].Version, facts.Date().Format(time.DateOnly)}
			if out == asJSON {
				return json.NewEncoder(a.stdout).Encode(v)
			}
			_, err := fmt.Fprintf(a.stdout, "trunkline %s %s %s/%s\nfacts about AWS's services: %s of %s\n", v.Version, v.Go, v.OS, v.Arch, v.Catalog, v.CatalogDate)
			return err
		},
	}
	withOutput(cmd, &out)
	return cmd
}

// version is what the build knows: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), 12)]
		}
	}
	return "devel"
}
