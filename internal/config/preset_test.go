package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// turnOn has, for each preset, what stands in comments and what stands there when it is turned on.
var turnOn = map[string][]string{
	"files": {
		"# filter:", "filter:", "#   - {\"data\"", "  - {\"data\"", "# region:", "region:", "# key: env:T", "key: env:T", "# recipient: age1…", "recipient: " + recipientText,
		"# enrich:", "enrich:", "#   agents:", "  agents:", "#     ", "    ", "# aws:", "aws:", "#   region:", "  region:", "#   profile:", "  profile:", "#   role:", "  role:", "#   endpoints:", "  endpoints:", "    # - {path", "    - {path", "# traces:", "traces:",
	},
	"operata": {
		"# allow:", "allow:", "# key:", "key:", "# recipient: age1…", "recipient: " + recipientText, "# dynamodb:", "dynamodb:", "#   table:", "  table:",
		"#   create:", "  create:", "#   failover:", "  failover:", "# endpoints:", "endpoints:", "# integration:", "integration:", "# deploy:", "deploy:",
		"#   tags:", "  tags:", "#   vpc:", "  vpc:", "#   kms_key:", "  kms_key:", "#   dead_letter_queue:", "  dead_letter_queue:", "#   permissions_boundary:", "  permissions_boundary:",
	},
}

func TestPresets(t *testing.T) {
	if diff := cmp.Diff([]string{"files", "operata"}, Presets()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The presets together show every key; what is turned off in them stays right: turn it on.
	var all strings.Builder
	for _, name := range Presets() {
		text, ok := Preset(name)
		if !ok {
			t.Fatalf("preset %s is not there", name)
		}
		all.WriteString(string(text))
		if _, err := Parse(name, text); err != nil {
			t.Error(err)
		}
		if len(turnOn[name]) == 0 {
			t.Errorf("preset %s: no test turns on what is off", name)
			continue
		}
		on := strings.NewReplacer(turnOn[name]...).Replace(string(text))
		c, err := Parse(name, []byte(on))
		if err != nil {
			t.Errorf("%s with all turned on: %v", name, err)
			continue
		}
		switch name {
		case "files":
			if len(c.Filter) != 2 || c.Enrich.Agents == nil || len(c.Redact.Rules) != 6 || c.Redact.Region == "" || c.Redact.Recipient == "" || c.DeadLetter.Recipient == "" || c.Observe.Traces == nil || c.AWS.Role == "" || c.AWS.Endpoints.STS == "" {
				t.Errorf("not all was turned on: %+v", c)
			}
		case "operata":
			if len(c.Redact.Allow) != 1 || c.Redact.Key.IsZero() || c.DeadLetter.Recipient == "" || c.State.DynamoDB == nil || c.AWS.Endpoints.Kinesis == "" || c.Integration == nil || c.Deploy == nil || c.Deploy.PermissionsBoundary == "" || len(c.Deploy.VPC.Subnets) != 1 {
				t.Errorf("not all was turned on: %+v", c)
			}
		}
	}
	walk("", section{keyed: &Config{}}, func(at string, _ value, keys []key) {
		for _, k := range keys {
			if !strings.Contains(all.String(), k.name+":") && at != "redact.privacy" {
				t.Errorf("no preset shows %s", join(at, k.name))
			}
		}
	})
	if _, ok := Preset("none"); ok {
		t.Error("there is a preset none")
	}
	if _, ok := Preset("../files"); ok {
		t.Error("there is a preset ../files")
	}
}
