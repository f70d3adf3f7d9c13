package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a [Value] shows.
const Redacted = "[redacted]"

// Value is a secret. Printing, logging and encoding show "[redacted]". It is safe for concurrent use.
type Value struct {
	// A function, because fmt prints unexported fields of other structs by reflection, without asking their methods.
	reveal  func() string
	warning string
}

// Reveal returns the secret itself, "" for the zero Value. The caller must not print it.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Warning says what is unsafe about where the secret is kept; "" when nothing is. It is safe to print.
func (v Value) Warning() string { return v.warning }

// IsZero tells whether v holds no secret.
func (v Value) IsZero() bool { return v.reveal == nil }

func (Value) String() string               { return Redacted }
func (Value) GoString() string             { return Redacted }
func (Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
func (Value) LogValue() slog.Value         { return slog.StringValue(Redacted) }

// Format prints "[redacted]" whatever the verb.
func (Value) Format(state fmt.State, _ rune) { io.WriteString(state, Redacted) }
