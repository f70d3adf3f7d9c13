package catalog

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// tables are the hand-written parts of the file, of which each row has its source.
type tables struct {
	dependents []Dependent       // by of and Action, without regard to case
	jobs       []Job             // as written
	prefixes   map[string]string // SDK service → IAM prefix
	operations []operation       // by service and name
}

// table is where one of them stands, unread.
type table struct {
	block      *block
	from, size int
}

// lines yields the rows of a table as fields, empty at the end where a row has fewer than n.
func (t *table) lines() (iter.Seq[[7]string], error) {
	if t.block == nil {
		return func(func([7]string) bool) {}, nil
	}
	text, err := t.block.read()
	if err != nil {
		return nil, err
	}
	text = text[t.from : t.from+t.size]
	return func(yield func([7]string) bool) {
		for line := range strings.Lines(text) {
			f := fields{rest: strings.TrimSuffix(line, "\n")}
			var row [7]string
			for i := range row {
				row[i] = f.next()
			}
			if !yield(row) {
				return
			}
		}
	}, nil
}

// hand returns the tables, parsed at first use.
func (c *Catalog) hand() *tables {
	c.tablesOnce.Do(func() {
		t, err := c.parseTables()
		if err != nil {
			panic(fmt.Errorf("catalog: tables that were good are not: %w", err))
		}
		c.parsed = t
	})
	return c.parsed
}

func (c *Catalog) parseTables() (*tables, error) {
	t := &tables{prefixes: map[string]string{}}
	rows, err := c.dependents.lines()
	if err != nil {
		return nil, err
	}
	for r := range rows {
		d := Dependent{of: r[0], Action: r[1], On: r[2], Condition: r[3], When: r[4], Source: r[5]}
		if !isAction(d.of) || !isAction(d.Action) {
			return nil, errors.New("row of dependents without two actions")
		}
		t.dependents = append(t.dependents, d)
	}
	slices.SortStableFunc(t.dependents, func(a, b Dependent) int { return compareFold(a.of, b.of) })
	if rows, err = c.jobs.lines(); err != nil {
		return nil, err
	}
	for r := range rows {
		if n := len(t.jobs); n == 0 || t.jobs[n-1].Name != r[0] {
			t.jobs = append(t.jobs, Job{Name: r[0], Principal: r[1]})
		}
		if !isAction(r[2]) {
			return nil, errors.New("row of jobs without an action")
		}
		j := &t.jobs[len(t.jobs)-1]
		j.Needs = append(j.Needs, Dependent{Action: r[2], On: r[3], Condition: r[4], When: r[5], Source: r[6]})
	}
	if rows, err = c.operations.lines(); err != nil {
		return nil, err
	}
	for r := range rows {
		switch {
		case r[0] == "" || r[1] == "":
			return nil, errors.New("row of operations without two fields")
		case r[2] == "":
			t.prefixes[r[0]] = r[1]
		default:
			t.operations = append(t.operations, operation{service: r[0], name: r[1], actions: r[2]})
		}
	}
	slices.SortFunc(t.operations, operation.compare)
	return t, nil
}

func isAction(name string) bool {
	prefix, name, ok := strings.Cut(name, ":")
	return ok && prefix != "" && name != ""
}

// tablesOnce guards what is read of the tables.
type tablesOnce struct {
	sync.Once
	parsed *tables
}
