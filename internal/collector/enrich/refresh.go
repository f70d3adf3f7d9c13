package enrich

import (
	"context"
	"time"
)

// settle is how long a changed file must stay as it is before it is read: it may be in the midst of being written.
const settle = time.Second

// Run looks at the file every Options.Refresh until ctx ends, and puts its rows in force when it has changed and come to rest. The error
// is always nil: an agent file never stops a collector that runs.
func (e *Enricher) Run(ctx context.Context) error {
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
		e.Look(ctx)
	}
}

// Look looks at the file once, for those who cannot let Run run. A file that cannot be used is reported once, and again when it is broken
// in another way; the rows in force stay. It is not safe for concurrent use, nor beside Run.
func (e *Enricher) Look(ctx context.Context) {
	rows, err := e.origin.look(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		e.o.Observe.AgentsBroken()
		if text := err.Error(); text != e.reported {
			e.reported = text
			e.o.Log.WarnContext(ctx, "agent file cannot be used; the rows read before stay in force",
				"file", e.o.From, "problem", text, "rows", e.Directory().Len())
		}
	case rows != nil:
		e.use(rows)
		e.o.Log.InfoContext(ctx, "agent file read", "file", e.o.From, "rows", rows.Len())
		e.reported = ""
	case e.reported != "" && !e.origin.moving():
		e.o.Log.InfoContext(ctx, "agent file is as it was read", "file", e.o.From, "rows", e.Directory().Len())
		e.reported = ""
	}
}
