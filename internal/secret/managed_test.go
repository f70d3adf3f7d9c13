package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// shelf is a Manager with one secret.
type shelf struct {
	text string
	err  error
}

func (s shelf) Secret(_ context.Context, name string) (string, error) {
	if name != "team/key" {
		return "", fmt.Errorf("asked for %s", name)
	}
	return s.text, s.err
}

func TestResolveManaged(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		ref, text string
		fails     error
		want, err string
	}{
		{"team/key", canary + "\n", nil, canary, ""},
		{"team/key", `{"a":1}`, nil, `{"a":1}`, ""},
		{"team/key", "", nil, "", "is empty; put the secret there"},
		{"team/key", canary, refused, "", "secret aws-secretsmanager:team/key: refused"},
		{"team/key#token", `{"other":"x","token":"` + canary + `"}`, nil, canary, ""},
		{"team/key#token", ` {"token":"\u0063anary"}`, nil, "canary", ""},
		{"team/key#token", `{"token":""}`, nil, "", "is empty"},
		{"team/key#token", canary, nil, "", "secret aws-secretsmanager:team/key#token: is no JSON object; leave out #token"},
		{"team/key#token", `"` + canary + `"`, nil, "", "is no JSON object"},
		{"team/key#token", "null", nil, "", "is no JSON object"},
		{"team/key#token", `{"token":"` + canary, nil, "", "is no JSON object"},
		{"team/key#token", `{"` + canary + `":"` + canary + `"}`, nil, "", "the JSON object has no field token"},
		{"team/key#token", `{"token":{"` + canary + `":1}}`, nil, "", "the field is no text"},
		{"team/key#token", `{"token":12345678}`, nil, "", "the field is no text"},
		{"team/key#token", `{"token":null}`, nil, "", "the field is no text"},
	} {
		ref, err := Parse("aws-secretsmanager:" + c.ref)
		if err != nil {
			t.Fatal(err)
		}
		value, err := ref.Resolve(t.Context(), shelf{c.text, c.fails})
		if value.Reveal() != c.want || (err == nil) != (c.err == "") || !strings.Contains(fmt.Sprint(err), c.err) {
			t.Errorf("%s in %q: got %q, %v; want %q, %q", ref, c.text, value.Reveal(), err, c.want, c.err)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "1234")) {
			t.Errorf("%s: the secret stands in %v", ref, err)
		}
		if !errors.Is(err, c.fails) && c.fails != nil {
			t.Errorf("%s: %v does not wrap %v", ref, err, c.fails)
		}
	}
}
