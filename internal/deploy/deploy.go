// Package deploy describes a deployment: what is made in AWS for a trunkline.yaml, as data.
//
//	trunkline.yaml ─┐
//	                ├─▶ Describe ─▶ Description{Parameters, Resources, Outputs} ─┬─▶ export/cloudformation
//	integration ────┘   names, policies, tags                                    └─▶ export/terraform
//
// A config that names an integration is deployed in one of two forms: as a pipe, whose function redacts and whose API destination
// delivers (the published form, for everybody without servers), or, with state.dynamodb, as what a fleet of trunkline's own workers needs.
// Never as both: each would deliver every record.
//
// Its promises: names, order, dependencies and tags are said once, here. The order is that in which the published checklist makes
// things: secret, roles, policies, function, connection, API destination, pipe. Policies are those of internal/integration, and of what
// the packages declare that call AWS; none is written a second time. No value of a secret is in a description.
package deploy

import (
	"maps"
	"slices"

	"trunkline/internal/config"
)

// A Kind is what a resource is. Its text is the type's name in CloudFormation, whose property names are those of Resource.Properties.
type Kind string

// The kinds.
const (
	Secret       Kind = "AWS::SecretsManager::Secret"
	Policy       Kind = "AWS::IAM::ManagedPolicy"
	Role         Kind = "AWS::IAM::Role"
	RolePolicy   Kind = "AWS::IAM::RolePolicy"
	Function     Kind = "AWS::Lambda::Function"
	LogGroup     Kind = "AWS::Logs::LogGroup"
	Connection   Kind = "AWS::Events::Connection"
	Destination  Kind = "AWS::Events::ApiDestination"
	Pipe         Kind = "AWS::Pipes::Pipe"
	Table        Kind = "AWS::DynamoDB::Table"
	StateMachine Kind = "AWS::StepFunctions::StateMachine"
	Rule         Kind = "AWS::Events::Rule"
	Alarm        Kind = "AWS::CloudWatch::Alarm"
)

// Taggable tells whether it takes tags when it is made. Connections and API destinations take none at all.
func (k Kind) Taggable() bool {
	return k != Connection && k != Destination && k != RolePolicy
}

// A Resource is one thing that is made.
type Resource struct {
	ID         string // pipe_role: names it in the description
	Kind       Kind
	About      string   // why it is there, in a line
	When       When     // it is made; nil: always
	Properties Map      // as CloudFormation calls them, without tags
	DependsOn  []string // IDs of what must be there before, besides what Properties name
	Tags       Map      // nil when it takes none
	Keep       bool     // it stays when the deployment goes: it holds what cannot be made anew
	Accepted   []Accepted
}

// Accepted is a suggestion of our linter about a resource's policy that does not apply, and why not.
type Accepted struct{ Code, Sid, Why string }

// A Parameter is what can be set anew each time that the same deployment is made.
type Parameter struct {
	Name    string // stream_name
	Group   string // heading above it
	Title   string // a few words
	About   string // a sentence
	Default string // what the config says; "" when Optional or it has to be given
	Pattern string // of the value, or of each item of a list
	Says    string // what the pattern asks for
	Most    int    // characters that it may have; 0: as many as the pattern lets
	OneOf   []string
	Min     int // of a number
	Max     int

	Number, List bool
	Optional     bool // it may be empty: the part that it is about is then left out
	Secret       bool // never shown, never with a default
}

// An Output is what somebody needs to know of what was made.
type Output struct {
	Name, About string
	When        When
	Value       Value
}

// A Description is a deployment as data. It is not changed after Describe.
type Description struct {
	Title      string
	About      []string // lines for the head of an export
	Parameters []Parameter
	Resources  []*Resource // what is named by another, or needed by it, comes first
	Outputs    []Output
	Place      Where // of the stream, and so of all the rest
}

// Parameter returns the parameter of a name; a zero one when there is none.
func (d *Description) Parameter(name string) Parameter {
	for _, p := range d.Parameters {
		if p.Name == name {
			return p
		}
	}
	return Parameter{}
}

// Resource returns the resource of an ID, or nil.
func (d *Description) Resource(id string) *Resource {
	for _, r := range d.Resources {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Setting is what the config sets the parameters to. Those that it cannot know are absent.
func (d *Description) Setting() Setting {
	set := Setting{}
	for _, p := range d.Parameters {
		if p.Default != "" {
			set[p.Name] = p.Default
		}
	}
	return set
}

// Describe makes the description of a config's deployment. The error names the key of the config that does not fit, with its position.
func Describe(c *config.Config) (*Description, error) {
	if c.Integration == nil {
		return nil, c.Errorf("", "names no integration to deploy; add integration: {name: %s, group: GROUP}", config.Operata)
	}
	k := c.Source.Kinesis
	if k == nil {
		return nil, c.Errorf("source", "a deployment reads a Kinesis data stream; write source.kinesis")
	}
	b, err := newBuilder(c)
	if err != nil {
		return nil, err
	}
	if c.State.DynamoDB != nil {
		err = b.worker()
	} else {
		err = b.pipe()
	}
	if err != nil {
		return nil, err
	}
	b.tag()
	if err := b.check(); err != nil {
		return nil, err
	}
	return b.d, nil
}

// tag gives everything that takes them its tags: the integration's, and on top of them the config's.
func (b *builder) tag() {
	tags := map[string]Value{}
	for _, r := range b.i.Resources {
		for name, text := range r.Tags {
			tags[name] = b.text(text)
		}
	}
	if b.c.Integration.Instance != "" {
		tags["ConnectInstance"] = Text(b.c.Integration.Instance)
	}
	if b.c.Deploy != nil {
		for name, text := range b.c.Deploy.Tags {
			tags[name] = Text(text)
		}
	}
	var list Map
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, Member{name, tags[name]})
	}
	for _, r := range b.d.Resources {
		if r.Kind.Taggable() {
			r.Tags = list
		}
	}
}
