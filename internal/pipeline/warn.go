package pipeline

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"trunkline/contact"
	"trunkline/internal/config"
)

// Warn logs what a config may say and probably does not mean. It compares words: it takes milliseconds where there is something to say.
func Warn(c *config.Config, log *slog.Logger) {
	warnFilter(c, log)
	warnUndocumented(c, log)
	warnAgentColumn(c, log)
}

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

// warnUndocumented tells of paths that no documented field has: a typing error would send what was meant to be removed.
func warnUndocumented(c *config.Config, log *slog.Logger) {
	check := func(key string, p contact.Path) {
		if documentedPath(p) {
			return
		}
		if into := c.Enrich.Agents; into != nil && len(p) >= len(into.Into) && p[:len(into.Into)].String() == into.Into.String() {
			return
		}
		attrs := []any{"where", c.Errorf(key, "no documented field has the path %s", p).Error()}
		log.Warn("redact", append(attrs, nearestPath(p)...)...)
	}
	for i, p := range c.Redact.Allow {
		check(fmt.Sprintf("redact.allow[%d]", i), p)
	}
	for i, p := range c.Redact.Deny {
		check(fmt.Sprintf("redact.deny[%d]", i), p)
	}
	for i, r := range c.Redact.Rules {
		check(fmt.Sprintf("redact.rules[%d].path", i), r.Path)
	}
}

// warnAgentColumn tells when the enrichment brings back in clear what redaction takes from the record: the agent's row holds the very
// value that it was looked up by.
func warnAgentColumn(c *config.Config, log *slog.Logger) {
	a := c.Enrich.Agents
	if a == nil || !transformed(c, a.Match) {
		return
	}
	column := a.Column
	if column == "" {
		column = a.Match[len(a.Match)-1].Name
	}
	copied := append(slices.Clone(a.Into), contact.Segment{Name: column})
	if !transformed(c, copied) {
		log.Warn("enrich", "where", c.Errorf("enrich.agents", "adds %s, which holds in clear what redact takes out of %s: deny it, or add the same rule for it", copied, a.Match).Error())
	}
}

// transformed reports whether deny or a rule names a path or what it is in.
func transformed(c *config.Config, p contact.Path) bool {
	names := func(q contact.Path) bool {
		for i, s := range q {
			if i >= len(p) || !s.Any && s.Name != p[i].Name {
				return false
			}
		}
		return true
	}
	if o := c.Redact.Privacy; o != nil && o.Type == config.Blacklist && slices.ContainsFunc(o.Fields, names) {
		return true
	}
	return slices.ContainsFunc(c.Redact.Deny, names) || slices.ContainsFunc(c.Redact.Rules, func(r config.Rule) bool { return names(r.Path) })
}
