package sim

import (
	"fmt"
	"strings"

	"trunkline/iam/arn"
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
	if err := r.checkAccounts(); err != nil {
		return nil, err
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
	if fields, _ := arn.Split(r.Resource); r.ResourceAccount != "" && arn.IsAccount(fields[4]) && fields[4] != r.ResourceAccount {
		warnings = append(warnings, fmt.Sprintf("account %s is taken for the owner of the resource, although account %s stands in its ARN", r.ResourceAccount, fields[4]))
	}
	service, _ := c.Service(prefix)
	q := prepare(r, service != nil && service.ResourceControl)
	q.Warnings = warnings
	return q, nil
}

// checkAccounts refuses accounts that are none, and a role that is not the caller's.
func (r *Request) checkAccounts() error {
	for _, account := range [...]struct{ name, id string }{
		{"resource account", r.ResourceAccount},
		{"management account", r.ManagementAccount},
	} {
		if account.id != "" && !arn.IsAccount(account.id) {
			return &InvalidRequest{Reason: fmt.Sprintf("%s %q is not 12 digits", account.name, account.id)}
		}
	}
	c := &r.Caller
	if c.Role == "" {
		return nil
	}
	account, entity, ok := cutIdentityARN(c.Role)
	switch {
	case c.Kind != RoleSession:
		return &InvalidRequest{Reason: fmt.Sprintf("a %s has no role; role %q is given", c.Kind, c.Role)}
	case !ok || !strings.HasPrefix(entity, "role/"):
		return &InvalidRequest{Reason: fmt.Sprintf("role %q is no ARN of a role", c.Role)}
	}
	fields, _ := arn.Split(c.ARN)
	_, session, _ := strings.Cut(fields[5], "/")
	name, _, _ := strings.Cut(session, "/")
	if account != c.Account || c.ARN != "" && name != lastSegment(entity) {
		return &InvalidRequest{Reason: fmt.Sprintf("role %s is not that of the session %s", c.Role, c.ARN)}
	}
	return nil
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
