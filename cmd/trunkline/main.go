// Command trunkline takes Amazon Connect's contact data to the system that needs it. See README.md, or run trunkline help.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"trunkline/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	// A second signal ends the process at once: the first one stops it in good order.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	// Libraries log what they do not expect through the default logger, and may quote what a server sent.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error that a write returns
	return cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
