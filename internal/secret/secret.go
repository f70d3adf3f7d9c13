// Package secret resolves the references by which trunkline.yaml names its secrets, and keeps what they stand for out of every
// print.
//
//	"env:NAME", "file:PATH", "aws-secretsmanager:NAME" ─ Parse ─▶ Ref ─ Resolve ─▶ Value ─ Reveal ─▶ the secret
//
// Its promises: no error text holds a secret, nor a text that was written where a reference should stand; a [Value] shows itself
// as "[redacted]" however it is printed, logged or encoded. Only Reveal tells.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// Pattern is the regular expression of the references that [Parse] takes (RE2 and ECMA 262 alike).
const Pattern = `^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\x00]+|aws-secretsmanager:` + managedName + `{1,512}(#[^\x00]+)?)$`

// managedName is the name or the ARN of a secret of AWS Secrets Manager, up to the last character, which is there 1 to maxName times.
const (
	managedName = `(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@!-]`
	maxName     = 512
)

// Forms says in words what [Parse] takes.
const Forms = "env:NAME, file:PATH or aws-secretsmanager:NAME"

// MaxSize is the largest secret, in bytes.
const MaxSize = 64 << 10

// Ref says where a secret is kept: in an environment variable, in a file or in AWS Secrets Manager, there perhaps as a field of a
// JSON object. It is safe to print. The zero Ref names none.
type Ref struct{ scheme, name, field string }

// Manager reads the secrets of AWS Secrets Manager. Its errors say what to do and hold no secret.
type Manager interface {
	// Secret returns the present value of the secret with a name or an ARN.
	Secret(ctx context.Context, name string) (string, error)
}

// secretName is compiled for the first reference that needs it: nothing at the start of a Lambda does. The count in Pattern would take
// milliseconds.
var secretName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + managedName + `+$`) })

// environmentName tells the name of an environment variable: [A-Za-z_][A-Za-z0-9_]*.
func environmentName(text string) bool {
	return text != "" && (text[0] < '0' || text[0] > '9') && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_'
	})
}

// Parse reads env:NAME, file:PATH or aws-secretsmanager:NAME_OR_ARN[#FIELD]. Its errors never quote the text: it may be the secret itself, written in the wrong place.
func Parse(text string) (Ref, error) {
	scheme, name, found := strings.Cut(text, ":")
	switch {
	case found && scheme == "env" && environmentName(name):
		return Ref{scheme: scheme, name: name}, nil
	case found && scheme == "env":
		return Ref{}, errors.New("behind env: stands the name of an environment variable: letters, digits and _")
	case found && scheme == "file" && name != "" && !strings.Contains(name, "\x00"):
		return Ref{scheme: scheme, name: name}, nil
	case found && scheme == "file":
		return Ref{}, errors.New("behind file: stands the path of a file")
	case found && scheme == managed:
		name, field, behind := strings.Cut(name, "#")
		if !secretName().MatchString(name) || len(name)-strings.LastIndexByte(name, ':')-1 > maxName || behind && field == "" || strings.Contains(field, "\x00") {
			return Ref{}, errors.New("behind aws-secretsmanager: stands the name or the ARN of a secret and, where it is a JSON object, # and a field")
		}
		return Ref{scheme, name, field}, nil
	}
	return Ref{}, errors.New("write " + Forms + "; a secret never stands in the config")
}

const managed = "aws-secretsmanager"

// String is the text that [Parse] reads, "" for the zero Ref.
func (r Ref) String() string {
	if r == (Ref{}) {
		return ""
	}
	text := r.scheme + ":" + r.name
	if r.field != "" {
		text += "#" + r.field
	}
	return text
}

// IsZero tells whether r names no secret.
func (r Ref) IsZero() bool { return r == Ref{} }

// Resolve reads the secret, anew with each call, so that a rotated one is found. One line break at the end is not part of it. A
// secret that is missing, empty or larger than [MaxSize] is an error that says what to do. Only aws-secretsmanager: asks the manager.
func (r Ref) Resolve(ctx context.Context, manager Manager) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, err
	}
	switch r.scheme {
	case "env":
		return r.environment()
	case "file":
		return r.file()
	case managed:
		return r.managed(ctx, manager)
	}
	return Value{}, errors.New("no secret is named; write " + Forms)
}

func (r Ref) environment() (Value, error) {
	text, found := os.LookupEnv(r.name)
	if !found {
		return Value{}, fmt.Errorf("secret %s: the environment variable is not set", r)
	}
	return r.value(text, "")
}

func (r Ref) file() (Value, error) {
	file, err := os.Open(r.name)
	if err != nil {
		return Value{}, fmt.Errorf("secret: %w", err) // an *fs.PathError: it names the file
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Value{}, fmt.Errorf("secret: %w", err)
	}
	if info.IsDir() {
		return Value{}, fmt.Errorf("secret %s: is a folder; name a file in it", r)
	}
	text, err := io.ReadAll(io.LimitReader(file, MaxSize+3)) // a line break and one byte too much
	if err != nil {
		return Value{}, fmt.Errorf("secret: %w", err)
	}
	warning := ""
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		warning = fmt.Sprintf("secret %s: others may read the file (mode %04o); set it with: chmod 600", r, mode.Perm())
	}
	return r.value(string(text), warning)
}

func (r Ref) value(text, warning string) (Value, error) {
	if cut, found := strings.CutSuffix(text, "\n"); found {
		text = strings.TrimSuffix(cut, "\r")
	}
	switch {
	case text == "":
		return Value{}, fmt.Errorf("secret %s: is empty; put the secret there", r)
	case len(text) > MaxSize:
		return Value{}, fmt.Errorf("secret %s: is larger than %d bytes; is it the right one?", r, MaxSize)
	}
	return Value{reveal: func() string { return text }, warning: warning}, nil
}
