package secret

import (
	"context"
	"encoding/json"
	"fmt"
)

func (r Ref) managed(ctx context.Context, manager Manager) (Value, error) {
	text, err := manager.Secret(ctx, r.name)
	if err != nil {
		return Value{}, fmt.Errorf("secret %s: %w", r, err)
	}
	if r.field == "" {
		return r.value(text, "")
	}
	// A json.RawMessage and not a string: the decoder's own error would quote what is there instead.
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil || fields == nil {
		return Value{}, fmt.Errorf("secret %s: is no JSON object; leave out #%s, or store one", r, r.field)
	}
	raw, found := fields[r.field]
	if !found {
		return Value{}, fmt.Errorf("secret %s: the JSON object has no field %s", r, r.field)
	}
	var value string
	if raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return Value{}, fmt.Errorf("secret %s: the field is no text; store it in quotes", r)
	}
	return r.value(value, "")
}
