package lint

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

// listed joins names as people do, at most limit of them: "a", "a and b", "a, b and 3 more".
func listed(names []string, limit int) string {
	shown := names
	if len(names) > limit+1 {
		shown = names[:limit]
	}
	switch rest := len(names) - len(shown); {
	case rest > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), rest)
	case len(names) > 1:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
	return strings.Join(names, "")
}

// shortNames are the actions' names without the prefix.
func shortNames(actions []*catalog.Action) []string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.Name
	}
	return names
}

// typesOf are the resource types that actions take.
func typesOf(actions []*catalog.Action) []*catalog.ResourceType {
	var types []*catalog.ResourceType
	for _, a := range actions {
		for i := range a.Resources {
			types = appendNew(types, a.Resources[i].Type)
		}
	}
	return types
}

func appendNew(types []*catalog.ResourceType, t *catalog.ResourceType) []*catalog.ResourceType {
	for i := len(types) - 1; i >= 0; i-- {
		if types[i] == t {
			return types
		}
	}
	return append(types, t)
}

// plainTypes are the names of the types that actions take.
func plainTypes(actions []*catalog.Action) []string {
	types := typesOf(actions)
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name
	}
	return names
}

// typeNames are the types that an action takes, each with how its ARN looks.
func typeNames(a *catalog.Action) []string {
	names := make([]string, len(a.Resources))
	for i := range a.Resources {
		names[i] = typeName(a.Resources[i].Type)
	}
	return names
}

// typeName is a type and its ARN: "stream (arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName})".
func typeName(t *catalog.ResourceType) string {
	return t.Name + " (" + strings.Join(t.Formats, " or ") + ")"
}

// be is the verb for a number of things.
func be(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
