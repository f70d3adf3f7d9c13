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

const recipientText = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
