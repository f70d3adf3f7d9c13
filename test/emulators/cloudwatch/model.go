package cloudwatch

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/aws/smithy-go/encoding/cbor"

	"trunkline/test/emulators"
)

// model is the shapes of an API by their names, as botocore has them.
type model map[string]*shape

type shape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required"`
	Members  map[string]target `json:"members"`
	Member   target            `json:"member"`
	Key      target            `json:"key"`
	Value    target            `json:"value"`
	Min      *float64          `json:"min"`
	Max      *float64          `json:"max"`
	Pattern  string            `json:"pattern"`
	Enum     []string          `json:"enum"`

	pattern *regexp.Regexp
}

type target struct {
	Shape string `json:"shape"`
}

func readModel(tools emulators.Tools) (model, error) {
	const inside = "lib/python3*/site-packages/botocore/data/cloudwatch/2010-08-01/service-2.json.gz"
	found, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(tools.Python)), inside))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("botocore's model is not in the venv: found %q (%v)", found, err)
	}
	file, err := os.Open(found[0])
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var service struct{ Shapes model }
	if err := json.NewDecoder(unzip).Decode(&service); err != nil {
		return nil, err
	}
	for name, s := range service.Shapes {
		if s.Pattern == "" {
			continue
		}
		if s.pattern, err = regexp.Compile(`^(?:` + s.Pattern + `)$`); err != nil {
			return nil, fmt.Errorf("pattern of %s: %w", name, err)
		}
	}
	return service.Shapes, nil
}

// check holds a value against a shape; at says where it stands.
func (m model) check(name, at string, v cbor.Value) *Fault {
	s, found := m[name]
	if !found {
		return refuse("InternalServiceFault", "the model has no %s", name)
	}
	wrong := func() *Fault { return refuse("SerializationException", "%s is a %T, want a %s", at, v, s.Type) }
	switch s.Type {
	case "structure":
		members, ok := v.(cbor.Map)
		if !ok {
			return wrong()
		}
		for _, required := range s.Required {
			if _, found := members[required]; !found {
				return refuse("MissingRequiredParameterException", "%s.%s is required", at, required)
			}
		}
		for member, value := range members {
			target, found := s.Members[member]
			if !found {
				return refuse("SerializationException", "%s has no %s", at, member)
			}
			if fault := m.check(target.Shape, at+"."+member, value); fault != nil {
				return fault
			}
		}
	case "list":
		all, ok := v.(cbor.List)
		if !ok {
			return wrong()
		}
		for i, value := range all {
			if fault := m.check(s.Member.Shape, fmt.Sprintf("%s[%d]", at, i), value); fault != nil {
				return fault
			}
		}
		return s.bound(at, "members", float64(len(all)))
	case "map":
		all, ok := v.(cbor.Map)
		if !ok {
			return wrong()
		}
		for key, value := range all {
			if fault := m.check(s.Key.Shape, at+"'s key", cbor.String(key)); fault != nil {
				return fault
			}
			if fault := m.check(s.Value.Shape, at+"."+key, value); fault != nil {
				return fault
			}
		}
		return s.bound(at, "members", float64(len(all)))
	case "string":
		text, ok := v.(cbor.String)
		switch {
		case !ok:
			return wrong()
		case s.pattern != nil && !s.pattern.MatchString(string(text)):
			return refuse("InvalidParameterValueException", "%s does not match %s", at, s.Pattern)
		case s.Enum != nil && !slices.Contains(s.Enum, string(text)):
			return refuse("InvalidParameterValueException", "%s is none of %q", at, s.Enum)
		}
		return s.bound(at, "characters", float64(utf8.RuneCountInString(string(text))))
	case "boolean":
		if _, ok := v.(cbor.Bool); !ok {
			return wrong()
		}
	case "timestamp":
		if _, err := cbor.AsTime(v); err != nil {
			return wrong()
		}
	case "integer", "long":
		n, err := cbor.AsInt64(v)
		if err != nil {
			return wrong()
		}
		return s.bound(at, "", float64(n))
	case "double", "float":
		n, err := number(v)
		if err != nil {
			return wrong()
		}
		return s.bound(at, "", n)
	default:
		return refuse("InternalServiceFault", "%s is a %s, which is not looked at", at, s.Type)
	}
	return nil
}

// number reads a floating-point number, which may be written as a whole one where nothing is lost.
func number(v cbor.Value) (float64, error) {
	switch v := v.(type) {
	case cbor.Uint:
		return float64(v), nil
	case cbor.NegInt:
		return -float64(v), nil
	}
	return cbor.AsFloat64(v)
}

func (s *shape) bound(at, of string, n float64) *Fault {
	low, high := math.Inf(-1), math.Inf(1)
	if s.Min != nil {
		low = *s.Min
	}
	if s.Max != nil {
		high = *s.Max
	}
	if n < low || n > high {
		return refuse("InvalidParameterValueException", "%s: %v %s, want %v to %v", at, n, of, low, high)
	}
	return nil
}
