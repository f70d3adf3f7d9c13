package terraform

import (
	"strings"
	"unicode"

	"trunkline/internal/deploy"
)

// A block is a resource as the provider has it.
type block struct {
	kind, label string
	arguments   []argument
	ignore      string // the argument that changes from outside
}

// An argument is one of a block, or a block inside it.
type argument struct {
	name  string
	value deploy.Value
	block bool
}

var kinds = map[deploy.Kind]string{
	deploy.Secret: "aws_secretsmanager_secret", deploy.Policy: "aws_iam_policy", deploy.Role: "aws_iam_role", deploy.RolePolicy: "aws_iam_role_policy",
	deploy.Function: "aws_lambda_function", deploy.LogGroup: "aws_cloudwatch_log_group", deploy.Connection: "aws_cloudwatch_event_connection",
	deploy.Destination: "aws_cloudwatch_event_api_destination", deploy.Pipe: "aws_pipes_pipe", deploy.Table: "aws_dynamodb_table",
	deploy.StateMachine: "aws_sfn_state_machine", deploy.Rule: "aws_cloudwatch_event_rule", deploy.Alarm: "aws_cloudwatch_metric_alarm",
}

// names are those that the provider does not take from the service.
var names = map[deploy.Kind]map[string]string{
	deploy.Policy:       {"ManagedPolicyName": "name", "PolicyDocument": "policy"},
	deploy.Role:         {"RoleName": "name", "AssumeRolePolicyDocument": "assume_role_policy"},
	deploy.RolePolicy:   {"RoleName": "role", "PolicyName": "name", "PolicyDocument": "policy"},
	deploy.LogGroup:     {"LogGroupName": "name"},
	deploy.Table:        {"TableName": "name"},
	deploy.StateMachine: {"StateMachineName": "name"},
	deploy.Connection:   {"ApiKeyAuthParameters": "api_key", "ApiKeyName": "key", "ApiKeyValue": "value"},
	deploy.Pipe:         {"Filters": "filter"},
}

// mappings are arguments that are mappings and not blocks.
var mappings = map[string]bool{"variables": true, "tags": true, "dimensions": true}

// translate makes the blocks of a resource: one, and a second where the provider keeps a part of it apart.
func translate(r *deploy.Resource) []block {
	b := block{kind: kinds[r.Kind], label: r.ID}
	var second []block
	for _, m := range r.Properties {
		switch {
		case r.Kind == deploy.Secret && m.Name == "SecretString":
			second = append(second, block{
				kind: "aws_secretsmanager_secret_version", label: r.ID, ignore: "secret_string",
				arguments: []argument{{"secret_id", deploy.Attr{Of: r.ID, Name: deploy.ARN}, false}, {"secret_string", m.Value, false}},
			})
		case r.Kind == deploy.Rule && m.Name == "Targets":
			second = append(second, target(r.ID, m.Value))
		case r.Kind == deploy.Function && m.Name == "Code":
			b.arguments = append(b.arguments, arguments(m.Value.(deploy.Map))...)
		case r.Kind == deploy.Alarm && m.Name == "Dimensions":
			b.arguments = append(b.arguments, argument{"dimensions", dimensions(m.Value), false})
		case r.Kind == deploy.Table:
			b.arguments = append(b.arguments, table(m)...)
		default:
			b.arguments = append(b.arguments, arguments(deploy.Map{{Name: m.Name, Value: rename(m.Value, names[r.Kind])}}, names[r.Kind])...)
		}
	}
	b.arguments = append(b.arguments, kept(r)...)
	if r.Tags != nil {
		b.arguments = append(b.arguments, argument{"tags", r.Tags, false})
	}
	if r.Kind == deploy.Connection {
		b.ignore = "auth_parameters"
	}
	return append([]block{b}, second...)
}

// kept says what the provider has for what must not go with the deployment.
func kept(r *deploy.Resource) []argument {
	switch {
	case !r.Keep:
	case r.Kind == deploy.Secret:
		return []argument{{"recovery_window_in_days", deploy.Number(30), false}}
	case r.Kind == deploy.LogGroup:
		return []argument{{"skip_destroy", yes, false}}
	case r.Kind == deploy.Table:
		return []argument{{"deletion_protection_enabled", yes, false}}
	}
	return nil
}

// yes is true, which no description has.
const yes = deploy.Param("")

// arguments are the members of a mapping as the provider calls them.
func arguments(m deploy.Map, renamed ...map[string]string) []argument {
	all := make([]argument, len(m))
	for n, member := range m {
		name := snake(member.Name)
		for _, names := range renamed {
			if other := names[member.Name]; other != "" {
				name = other
			}
		}
		all[n] = argument{name, member.Value, isBlock(member.Value) && !mappings[name]}
	}
	return all
}

// rename gives the members inside a value the provider's names. Documents are left alone.
func rename(v deploy.Value, names map[string]string) deploy.Value {
	switch v := v.(type) {
	case deploy.Map:
		all := make(deploy.Map, len(v))
		for n, m := range v {
			name := m.Name
			if other := names[m.Name]; other != "" {
				name = other
			}
			all[n] = deploy.Member{Name: name, Value: rename(m.Value, names)}
		}
		return all
	case deploy.List:
		all := make(deploy.List, len(v))
		for n, item := range v {
			all[n] = rename(item, names)
		}
		return all
	case deploy.If:
		v.Then = rename(v.Then, names)
		if v.Else != nil {
			v.Else = rename(v.Else, names)
		}
		return v
	}
	return v
}

func isBlock(v deploy.Value) bool {
	switch v := v.(type) {
	case deploy.Map:
		return true
	case deploy.List:
		return len(v) > 0 && isBlock(v[0])
	case deploy.If:
		return isBlock(v.Then)
	}
	return false
}

// target is what a rule starts.
func target(rule string, v deploy.Value) block {
	b := block{kind: "aws_cloudwatch_event_target", label: rule, arguments: []argument{{"rule", deploy.Attr{Of: rule, Name: deploy.Name}, false}}}
	if list, is := v.(deploy.List); is && len(list) == 1 {
		if m, is := list[0].(deploy.Map); is {
			b.arguments = append(b.arguments, arguments(m, map[string]string{"Id": "target_id"})...)
		}
	}
	return b
}

// dimensions is a list of names and values as a mapping.
func dimensions(v deploy.Value) deploy.Value {
	var all deploy.Map
	list, _ := v.(deploy.List)
	for _, item := range list {
		if m, is := item.(deploy.Map); is && len(m) == 2 {
			if name, is := m[0].Value.(deploy.Text); is {
				all = append(all, deploy.Member{Name: string(name), Value: m[1].Value})
			}
		}
	}
	return all
}

// table takes apart what the provider has as arguments of the table itself.
func table(m deploy.Member) []argument {
	switch m.Name {
	case "AttributeDefinitions":
		return []argument{{"attribute", rename(m.Value, map[string]string{"AttributeName": "Name", "AttributeType": "Type"}), true}}
	case "KeySchema":
		key := m.Value.(deploy.List)[0].(deploy.Map)
		return []argument{{"hash_key", key[0].Value, false}}
	case "ProvisionedThroughput":
		units := m.Value.(deploy.Map)
		return []argument{{"read_capacity", units[0].Value, false}, {"write_capacity", units[1].Value, false}}
	}
	return arguments(deploy.Map{m}, names[deploy.Table])
}

// snake is a name as the provider writes it: StartingPosition becomes starting_position.
func snake(name string) string {
	var b strings.Builder
	for n, c := range name {
		if n > 0 && unicode.IsUpper(c) && !unicode.IsUpper(rune(name[n-1])) && name[n-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}
