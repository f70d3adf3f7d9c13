package catalog

import (
	"iter"
	"sort"
	"strings"
	"sync"
)

// Service is what one IAM prefix stands for.
type Service struct {
	Prefix string // lower case
	Name   string // for people: Amazon Connect

	// ResourceControl tells that resource control policies reach the service.
	ResourceControl bool

	Actions []Action       // by name, without regard to case
	Types   []ResourceType // by name
	Keys    []Key          // by name; of the global keys only aws:RequestTag, aws:ResourceTag and aws:TagKeys, where the service reads them

	catalog *Catalog

	curatedOnce sync.Once
	curated     [][]Dependent // see curatedRows
}

// Action returns an action of the service by its name without the prefix.
func (s *Service) Action(name string) (*Action, bool) {
	if i, found := sort.Find(len(s.Actions), func(i int) int { return compareFold(name, s.Actions[i].Name) }); found {
		return &s.Actions[i], true
	}
	return nil, false
}

// Type returns a resource type by its name. Some names have spaces: lex's is "bot alias".
func (s *Service) Type(name string) (*ResourceType, bool) {
	if i, found := sort.Find(len(s.Types), func(i int) int { return compareFold(name, s.Types[i].Name) }); found {
		return &s.Types[i], true
	}
	return nil, false
}

// Expand yields the actions whose name without the prefix matches a pattern with * and ?.
func (s *Service) Expand(pattern string) iter.Seq[*Action] {
	return func(yield func(*Action) bool) { s.expand(pattern, yield) }
}

func (s *Service) expand(pattern string, yield func(*Action) bool) bool {
	literal := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		literal = pattern[:i]
	}
	// Actions that begin with the literal text stand together.
	from, _ := sort.Find(len(s.Actions), func(i int) int { return compareFold(literal, s.Actions[i].Name) })
	for i := from; i < len(s.Actions); i++ {
		a := &s.Actions[i]
		if len(a.Name) < len(literal) || compareFold(a.Name[:len(literal)], literal) != 0 {
			break
		}
		if globFold(pattern, a.Name) && !yield(a) {
			return false
		}
	}
	return true
}

// Level is the access level of an action.
type Level uint8

// The access levels. Tagging and PermissionsManagement are kinds of writing.
const (
	Read Level = iota + 1
	List
	Write
	Tagging
	PermissionsManagement
)

// String is the level as the Service Authorization Reference writes it.
func (l Level) String() string {
	switch l {
	case Read:
		return "Read"
	case List:
		return "List"
	case Write:
		return "Write"
	case Tagging:
		return "Tagging"
	case PermissionsManagement:
		return "Permissions management"
	}
	return "unknown"
}

// Action is one permission.
type Action struct {
	Service   *Service
	Name      string // without the prefix: GetObject
	Level     Level
	Resources []ActionResource // empty: authorized on "*" alone
	Keys      []*Key           // condition keys of the action itself; its resources have more

	full       string // with the prefix
	dependents string // names, separated by commas
	at         int    // in Service.Actions
}

// String is the name that policies write: s3:GetObject.
func (a *Action) String() string { return a.full }

// ResourceLess tells that the action takes no resource type: only a Resource that covers "*" grants it.
func (a *Action) ResourceLess() bool { return len(a.Resources) == 0 }

// ActionResource is a resource type that an action is authorized on.
type ActionResource struct {
	Type *ResourceType

	// Required is what the reference marks. Several required rows may all be needed, or be alternatives: RequiresAll tells.
	Required bool
	Keys     []*Key // condition keys of this action on this type
}

// Takes tells that a resource type of the action has ARNs like this one.
func (a *Action) Takes(arn string) bool {
	for i := range a.Resources {
		if a.Resources[i].Type.Match(arn) {
			return true
		}
	}
	return false
}

// RequiresAll tells that one call needs all rows that are marked as required. False says that the reference is known to mean
// alternatives, or that it is not known; one matching row is then enough to say that a grant is not dead.
func (a *Action) RequiresAll() bool {
	switch a.full {
	// Two resources in one call, by the parameters that the call requires: the API reference of Amazon Connect. Not among them, with
	// several rows marked required that are alternatives: DescribeView, ListViewVersions.
	case "connect:AssociateFlow",
		"connect:AssociatePhoneNumberContactFlow",
		"connect:AssociateTrafficDistributionGroupUser",
		"connect:ClaimPhoneNumber",
		"connect:CreateTrafficDistributionGroup",
		"connect:DisassociateTrafficDistributionGroupUser",
		"connect:ImportPhoneNumber",
		"connect:SendOutboundChatMessage",
		"connect:UpdatePhoneNumber":
		return true
	// The destination and the connection that it sends with: the API reference of EventBridge.
	case "events:CreateApiDestination":
		return true
	}
	return false
}
