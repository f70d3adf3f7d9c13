package deploy

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"trunkline/iam"
	"trunkline/iam/generate"
	"trunkline/internal/config"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/need"
)

//go:embed policies/*.json key-age-check.json
var own embed.FS

// reference is how templates of policies and names name a parameter: ${stream}, ${stream.region}. A policy variable has a colon.
var reference = regexp.MustCompile(`\$\{([a-z][a-z0-9_]*)(?:\.([a-z]+))?\}`)

// text is a text with the values that it names. A name that nothing is known of stays as it stands: it is a policy variable.
func (b *builder) text(s string) Value {
	var parts Join
	add := func(v Value) {
		if inner, ok := v.(Join); ok {
			parts = append(parts, inner...)
			return
		}
		if t, ok := v.(Text); ok && t == "" {
			return
		}
		parts = append(parts, v)
	}
	for {
		at := reference.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}
		field := ""
		if at[4] >= 0 {
			field = s[at[4]:at[5]]
		}
		add(Text(s[:at[0]]))
		add(b.value(s[at[2]:at[3]], field))
		s = s[at[1]:]
	}
	add(Text(s))
	parts = merge(parts)
	switch len(parts) {
	case 0:
		return Text("")
	case 1:
		return parts[0]
	}
	return parts
}

// merge puts constants together that stand side by side.
func merge(parts Join) (all Join) {
	for _, p := range parts {
		if len(all) > 0 {
			last, before := all[len(all)-1].(Text)
			text, is := p.(Text)
			if before && is {
				all[len(all)-1] = last + text
				continue
			}
		}
		all = append(all, p)
	}
	return all
}

// statements are the statements of a policy of the integration, each under the condition that the integration names.
func (b *builder) statements(name string) (List, []Accepted, error) {
	p, found := b.i.Policy(name)
	if !found {
		return nil, nil, fmt.Errorf("integration %s has no policy %s", b.i.Name, name)
	}
	text, err := fs.ReadFile(b.i.Files, "policies/"+name+".json")
	if err != nil {
		return nil, nil, err
	}
	list, err := b.parse(text, func(sid string) (When, bool) {
		s, known := p.Statement(sid)
		if !known {
			return nil, false
		}
		return b.condition(s.When)
	})
	var accepted []Accepted
	for _, a := range p.Accepted {
		if !slices.ContainsFunc(a.When, func(when string) bool { return strings.HasPrefix(when, "!") }) { // else an optional statement is the answer
			accepted = append(accepted, Accepted{a.Code, a.Sid, a.Why})
		}
	}
	return list, accepted, err
}

// condition is a condition of the integration in our parameters; false when it cannot hold in a deployment.
func (b *builder) condition(when []string) (w When, possible bool) {
	for _, text := range when {
		name, negated := strings.CutPrefix(text, "!")
		switch {
		case b.switches[name] != "":
			name = b.switches[name]
		case b.d.Parameter(name).Name == "":
			if !negated { // a switch that a deployment leaves off
				return nil, false
			}
			continue
		}
		if negated {
			name = "!" + name
		}
		w = append(w, name)
	}
	return w, true
}

// parse makes values of a policy's statements. when says of each Sid under which condition it stands, and false when never.
func (b *builder) parse(text []byte, when func(sid string) (When, bool)) (list List, err error) {
	doc := iam.Parse(text)
	if len(doc.Problems) > 0 {
		return nil, fmt.Errorf("policy: line %d: %s", doc.Position(doc.Problems[0].Span.Start).Line, doc.Problems[0].Text)
	}
	for _, s := range doc.Statements {
		sid := ""
		if s.Sid != nil {
			sid = s.Sid.Text
		}
		w, stands := when(sid)
		if !stands {
			continue
		}
		v := b.node(s.Node)
		if w != nil {
			v = If{When: w, Then: v}
		}
		list = append(list, v)
	}
	return list, nil
}

func (b *builder) node(n *iam.Node) Value {
	switch n.Kind {
	case iam.Object:
		var m Map
		for _, member := range n.Members {
			m = append(m, Member{member.Key.Text, b.node(member.Value)})
		}
		return m
	case iam.Array:
		var l List
		for _, item := range n.Items {
			l = append(l, b.node(item))
		}
		return l
	case iam.String:
		return b.text(n.Text)
	case iam.Null, iam.Bool, iam.Number:
	}
	return Text(n.Text)
}

func always(string) (When, bool) { return nil, true }

// ownPolicy is a policy that the integration has no word about, from our own files.
func (b *builder) ownPolicy(name string, when func(sid string) (When, bool)) (List, error) {
	text, err := own.ReadFile("policies/" + name + ".json")
	if err != nil {
		return nil, err
	}
	return b.parse(text, when)
}

// definition is a JSON text of our own that is no policy.
func (b *builder) definition(name string) (Value, error) {
	text, err := own.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root := iam.Parse(text).Root
	if root == nil {
		return nil, fmt.Errorf("%s is no JSON", name)
	}
	return b.node(root), nil
}

func policy(statements List) Value {
	return Document{Map{{"Version", Text("2012-10-17")}, {"Statement", statements}}}
}

// needed are the statements of what a config turns on, from what the packages declare that call AWS.
func (b *builder) needed(c *config.Config, o generate.Options) (List, error) {
	at := b.d.Place
	needs, err := need.Of(declared.Calls(), need.Features(c), need.Place{Partition: at[Partition], Region: at[Region], Account: at[Account]})
	if err != nil || len(needs) == 0 {
		return nil, err
	}
	result, err := generate.Policies(needs, o)
	if err != nil {
		return nil, err
	}
	var all List
	for _, text := range result.Policies {
		list, err := b.parse(b.placed(text), always)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// placed puts references where a generated policy has the place of the deployment in its ARNs.
func (b *builder) placed(text []byte) []byte {
	at := b.d.Place
	s := strings.ReplaceAll(string(text), `"`+b.c.Source.Kinesis.Stream+`"`, `"${stream}"`)
	s = strings.ReplaceAll(s, `"`+b.c.Source.Kinesis.Stream+`/`, `"${stream}/`)
	s = strings.ReplaceAll(s, `"arn:`+at[Partition]+`:`, `"arn:${stream.partition}:`)
	s = strings.ReplaceAll(s, `:`+at[Region]+`:`+at[Account]+`:`, `:${stream.region}:${stream.account}:`)
	if name, _, _ := strings.Cut(strings.TrimPrefix(b.c.Destination.HTTP.Key.String(), "aws-secretsmanager:"), "#"); b.secret == "" {
		s = strings.ReplaceAll(s, ":secret:"+name+"-", ":secret:${secret}-")
	}
	return []byte(s)
}

// minified is a policy's length as IAM counts it.
func minified(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(slices.DeleteFunc(text, func(c byte) bool { return c == ' ' || c == '\n' }))
}
