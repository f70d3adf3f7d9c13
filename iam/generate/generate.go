// Package generate makes IAM policies that allow what is needed and nothing else.
//
//	[]Need ─ the catalog's dependents ─▶ grants: action on a pattern, under conditions ─ group ─▶ statements ─ size ─▶ policies
//
// Its promises: what the policies allow is what the needs say, no more: needs are put into one statement only where that grants
// nothing that none of them asks for. The text depends on the needs alone, not on their order. An action stands on "*" only where
// it takes no resource type, or where a need says so, and then a warning says it too. Each policy is within the size that IAM takes.
package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
)

// A Need is an action that has to be allowed.
type Need struct {
	Action     string      // s3:GetObject; its spelling is made the catalog's
	Resources  []string    // patterns as a policy writes them, at least one; "*" for an action without resource types
	Conditions []Condition // the grant is limited to
	For        string      // for people: what needs it
	Why        string      // for people: what does not work without it
}

// A Condition is one key of one operator.
type Condition struct {
	Operator, Key string
	Values        []string // at least one; of several, one has to match
}

// Encrypted is a resource, or a pattern of them, and the ARN of the customer key of KMS that encrypts it.
type Encrypted struct{ Resource, Key string }

// Options of Policies. The zero value is useful.
type Options struct {
	Catalog *catalog.Catalog // nil: the embedded one
	// Encrypted says where a key is needed too. The grant on it holds by way of the service alone.
	Encrypted []Encrypted
	// Always are conditions of every statement, such as a tag of the principal.
	Always []Condition
	// Direct are conditions of every statement but those on keys that a service uses for the caller: such a request comes from the
	// service's network.
	Direct []Condition
	// Limit is how long a policy may be, in characters without white space; 0 is 6,144, that of a managed policy.
	Limit int
}

// A Statement is one Allow.
type Statement struct {
	Sid        string
	Principal  Principal // zero in a policy of an identity
	Actions    []string
	Resources  []string // none in a trust policy
	Conditions []Condition
	For, Why   []string // of the needs that it serves
}

// A Principal is whom a policy of a resource speaks of: an ARN or account of the kind AWS, or the name of a Service.
type Principal struct{ Kind, Name string }

// A Result is what Policies makes.
type Result struct {
	Statements []Statement
	Policies   [][]byte // JSON texts, indented; several where one would be too long, none where nothing is needed
	Warnings   []string // what cannot be scoped, and what may be needed besides
}

// managedPolicy is the quota of a managed policy: see iam.Quotas.
const managedPolicy = 6144

// grant is one action on one pattern.
type grant struct {
	action, resource string
	conditions       []Condition
	uses, why        []string
}

// Policies makes identity policies for the needs. The error is of a need that no policy can serve: an action that is none, or a
// resource that it does not take.
func Policies(needs []Need, o Options) (Result, error) {
	if o.Catalog == nil {
		o.Catalog = catalog.Default()
	}
	if o.Limit == 0 {
		o.Limit = managedPolicy
	}
	m := maker{o: o, warned: map[string]bool{}}
	for _, need := range needs {
		if err := m.add(need); err != nil {
			return Result{}, err
		}
	}
	statements := group(reduce(m.grants))
	for i := range statements {
		always := o.Always
		if !viaService(statements[i].Conditions) {
			always = slices.Concat(always, o.Direct)
		}
		statements[i].Conditions = joined(statements[i].Conditions, always)
		if err := distinct(statements[i].Conditions); err != nil {
			return Result{}, fmt.Errorf("need of %s: %w", statements[i].Actions[0], err)
		}
	}
	statements, err := fit(statements, o.Limit)
	if err != nil {
		return Result{}, err
	}
	name(statements, o.Catalog)
	slices.Sort(m.warnings)
	return Result{Statements: statements, Policies: pack(statements, o.Limit), Warnings: m.warnings}, nil
}

// maker collects grants.
type maker struct {
	o        Options
	grants   []grant
	warnings []string
	warned   map[string]bool
}

func (m *maker) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !m.warned[text] {
		m.warned[text] = true
		m.warnings = append(m.warnings, text)
	}
}

// add makes the grants of a need, and those of the keys that it reaches.
func (m *maker) add(n Need) error {
	action, known := m.o.Catalog.Action(n.Action)
	switch {
	case !known:
		return fmt.Errorf("need of %s: the catalog of %s does not know the action", n.Action, m.o.Catalog.Date().Format("2006-01-02"))
	case len(n.Resources) == 0:
		return fmt.Errorf("need of %s: it names no resource", n.Action)
	}
	for _, c := range n.Conditions {
		if len(c.Values) == 0 {
			return fmt.Errorf("need of %s: its condition on %s has no value", n.Action, c.Key)
		}
	}
	for _, resource := range n.Resources {
		if err := m.check(action, resource, n.Conditions); err != nil {
			return err
		}
		m.grants = append(m.grants, grant{action.String(), resource, joined(nil, n.Conditions), some(n.For), some(n.Why)})
		m.addKeys(action, resource, n.For)
	}
	return nil
}

// check refuses a resource that the action does not take: the grant would be dead.
func (m *maker) check(a *catalog.Action, resource string, conditions []Condition) error {
	takes := slices.ContainsFunc(a.Resources, func(r catalog.ActionResource) bool { return r.Type.Intersects(resource) })
	switch {
	case a.ResourceLess() && resource == "*":
		m.warn("%s takes no resource: it is allowed on *", a)
	case a.ResourceLess():
		return fmt.Errorf("need of %s: it takes no resource, so a grant on %s would be dead; use *", a, resource)
	case resource == "*" && len(conditions) > 0:
		m.warn("%s is allowed on *: %s is all that limits it", a, conditions[0].Key)
	case resource == "*":
		m.warn("%s is allowed on *, though it takes resources", a)
	case !takes:
		return fmt.Errorf("need of %s: it takes no resource like %s", a, resource)
	}
	return nil
}

// addKeys grants what the action asks of the key that encrypts the resource.
func (m *maker) addKeys(a *catalog.Action, resource, use string) {
	pattern := arn.Compile(resource)
	of, _ := arn.Split(resource)
	for _, e := range m.o.Encrypted {
		fields, _ := arn.Split(e.Key)
		// A key encrypts what is in its own Region; a bucket's ARN has none.
		elsewhere := arn.IsRegion(of[3]) && of[3] != fields[3]
		if elsewhere || !arn.Intersects(pattern, arn.Compile(e.Resource)) {
			continue
		}
		for d := range a.Dependents() {
			if !strings.HasPrefix(d.Action, "kms:") || strings.Contains(d.When, "uploaded in parts") {
				continue
			}
			g := grant{d.Action, e.Key, nil, some(use), some(fmt.Sprintf("%s of what the key encrypts is refused", a))}
			if key, value, ok := strings.Cut(d.Condition, "="); ok {
				g.conditions = []Condition{equal(key, strings.ReplaceAll(value, "${Region}", fields[3]))}
			}
			m.grants = append(m.grants, g)
		}
	}
}

// equal is a condition that a key has a value, which may hold wildcards.
func equal(key, value string) Condition {
	operator := "StringEquals"
	if strings.ContainsAny(value, "*?") {
		operator = "StringLike"
	}
	return Condition{operator, key, []string{value}}
}

// viaService tells whether a grant holds for what a service does for the caller only.
func viaService(conditions []Condition) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool { return c.Key == "kms:ViaService" })
}

func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// joined are conditions of two lists, in order and without those that are there twice.
func joined(a, b []Condition) []Condition {
	all := make([]Condition, 0, len(a)+len(b))
	for _, c := range slices.Concat(a, b) {
		c.Values = slices.Clone(c.Values)
		slices.Sort(c.Values)
		c.Values = slices.Compact(c.Values)
		all = append(all, c)
	}
	slices.SortFunc(all, compareConditions)
	return slices.CompactFunc(all, func(a, b Condition) bool { return compareConditions(a, b) == 0 })
}

func compareConditions(a, b Condition) int {
	return cmp.Or(strings.Compare(a.Operator, b.Operator), strings.Compare(a.Key, b.Key), slices.Compare(a.Values, b.Values))
}

// distinct refuses what cannot be written: of two lists of values for one key under one operator both would have to match, and a
// policy takes the values of a key as alternatives.
func distinct(conditions []Condition) error {
	for i, c := range conditions[min(1, len(conditions)):] {
		if before := conditions[i]; before.Operator == c.Operator && strings.EqualFold(before.Key, c.Key) {
			return fmt.Errorf("two conditions on %s with %s cannot both stand in a statement", c.Key, c.Operator)
		}
	}
	return nil
}
