package sim_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"trunkline/iam"
	"trunkline/iam/sim"
)

// A testCase is one request of a file in testdata, with the policies of the file.
//
// A file begins with what it shows and, in lines that start with "Source:", where the documentation says so; "Other reading:" gives
// another way to read it. Sections are
//
//	identity.json, identity/NAME.json    likewise boundary, session
//	resource.json, trust.json, endpoint.json
//	scp/LEVEL/NAME.json                  likewise rcp; levels from 0, the root
//	request                              what the cases have in common
//	cases                                blocks of "name: value" lines; each has a case and a want
//	conditions                           one case a line: Operator key [policy values] <- [request values]: true, false or unknown
//	actions, resources                   one case a line: pattern <- action or resource: true or false
//
// Request values: [] is an empty set, absent and unknown are meant literally. A section or field that is not known, a file without
// source and a case without expectation fail.
type testCase struct {
	file, name string
	policies   map[string]*iam.Document // by section
	fields     map[string][]string
}

// policySections are the sections that hold policies, by what they begin with.
var policySections = map[string]iam.Type{
	"identity": iam.IdentityPolicy, "boundary": iam.PermissionsBoundary, "session": iam.SessionPolicy, "resource": iam.ResourcePolicy,
	"trust": iam.TrustPolicy, "endpoint": iam.EndpointPolicy, "scp": iam.ServiceControlPolicy, "rcp": iam.ResourceControlPolicy,
}

var caseFields = []string{
	"case", "want", "principal", "role", "user", "id", "canonical", "action", "resource", "account", "management", "context", "partial",
	"time", "missing", "absent", "statements", "add", "reason", "warning", "without", "empty", "policy",
}

func readCases(t testing.TB) (cases []testCase) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		read, err := parseCases(filepath.Base(name), text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cases = append(cases, read...)
	}
	return cases
}

func parseCases(file string, text []byte) (cases []testCase, err error) {
	archive := txtar.Parse(text)
	if !strings.Contains("\n"+string(archive.Comment), "\nSource: ") {
		return nil, fmt.Errorf("no Source")
	}
	policies := map[string]*iam.Document{}
	common := map[string][]string{}
	for _, section := range archive.Files {
		first, _, _ := strings.Cut(strings.TrimSuffix(section.Name, ".json"), "/")
		_, isPolicy := policySections[first]
		var added []testCase
		switch {
		case isPolicy && strings.HasSuffix(section.Name, ".json"):
			policies[section.Name] = parsePolicy(section.Data)
		case section.Name == "request":
			common, err = parseFields(string(section.Data))
		case section.Name == "cases":
			for block := range strings.SplitSeq(strings.TrimSpace(string(section.Data)), "\n\n") {
				fields, err := parseFields(block)
				if err != nil {
					return nil, err
				}
				if len(fields["case"]) != 1 || len(fields["want"]) != 1 {
					return nil, fmt.Errorf("case %q: want one case and one want", block)
				}
				added = append(added, testCase{name: fields["case"][0], policies: policies, fields: merge(common, fields)})
			}
		case section.Name == "conditions", section.Name == "actions", section.Name == "resources":
			added, err = parseLines(section.Name, string(section.Data))
		default:
			err = fmt.Errorf("unknown section %q", section.Name)
		}
		if err != nil {
			return nil, err
		}
		cases = append(cases, added...)
	}
	for i := range cases {
		cases[i].file = file
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("no cases")
	}
	return cases, nil
}

func parseFields(text string) (map[string][]string, error) {
	fields := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		name, value, found := strings.Cut(line, ":")
		if !found || !slices.Contains(caseFields, name) {
			return nil, fmt.Errorf("unknown field in %q", line)
		}
		fields[name] = append(fields[name], strings.TrimSpace(value))
	}
	return fields, nil
}

// merge lets a case add to the context and replace the other fields.
func merge(common, fields map[string][]string) map[string][]string {
	merged := maps.Clone(common)
	for name, values := range fields {
		if name == "context" {
			values = append(slices.Clone(common[name]), values...)
		}
		merged[name] = values
	}
	return merged
}

// parseLines reads the sections that have a case on each line.
func parseLines(section, text string) (cases []testCase, err error) {
	wants := map[string]string{"true": "allowed", "false": "implicitDeny", "unknown": "undecided"}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		head, tail, found := strings.Cut(line, " <- ")
		colon := strings.LastIndex(tail, ": ")
		if !found || colon < 0 || wants[tail[colon+2:]] == "" {
			return nil, fmt.Errorf("%s: want PATTERN <- VALUE: true, false or unknown, got %q", section, line)
		}
		value := tail[:colon]
		c := testCase{name: line, fields: map[string][]string{
			"principal": {"arn:aws:iam::111122223333:user/anna"}, "action": {"s3:GetObject"}, "resource": {"arn:aws:s3:::shelf/book"},
			"want": {wants[tail[colon+2:]]},
		}}
		action, resource, condition := `"*"`, `"*"`, ""
		switch section {
		case "actions":
			action, c.fields["action"] = head, []string{value}
			if !strings.HasPrefix(value, "s3:Get") {
				c.fields["resource"] = []string{"*"}
			}
		case "resources":
			resource, c.fields["resource"] = head, []string{value}
			if value == "*" {
				c.fields["action"] = []string{"s3:ListAllMyBuckets"}
			}
		case "conditions":
			fields := strings.SplitN(head, " ", 3)
			if len(fields) != 3 {
				return nil, fmt.Errorf("condition %q: want OPERATOR KEY VALUES", head)
			}
			condition = fmt.Sprintf(`, "Condition": {%q: {%q: %s}}`, fields[0], fields[1], fields[2])
			c.fields["context"] = []string{fields[1] + " " + value}
			if key, values, found := strings.Cut(value, "="); found && !strings.HasPrefix(value, "[") {
				c.fields["context"] = []string{key + " " + values}
			}
		}
		c.policies = map[string]*iam.Document{"identity.json": parsePolicy(fmt.Appendf(nil,
			`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": %s, "Resource": %s%s}}`, action, resource, condition))}
		cases = append(cases, c)
	}
	return cases, nil
}

// field is the value of a field, or "".
func (c *testCase) field(name string) string {
	if values := c.fields[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// request builds the request of the case.
func (c *testCase) request() (r sim.Request, err error) {
	if r.Caller, err = sim.ParseCaller(c.field("principal")); err != nil {
		return r, err
	}
	if role := c.field("role"); role != "" {
		r.Caller.Role = role
	}
	r.Caller.User, r.Caller.ID, r.Caller.CanonicalID = c.field("user"), c.field("id"), c.field("canonical")
	r.Action, r.Resource, r.ResourceAccount = c.field("action"), c.field("resource"), c.field("account")
	r.ManagementAccount = c.field("management")
	r.Context.Partial = c.field("partial") == "true"
	if at := c.field("time"); at != "" {
		if r.Time, err = time.Parse(time.RFC3339, at); err != nil {
			return r, err
		}
	}
	for _, line := range c.fields["context"] {
		key, value, _ := strings.Cut(line, " ")
		switch {
		case value == "absent":
			r.Context.SetAbsent(key)
		case value == "unknown":
			r.Context.SetUnknown(key)
		case strings.HasPrefix(value, "["):
			values, err := parseStrings(value)
			if err != nil {
				return r, fmt.Errorf("context %q: %w", line, err)
			}
			r.Context.Set(key, values...)
		default:
			return r, fmt.Errorf("context %q: want a list, absent or unknown", line)
		}
	}
	return r, nil
}

// parseStrings reads ["a", "b"].
func parseStrings(s string) (values []string, err error) {
	s, closed := strings.CutSuffix(strings.TrimPrefix(s, "["), "]")
	for closed && s != "" {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, err
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		s = strings.TrimPrefix(s[len(quoted):], ", ")
	}
	if !closed {
		return nil, fmt.Errorf("no closing bracket")
	}
	return values, nil
}

// sets sorts the policies of the case by where they are attached; those of the field without are left out, and those of the field
// empty are attached as an empty set.
func (c *testCase) sets(compile func(*iam.Document, iam.Type, string) (*sim.Policy, error)) (*sim.Policies, error) {
	p := &sim.Policies{ResourceUnknown: c.field("policy") == "unknown"}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		path := strings.Split(strings.TrimSuffix(name, ".json"), "/")
		if slices.Contains(strings.Fields(c.field("without")), path[0]) {
			continue
		}
		policy, err := compile(c.policies[name], policySections[path[0]], strings.TrimSuffix(name, ".json"))
		if err != nil {
			return nil, err
		}
		levels := func(all [][]*sim.Policy) [][]*sim.Policy {
			level, err := strconv.Atoi(path[1])
			if err != nil {
				panic(name + ": no level")
			}
			for len(all) <= level {
				all = append(all, nil)
			}
			all[level] = append(all[level], policy)
			return all
		}
		switch path[0] {
		case "identity":
			p.Identity = append(p.Identity, policy)
		case "boundary":
			p.Boundary = append(p.Boundary, policy)
		case "session":
			p.Session = append(p.Session, policy)
		case "resource", "trust":
			p.Resource = policy
		case "endpoint":
			p.Endpoint = policy
		case "scp":
			p.SCP = levels(p.SCP)
		case "rcp":
			p.RCP = levels(p.RCP)
		}
	}
	switch c.field("empty") {
	case "boundary":
		p.Boundary = []*sim.Policy{}
	case "session":
		p.Session = []*sim.Policy{}
	}
	return p, nil
}

// parsePolicy parses a policy that must be well-formed.
func parsePolicy(text []byte) *iam.Document {
	doc := iam.Parse(text)
	if len(doc.Problems) > 0 {
		panic(fmt.Sprintf("%s: %v", text, doc.Problems[0]))
	}
	return doc
}
