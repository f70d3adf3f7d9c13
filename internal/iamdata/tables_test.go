package iamdata

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"trunkline/iam/catalog"
)

// rowsOf is a table's rows as fields.
func rowsOf(t *testing.T, name, text string, least, most int) (all [][]string) {
	t.Helper()
	for line := range strings.Lines(table{name, text}.rows()) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(row) < least || len(row) > most {
			t.Errorf("%s: %d fields, want %d to %d: %q", name, len(row), least, most, line)
			continue
		}
		all = append(all, row)
	}
	if len(all) == 0 {
		t.Errorf("%s is empty", name)
	}
	return all
}

const regenerate = "the embedded facts lack it; make them anew with: go generate ./iam/catalog"

// TestTablesAreEmbedded: what stands in the tables is what package catalog says.
func TestTablesAreEmbedded(t *testing.T) {
	c := catalog.Default()
	for _, row := range rowsOf(t, "dependents", dependentsTSV, 6, 6) {
		a, ok := c.Action(row[0])
		if !ok {
			t.Errorf("no action %s", row[0])
			continue
		}
		want := catalog.Dependent{Action: row[1], On: row[2], Condition: row[3], When: row[4], Source: row[5]}
		found := false
		for d := range a.Dependents() {
			found = found || d.Action == want.Action && d.On == want.On && d.Condition == want.Condition && d.When == want.When && d.Source == want.Source
		}
		if !found {
			t.Errorf("dependents, %q: %s", row, regenerate)
		}
	}
	jobs := map[string][]string{}
	for j := range c.Jobs() {
		for _, d := range j.Needs {
			jobs[j.Name] = append(jobs[j.Name], strings.Join([]string{j.Name, j.Principal, d.Action, d.On, d.Condition, d.When, d.Source}, "\t"))
		}
	}
	for _, row := range rowsOf(t, "jobs", jobsTSV, 7, 7) {
		if !slices.Contains(jobs[row[0]], strings.Join(row, "\t")) {
			t.Errorf("jobs, %q: %s", row, regenerate)
		}
	}
	for _, row := range rowsOf(t, "operations", operationsTSV, 2, 4) {
		if len(row) == 2 {
			if got, _ := c.Prefix(row[0]); got != row[1] {
				t.Errorf("operations, %q: got %q; %s", row, got, regenerate)
			}
			continue
		}
		if len(row) != 4 || row[3] == "" {
			t.Errorf("operations, %q: no source", row)
			continue
		}
		got, ok := c.Operation(row[0], row[1])
		if want := strings.TrimPrefix(row[2], "-"); !ok || strings.Join(got, ",") != want {
			t.Errorf("operations, %q: got %q, %t; %s", row, got, ok, regenerate)
		}
	}
}

// TestTablesAreSorted: one row for each pair of actions and case, in order, so that a reader finds it.
func TestTablesAreSorted(t *testing.T) {
	var dependents []string
	seen := map[string]bool{}
	for _, row := range rowsOf(t, "dependents", dependentsTSV, 6, 6) {
		dependents = append(dependents, strings.ToLower(row[0]+"\t"+row[1]))
		seen[row[0]+row[1]+row[4]] = true
	}
	if !slices.IsSorted(dependents) {
		t.Error("dependents.tsv is not sorted by its first two columns")
	}
	if len(seen) != len(dependents) {
		t.Errorf("dependents.tsv has %d rows for %d pairs and cases", len(dependents), len(slices.Collect(maps.Keys(seen))))
	}
}
