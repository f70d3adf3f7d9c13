package config

import (
	"embed"
	"slices"
	"strings"
)

//go:embed preset/*.yaml
var presets embed.FS

// Preset returns a complete, commented config by its name.
func Preset(name string) (text []byte, ok bool) {
	if !slices.Contains(Presets(), name) {
		return nil, false
	}
	text, err := presets.ReadFile("preset/" + name + ".yaml")
	return text, err == nil
}

// Presets lists the names that [Preset] knows.
func Presets() []string {
	entries, err := presets.ReadDir("preset")
	if err != nil { // the folder is part of the program
		panic(err)
	}
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return all
}
