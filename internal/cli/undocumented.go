package cli

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"trunkline/contact"
	"trunkline/internal/config"
)

// warnFilter tells of fields of a filter that no documented field is: a typing error there drops every record as filtered.
func warnFilter(c *config.Config, log *slog.Logger) {
	for i, f := range c.Filter {
		var pattern map[string]any
		if json.Unmarshal(f.JSON, &pattern) != nil {
			return // the compiler has told of it
		}
		eachPatternField(nil, pattern, func(p contact.Path) {
			if len(p) < 2 || p[0].Name != "data" || documentedPath(p[1:]) {
				return
			}
			attrs := []any{"where", c.FilterErrorf(i, 0, "no documented field has the path %s", p[1:]).Error()}
			log.Warn("filter", append(attrs, nearestPath(p[1:])...)...)
		})
	}
}

// eachPatternField visits the paths that a pattern asks about, in the order of their names, $or's members like others.
func eachPatternField(at contact.Path, v any, visit func(contact.Path)) {
	object, ok := v.(map[string]any)
	if !ok {
		visit(at)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if members, ok := object[name].([]any); ok && name == "$or" {
			for _, member := range members {
				eachPatternField(at, member, visit)
			}
			continue
		}
		eachPatternField(append(slices.Clone(at), contact.Segment{Name: name}), object[name], visit)
	}
}

func documentedPath(p contact.Path) bool {
	return contact.Documented(contact.Contact, p) || contact.Documented(contact.AgentEvent, p)
}

// nearestPath is the attribute of a warning that names the documented path that was probably meant; none where there is none.
func nearestPath(p contact.Path) []any {
	for _, kind := range []contact.Kind{contact.Contact, contact.AgentEvent} {
		if near, ok := contact.Nearest(kind, p); ok {
			return []any{"nearest", near}
		}
	}
	return nil
}
