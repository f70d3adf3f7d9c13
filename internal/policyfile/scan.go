package policyfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"trunkline/iam"
	"trunkline/internal/document"
)

// Bounds of what one file may cost.
const (
	maxSize     = 64 << 20 // bytes: a plan of a large account
	maxTemplate = 8 << 20  // bytes of a JSON text that is no plan
	maxValues   = 1 << 20  // values visited, an alias counted each time
	maxPolicies = 10_000
	maxIgnores  = 1000
	maxDepth    = 128 // of JSON
)

// scan reads one file.
type scan struct {
	file    *file
	opts    Options
	left    int // values that may still be visited
	seen    int // places where a policy stands
	found   []*Found
	skipped []error // Skipped, and policies that are too large
	ignores []*Ignore
	block   *block // of Markdown, the one being read
}

// spend counts a visited value; it is false when there were too many.
func (s *scan) spend() bool {
	s.left--
	return s.left > 0
}

// emit adds a policy that stands at a place.
func (s *scan) emit(t *text, where string, p place, readOnly string) {
	s.add(t, where, p.kind, false, p.resource, readOnly)
}

// emitGuessed adds a policy of which only the content tells the type.
func (s *scan) emitGuessed(t *text, where, readOnly string) {
	s.add(t, where, iam.IdentityPolicy, true, "", readOnly)
}

func (s *scan) add(t *text, where string, kind iam.Type, guess bool, resource, readOnly string) {
	if len(s.found) >= maxPolicies {
		s.left = 0
		return
	}
	if len(t.data) > iam.MaxSize {
		s.seen++
		line := s.file.position(t.origin(0)).Line
		s.skipped = append(s.skipped, fmt.Errorf("%s:%d: %s: larger than %d bytes; IAM takes much less", s.file.name, line, cmp.Or(where, "the policy"), iam.MaxSize))
		return
	}
	f := &Found{File: s.file.name, Where: where, Document: iam.Parse(t.data), Type: kind, Guessed: guess, ResourceType: resource, ReadOnly: readOnly, file: s.file, text: t}
	if guess {
		f.Type, f.ResourceType = guessType(f.Document)
	}
	if s.opts.Type != nil {
		f.Type, f.Guessed = *s.opts.Type, false
	}
	if s.opts.ResourceType != "" {
		f.ResourceType = s.opts.ResourceType
	}
	if s.block != nil {
		f.prefix = s.block.prefix
		f.Where = strings.TrimSuffix(fmt.Sprintf("block %d %s", s.block.number, where), " ")
	}
	if s.file.name == stdinName && f.ReadOnly == "" {
		f.ReadOnly = "it came from standard input"
	}
	s.found = append(s.found, f)
}

// skip tells of a policy that is there and not known.
func (s *scan) skip(at int, where, why string) {
	s.skipped = append(s.skipped, &Skipped{s.file.name, s.file.position(at).Line, where, why})
}

// deliver yields what was found, then what went wrong. It is false when the caller wants no more.
func (s *scan) deliver(err error, named bool, yield func(*Found, error) bool) bool {
	if s.left <= 0 { // what was found is not whole
		s.found = nil
	}
	for _, f := range s.found {
		f.Ignores = s.ignores
		if !yield(f, nil) {
			return false
		}
	}
	for _, skipped := range s.skipped {
		if !yield(nil, skipped) {
			return false
		}
	}
	if err == nil && s.left <= 0 {
		err = fmt.Errorf("more than %d values, %d policies or %d suppressions; split the file", maxValues, maxPolicies, maxIgnores)
	}
	if err == nil && named && s.seen+len(s.found) == 0 {
		err = fmt.Errorf("%w: it holds neither a policy, nor a CloudFormation template, Terraform plan or Markdown page with one", ErrNoPolicy)
	}
	if err == nil {
		return true
	}
	var line *atLine
	if errors.As(err, &line) {
		return yield(nil, fmt.Errorf("%s:%w", s.file.name, err))
	}
	return yield(nil, fmt.Errorf("%s: %w", s.file.name, err))
}

// read finds the policies of the file. named is false for a file that was only met in a folder and may be anything.
func (s *scan) read(format format, named bool) error {
	if bytes.HasPrefix(s.file.data, []byte("\xfe\xff")) || bytes.HasPrefix(s.file.data, []byte("\xff\xfe")) {
		return errors.New("UTF-16; save it as UTF-8")
	}
	switch format {
	case inYAML:
		return s.yaml(&s.file.text, named)
	case inMarkdown:
		return s.markdown()
	case binaryPlan:
		return errors.New("a Terraform plan in its binary form; write it as JSON: terraform show -json PLAN > plan.json")
	case inHCL:
		return errors.New("configuration of Terraform is not read; plan it, and write the plan as JSON: terraform plan -out PLAN && terraform show -json PLAN > plan.json")
	}
	return s.json(&s.file.text, named)
}

// json finds the policies of a text that is JSON, or is meant to be.
func (s *scan) json(t *text, named bool) error {
	data := bytes.TrimPrefix(t.data, []byte("\ufeff"))
	if len(data) < len(t.data) {
		t = t.part(len(t.data)-len(data), len(t.data))
	}
	doc := document.Document{Limits: document.Limits{Size: maxSize, Depth: maxDepth, Values: 16 << 20}}
	if err := doc.Parse(t.data); err != nil {
		if len(t.data) > maxTemplate {
			return err
		}
		if resembles(t.data) || named && s.block == nil {
			s.tolerant(t)
		}
		return nil
	}
	if isPlan(&doc) {
		s.plan(t, &doc)
		return nil
	}
	if len(t.data) > maxTemplate {
		return fmt.Errorf("%d bytes; the most that is read of a file that is no Terraform plan is %d", len(t.data), maxTemplate)
	}
	root := fromJSON(&doc, doc.Root())
	switch {
	case isPolicy(root):
		s.tolerant(t)
	case isTemplate(root):
		s.template(t, root)
	case isConfiguration(root):
		s.configuration(t, root)
	default:
		s.answer(t, root)
	}
	return nil
}

// tolerant adds a text that is a policy, whatever is wrong with it.
func (s *scan) tolerant(t *text) {
	before := len(s.found)
	s.emitGuessed(t, "", "")
	if len(s.found) == before {
		return
	}
	f := s.found[before]
	for _, p := range f.Document.Problems {
		if p.Code == iam.NoPolicy {
			s.found = s.found[:before]
			return
		}
	}
	s.commentsOf(f)
}

// yaml finds the policies of a text in YAML.
func (s *scan) yaml(t *text, named bool) error {
	f := newFile(s.file.name, t.data)
	roots, err := fromYAML(f)
	if err != nil {
		if named && s.block == nil || bytes.Contains(t.data, []byte("AWSTemplateFormatVersion")) {
			return err
		}
		return nil // some other YAML, of a form that templates do not have
	}
	s.yamlComments(t, f)
	for _, root := range roots {
		switch {
		case isPolicy(root):
			if policy, known := s.render(t, root); known {
				s.emitGuessed(policy, "", "it is written in YAML; edit it there")
			}
		case isTemplate(root):
			s.template(t, root)
		}
	}
	return nil
}

// isPolicy tells whether a value is a policy or a statement; element names count in any case, since a wrong case is one of the
// defects that policies have.
func isPolicy(n *node) bool {
	if n.kind == iam.Array {
		return len(n.items) > 0 && isPolicy(n.items[0])
	}
	has := map[string]*node{}
	for _, m := range n.members {
		has[strings.ToLower(m.name)] = m.value
	}
	if has["statement"] != nil {
		return true
	}
	if v := has["version"]; v != nil && (v.text == "2012-10-17" || v.text == "2008-10-17") {
		return true
	}
	return has["effect"] != nil && (has["action"] != nil || has["notaction"] != nil || has["resource"] != nil)
}

// resembles tells whether a text that is not JSON may be meant as a policy.
func resembles(data []byte) bool {
	has := func(name string) bool { return bytes.Contains(data, []byte(name)) }
	return has("Statement") || has("Effect") && (has("Action") || has("Resource"))
}

// answers are the places of policies in what the AWS CLI prints and takes, as paths.
var answers = []string{
	"PolicyDocument", "PolicyVersion.Document", "Policy", "Policy.Content", "ResourcePolicy", "Attributes.Policy",
	"Role.AssumeRolePolicyDocument", "AssumeRolePolicyDocument", "Roles[].AssumeRolePolicyDocument",
	"UserDetailList[].UserPolicyList[].PolicyDocument", "GroupDetailList[].GroupPolicyList[].PolicyDocument",
	"RoleDetailList[].AssumeRolePolicyDocument", "RoleDetailList[].RolePolicyList[].PolicyDocument",
	"Policies[].PolicyVersionList[].Document",
}

// answer finds the policies of what the AWS CLI printed.
func (s *scan) answer(t *text, root *node) {
	const why = "it stands in an answer of the AWS CLI"
	for _, path := range answers {
		s.each(root, path, "", func(n *node, where string) {
			switch {
			case n.kind == iam.Object && isPolicy(n):
				s.emitGuessed(t.part(n.at, n.end), where, why)
			case strings.HasPrefix(strings.TrimSpace(n.content()), "{") && resembles([]byte(n.text)):
				s.emitGuessed(content(t, n), where, why)
			}
		})
	}
}
