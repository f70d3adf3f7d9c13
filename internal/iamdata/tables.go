package iamdata

import (
	_ "embed"
	"strings"
)

// The hand-written tables: what no published data has. The head of each says what its columns are.
var (
	//go:embed dependents.tsv
	dependentsTSV string
	//go:embed jobs.tsv
	jobsTSV string
	//go:embed operations.tsv
	operationsTSV string
)

// table is one of them, as it goes into the file.
type table struct{ name, text string }

func handTables() []table {
	return []table{{"dependents", dependentsTSV}, {"jobs", jobsTSV}, {"operations", operationsTSV}}
}

// rows is the table without its comments.
func (t table) rows() string {
	var b strings.Builder
	for line := range strings.Lines(t.text) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}
