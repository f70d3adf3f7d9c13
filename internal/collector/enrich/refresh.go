package enrich

import (
	"context"
	"time"
)

// settle is how long a changed file must stay as it is before it is read: it may be in the midst of being written.
const settle = time.Second

// Run looks at the file every Options.Refresh until ctx ends, and puts its rows in force when it has changed and come to rest. A file
// that cannot be used it reports once, and again when it is broken in another way; the rows in force stay. The error is always nil:
// an agent file never stops a collector that runs.
func (e *Enricher) Run(ctx context.Context) error {
	reported := "" // what is wrong with the file, as far as it was logged
	for {
		pause := e.o.Refresh
		if e.origin.moving() {
			pause = min(pause, settle)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		rows, err := e.origin.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			e.o.Observe.AgentsBroken()
			if text := err.Error(); text != reported {
				reported = text
				e.o.Log.WarnContext(ctx, "agent file cannot be used; the rows read before stay in force",
					"file", e.o.From, "problem", text, "rows", e.Directory().Len())
			}
		case rows != nil:
			e.use(rows)
			e.o.Log.InfoContext(ctx, "agent file read", "file", e.o.From, "rows", rows.Len())
			reported = ""
		case reported != "" && !e.origin.moving():
			e.o.Log.InfoContext(ctx, "agent file is as it was read", "file", e.o.From, "rows", e.Directory().Len())
			reported = ""
		}
	}
}
