package subscribetoshard

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"

	"trunkline/test/emulators"
)

// Model is the published API model of Kinesis Data Streams, as botocore carries it. It is safe for concurrent use.
type Model struct {
	Operations map[string]struct {
		Input  struct{ Shape string }
		Output struct{ Shape string }
		Errors []struct{ Shape string }
	}
	Shapes map[string]Shape
}

// Shape is a type of the model.
type Shape struct {
	Type     string
	Required []string
	Members  map[string]struct{ Shape string } // of a structure
	Member   struct{ Shape string }            // of a list
	Key      struct{ Shape string }            // of a map
	Value    struct{ Shape string }
	Enum     []string
	Min, Max *float64
	Pattern  string
}

// LoadModel reads the model from the venv of test/emulators, which it installs if need be.
func LoadModel(tb testing.TB) *Model {
	tb.Helper()
	venv := filepath.Dir(filepath.Dir(emulators.Install(tb).Python))
	pattern := filepath.Join(venv, "lib", "python3*", "site-packages", "botocore", "data", "kinesis", "2013-12-02", "service-2.json.gz")
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		tb.Fatalf("find the API model of Kinesis: %d files match %s: %v", len(found), pattern, err)
	}
	model, err := readModel(found[0])
	if err != nil {
		tb.Fatalf("read %s: %v", found[0], err)
	}
	return model
}

func readModel(name string) (*Model, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var m Model
	if err := json.NewDecoder(unzipped).Decode(&m); err != nil {
		return nil, err
	}
	return &m, nil
}

// Check returns what keeps value, as encoding/json decodes it into any with UseNumber, from being of a shape: members that are missing or not
// known, wrong types, lengths, ranges, words of an enum, and patterns, which are for the whole text.
func (m *Model) Check(shape string, value any) []string { return m.check("$", shape, value) }

func (m *Model) check(path, name string, value any) (problems []string) {
	shape, found := m.Shapes[name]
	if !found {
		return []string{fmt.Sprintf("%s: the model has no shape %q", path, name)}
	}
	wrong := func(format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	within := func(what string, n float64) {
		if shape.Min != nil && n < *shape.Min || shape.Max != nil && n > *shape.Max {
			wrong("%s %v is not within the range of %s", what, n, name)
		}
	}
	switch v := value.(type) {
	case map[string]any:
		switch shape.Type {
		case "structure":
			for _, member := range shape.Required {
				if v[member] == nil {
					wrong("%s is missing", member)
				}
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if member, known := shape.Members[key]; !known {
					wrong("%s has no member %q", name, key)
				} else if v[key] != nil {
					problems = append(problems, m.check(path+"."+key, member.Shape, v[key])...)
				}
			}
		case "map":
			within("size", float64(len(v)))
			for _, key := range slices.Sorted(maps.Keys(v)) {
				problems = append(problems, m.check(path+"."+key, shape.Key.Shape, key)...)
				problems = append(problems, m.check(path+"."+key, shape.Value.Shape, v[key])...)
			}
		default:
			wrong("an object, want %s", shape.Type)
		}
	case []any:
		if shape.Type != "list" {
			wrong("a list, want %s", shape.Type)
			break
		}
		within("length", float64(len(v)))
		for i, element := range v {
			problems = append(problems, m.check(fmt.Sprintf("%s[%d]", path, i), shape.Member.Shape, element)...)
		}
	case string:
		switch shape.Type {
		case "string":
			within("length", float64(utf8.RuneCountInString(v)))
			if len(shape.Enum) > 0 && !slices.Contains(shape.Enum, v) {
				wrong("%q is none of %q", v, shape.Enum)
			}
			if shape.Pattern != "" {
				if whole, err := regexp.Compile("^(?:" + shape.Pattern + ")$"); err != nil {
					wrong("the model's pattern: %v", err)
				} else if !whole.MatchString(v) {
					wrong("%q does not match %s", v, shape.Pattern)
				}
			}
		case "blob":
			data, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				wrong("not base64: %v", err)
			}
			within("length", float64(len(data)))
		default:
			wrong("a string, want %s", shape.Type)
		}
	case json.Number:
		n, err := v.Float64()
		switch {
		case err != nil:
			wrong("%v", err)
		case shape.Type == "integer" || shape.Type == "long":
			if _, err := v.Int64(); err != nil {
				wrong("%s is no integer", v)
			}
			within("number", n)
		case shape.Type == "double" || shape.Type == "float":
			within("number", n)
		case shape.Type != "timestamp":
			wrong("a number, want %s", shape.Type)
		}
	case bool:
		if shape.Type != "boolean" {
			wrong("a boolean, want %s", shape.Type)
		}
	default:
		wrong("%T, want %s", value, shape.Type)
	}
	return problems
}
