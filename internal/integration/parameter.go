package integration

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"trunkline/iam/arn"
	"trunkline/internal/spelling"
)

// A Parameter is a value that policies need.
//
// Fields of a value can be written in templates: of an ARN ${name.partition}, .region, .account, .name (what follows the last / or :)
// and .dns (what the names of its partition's endpoints end with).
type Parameter struct {
	Name  string
	About string // what it is
	Form  Form

	// Default is the value when none is given; it may use other parameters. A parameter without a default has to be given for the
	// policies that use it.
	Default string
	List    bool // several values, separated by commas
}

// A Form is what a value has to look like.
type Form struct {
	Says    string // "ARN of a Kinesis stream"
	Example string
	Pattern string   // of the whole value
	Most    int      // characters that it may have
	OneOf   []string // instead of a pattern
	Switch  bool     // on or off; off unless given
}

// Switch is the form of what is on or off. Its parameter is off unless its Default is on.
func Switch() Form {
	return Form{Says: "on or off", Example: "on", OneOf: []string{"on", "off"}, Switch: true}
}

// OneOf is the form of a choice.
func OneOf(values ...string) Form {
	return Form{Says: "one of " + strings.Join(values, ", "), Example: values[0], OneOf: values}
}

// Word is the form of a name of at most so many characters.
func Word(says, pattern string, most int, example string) Form {
	return Form{Says: says, Pattern: pattern, Most: most, Example: example}
}

// maxARN is more than the ARNs of what we know have.
const maxARN = 320

// ARN is the form of an ARN with Region and account; resource is a pattern for what follows them.
func ARN(says, service, resource, example string) Form {
	return Form{
		Says: "ARN of " + says, Pattern: `arn:aws[a-z-]*:` + service + `:[a-z]{2}[a-z-]*-\d+:\d{12}:` + resource,
		Most: maxARN, Example: "arn:aws:" + service + ":eu-west-2:111122223333:" + example,
	}
}

// Bucket is the form of the name of a bucket.
func Bucket() Form {
	return Word("name of a bucket", `[a-z0-9][a-z0-9.-]+[a-z0-9]`, 63, "example-recordings")
}

// Account is the form of an AWS account.
func Account() Form { return Word("12 digits", `\d{12}`, 64, "111122223333") }

// Key is the form of a KMS key. An alias is none: policies name keys by their id.
func Key() Form {
	return ARN("a KMS key, not of an alias", "kms", `key/[A-Za-z0-9-]+`, "key/1234abcd-12ab-34cd-56ef-1234567890ab")
}

// Stream is the form of a Kinesis data stream.
func Stream() Form {
	return ARN("a Kinesis data stream", "kinesis", `stream/[A-Za-z0-9_.-]+`, "stream/connect-contact-records")
}

// Instance is the form of an Amazon Connect instance.
func Instance() Form {
	return ARN("an Amazon Connect instance", "connect", `instance/[A-Za-z0-9-]+`, "instance/11111111-2222-4333-8444-555555555555")
}

// ConnectRole is the form of the name of an instance's service-linked role.
func ConnectRole() Form {
	return Word("name of the instance's service-linked role; connect:DescribeInstance tells it as ServiceRole",
		`AWSServiceRoleForAmazonConnect(_[A-Za-z0-9+=,.@-]+)?`, 64, "AWSServiceRoleForAmazonConnect_Ab12Cd34Ef56")
}

// check says what is wrong with one value.
func (p *Parameter) check(value string) error {
	f := p.Form
	ok := slices.Contains(f.OneOf, value)
	if f.OneOf == nil {
		pattern, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		ok = len(value) <= f.Most && pattern.MatchString(value)
	}
	if !ok {
		return fmt.Errorf("%s=%s: want %s, such as %s", p.Name, value, f.Says, f.Example)
	}
	return nil
}

// Parameter returns the parameter of a name.
func (i *Integration) Parameter(name string) (*Parameter, bool) {
	for n := range i.Parameters {
		if i.Parameters[n].Name == name {
			return &i.Parameters[n], true
		}
	}
	return nil, false
}

// A Missing is the error of parameters that have to be given.
type Missing struct {
	Integration string
	Policy      string
	Parameters  []*Parameter
}

func (e *Missing) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy %s %s needs", e.Integration, e.Policy)
	for _, p := range e.Parameters {
		says := p.Form.Says
		if p.List {
			says += ", or several with commas"
		}
		fmt.Fprintf(&b, "\n  --set %s=%s   %s (%s)", p.Name, p.Form.Example, p.About, says)
	}
	return b.String()
}

// values are the parameters of one rendering: those that were given, and defaults.
type values struct {
	of      *Integration
	given   map[string][]string
	missing []*Parameter // that were asked for
	open    []string     // defaults that are being made, against cycles
}

// newValues checks what is given. Every parameter has to be one of the integration's, and of its form.
func (i *Integration) newValues(given map[string]string) (*values, error) {
	v := &values{of: i, given: map[string][]string{}}
	for n := range i.Parameters {
		p := &i.Parameters[n]
		text, ok := given[p.Name]
		if !ok {
			continue
		}
		list := []string{text}
		if p.List {
			list = strings.Split(text, ",")
		}
		for _, value := range list {
			if err := p.check(value); err != nil {
				return nil, err
			}
		}
		v.given[p.Name] = list
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := i.Parameter(name); !known {
			return nil, i.unknown(name)
		}
	}
	return v, nil
}

func (i *Integration) unknown(name string) error {
	near, names := "", make([]string, len(i.Parameters))
	for n := range i.Parameters {
		names[n] = i.Parameters[n].Name
		if spelling.Distance(name, names[n]) <= 2 {
			near = names[n]
		}
	}
	if near != "" {
		return fmt.Errorf("%s has no parameter %q; did you mean %s", i.Name, name, near)
	}
	return fmt.Errorf("%s has no parameter %q; it takes: %s", i.Name, name, strings.Join(names, ", "))
}

// get is the value of a parameter. What has to be given and is not is noted as missing, and nil.
func (v *values) get(name string) ([]string, error) {
	p, known := v.of.Parameter(name)
	switch {
	case !known:
		return nil, fmt.Errorf("template of %s uses ${%s}, which is no parameter", v.of.Name, name)
	case v.given[name] != nil:
		return v.given[name], nil
	case p.Form.Switch && p.Default == "":
		return []string{"off"}, nil
	case p.Default == "":
		if !slices.Contains(v.missing, p) {
			v.missing = append(v.missing, p)
		}
		return nil, nil
	case slices.Contains(v.open, name):
		return nil, fmt.Errorf("default of ${%s} uses itself", name)
	}
	v.open = append(v.open, name)
	list, err := v.expand(p.Default)
	v.open = v.open[:len(v.open)-1]
	if err != nil || list == nil {
		return nil, err
	}
	for _, value := range list {
		if err := p.check(value); err != nil {
			return nil, fmt.Errorf("what %s is by default: %w; give it with --set", name, err)
		}
	}
	v.given[name] = list
	return list, nil
}

var reference = regexp.MustCompile(`\$\{([a-z][a-z0-9_]*)(?:\.([a-z]+))?\}`)

// expand replaces the references of a text; one to a list gives as many texts. Nil when a parameter is missing. Policy variables
// have a colon in their name, so they are none of ours.
func (v *values) expand(text string) ([]string, error) {
	at := reference.FindStringSubmatchIndex(text)
	if at == nil {
		return []string{text}, nil
	}
	field := ""
	if at[4] >= 0 {
		field = text[at[4]:at[5]]
	}
	list, err := v.get(text[at[2]:at[3]])
	if err != nil {
		return nil, err
	}
	rest, err := v.expand(text[at[1]:])
	if err != nil || rest == nil || list == nil {
		return nil, err
	}
	var all []string
	for _, value := range list {
		part, err := fieldOf(value, field)
		if err != nil {
			return nil, err
		}
		for _, tail := range rest {
			all = append(all, text[:at[0]]+part+tail)
		}
	}
	return all, nil
}

// one is expand for a place that takes one text.
func (v *values) one(text string) (string, error) {
	list, err := v.expand(text)
	switch {
	case err != nil || list == nil:
		return "", err
	case len(list) > 1:
		return "", fmt.Errorf("%s: several values where one is possible", text)
	}
	return list[0], nil
}

func fieldOf(value, field string) (string, error) {
	if field == "" {
		return value, nil
	}
	fields, n := arn.Split(value)
	if n < 6 {
		return "", fmt.Errorf("%s has no %s: it is no ARN", value, field)
	}
	switch field {
	case "partition":
		return fields[1], nil
	case "region":
		return fields[3], nil
	case "account":
		return fields[4], nil
	case "name":
		return fields[5][strings.LastIndexAny(fields[5], "/:")+1:], nil
	case "dns":
		for _, p := range arn.Partitions() {
			if p.ID == fields[1] {
				return p.DNSSuffix, nil
			}
		}
		return "", fmt.Errorf("%s: no partition is called %s", value, fields[1])
	}
	return "", fmt.Errorf("no part of an ARN is called %s", field)
}

// hold tells whether conditions such as Statement.When hold.
func (v *values) hold(when []string) (bool, error) {
	for _, condition := range when {
		name, negated := strings.CutPrefix(condition, "!")
		name, want, compared := strings.Cut(name, "=")
		p, known := v.of.Parameter(name)
		if !known {
			return false, fmt.Errorf("condition %s of %s: no parameter is called %s", condition, v.of.Name, name)
		}
		list := v.given[name]
		if (compared || p.Form.Switch) && list == nil && p.Default != "" {
			var err error
			if list, err = v.get(name); err != nil {
				return false, err
			}
		}
		holds := list != nil
		switch {
		case compared:
			holds = slices.Contains(list, want)
		case p.Form.Switch:
			holds = slices.Contains(list, "on")
		}
		if holds == negated {
			return false, nil
		}
	}
	return true, nil
}
