// Package known lists the integrations that trunkline knows. A new one is a folder beside this one, and a line here. Its files may also
// be made in memory: one whose policies are computed fits as well.
package known

import (
	"fmt"
	"strings"

	"trunkline/internal/integration"
	"trunkline/internal/integration/connectassociation"
	"trunkline/internal/integration/connectidentity"
	"trunkline/internal/integration/connectinstanceadmin"
	"trunkline/internal/integration/operata"
	"trunkline/internal/integration/verint"
	"trunkline/internal/spelling"
)

// All are the integrations, in the order in which people see them.
func All() []*integration.Integration {
	return []*integration.Integration{
		operata.Integration(),
		verint.Integration(),
		connectassociation.Integration(),
		connectidentity.Integration(),
		connectinstanceadmin.Integration(),
	}
}

// Find returns the integration of a name. The error says what there is.
func Find(name string) (*integration.Integration, error) {
	var names []string
	near := ""
	for _, i := range All() {
		if i.Name == name {
			return i, nil
		}
		names = append(names, i.Name)
		if spelling.Distance(name, i.Name) <= 2 {
			near = i.Name
		}
	}
	if near != "" {
		return nil, fmt.Errorf("no integration is called %q; did you mean %s", name, near)
	}
	return nil, fmt.Errorf("no integration is called %q; there is: %s", name, strings.Join(names, ", "))
}
