// Package cloudformation writes the description of a deployment as one CloudFormation template.
//
//	deploy.Description ─▶ parameters, conditions, resources, outputs ─▶ YAML with comments
//
// The template is whole: nothing has to be put into it, and its parameters have what the config says as defaults. Its promises: the same
// description gives the same bytes; every resource and property is one of the description; no value of a secret is in it. It has to be
// deployed in the account and Region of the stream.
package cloudformation

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/internal/deploy"
)

// Write writes the template.
func Write(w io.Writer, d *deploy.Description) error {
	t := &template{d: d}
	resources := mapping()
	for _, r := range d.Resources {
		t.resource(resources, r)
	}
	outputs := mapping()
	for _, o := range d.Outputs {
		body := mapping()
		add(body, "Description", text(o.About))
		if o.When != nil {
			add(body, "Condition", text(t.condition(o.When)))
		}
		add(body, "Value", t.value(o.Value))
		add(outputs, camel(o.Name), body)
	}
	root := mapping()
	add(root, "AWSTemplateFormatVersion", text("2010-09-09"))
	add(root, "Description", text(d.Title))
	add(root, "Metadata", t.metadata())
	add(root, "Parameters", t.parameters())
	if len(t.conditions) > 0 {
		add(root, "Conditions", t.conditionsNode())
	}
	add(root, "Resources", resources)
	add(root, "Outputs", outputs)
	root.HeadComment = head(d)
	for n := 0; n < len(root.Content); n += 2 {
		if n > 4 { // what has a section of its own
			root.Content[n].HeadComment = "\n"
		}
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return err
	}
	return encoder.Close()
}

func head(d *deploy.Description) string {
	lines := slices.Concat([]string{d.Title + "."}, d.About, []string{
		fmt.Sprintf("Deploy it in account %s and Region %s, where the stream is, with: aws cloudformation deploy", d.Place[deploy.Account], d.Place[deploy.Region]),
		"  --template-file FILE --stack-name NAME --capabilities CAPABILITY_NAMED_IAM --parameter-overrides ApiKey=…",
		"Written by: trunkline deploy export cloudformation. To change it, change trunkline.yaml and write it again.",
	})
	return "# " + strings.Join(lines, "\n# ") + "\n"
}

// template is one that is being written.
type template struct {
	d          *deploy.Description
	conditions []named // in the order in which they are first used
}

type named struct {
	name string
	when deploy.When
}

// metadata groups the parameters for who fills them in.
func (t *template) metadata() *yaml.Node {
	groups, labels := sequence(), mapping()
	var names []string
	for _, p := range t.d.Parameters {
		if !slices.Contains(names, p.Group) {
			names = append(names, p.Group)
		}
		label := mapping()
		add(label, "default", text(p.Title))
		add(labels, camel(p.Name), label)
	}
	for _, name := range names {
		label, members, group := mapping(), sequence(), mapping()
		add(label, "default", text(name))
		for _, p := range t.d.Parameters {
			if p.Group == name {
				members.Content = append(members.Content, text(camel(p.Name)))
			}
		}
		add(group, "Label", label)
		add(group, "Parameters", members)
		groups.Content = append(groups.Content, group)
	}
	face, all := mapping(), mapping()
	add(face, "ParameterGroups", groups)
	add(face, "ParameterLabels", labels)
	add(all, "AWS::CloudFormation::Interface", face)
	return all
}

func (t *template) parameters() *yaml.Node {
	all := mapping()
	for _, p := range t.d.Parameters {
		body := mapping()
		kind := "String"
		switch {
		case p.Number:
			kind = "Number"
		case p.List:
			kind = "CommaDelimitedList"
		}
		add(body, "Type", text(kind))
		add(body, "Description", text(p.About))
		if p.Secret {
			add(body, "NoEcho", boolean(true))
		}
		if p.Default != "" || p.Optional {
			add(body, "Default", defaultOf(p))
		}
		if p.OneOf != nil {
			list := sequence()
			for _, one := range p.OneOf {
				list.Content = append(list.Content, text(one))
			}
			add(body, "AllowedValues", list)
		}
		if p.Pattern != "" {
			pattern := "^(?:" + p.Pattern + ")$"
			if p.Optional {
				pattern = "^(?:" + p.Pattern + ")?$"
			}
			add(body, "AllowedPattern", text(pattern))
			says := "want " + p.Says
			if p.Optional {
				says += ", or nothing"
			}
			add(body, "ConstraintDescription", text(says))
		}
		if p.Most > 0 && p.Pattern != "" {
			add(body, "MaxLength", number(p.Most))
		}
		if p.Number {
			add(body, "MinValue", number(p.Min))
			add(body, "MaxValue", number(p.Max))
		}
		add(all, camel(p.Name), body)
	}
	return all
}

func defaultOf(p deploy.Parameter) *yaml.Node {
	if n, err := strconv.Atoi(p.Default); p.Number && err == nil {
		return number(n)
	}
	return text(p.Default)
}

func (t *template) resource(all *yaml.Node, r *deploy.Resource) {
	body := mapping()
	add(body, "Type", text(string(r.Kind)))
	if r.When != nil {
		add(body, "Condition", text(t.condition(r.When)))
	}
	if len(r.DependsOn) > 0 {
		list := sequence()
		for _, id := range r.DependsOn {
			list.Content = append(list.Content, text(camel(id)))
		}
		add(body, "DependsOn", list)
	}
	if r.Keep {
		add(body, "DeletionPolicy", text("Retain"))
		add(body, "UpdateReplacePolicy", text("Retain"))
	}
	properties := t.value(r.Properties)
	if r.Tags != nil && r.Kind != deploy.Policy { // CloudFormation has no tags for those
		add(properties, "Tags", t.tags(r))
	}
	add(body, "Properties", properties)
	t.accept(properties, r)
	add(all, camel(r.ID), body)
	all.Content[len(all.Content)-2].HeadComment = "# " + r.About
}

// tags are a mapping for a pipe, and a list for all else that takes them.
func (t *template) tags(r *deploy.Resource) *yaml.Node {
	if r.Kind == deploy.Pipe {
		return t.value(r.Tags)
	}
	list := sequence()
	for _, m := range r.Tags {
		tag := mapping()
		add(tag, "Key", text(m.Name))
		add(tag, "Value", t.value(m.Value))
		list.Content = append(list.Content, tag)
	}
	return list
}

// accept writes beside a statement why a suggestion of our linter does not apply.
func (t *template) accept(properties *yaml.Node, r *deploy.Resource) {
	walk(properties, func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for k := 0; k+1 < len(n.Content); k += 2 {
			if n.Content[k].Value != "Sid" {
				continue
			}
			var comments []string
			for _, a := range r.Accepted {
				if a.Sid == n.Content[k+1].Value {
					comments = append(comments, "# trunkline:ignore "+a.Code+" "+a.Why)
				}
			}
			n.HeadComment = strings.Join(comments, "\n")
		}
	})
}

func walk(n *yaml.Node, visit func(*yaml.Node)) {
	visit(n)
	for _, inside := range n.Content {
		walk(inside, visit)
	}
}
