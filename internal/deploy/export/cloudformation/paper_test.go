package cloudformation

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"trunkline/internal/deploy"
)

// paper is a template that is deployed on paper: its functions are computed as CloudFormation documents them.
type paper struct {
	taken  map[string]bool // what parameters have been seen to take
	root   *yaml.Node
	values map[string]any // of parameters and pseudo parameters
}

type noValue struct{}

func newPaper(t *testing.T, text string) *paper {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return &paper{root: document.Content[0], taken: map[string]bool{}}
}

func member(n *yaml.Node, name string) *yaml.Node {
	for k := 0; k+1 < len(n.Content); k += 2 {
		if n.Content[k].Value == name {
			return n.Content[k+1]
		}
	}
	return nil
}

// set gives the parameters their values, as a stack would: by the type that the template declares.
func (p *paper) set(t *testing.T, d *deploy.Description, set deploy.Setting) {
	t.Helper()
	p.values = map[string]any{
		"AWS::Partition": d.Place[deploy.Partition], "AWS::Region": d.Place[deploy.Region], "AWS::AccountId": d.Place[deploy.Account], "AWS::URLSuffix": d.Place[deploy.DNSSuffix],
	}
	parameters := member(p.root, "Parameters")
	for k := 0; k+1 < len(parameters.Content); k += 2 {
		name, body := parameters.Content[k].Value, parameters.Content[k+1]
		value := ""
		for _, known := range d.Parameters {
			if camel(known.Name) == name {
				value = set[known.Name]
			}
		}
		if pattern := member(body, "AllowedPattern"); pattern != nil && !p.taken[name+"="+value] {
			p.taken[name+"="+value] = true
			for item := range strings.SplitSeq(value, ",") {
				if !regexp.MustCompile(pattern.Value).MatchString(item) {
					t.Fatalf("parameter %s does not take %q: %s", name, item, pattern.Value)
				}
			}
		}
		switch member(body, "Type").Value {
		case "Number":
			number, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			p.values[name] = number
		case "CommaDelimitedList":
			list := []any{}
			for item := range strings.SplitSeq(value, ",") {
				if item != "" {
					list = append(list, item)
				}
			}
			p.values[name] = list
		default:
			p.values[name] = value
		}
	}
}

// resources are those whose condition holds, with their properties computed.
func (p *paper) resources(t *testing.T) map[string]any {
	t.Helper()
	all := map[string]any{}
	resources := member(p.root, "Resources")
	for k := 0; k+1 < len(resources.Content); k += 2 {
		name, body := resources.Content[k].Value, resources.Content[k+1]
		if condition := member(body, "Condition"); condition != nil && !p.condition(t, condition.Value) {
			continue
		}
		kind := member(body, "Type").Value
		properties := p.value(t, member(body, "Properties")).(map[string]any)
		if tags, is := properties["Tags"].([]any); is {
			mapped := map[string]any{}
			for _, tag := range tags {
				entry := tag.(map[string]any)
				mapped[entry["Key"].(string)] = entry["Value"]
			}
			properties["Tags"] = mapped
		}
		all[name] = map[string]any{"Type": kind, "Properties": properties}
	}
	return all
}

func (p *paper) condition(t *testing.T, name string) bool {
	t.Helper()
	n := member(member(p.root, "Conditions"), name)
	if n == nil {
		t.Fatalf("no condition %s", name)
	}
	return p.value(t, n).(bool)
}

var inSub = regexp.MustCompile(`\$\{(!?)([^}]*)\}`)

// value computes a value.
func (p *paper) value(t *testing.T, n *yaml.Node) any {
	t.Helper()
	args := func(i int) any { return p.value(t, n.Content[i]) }
	switch n.Tag {
	case "!Ref":
		if n.Value == "AWS::NoValue" {
			return noValue{}
		}
		return p.ref(t, n.Value)
	case "!GetAtt":
		name, attribute, _ := strings.Cut(n.Value, ".")
		if member(member(p.root, "Resources"), name) == nil {
			t.Fatalf("no resource %s", name)
		}
		return "<" + snake(name) + "." + strings.ToLower(attribute) + ">"
	case "!Sub":
		text := inSub.ReplaceAllStringFunc(n.Value, func(part string) string {
			if strings.HasPrefix(part, "${!") {
				return "${" + part[3:]
			}
			return p.ref(t, part[2:len(part)-1]).(string)
		})
		return strings.ReplaceAll(text, "{{resolve:secretsmanager:<secret.arn>}}", "<secret.value>")
	case "!If":
		if p.condition(t, n.Content[0].Value) {
			return args(1)
		}
		return args(2)
	case "!Equals":
		return args(0) == args(1)
	case "!Not":
		return !args(0).(bool)
	case "!And":
		for _, part := range n.Content {
			if !p.value(t, part).(bool) {
				return false
			}
		}
		return true
	case "!Condition":
		return p.condition(t, n.Value)
	case "!Join":
		var texts []string
		for _, item := range args(1).([]any) {
			texts = append(texts, item.(string))
		}
		return strings.Join(texts, n.Content[0].Value)
	case "!!int":
		number, err := strconv.Atoi(n.Value)
		if err != nil {
			t.Fatal(err)
		}
		return number
	case "!!map":
		all := map[string]any{}
		for k := 0; k+1 < len(n.Content); k += 2 {
			if value := p.value(t, n.Content[k+1]); value != any(noValue{}) {
				all[n.Content[k].Value] = value
			}
		}
		return all
	case "!!seq":
		all := []any{}
		for k := range n.Content {
			if value := args(k); value != any(noValue{}) {
				all = append(all, value)
			}
		}
		return all
	case "!!str":
		return n.Value
	}
	t.Fatalf("line %d: %s is not known", n.Line, n.Tag)
	return nil
}

// ref is a parameter's value, or what Ref gives of a resource: the ARN for some types, by their documentation, and else the name.
func (p *paper) ref(t *testing.T, name string) any {
	t.Helper()
	if value, found := p.values[name]; found {
		return value
	}
	r := member(member(p.root, "Resources"), name)
	if r == nil {
		t.Fatalf("nothing is called %s", name)
	}
	switch member(r, "Type").Value {
	case "AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy", "AWS::StepFunctions::StateMachine":
		return "<" + snake(name) + ".arn>"
	}
	return "<" + snake(name) + ".name>"
}

var upper = regexp.MustCompile(`[A-Z]`)

func snake(name string) string {
	return strings.TrimPrefix(upper.ReplaceAllStringFunc(name, func(c string) string { return "_" + strings.ToLower(c) }), "_")
}
