// Package pipeline makes of a config what happens to one record, the same for the daemon and for the Lambda.
//
//	config ─ Build ─▶ Pipeline{ filter ─▶ enrich ─▶ redact }
//
// It compiles and warns; it reads the agent file and the key of redaction, and nothing else.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"filippo.io/age"

	"trunkline/internal/collector"
	"trunkline/internal/collector/enrich"
	"trunkline/internal/collector/filter"
	"trunkline/internal/collector/redact"
	"trunkline/internal/config"
	"trunkline/internal/pattern"
	"trunkline/internal/phone"
	"trunkline/internal/secret"
)

// Pipeline is what a config makes of one record: everything but where records come from and go to. It is not changed by using it.
type Pipeline struct {
	Filter   *pattern.Set     // nil: every record is wanted
	Enricher *enrich.Enricher // nil: nothing is added
	Policy   *redact.Policy
	Secret   []byte            // redact.key; nil where there is none
	Stages   []collector.Stage // filter, enrich and redact, in this order; redact is the last
}

// Services are what a config may ask of AWS. What the config does not name may be nil.
type Services struct {
	Secrets secret.Manager
	Objects func(bucket, key string) enrich.Remote // objects of S3
}

// Build compiles the parts of a config that need no state. Services are called only where the config names something there. Its errors
// name the place in the config. agents may be nil.
func Build(ctx context.Context, c *config.Config, s Services, log *slog.Logger, agents enrich.Observer) (*Pipeline, error) {
	if c.Redact.Key.IsZero() {
		return Compile(ctx, c, s, nil, log, agents)
	}
	value, err := c.Redact.Key.Resolve(ctx, s.Secrets)
	if err != nil {
		return nil, c.Errorf("redact.key", "%w", err)
	}
	if w := value.Warning(); w != "" {
		log.Warn("secret", "key", "redact.key", "warning", w)
	}
	return Compile(ctx, c, s, []byte(value.Reveal()), log, agents)
}

// Compile is Build with what redact.key stands for, nil where the config has none.
func Compile(ctx context.Context, c *config.Config, s Services, key []byte, log *slog.Logger, agents enrich.Observer) (*Pipeline, error) {
	p := &Pipeline{Secret: key}
	if n := len(key); key != nil && n < redact.MinKey {
		return nil, c.Errorf("redact.key", "%s holds %d bytes, want at least %d; make one with: openssl rand -hex 32", c.Redact.Key, n, redact.MinKey)
	}
	var err error
	if p.Filter, err = compileFilter(c, log); err != nil {
		return nil, err
	}
	options, err := redactOptions(c, p.Secret)
	if err != nil {
		return nil, err
	}
	if p.Policy, err = redact.Compile(options); err != nil {
		return nil, c.Errorf("redact", "%w", err)
	}
	if a := c.Enrich.Agents; a != nil {
		o := enrich.Options{From: a.From, Match: a.Match, Column: a.Column, Into: a.Into, Refresh: a.Refresh, Log: log, Observe: agents}
		if bucket, key, ok := config.SplitS3(a.From); ok {
			o.Remote = s.Objects(bucket, key)
		}
		if p.Enricher, err = enrich.New(ctx, o); err != nil {
			return nil, c.Errorf("enrich.agents", "%w", err)
		}
	}
	if p.Filter != nil {
		p.Stages = append(p.Stages, filter.Stage(p.Filter))
	}
	if p.Enricher != nil {
		p.Stages = append(p.Stages, p.Enricher.Stage())
	}
	p.Stages = append(p.Stages, p.Policy.Stage())
	return p, nil
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
