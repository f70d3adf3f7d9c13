package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const canary = "canary-5f2c9"

func TestParse(t *testing.T) {
	pattern := regexp.MustCompile(Pattern)
	for _, c := range []struct{ text, err string }{
		{"env:TRUNKLINE_KEY", ""},
		{"env:_1", ""},
		{"file:/run/secrets/key", ""},
		{"file:relative path: with colon", ""},
		{"env:", "behind env:"},
		{"env:1" + canary, "behind env:"},
		{"env:A " + canary, "behind env:"},
		{"file:", "behind file:"},
		{"file:a\x00" + canary, "behind file:"},
		{"aws-secretsmanager:cloud-collector-v3/ctr/GROUP/apiToken", ""},
		{"aws-secretsmanager:events!connection/x/0f", ""},
		{"aws-secretsmanager:a#field with spaces#and more", ""},
		{"aws-secretsmanager:arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:a/b-AbCdEf#key", ""},
		{"aws-secretsmanager:", "behind aws-secretsmanager:"},
		{"aws-secretsmanager:a#", "behind aws-secretsmanager:"},
		{"aws-secretsmanager:#" + canary, "behind aws-secretsmanager:"},
		{"aws-secretsmanager:a b" + canary, "behind aws-secretsmanager:"},
		{"aws-secretsmanager:a#\x00" + canary, "behind aws-secretsmanager:"},
		{"aws-secretsmanager:arn:aws:ssm:eu-west-2:111122223333:secret:" + canary, "behind aws-secretsmanager:"},
		{"aws-secretsmanager:" + strings.Repeat("x", 513), "behind aws-secretsmanager:"},
		{canary, "write env:NAME, file:PATH or aws-secretsmanager:NAME; a secret never stands in the config"},
		{"vault:" + canary, "write env:NAME"},
		{"ENV:" + canary, "write env:NAME"},
		{" env:" + canary, "write env:NAME"},
		{"", "write env:NAME"},
	} {
		ref, err := Parse(c.text)
		if got := fmt.Sprint(err); (err == nil) != (c.err == "") || !strings.Contains(got, c.err) {
			t.Errorf("Parse(%q): error %q, want %q", c.text, got, c.err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("Parse(%q) quotes the text: %v", c.text, err)
		}
		if err == nil && ref.String() != c.text {
			t.Errorf("Parse(%q) prints as %q", c.text, ref)
		}
		if got, want := pattern.MatchString(c.text), err == nil; got != want {
			t.Errorf("Pattern takes %q: %v, but Parse: %v", c.text, got, want)
		}
		if got, want := ref.IsZero(), err != nil; got != want {
			t.Errorf("Parse(%q).IsZero() = %v, want %v", c.text, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // the umask may have narrowed it
			t.Fatal(err)
		}
		return "file:" + path
	}
	t.Setenv("TRUNKLINE_TEST_SECRET", canary)
	t.Setenv("TRUNKLINE_TEST_EMPTY", "")
	t.Setenv("TRUNKLINE_TEST_LARGE", strings.Repeat("x", MaxSize+1))
	for _, c := range []struct{ ref, want, err, warning string }{
		{"env:TRUNKLINE_TEST_SECRET", canary, "", ""},
		{"env:TRUNKLINE_TEST_MISSING", "", "env:TRUNKLINE_TEST_MISSING: the environment variable is not set", ""},
		{"env:TRUNKLINE_TEST_EMPTY", "", "is empty; put the secret there", ""},
		{"env:TRUNKLINE_TEST_LARGE", "", "larger than 65536 bytes", ""},
		{write("plain", canary, 0o600), canary, "", ""},
		{write("newline", canary+"\n", 0o400), canary, "", ""},
		{write("crlf", canary+"\r\n", 0o600), canary, "", ""},
		{write("two", canary+"\n\n", 0o600), canary + "\n", "", ""},
		{write("group", canary, 0o640), canary, "", "(mode 0640); set it with: chmod 600"},
		{write("empty", "\n", 0o600), "", "is empty; put the secret there", ""},
		{write("largest", strings.Repeat("x", MaxSize)+"\r\n", 0o600), strings.Repeat("x", MaxSize), "", ""},
		{write("large", strings.Repeat("x", MaxSize+1), 0o600), "", "larger than 65536 bytes", ""},
		{"file:" + dir, "", "is a folder; name a file in it", ""},
		{"file:" + dir + "/none", "", "no such file", ""},
	} {
		ref, err := Parse(c.ref)
		if err != nil {
			t.Fatalf("Parse(%q): %v", c.ref, err)
		}
		value, err := ref.Resolve(t.Context(), nil)
		if value.Reveal() != c.want || (err == nil) != (c.err == "") || !strings.Contains(fmt.Sprint(err), c.err) {
			t.Errorf("%s resolves to %d bytes, error %v; want %d bytes, error %q", c.ref, len(value.Reveal()), err, len(c.want), c.err)
		}
		if (value.Warning() == "") != (c.warning == "") || !strings.Contains(value.Warning(), c.warning) {
			t.Errorf("%s: warning %q, want %q", c.ref, value.Warning(), c.warning)
		}
		if strings.Contains(fmt.Sprint(err, value.Warning()), canary) {
			t.Errorf("%s: the secret stands in %v or %q", c.ref, err, value.Warning())
		}
	}
	if _, err := (Ref{}).Resolve(t.Context(), nil); err == nil {
		t.Error("the zero Ref resolves, want an error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Ref{scheme: "env", name: "TRUNKLINE_TEST_SECRET"}).Resolve(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with a canceled context: %v, want %v", err, context.Canceled)
	}
}

// TestNothingShows prints a Value, alone and inside other values, in every way that a program prints by accident.
func TestNothingShows(t *testing.T) {
	t.Setenv("TRUNKLINE_TEST_SECRET", canary)
	value, err := Ref{scheme: "env", name: "TRUNKLINE_TEST_SECRET"}.Resolve(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	type exported struct {
		Key     Value
		Pointer *Value
		List    []Value
	}
	type hidden struct {
		key  Value
		list []any
	}
	var shown bytes.Buffer
	holders := []any{value, &value, exported{value, &value, []Value{value}}, hidden{value, []any{value}}, &hidden{key: value}, map[string]Value{"k": value}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%t", "%T"} {
		for _, holder := range holders {
			fmt.Fprintf(&shown, verb+"\n", holder)
		}
	}
	fmt.Fprintln(&shown, value, fmt.Errorf("call with %v", value))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		for _, holder := range holders {
			slog.New(handler).Info("x", "value", holder)
		}
	}
	for _, holder := range holders {
		text, err := json.Marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(text)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("the secret shows as %s in:\n%s", form, shown.String())
		}
	}
	for _, got := range []string{fmt.Sprintf("%v", value), fmt.Sprintf("%#v", value), fmt.Sprintf("%d", value), value.String(), value.GoString(), value.LogValue().String()} {
		if got != Redacted {
			t.Errorf("got %q, want %q", got, Redacted)
		}
	}
	if text, err := json.Marshal(exported{Key: value}); err != nil || !strings.Contains(string(text), `"Key":"[redacted]"`) {
		t.Errorf("json: %s, %v", text, err)
	}
	if value.Reveal() != canary {
		t.Errorf("Reveal() = %q, want %q", value.Reveal(), canary)
	}
}
