package role_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam"
	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/iam/generate"
	"trunkline/iam/sim"
	"trunkline/internal/permission/declared"
	"trunkline/internal/permission/role"
)

// A mutant is the statements of a policy with one change that makes it wrong.
type mutant struct {
	kind, what string
	statements []generate.Statement
}

// kinds of mutants, in the order of the page.
func kinds() []string {
	return []string{
		"remove an action", "remove a resource", "narrow a resource", "narrow a condition",
		"widen an action", "widen a resource", "widen a condition",
	}
}

// mutants makes all changes of a policy, one by one.
func mutants(statements []generate.Statement) (all []mutant) {
	for i, s := range statements {
		// with is the policy with another statement in place of this one; nothing in its place when that has no action or resource.
		with := func(kind, what string, other generate.Statement) {
			changed := slices.Clone(statements)
			changed[i] = other
			if len(other.Actions) == 0 || len(other.Resources) == 0 {
				changed = slices.Delete(changed, i, i+1)
			}
			all = append(all, mutant{kind, s.Sid + ": " + what, changed})
		}
		for n, action := range s.Actions {
			other := s
			other.Actions = slices.Delete(slices.Clone(s.Actions), n, n+1)
			with("remove an action", action, other)
			service, _, _ := strings.Cut(action, ":")
			for _, wider := range []string{service + ":*", action + "*"} {
				if granted(wider) == 1 { // no action has a name that only begins so
					continue
				}
				other.Actions = replaced(s.Actions, n, wider)
				with("widen an action", action+" to "+wider, other)
			}
		}
		for n, resource := range s.Resources {
			other := s
			other.Resources = slices.Delete(slices.Clone(s.Resources), n, n+1)
			with("remove a resource", resource, other)
			for _, wider := range widened(resource) {
				other.Resources = replaced(s.Resources, n, wider)
				with("widen a resource", resource+" to "+wider, other)
			}
			if narrow := strings.NewReplacer("${*}", "${*}", "${?}", "${?}", "*", "none", "?", "-").Replace(resource); narrow != resource {
				other.Resources = replaced(s.Resources, n, narrow)
				with("narrow a resource", resource+" to "+narrow, other)
			}
		}
		for n, c := range s.Conditions {
			other := s
			other.Conditions = slices.Delete(slices.Clone(s.Conditions), n, n+1)
			with("widen a condition", "without "+c.Key, other)
			narrow := c
			narrow.Values = []string{"none"}
			if c.Operator == "Bool" {
				narrow.Values = []string{"false"}
			}
			other.Conditions = replaced(s.Conditions, n, narrow)
			with("narrow a condition", c.Key, other)
			if c.Operator == "StringLike" {
				wide := c
				wide.Values = []string{"*"}
				other.Conditions = replaced(s.Conditions, n, wide)
				with("widen a condition", c.Key+" to *", other)
			}
		}
	}
	return all
}

func replaced[T any](list []T, n int, with T) []T {
	list = slices.Clone(list)
	list[n] = with
	return list
}

// granted counts the actions of a pattern.
func granted(pattern string) (n int) {
	for range catalog.Default().Expand(pattern) {
		n++
	}
	return n
}

// widened are patterns that match more than a resource, in one place each.
func widened(resource string) (all []string) {
	fields, n := arn.Split(resource)
	if n < 6 {
		return nil // "*"
	}
	for _, f := range []int{3, 4} {
		if wide := fields; fields[f] != "" {
			wide[f] = "*"
			all = append(all, strings.Join(wide[:], ":"))
		}
	}
	if !strings.HasSuffix(resource, "*") {
		all = append(all, resource+"*")
	}
	head, rest, found := strings.Cut(fields[5], "/")
	wide := fields
	switch {
	case found && fields[2] == "s3" && rest != "*/*":
		wide[5] = head + "/*"
	case found && fields[2] != "s3":
		wide[5] = head + "/*"
	default:
		wide[5] = "*" + fields[5]
	}
	return append(all, strings.Join(wide[:], ":"), "*")
}

// A probe is a request with the answer that it should get.
type probe struct {
	request
	query *sim.Query
	want  bool
}

// probes are the requests of a run, which have to be allowed, and all their neighbours, which must not.
func probes(t *testing.T, requests []request) (all []probe) {
	t.Helper()
	caller, err := sim.ParseCaller(collector)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	add := func(r request, want bool) {
		id := fmt.Sprint(r.action, " ", r.resource, " ", r.keys)
		if seen[id] {
			return
		}
		seen[id] = true
		question := sim.Request{Caller: caller, Action: r.action, Resource: r.resource, ResourceAccount: account}
		for key, value := range r.keys {
			question.Context.Set(key, value)
		}
		query, err := sim.NewQuery(question, catalog.Default())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, probe{r, query, want})
	}
	for _, r := range requests {
		add(r, true)
	}
	for _, r := range requests {
		for _, other := range neighbours(r) {
			add(other, false)
		}
	}
	return all
}

// neighbours are requests that differ in one thing.
func neighbours(r request) (all []request) {
	for _, resource := range besides(r.resource) {
		all = append(all, request{r.action, resource, r.keys})
	}
	service, _, _ := strings.Cut(r.action, ":")
	for a := range catalog.Default().Expand(service + ":*") {
		if a.Takes(r.resource) || r.resource == "*" && a.ResourceLess() {
			all = append(all, request{a.String(), r.resource, r.keys})
		}
	}
	for key := range r.keys {
		keys := maps.Clone(r.keys)
		keys[key] = "other"
		all = append(all, request{r.action, r.resource, keys})
	}
	return all
}

// besides are resources that are like one and are not it.
func besides(resource string) (all []string) {
	fields, n := arn.Split(resource)
	if n < 6 {
		return nil
	}
	change := func(f int, text string) {
		other := fields
		if other[f] = text; fields[f] != "" {
			all = append(all, strings.Join(other[:], ":"))
		}
	}
	change(4, "999999999999")
	change(3, "eu-west-1")
	kind, rest, found := strings.Cut(fields[5], "/")
	switch {
	case fields[2] == "s3" && found:
		change(5, "x"+fields[5])
		change(5, kind+"/elsewhere")
		if strings.HasSuffix(rest, ".csv") {
			change(5, fields[5]+"x")
		}
	case found:
		change(5, kind+"/x"+rest)
		change(5, fields[5]+"x")
	default:
		change(5, "x"+fields[5])
		change(5, fields[5]+"x")
	}
	return all
}

// keyUses are what the services ask of a key that encrypts what is theirs, by what the program asks of them.
func keyUses() map[string][]string {
	return map[string][]string{
		"secretsmanager:GetSecretValue": {"kms:Decrypt"}, "s3:GetObject": {"kms:Decrypt"}, "s3:PutObject": {"kms:GenerateDataKey"},
		"sqs:SendMessage": {"kms:GenerateDataKey", "kms:Decrypt"}, "sqs:ReceiveMessage": {"kms:Decrypt"}, "kinesis:GetRecords": {"kms:Decrypt"},
		"kinesis:SubscribeToShard": {"kms:Decrypt"}, "dynamodb:GetItem": {"kms:Decrypt"}, "dynamodb:CreateTable": {"kms:DescribeKey", "kms:CreateGrant"},
	}
}

// withKey adds what is asked of the key, and limits all requests to what o's conditions ask for.
func withKey(requests []request, o *role.Options) (all []request) {
	always := map[string]string{"aws:ResourceOrgID": "o-a1b2c3d4e5", "aws:PrincipalTag/team": "voice"}
	add := func(r request, more map[string]string) {
		keys := maps.Clone(always)
		maps.Copy(keys, r.keys)
		maps.Copy(keys, more)
		all = append(all, request{r.action, r.resource, keys})
	}
	for _, r := range requests {
		add(r, map[string]string{"aws:SecureTransport": "true"})
		service, _, _ := strings.Cut(r.action, ":")
		for _, use := range keyUses()[r.action] {
			add(request{action: use, resource: theKey}, map[string]string{"kms:ViaService": service + ".eu-west-2.amazonaws.com"})
		}
	}
	o.Encrypted = []generate.Encrypted{{Resource: "*", Key: theKey}}
	o.Conditions = role.Conditions{SecureTransport: true, Organizations: []string{"o-a1b2c3d4e5"}, Tags: map[string]string{"team": "voice"}}
	return all
}

// A score says how many mutants of a kind were noticed.
type score struct {
	made, byRequest, byNeighbour int
	survivors                    []string
}

// few is how many configs are drawn for the page.
const few = 12

// mutate puts random configs to the test.
func mutate(t *testing.T, configs int) map[string]*score {
	t.Helper()
	scores := map[string]*score{}
	for _, kind := range kinds() {
		scores[kind] = &score{}
	}
	trusting := compile(t, iam.ResourcePolicy, []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "`+account+`"}, "Action": "kms:*", "Resource": "*"}}`))[0]
	draws := rapid.Custom(drawConfig)
	for seed := range configs {
		d, o := draws.Example(seed), role.Options{Principal: starter}
		requests := d.requests
		if seed%2 == 1 {
			requests = withKey(requests, &o)
		}
		set, err := role.Policies(parse(t, d.text), declared.Calls(), o)
		if err != nil {
			t.Fatal(err)
		}
		if len(requests) == 0 {
			continue
		}
		asked := probes(t, requests)
		// fails is the first probe that is answered otherwise than it should.
		fails := func(statements []generate.Statement) *probe {
			policies := sim.Policies{Identity: compile(t, iam.IdentityPolicy, generate.Text(statements))}
			for i := range asked {
				p := &asked[i]
				if policies.Resource = nil; strings.HasPrefix(p.action, "kms:") {
					policies.Resource = trusting
				}
				if (policies.Decide(p.query).Outcome == sim.Allowed) != p.want {
					return p
				}
			}
			return nil
		}
		if p := fails(set.Policies[0].Statements); p != nil {
			t.Fatalf("config %d as it is: %v, want allowed %v;\n%s\n%s", seed, p.request, p.want, d.text, generate.Text(set.Policies[0].Statements))
		}
		for _, m := range mutants(set.Policies[0].Statements) {
			s := scores[m.kind]
			s.made++
			switch p := fails(m.statements); {
			case p == nil:
				s.survivors = append(s.survivors, m.what)
			case p.want:
				s.byRequest++
			default:
				s.byNeighbour++
			}
		}
	}
	return scores
}

// TestMutation: whatever is taken away from a generated policy or added to it, a request of a run or a neighbour of one notices. It
// draws a few configs, and with TRUNKLINE_MUTATE=1 many.
func TestMutation(t *testing.T) {
	configs := few
	if os.Getenv("TRUNKLINE_MUTATE") != "" {
		configs = 400
	}
	made, noticed := 0, 0
	for kind, s := range mutate(t, configs) {
		t.Logf("%s: %d, noticed by requests %d, by their neighbours %d", kind, s.made, s.byRequest, s.byNeighbour)
		made, noticed = made+s.made, noticed+s.byRequest+s.byNeighbour
		slices.Sort(s.survivors)
		for _, what := range slices.Compact(s.survivors) {
			t.Errorf("%s is noticed by nothing: %s", kind, what)
		}
		if s.made == 0 {
			t.Errorf("%s: no mutant", kind)
		}
	}
	t.Logf("score: %d of %d", noticed, made)
}
