package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"trunkline/contact"
	"trunkline/internal/collector"
	"trunkline/internal/collector/enrich"
	"trunkline/internal/collector/enrich/s3"
	"trunkline/internal/collector/filter"
	"trunkline/internal/collector/redact"
	"trunkline/internal/config"
	"trunkline/internal/pattern"
	"trunkline/internal/phone"
	"trunkline/internal/source/files"
)

// pipeline is what a config makes of one record: everything but where records come from and go to.
type pipeline struct {
	filter   *pattern.Set     // nil: every record is wanted
	enricher *enrich.Enricher // nil: nothing is added
	policy   *redact.Policy
	secret   []byte // redact.key; nil where there is none
	stages   []collector.Stage
}

// buildPipeline compiles the parts of a config that need no state. It calls AWS only where the config names
// something there. Its errors name the place in the config.
func buildPipeline(ctx context.Context, c *config.Config, aws *cloud, log *slog.Logger, agents enrich.Observer) (*pipeline, error) {
	p := &pipeline{}
	if err := refuseLoop(c); err != nil {
		return nil, err
	}
	if !c.Redact.Key.IsZero() {
		value, err := c.Redact.Key.Resolve(ctx, aws.secrets)
		if err != nil {
			return nil, c.Errorf("redact.key", "%w", err)
		}
		if w := value.Warning(); w != "" {
			log.Warn("secret", "key", "redact.key", "warning", w)
		}
		p.secret = []byte(value.Reveal())
		if n := len(p.secret); n < redact.MinKey {
			return nil, c.Errorf("redact.key", "%s holds %d bytes, want at least %d; make one with: openssl rand -hex 32", c.Redact.Key, n, redact.MinKey)
		}
	}
	var err error
	if p.filter, err = compileFilter(c, log); err != nil {
		return nil, err
	}
	options, err := redactOptions(c, p.secret)
	if err != nil {
		return nil, err
	}
	if p.policy, err = redact.Compile(options); err != nil {
		return nil, c.Errorf("redact", "%w", err)
	}
	warnUndocumented(c, log)
	warnAgentColumn(c, log)
	if a := c.Enrich.Agents; a != nil {
		o := enrich.Options{From: a.From, Match: a.Match, Column: a.Column, Into: a.Into, Refresh: a.Refresh, Log: log, Observe: agents}
		if bucket, key, ok := config.SplitS3(a.From); ok {
			o.Remote = s3.New(aws.clients, bucket, key)
		}
		if p.enricher, err = enrich.New(ctx, o); err != nil {
			return nil, c.Errorf("enrich.agents", "%w", err)
		}
	}
	if p.filter != nil {
		p.stages = append(p.stages, filter.Stage(p.filter))
	}
	if p.enricher != nil {
		p.stages = append(p.stages, p.enricher.Stage())
	}
	p.stages = append(p.stages, p.policy.Stage())
	return p, nil
}

// refuseLoop finds what the collector would write where it reads: it would take its own output for records, without end.
func refuseLoop(c *config.Config) error {
	written := map[string]string{"state.file": c.State.File}
	if c.DeadLetter.Folder != "" {
		written["dead_letter.folder"] = filepath.Join(c.DeadLetter.Folder, "letters")
	}
	if d := c.Destination.File; d != nil {
		written["destination.file.path"] = d.Path
	}
	for _, key := range slices.Sorted(maps.Keys(written)) {
		if files.Reads(c.Source.File.Path, written[key]) {
			return c.Errorf(key, "source.file.path, %s, reads what is written here; name a place that it does not stand for", c.Source.File.Path)
		}
	}
	return nil
}

func compileFilter(c *config.Config, log *slog.Logger) (*pattern.Set, error) {
	if len(c.Filter) == 0 {
		return nil, nil
	}
	texts := make([][]byte, len(c.Filter))
	for i, f := range c.Filter {
		texts[i] = f.JSON
	}
	set, err := pattern.Compile(pattern.Filter, texts...)
	if bad, ok := errors.AsType[*pattern.Error](err); ok {
		return nil, findingError(c, bad.Finding)
	}
	if err != nil {
		return nil, c.Errorf("filter", "%w", err)
	}
	for _, w := range set.Warnings() {
		log.Warn("filter", "where", findingError(c, w).Error())
	}
	warnFilter(c, log)
	return set, nil
}

// findingError tells what a pattern's compiler found, at the place in the config.
func findingError(c *config.Config, f pattern.Finding) error {
	text := f.Reason
	if f.Path != "" {
		text = fmt.Sprintf("field %s: %s", f.Path, text)
	}
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	return c.FilterErrorf(f.Pattern, f.Offset, "%s", text)
}

// redactOptions are the config's words for what redaction does, in redaction's own.
func redactOptions(c *config.Config, key []byte) (redact.Options, error) {
	o := redact.Options{Key: key, Allow: c.Redact.Allow, Deny: c.Redact.Deny}
	switch c.Redact.Keep {
	case config.KeepNone:
		o.Keep = redact.Nothing
	case config.KeepAll:
		o.Keep = redact.All
	}
	if p := c.Redact.Privacy; p != nil {
		switch p.Type {
		case config.Whitelist:
			o.Keep, o.Allow = redact.Minimum, p.Fields
		case config.Blacklist:
			o.Keep, o.Deny, o.Mandatory = redact.All, p.Fields, true
		}
	}
	for i, r := range c.Redact.Rules {
		action, err := redact.ParseAction(string(r.Action))
		if err != nil {
			return o, c.Errorf(fmt.Sprintf("redact.rules[%d].action", i), "%w", err)
		}
		o.Rules = append(o.Rules, redact.Rule{Path: r.Path, Action: action, First: r.First, Last: r.Last, To: r.To, Tokens: r.With == "token"})
	}
	if c.Redact.Recipient != "" {
		recipients, err := age.ParseRecipients(strings.NewReader(c.Redact.Recipient))
		if err != nil {
			return o, c.Errorf("redact.recipient", "%w", err)
		}
		o.Recipient = recipients[0]
	}
	if c.Redact.Region != "" {
		region, err := phone.For(c.Redact.Region)
		if err != nil {
			return o, c.Errorf("redact.region", "%w", err)
		}
		o.Phone = region.E164
	}
	if c.Enrich.Agents != nil {
		o.Enrichment = c.Enrich.Agents.Into
	}
	return o, nil
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
