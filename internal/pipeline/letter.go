package pipeline

import (
	"time"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/dedupe"
)

// Letter is the envelope of a record that could not be handled, as it is stored. location is where the record stands, for people.
func Letter(l collector.Letter, location string) deadletter.Letter {
	letter := deadletter.Letter{
		ID:   deadletter.NewID(l.Partition, l.Place, l.Version.Content),
		Time: l.Time, Stage: l.Stage, Reason: l.Reason.Error(), Attempts: l.Attempts, Kind: l.Kind.String(),
		Source:  deadletter.Source{Partition: l.Partition, Position: l.At, Location: location},
		Contact: deadletter.Hash(l.Version.ID), IdempotencyKey: l.IdempotencyKey, ContentHash: l.Version.Content,
	}
	if l.Kind == contact.AgentEvent {
		letter.EventID = l.ID
	} else {
		letter.ContactID = l.ID
	}
	if l.Version.Time != dedupe.NoTime {
		letter.Version = time.UnixMicro(l.Version.Time).UTC()
	}
	return letter
}
