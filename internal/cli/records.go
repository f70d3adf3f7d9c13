package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"trunkline/internal/collector"
	"trunkline/internal/source/files"
)

// eachRecord calls work with each record of a file, folder, glob or, for "-", standard input, in any form that run reads.
func (a *app) eachRecord(ctx context.Context, path string, work func(number int, in collector.Input) error) (err error) {
	source, err := files.Open(files.Options{Path: path, Stdin: a.stdin})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	for number := 0; ; {
		batch, err := source.Read(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, in := range batch.Records {
			number++
			if err := work(number, in); err != nil {
				return err
			}
		}
		if batch.Release != nil {
			batch.Release()
		}
	}
}

// inline reports whether an argument is JSON itself, not the name of a file with it.
func inline(arg string) bool { return strings.HasPrefix(strings.TrimSpace(arg), "{") }
