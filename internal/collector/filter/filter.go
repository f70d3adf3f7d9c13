// Package filter is the stage that drops the records which no event pattern wants.
//
// Patterns are in the form a pipe takes: the record stands under "data", beside it what its envelope told. A record without an
// envelope has "data" alone.
package filter

import (
	"encoding/json"

	"trunkline/internal/collector"
	"trunkline/internal/pattern"
)

// Stage keeps the records that any pattern of the set matches.
func Stage(set *pattern.Set) collector.Stage {
	return collector.Stage{Name: "filter", New: func() func(*collector.Record) error {
		matcher := set.NewMatcher()
		return func(r *collector.Record) error {
			switch match, err := matcher.MatchRecord(meta(r.Meta), r.Document()); {
			case err != nil:
				return err
			case !match:
				return collector.ErrFiltered
			}
			return nil
		}
	}}
}

// meta gives the envelope's members as patterns want them.
func meta(members []collector.Meta) []pattern.Meta {
	if len(members) == 0 {
		return nil
	}
	list := make([]pattern.Meta, 0, len(members))
	for _, m := range members {
		var text string
		if json.Unmarshal(m.Raw, &text) == nil {
			list = append(list, pattern.Meta{Name: m.Name, Value: text})
		} else {
			list = append(list, pattern.Meta{Name: m.Name, Value: string(m.Raw), Number: true})
		}
	}
	return list
}
