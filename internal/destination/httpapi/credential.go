package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// secret is a key as it was read once. It prints as [redacted].
type secret struct {
	header []string // the one value, in the form that http.Header takes; never changed
}

func (secret) String() string               { return "[redacted]" }
func (secret) GoString() string             { return "[redacted]" }
func (secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
func (secret) LogValue() slog.Value         { return slog.StringValue("[redacted]") }

// credential holds the key that requests carry, and reads it again when it is refused.
type credential struct {
	header string
	source func(context.Context) (string, error) // nil: no key
	value  atomic.Pointer[secret]
	turn   chan struct{} // held while the source is read
}

// current is the key, read if it has not been; nil when none is configured.
func (c *credential) current(ctx context.Context) (*secret, error) {
	if c.source == nil {
		return nil, nil
	}
	if s := c.value.Load(); s != nil {
		return s, nil
	}
	if err := c.renewAfter(ctx, nil); err != nil {
		return nil, err
	}
	return c.value.Load(), nil
}

// renew reads the key again.
func (c *credential) renew(ctx context.Context) error {
	return c.renewAfter(ctx, c.value.Load())
}

// renewAfter reads the key again after old was refused, unless somebody has done so since.
func (c *credential) renewAfter(ctx context.Context, old *secret) error {
	if c.source == nil {
		return nil
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.turn }()
	if c.value.Load() != old {
		return nil
	}
	text, err := c.source(ctx)
	if err != nil {
		return fmt.Errorf("read destination.http.key: %w", err)
	}
	if text == "" {
		return errors.New("read destination.http.key: it is empty")
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("read destination.http.key: a header cannot carry its character %d, which is a control character", i+1)
		}
	}
	c.value.Store(&secret{header: []string{text}})
	return nil
}
