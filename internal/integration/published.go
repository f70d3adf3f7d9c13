package integration

import (
	"bytes"
	"fmt"
	"strings"

	"trunkline/iam"
)

// A Grant is one statement of a published policy, as facts: what it grants on what, under which condition.
//
// published.tsv has one a line, tab-separated: policy, name of the statement (its Sid, else its index), effect, actions, resources,
// conditions (Operator key=value,value; …), principal of a trust policy (Service name). Lists are separated by spaces. Where the guide
// leaves a value open, the file has our parameter for it. Lines that begin with # are comments.
type Grant struct {
	Policy     string
	Statement  string
	Effect     string
	Actions    []string
	Resources  []string
	Conditions []string // "Operator key=value,value"
	Principal  string
}

// Published reads published.tsv.
func (i *Integration) Published() ([]Grant, error) {
	text, err := i.file("published.tsv")
	if err != nil {
		return nil, err
	}
	var all []Grant
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := append(strings.Split(line, "\t"), "", "")
		if len(fields) < 7 {
			return nil, fmt.Errorf("published.tsv of %s: too few fields in %q", i.Name, line)
		}
		g := Grant{
			Policy: fields[0], Statement: fields[1], Effect: fields[2],
			Actions: strings.Fields(fields[3]), Resources: strings.Fields(fields[4]), Principal: fields[6],
		}
		for condition := range strings.SplitSeq(fields[5], "; ") {
			if condition != "" {
				g.Conditions = append(g.Conditions, condition)
			}
		}
		all = append(all, g)
	}
	return all, nil
}

// grants are the published statements for the job of a policy.
func (i *Integration) grants(p *Policy) (all []Grant, err error) {
	published, err := i.Published()
	if err != nil {
		return nil, err
	}
	for _, name := range p.Published {
		found := false
		for _, g := range published {
			if g.Policy == name {
				all, found = append(all, g), true
			}
		}
		if !found {
			return nil, fmt.Errorf("published.tsv of %s has no policy %s", i.Name, name)
		}
	}
	return all, nil
}

// PublishedDocument is what the guide grants for the job of a policy, as one policy with values filled in: where the guide has several
// policies for one principal, their statements stand together. What the guide wrote so that IAM refuses it is written here as it was
// meant. Nil when the guide has none.
func (i *Integration) PublishedDocument(p *Policy, given map[string]string) ([]byte, error) {
	grants, err := i.grants(p)
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	v, err := i.newValues(given)
	if err != nil {
		return nil, err
	}
	texts := make([][]byte, len(grants))
	for n := range grants {
		var b bytes.Buffer
		if err := v.writeGrant(&b, &grants[n]); err != nil {
			return nil, err
		}
		texts[n] = b.Bytes()
	}
	if len(v.missing) > 0 {
		return nil, &Missing{i.Name, p.Name, v.missing}
	}
	return indent(texts)
}

func (v *values) writeGrant(b *bytes.Buffer, g *Grant) error {
	list := func(name string, texts []string) error {
		if len(texts) == 0 {
			return nil
		}
		b.WriteByte(',')
		quote(b, name)
		b.WriteByte(':')
		return v.writeList(b, nodes(texts))
	}
	b.WriteString(`{"Effect":`)
	quote(b, g.Effect)
	if kind, name, found := strings.Cut(g.Principal, " "); found {
		b.WriteString(`,"Principal":{`)
		quote(b, kind)
		b.WriteByte(':')
		quote(b, name)
		b.WriteByte('}')
	}
	if err := list("Action", g.Actions); err != nil {
		return err
	}
	if err := list("Resource", g.Resources); err != nil {
		return err
	}
	if len(g.Conditions) > 0 {
		b.WriteString(`,"Condition":{`)
		operator := ""
		for n, condition := range g.Conditions {
			name, test, _ := strings.Cut(condition, " ")
			key, value, found := strings.Cut(test, "=")
			if !found {
				return fmt.Errorf("published.tsv of %s: condition %q: want Operator key=value", v.of.Name, condition)
			}
			switch {
			case name == operator:
				b.WriteByte(',')
			case n > 0:
				b.WriteString("},")
				fallthrough
			default:
				quote(b, name)
				b.WriteString(":{")
			}
			operator = name
			key, err := v.one(key)
			if err != nil {
				return err
			}
			quote(b, key)
			b.WriteByte(':')
			if err := v.writeList(b, nodes(strings.Split(value, ","))); err != nil {
				return err
			}
		}
		b.WriteString("}}")
	}
	b.WriteByte('}')
	return nil
}

func nodes(texts []string) []*iam.Node {
	all := make([]*iam.Node, len(texts))
	for n, text := range texts {
		all[n] = &iam.Node{Kind: iam.String, Text: text}
	}
	return all
}
