package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"trunkline/iam/sim"
)

// A Case is a line of input. Members that it does not list are left alone, so that a case can carry a note or an expectation.
type Case struct {
	ID                json.RawMessage            `json:"id"`
	Principal         string                     `json:"principal"` // as sim.ParseCaller reads it
	Role              string                     `json:"role"`      // ARN of the session's role, when the role has a path
	Action            string                     `json:"action"`
	Resource          string                     `json:"resource"` // absent means *
	ResourceAccount   string                     `json:"resourceAccount"`
	ManagementAccount string                     `json:"managementAccount"`
	Time              string                     `json:"time"`    // RFC 3339
	Context           map[string]json.RawMessage `json:"context"` // values: a scalar, a list of scalars, or null for a value that is not known
	Policies          Policies                   `json:"policies"`
}

// Policies are the documents of a case, each an object, or a string that holds the JSON text. An absent boundary or session means
// that there is none; an empty list, one that allows nothing.
type Policies struct {
	Identity []json.RawMessage   `json:"identity"`
	Boundary []json.RawMessage   `json:"boundary"`
	Session  []json.RawMessage   `json:"session"`
	Resource json.RawMessage     `json:"resource"` // also the trust policy of a role and the key policy of a KMS key
	SCP      [][]json.RawMessage `json:"scp"`
	RCP      [][]json.RawMessage `json:"rcp"`
	Endpoint json.RawMessage     `json:"endpoint"`
}

// UnmarshalJSON refuses members that are no layer: a misspelt one would be left out of the decision.
func (p *Policies) UnmarshalJSON(text []byte) error {
	type layers Policies
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode((*layers)(p))
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New(unreadable(wrong) + " in policies")
	} else if err != nil {
		return fmt.Errorf("policies: %s; write identity, boundary, session, resource, endpoint, scp or rcp", unreadable(err))
	}
	return nil
}

// unreadable words the error of a line that is no case without the types that it is read into.
func unreadable(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	want := "an object"
	switch wrong.Type.Kind() {
	case reflect.String:
		want = "a string"
	case reflect.Slice:
		want = "a list"
	default:
	}
	if wrong.Field == "" {
		return fmt.Sprintf("got a JSON %s, want %s", wrong.Value, want)
	}
	return fmt.Sprintf("%s: got a JSON %s, want %s", wrong.Field, wrong.Value, want)
}

func (c *Case) request() (sim.Request, error) {
	r := sim.Request{Action: c.Action, Resource: c.Resource, ResourceAccount: c.ResourceAccount, ManagementAccount: c.ManagementAccount}
	if r.Resource == "" {
		r.Resource = "*"
	}
	var err error
	if r.Caller, err = sim.ParseCaller(c.Principal); err != nil {
		return r, err
	}
	if c.Role != "" {
		r.Caller.Role = c.Role
	}
	if c.Time != "" {
		if r.Time, err = time.Parse(time.RFC3339, c.Time); err != nil {
			return r, fmt.Errorf("time %q is not of the form 2026-01-31T12:00:00Z", c.Time)
		}
	}
	for key, raw := range c.Context {
		values, known, err := contextValues(raw)
		if err != nil {
			return r, fmt.Errorf("context key %s: %w", key, err)
		}
		if known {
			r.Context.Set(key, values...)
		} else {
			r.Context.SetUnknown(key)
		}
	}
	return r, nil
}

// contextValues reads the values of a key; null makes it one that is not known.
func contextValues(raw json.RawMessage) (values []string, known bool, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, false, err
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	for _, member := range list {
		switch m := member.(type) {
		case nil:
			if isList {
				return nil, false, errors.New("null in a list")
			}
			return nil, false, nil
		case string:
			values = append(values, m)
		case bool, json.Number:
			values = append(values, fmt.Sprint(m))
		default:
			return nil, false, errors.New("want a string, a number, true, false, null or a list of them")
		}
	}
	return values, true, nil
}
