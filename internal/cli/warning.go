package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// warnings is a log for commands that people look at: a warning is a line of its own, whatever observe.log says, and kept.
type warnings struct {
	out  io.Writer
	list []string
}

// Enabled implements slog.Handler.
func (w *warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler. The attributes "where" and "nearest" are those of a mistake in the config.
func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	var where, nearest string
	var rest []string
	for a := range r.Attrs {
		switch a.Key {
		case "where":
			where = a.Value.String()
		case "nearest":
			nearest = a.Value.String()
		default:
			rest = append(rest, a.Key+" "+a.Value.String())
		}
	}
	text := where
	if text == "" {
		text = strings.Join(append([]string{r.Message}, rest...), ": ")
	}
	if nearest != "" {
		text += fmt.Sprintf("; did you mean %s?", nearest)
	}
	w.list = append(w.list, text)
	_, err := fmt.Fprintln(w.out, "warning:", text)
	return err
}

// WithAttrs implements slog.Handler. Nothing that warns while a config is compiled has attributes of its own.
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements slog.Handler.
func (w *warnings) WithGroup(string) slog.Handler { return w }
