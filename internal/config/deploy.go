package config

import (
	"maps"
	"slices"
	"strings"
)

// Integration is the published integration that the records are for. It gives names to what a deployment makes.
type Integration struct {
	Name     string // operata
	Group    string // the group's id there, which is part of every name
	Instance string // ARN of the Amazon Connect instance; "": not said
}

// The names of integrations.
const Operata = "operata"

// Deploy says how the parts of a deployment are made that the rest of the config does not decide.
type Deploy struct {
	Tags                map[string]string // on top of the integration's, at most MaxTags
	VPC                 *VPC              // nil: the function is in none
	KMSKey              string            // ARN of the customer key; "": AWS's own keys
	DeadLetterQueue     string            // ARN of the queue for what the pipe cannot deliver; "": none
	PermissionsBoundary string            // ARN of the policy that bounds the roles; "": one is made
}

// VPC is where the function's network interfaces are.
type VPC struct {
	Subnets        []string // at least one
	SecurityGroups []string // at least one
}

// MaxTags is how many tags a config can have; AWS takes 50 of a resource, and the integration has some of its own.
const MaxTags = 40

func (i *Integration) keys() []key {
	return []key{
		{"name", choice(&i.Name, "integration", "", Operata), true, "Which one: operata."},
		{"group", matching(&i.Group, "the id of a group: letters, digits and -, at most 36", expression(`^[A-Za-z0-9-]{1,36}$`)), true, "The id of the group there. It is part of the name of everything that is deployed."},
		{"instance", matching(&i.Instance, "the ARN of an instance such as arn:aws:connect:eu-west-2:111122223333:instance/ID", expression(`^arn:aws[a-z-]*:connect:[a-z0-9-]+:[0-9]{12}:instance/[A-Za-z0-9-]+$`)), false, "The Amazon Connect instance whose records these are, by its ARN. It is written down in the deployment's tags."},
	}
}

func (d *Deploy) keys() []key {
	return []key{
		{"tags", tagsValue{&d.Tags}, false, "Tags of all that takes tags, name: value, at most 40. They come on top of the integration's and go before them."},
		{"vpc", optional[VPC, *VPC]{&d.VPC}, false, "Runs the function in a VPC, from where it must reach AWS's services. Without the key, it runs in none."},
		{"kms_key", matching(&d.KMSKey, "the ARN of a key such as arn:aws:kms:eu-west-2:111122223333:key/ID, not of an alias", expression(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)), false, "The customer key of KMS with which the stream, the dead-letter queue and the agents' file are encrypted, by its ARN, and with which the secret is made. A key that is used for some of them only is a matter of the exported parameters."},
		{"dead_letter_queue", matching(&d.DeadLetterQueue, "the ARN of a queue such as arn:aws:sqs:eu-west-2:111122223333:NAME", queueARN), false, "The SQS queue for what the pipe cannot deliver, by its ARN. Without the key, such a record is tried until it expires, and its shard waits."},
		{"permissions_boundary", matching(&d.PermissionsBoundary, "the ARN of a policy such as arn:aws:iam::111122223333:policy/NAME", expression(`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+$`)), false, "The policy that bounds the roles, by its ARN. Without the key, one is made that allows what the roles need and nothing more."},
	}
}

func (v *VPC) keys() []key {
	ids := func(word, pattern string) func(*string) value {
		return func(into *string) value { return matching(into, word, expression(pattern)) }
	}
	return []key{
		{"subnets", list[string]{&v.Subnets, ids("the id of a subnet such as subnet-0123456789abcdef0", `^subnet-[0-9a-f]{8,17}$`), 1}, true, "The ids of its subnets."},
		{"security_groups", list[string]{&v.SecurityGroups, ids("the id of a security group such as sg-0123456789abcdef0", `^sg-[0-9a-f]{8,17}$`), 1}, true, "The ids of its security groups."},
	}
}

// tagsValue reads a mapping from names of tags to their values. The limits are those of the tagging rules of AWS.
type tagsValue struct{ into *map[string]string }

const (
	tagName = expression(`^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$`)
	tagText = expression(`^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$`)
)

func (v tagsValue) read(r *reader, key string, n node) {
	r.where[key] = n.at
	if n.kind != aMap {
		r.fail(n.at, key, "want a mapping of tags, have %s", n.kind)
		return
	}
	if len(n.members) > MaxTags {
		r.fail(n.at, key, "has %d tags; at most %d are possible", len(n.members), MaxTags)
	}
	*v.into = map[string]string{}
	for _, m := range n.members {
		at := join(key, m.name)
		var text string
		s := matching(&text, "the value of a tag: at most 256 letters, digits, spaces and _.:/=+-@", tagText)
		switch {
		case !tagName.MatchString(m.name):
			r.fail(m.at, at, "is no name of a tag: 1 to 128 letters, digits, spaces and _.:/=+-@")
		case strings.HasPrefix(strings.ToLower(m.name), "aws:"):
			r.fail(m.at, at, "begins with aws:, which AWS keeps for itself; choose another name")
		default:
			s.read(r, at, m.value)
			(*v.into)[m.name] = text
		}
	}
}

func (v tagsValue) absent(*reader, string, Position) {}

func (v tagsValue) dump() (any, bool) {
	o := object{}
	for _, name := range slices.Sorted(maps.Keys(*v.into)) {
		o = append(o, pair{name, (*v.into)[name]})
	}
	return o, len(o) > 0
}

func (v tagsValue) schema() object {
	return object{
		{"type", "object"},
		{"maxProperties", MaxTags},
		{"propertyNames", object{{"pattern", `^[^\n]{1,128}$`}}},
		{"additionalProperties", object{{"type", "string"}, {"maxLength", 256}}},
	}
}

func (v tagsValue) form() string { return "mapping" }

// checkDeploy looks at what a deployment needs of the rest.
func (c *Config) checkDeploy(r *reader, fail func(key, format string, args ...any)) {
	if c.Integration == nil {
		if c.Deploy != nil && !r.has("integration") {
			fail("deploy", "needs integration: {name: %s, group: GROUP}, which names what is deployed", Operata)
		}
		return
	}
	if c.Source.File != nil {
		fail("integration", "is deployed beside a Kinesis data stream: write source.kinesis in place of source.file")
	}
}

// behindPipe tells whether the config is that of a deployment, whose function stands behind a pipe: source and destination are then the
// pipe's. The function leaves them, and how it is deployed, alone.
func (c *Config) behindPipe() bool { return c.Integration != nil }
