package lambda

import (
	"fmt"

	"trunkline/internal/collector"
)

// envelopeName is the Meta that carries the members of a record's envelope.
const envelopeName = "trunkline envelope"

// envelopeStage puts each redacted record back among the members of its envelope. It is the last stage.
func envelopeStage() collector.Stage {
	return collector.Stage{Name: "envelope", New: func() func(*collector.Record) error {
		var buf []byte
		return func(r *collector.Record) error {
			buf = append(buf[:0], '{')
			for _, m := range r.Meta {
				if m.Name == envelopeName {
					buf = append(buf, m.Raw...)
				}
			}
			buf = r.Document().Render(append(buf, `"data":`...))
			buf = append(buf, '}')
			return reread(r, buf)
		}
	}}
}

// cutStage cuts what redaction has left down to the documented minimum set.
func cutStage(minimum collector.Stage) collector.Stage {
	return collector.Stage{Name: minimum.Name, New: func() func(*collector.Record) error {
		var buf []byte
		cut := minimum.New()
		return func(r *collector.Record) error {
			buf = r.Document().Render(buf[:0])
			if err := reread(r, buf); err != nil {
				return err
			}
			return cut(r)
		}
	}}
}

// reread makes a text that was rendered from a record the record's document. Kind and identity stay those of the record.
func reread(r *collector.Record, text []byte) error {
	doc := r.Document()
	limits := doc.Limits
	doc.Limits.Depth = maxDepth
	defer func() { doc.Limits = limits }()
	if err := doc.Parse(text); err != nil {
		return fmt.Errorf("the redacted record: %w", err)
	}
	return nil
}
