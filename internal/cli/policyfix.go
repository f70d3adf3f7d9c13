package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"trunkline/internal/lintreport"
	"trunkline/internal/policyfile"
)

// fixAll mends the files below the paths and shows what it did. What cannot be read is left to the report that follows.
func (l *policyLint) fixAll(ctx context.Context, paths []string) error {
	var out io.Writer = l.stdout
	if l.form != "text" {
		out = l.stderr
	}
	var files []string
	for found, err := range policyfile.Read(ctx, paths, l.stdin, l.read) {
		if err == nil && found.ReadOnly == "" && (len(files) == 0 || files[len(files)-1] != found.File) {
			files = append(files, found.File)
		}
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		mended, fixes := lintreport.Mend(name, data, l.read, l.catalog, &l.accepted)
		if bytes.Equal(mended, data) {
			continue
		}
		if !l.dryRun {
			if err := rewriteFile(name, mended); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
		if _, err := fmt.Fprintf(out, "%s", diff.Diff(name, data, name+" (fixed)", mended)); err != nil {
			return err
		}
		fmt.Fprintf(l.stderr, "%s: %d fixed\n", legible(name), fixes)
	}
	return nil
}

// rewriteFile changes a file that is there, whole or not at all. A link stays one, and the permissions stay.
func rewriteFile(name string, data []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".trunkline-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
