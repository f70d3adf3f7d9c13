package catalog

import (
	"cmp"
	"sort"
	"strings"
)

// operation is a row of the table: an operation that is not called like its action.
type operation struct {
	service string // IAM prefix, or a service of the SDK that differs from others with its prefix
	name    string // or its begin and "*"
	actions string // separated by commas; "-" where no policy decides
}

func (o operation) compare(p operation) int {
	return cmp.Or(cmp.Compare(o.service, p.service), compareFold(o.name, p.name))
}

// Prefix returns the IAM prefix of an SDK's service, by its service id ("Lex Runtime V2"), package, endpoint prefix or signing name,
// without regard to case and punctuation. The prefix itself is also taken.
func (c *Catalog) Prefix(sdkService string) (string, bool) {
	name := packageName(sdkService)
	if prefix, ok := c.hand().prefixes[name]; ok {
		return prefix, true
	}
	if e := c.entry(sdkService); e != nil {
		return e.prefix, true
	}
	for _, prefix := range c.prefixes {
		if packageName(prefix) == name {
			return prefix, true
		}
	}
	return "", false
}

// Operation returns the actions that a call of an SDK operation asks for, such as s3:GetObject for s3 and HeadObject. Most
// operations have the name of their action. False: not known. An operation that no policy decides on, like those of Connect's
// participant service, has none. What an operation needs in some cases only stands with the action's dependents.
func (c *Catalog) Operation(sdkService, name string) ([]string, bool) {
	prefix, ok := c.Prefix(sdkService)
	if !ok {
		return nil, false
	}
	rows := c.hand()
	list, found := rows.find(packageName(sdkService), name)
	if !found {
		list, found = rows.find(prefix, name)
	}
	switch {
	case found && list == "-":
		return nil, true
	case found:
		return strings.Split(list, ","), true
	}
	if a, ok := c.Action(prefix + ":" + name); ok {
		return []string{a.full}, true
	}
	return nil, false
}

// find returns the actions of a row: the one of that very name, or the one with the begin of it.
func (t *tables) find(service, name string) (string, bool) {
	rows := t.operations
	from := sort.Search(len(rows), func(i int) bool { return rows[i].service >= service })
	begin := ""
	for _, r := range rows[from:] {
		if r.service != service {
			break
		}
		if compareFold(r.name, name) == 0 {
			return r.actions, true
		}
		if head, ok := strings.CutSuffix(r.name, "*"); ok && len(name) >= len(head) && compareFold(name[:len(head)], head) == 0 {
			begin = r.actions
		}
	}
	return begin, begin != ""
}

// packageName writes a service as the SDK's packages do: lower case, letters and digits.
func packageName(service string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + ('a' - 'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		}
		return -1
	}, service)
}
