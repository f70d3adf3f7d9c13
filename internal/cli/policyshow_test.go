package cli

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"trunkline/internal/integration/known"
)

// TestShowAll: without a policy, all that have what they need are one object, from name to policy.
func TestShowAll(t *testing.T) {
	for _, i := range known.All() {
		args := []string{"policy", "show", i.Name}
		given := map[string]string{}
		for _, p := range i.Policies {
			maps.Copy(given, i.Examples(p))
		}
		for name, value := range given {
			args = append(args, "--set", name+"="+value)
		}
		status, out, errs := call(t, "", nil, args...)
		var policies map[string]struct{ Statement []any }
		if err := json.Unmarshal([]byte(out), &policies); err != nil || status != exitDone {
			t.Errorf("%s: status %d, %v, %s", i.Name, status, err, errs)
		}
		for _, p := range i.Policies {
			if len(policies[p.Name].Statement) == 0 && len(policies[p.Name+"-1"].Statement) == 0 {
				t.Errorf("%s: no statements of %s in %s", i.Name, p.Name, out)
			}
		}
	}
}

// TestShowNeeds: for each policy, what is missing is asked for with a flag that can be taken as it is.
func TestShowNeeds(t *testing.T) {
	for _, i := range known.All() {
		for _, p := range i.Policies {
			status, out, errs := call(t, "", nil, "policy", "show", i.Name, p.Name)
			if status != exitCall || out != "" || !strings.Contains(errs, "\n  --set ") {
				t.Errorf("%s %s without values: status %d, %q, %q", i.Name, p.Name, status, out, errs)
			}
			args := []string{"policy", "show", i.Name, p.Name}
			for line := range strings.Lines(errs) {
				if rest, found := strings.CutPrefix(line, "  --set "); found {
					value, _, _ := strings.Cut(rest, "   ")
					args = append(args, "--set", value)
				}
			}
			if status, _, errs = call(t, "", nil, args...); status != exitDone {
				t.Errorf("%q: status %d, %s", args, status, errs)
			}
		}
	}
}
