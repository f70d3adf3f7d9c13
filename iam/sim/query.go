package sim

import (
	"fmt"
	"strings"

	"trunkline/iam/catalog"
)

// An InvalidRequest is the error of a request that AWS would not come to evaluate.
type InvalidRequest struct {
	Reason string
	Takes  []string // the ARN formats that the action takes, or "*"; nil when that is not the point
}

func (e *InvalidRequest) Error() string { return e.Reason }

// NewQuery makes a request ready. The catalog knows which resource types an action takes, and which services take part in resource
// control policies. The error is an *InvalidRequest: an action that is no action, a resource that is no ARN, or one of a type that
// the action does not take. An action that the catalog does not know is a warning of the Query; services add actions weekly.
//
// The request is copied; keys that follow from it are added to its context as the documentation says.
func NewQuery(r Request, c *catalog.Catalog) (*Query, error) {
	prefix, name, found := strings.Cut(r.Action, ":")
	if !found || prefix == "" || name == "" || strings.ContainsAny(r.Action, "*? ") || strings.Contains(name, ":") {
		return nil, &InvalidRequest{Reason: fmt.Sprintf("action %q is not of the form service:Action", r.Action)}
	}
	if r.Resource != "*" && (!strings.HasPrefix(r.Resource, "arn:") || strings.Count(r.Resource, ":") < arnFields-1) {
		return nil, &InvalidRequest{Reason: fmt.Sprintf("resource %q is neither an ARN nor *", r.Resource)}
	}
	var warnings []string
	if a, known := c.Action(r.Action); known {
		warning, err := checkResource(a, r.Resource)
		if err != nil {
			return nil, err
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
	} else {
		warnings = append(warnings, unknownAction(r.Action, c))
	}
	service, _ := c.Service(prefix)
	q := prepare(r, service != nil && service.ResourceControl)
	q.Warnings = warnings
	return q, nil
}

// checkResource tells whether the action can be authorized on the resource. Where the reference marks no type as required, it may be
// optional (cloudwatch:PutMetricData is authorized on "*" too) or one of several: then "*" is odd and no more.
func checkResource(a *catalog.Action, resource string) (warning string, err error) {
	if a.ResourceLess() {
		if resource == "*" {
			return "", nil
		}
		return "", &InvalidRequest{fmt.Sprintf("%s takes no resource type: it is authorized on *", a), []string{"*"}}
	}
	required := false
	var takes, names []string
	for _, row := range a.Resources {
		required = required || row.Required
		takes = append(takes, row.Type.Formats...)
		names = append(names, row.Type.Name+" ("+strings.Join(row.Type.Formats, ", ")+")")
	}
	switch {
	case a.Takes(resource) || resource == "*" && !required && len(names) == 1:
		return "", nil
	case resource == "*" && !required:
		return fmt.Sprintf("%s is mostly authorized on one of %s, not on *", a, strings.Join(names, ", ")), nil
	default:
		return "", &InvalidRequest{fmt.Sprintf("%s does not take %s; it takes %s", a, resource, strings.Join(names, ", ")), takes}
	}
}

func unknownAction(name string, c *catalog.Catalog) string {
	text := fmt.Sprintf("action %s is not in the catalog of %s", name, c.Date().Format("2006-01-02"))
	if near, ok := c.NearestAction(name); ok {
		text += fmt.Sprintf("; the nearest known one is %s", near)
	}
	return text
}
