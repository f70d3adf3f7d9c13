package redact

import "trunkline/internal/collector"

// Stage redacts each record.
func (p *Policy) Stage() collector.Stage {
	return collector.Stage{Name: "redact", New: func() func(*collector.Record) error {
		r := p.Redactor()
		return func(rec *collector.Record) error { return r.Redact(&rec.Record) }
	}}
}
