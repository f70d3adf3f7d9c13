package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/collector/enrich"
	"trunkline/internal/collector/redact"
	"trunkline/internal/config"
	"trunkline/internal/pipeline"
	"trunkline/internal/secret"
)

// Origin is where a config is kept outside of the function.
type Origin interface {
	// Fetch returns the config's text and what its version is called, or no text when that is the version in force. Versions are ""
	// where there are none.
	Fetch(ctx context.Context, inForce string) (text []byte, version string, err error)
	// String names the place in messages, without anything secret.
	String() string
}

// How old a fetched config gets, and when a failed refresh is tried again.
const (
	Refresh = 30 * time.Minute
	Retry   = time.Minute
)

// SettingsOptions say what settings are read with.
type SettingsOptions struct {
	Extension *Extension // required
	// Services makes what a config asks of AWS besides the extension; nil: the SDK is not linked.
	Services func(config.AWS) pipeline.Services
	// Letters opens where a config keeps dead letters; nil exactly when Services is.
	Letters func(context.Context, *config.Config) (LetterStore, error)
	Log     *slog.Logger     // required
	Level   *slog.LevelVar   // follows the config's observe.log; nil: nothing does
	Now     func() time.Time // required
}

// Settings are the config in force, and what was built from it. It is safe for concurrent use.
type Settings struct {
	o      SettingsOptions
	origin Origin // nil: the config came with the function

	mu      sync.Mutex
	config  *config.Config // nil until one was fetched
	version string         // of config, as its origin calls it
	set     *setup         // of config; nil until it was built
	cut     *setup         // of config, cut to the minimum set
	due     time.Time      // when to fetch again
	failed  bool           // the last fetch

	agents    *enrich.Enricher // of set, where the agent file is kept elsewhere
	agentsDue time.Time        // when to look at it again
}

// setup is what is built from a config.
type setup struct {
	config  *config.Config
	secrets *Secrets
	keys    collector.Keys
	stages  []*stage
	letters Letters // nil: nowhere
}

// Bundled are settings that came with the function: they stay as they are.
func Bundled(c *config.Config, o SettingsOptions) *Settings {
	s := &Settings{o: o, config: c}
	s.follow(c)
	return s
}

// Fetched are settings that the first invocation fetches, and each that finds them older than [Refresh] fetches again. When that
// fails, or what comes is no config, the last one holds, but what it lets through is cut down to the documented minimum set; it is
// tried again after [Retry]. Until a first one came, invocations fail.
func Fetched(origin Origin, o SettingsOptions) *Settings {
	return &Settings{o: o, origin: origin}
}

// Check builds what can be built before the first invocation, so that a mistake in the config is found then.
func (s *Settings) Check(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config == nil {
		return nil
	}
	if err := s.linked(s.config); err != nil {
		return err
	}
	if !asks(s.config) {
		return s.build(ctx)
	}
	local := *s.config
	key := []byte(nil)
	if !local.Redact.Key.IsZero() {
		key = make([]byte, redact.MinKey) // in place of what can be read once the function is invoked
	}
	if remote(local.Enrich.Agents) {
		local.Enrich.Agents = nil
	}
	_, err := pipeline.Compile(ctx, &local, pipeline.Services{}, key, slog.New(slog.DiscardHandler), nil)
	return err
}

// asks tells whether building the config asks another service, which waits for the first invocation.
func asks(c *config.Config) bool {
	return managed(c.Redact.Key) || remote(c.Enrich.Agents)
}

func remote(a *config.Agents) bool {
	if a == nil {
		return false
	}
	_, _, object := config.SplitS3(a.From)
	return object
}

// current returns what holds now.
func (s *Settings) current(ctx context.Context) (*setup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.origin != nil && !s.o.Now().Before(s.due) {
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
	}
	if s.set == nil {
		if err := s.build(ctx); err != nil {
			return nil, err
		}
	}
	if now := s.o.Now(); s.agents != nil && !now.Before(s.agentsDue) {
		limited, cancel := context.WithTimeout(ctx, fetchTime)
		s.agents.Look(limited)
		cancel()
		s.agentsDue = now.Add(s.config.Enrich.Agents.Refresh)
	}
	if s.failed {
		return s.cut, nil
	}
	return s.set, nil
}

// refresh fetches the config. The error is about a first one: later ones leave the last in force.
func (s *Settings) refresh(ctx context.Context) error {
	err := s.fetch(ctx)
	switch {
	case err == nil:
		if s.failed {
			s.o.Log.InfoContext(ctx, "config is fetched again", "from", s.origin.String())
		}
		s.failed, s.due = false, s.o.Now().Add(Refresh)
		return nil
	case s.config == nil:
		return fmt.Errorf("fetch the config from %s: %w", s.origin, err)
	}
	s.o.Log.ErrorContext(ctx, "config cannot be fetched; what the last one lets through is cut to the minimum set", "from", s.origin.String(), "error", err)
	s.failed, s.due = true, s.o.Now().Add(Retry)
	return nil
}

func (s *Settings) fetch(ctx context.Context) error {
	text, version, err := s.origin.Fetch(ctx, s.version)
	if err != nil || text == nil && s.config != nil {
		return err
	}
	c, err := config.ParseLambda(s.origin.String(), text)
	if err != nil {
		return err
	}
	old := s.config
	s.config = c
	if err := s.build(ctx); err != nil {
		s.config = old
		return err
	}
	s.version = version // not before: what could not be used is fetched again
	s.follow(c)
	return nil
}

// linked tells whether the function has the parts that a config needs.
func (s *Settings) linked(c *config.Config) error {
	switch {
	case s.o.Services != nil:
		return nil
	case remote(c.Enrich.Agents):
		return c.Errorf("enrich.agents.from", "%w", errPart)
	case c.DeadLetter.SQS != "" || c.DeadLetter.S3 != "":
		return c.Errorf("dead_letter", "%w", errPart)
	case s.o.Extension.Expected:
		return nil
	case managed(c.Redact.Key):
		return c.Errorf("redact.key", "%w%s", errPart, orLayer)
	case managed(httpKey(c)):
		return c.Errorf("destination.http.key", "%w%s", errPart, orLayer)
	}
	return nil
}

const orLayer = ", or add the layer of the AWS Parameters and Secrets Lambda Extension"

// errPart says how to get a function that can do it.
var errPart = errors.New("this build of the function calls no AWS service; build it with: make lambda PARTS=aws")

func httpKey(c *config.Config) secret.Ref {
	if c.Destination.HTTP == nil {
		return secret.Ref{}
	}
	return c.Destination.HTTP.Key
}

func managed(ref secret.Ref) bool { return strings.HasPrefix(ref.String(), "aws-secretsmanager:") }

// build makes the setups of the config.
func (s *Settings) build(ctx context.Context) error {
	if err := s.linked(s.config); err != nil {
		return err
	}
	var services pipeline.Services
	if s.o.Services != nil {
		services = s.o.Services(s.config.AWS)
	}
	secrets := &Secrets{Extension: s.o.Extension, Service: services.Secrets}
	services.Secrets = secrets
	p, err := pipeline.Build(ctx, s.config, services, s.o.Log, nil)
	if err != nil {
		return err
	}
	set := setup{config: s.config, secrets: secrets, stages: pooled(p.Stages)}
	if p.Secret != nil {
		set.keys = collector.DeriveKeys(p.Secret)
	}
	if c := s.config; c.DeadLetter.SQS != "" || c.DeadLetter.S3 != "" {
		set.letters = &stored{open: func(ctx context.Context) (LetterStore, error) { return s.o.Letters(ctx, c) }}
	}
	cut := set
	if s.origin != nil {
		minimum, err := redact.Compile(redact.Options{Keep: redact.Minimum})
		if err != nil {
			return errors.Join(errors.New("minimum set"), err)
		}
		cut.stages = append(set.stages[:len(set.stages):len(set.stages)], &stage{of: cutStage(minimum.Stage())})
	}
	s.set, s.cut, s.agents = &set, &cut, nil
	if remote(s.config.Enrich.Agents) {
		s.agents, s.agentsDue = p.Enricher, s.o.Now().Add(s.config.Enrich.Agents.Refresh)
	}
	return nil
}

func (s *Settings) follow(c *config.Config) {
	if s.o.Level != nil {
		s.o.Level.Set(c.Observe.Log)
	}
}
