package config

import (
	"testing"
)

func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		text, ok := Preset(name)
		if !ok {
			t.Fatalf("preset %s is not there", name)
		}
		if _, err := Parse(name, text); err != nil {
			t.Error(err)
		}
	}
	if _, ok := Preset("none"); ok {
		t.Error("there is a preset none")
	}
}
