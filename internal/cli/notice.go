package cli

import (
	"log/slog"
	"time"

	"trunkline/internal/collector/deadletter"
)

// noticeEvery is how often the log speaks of dead letters at most: a wrong URL makes one of each record.
const noticeEvery = time.Minute

// notice tells the log that records become dead letters: of the first one at once, of more in a minute how many. It tells neither the
// reason, which may quote what the destination answered, nor the contact; replay --list has both. It is not safe for concurrent use.
type notice struct {
	log    *slog.Logger
	next   string // what to type
	silent time.Time
	more   int
}

func (n *notice) deadLetter(l deadletter.Letter) {
	if n.log == nil {
		return
	}
	if l.Time.Before(n.silent) {
		n.more++
		return
	}
	n.log.Warn("dead letter", "stage", l.Stage, "id", l.ID.String(), "source", l.Source.Location, "more_before", n.more, "next", n.next)
	n.silent, n.more = l.Time.Add(noticeEvery), 0
}
