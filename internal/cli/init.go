package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"trunkline/internal/config"
)

func (a *app) initCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [PRESET]",
		Short: "Write a commented trunkline.yaml",
		Long: "Write a complete config with every key explained. Presets: " + strings.Join(config.Presets(), ", ") + " (the default is files).\n\n" +
			"Exit status: 0 written, 1 the file exists or cannot be written, 2 wrong call.",
		Example:   "  trunkline init files\n  trunkline init files --config /etc/trunkline.yaml",
		ValidArgs: config.Presets(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return wrongCall(errors.New("init takes one preset; see: trunkline init --help"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			name := "files"
			if len(args) == 1 {
				name = args[0]
			}
			text, ok := config.Preset(name)
			if !ok {
				return wrongCall(fmt.Errorf("no preset %q; there is: %s", name, strings.Join(config.Presets(), ", ")))
			}
			if err := writeNew(a.configPath, text, force); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.stderr, "wrote %s; next: trunkline check -c %s\n", a.configPath, a.configPath)
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite the file if it exists")
	return a.withConfig(cmd)
}

func writeNew(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; name another file with --config, or overwrite it with --force", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
