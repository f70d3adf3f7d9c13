package sim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

// A world is a generated set of policies with a request. Everything is drawn from small pools, so that things meet.
type world struct {
	texts   map[iam.Type][][]string // statements by type and level, one policy a level
	present map[iam.Type]bool
	request naiveRequest
	version string
}

var (
	callers = []string{
		"arn:aws:iam::111122223333:user/anna", "arn:aws:sts::111122223333:assumed-role/reader/s1", "arn:aws:sts::111122223333:federated-user/feli",
		"111122223333", "delivery.logs.amazonaws.com", "anonymous", "arn:aws:iam::444455556666:user/carl", "arn:aws:iam::111122223333:saml-provider/corp",
		"arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/linked",
	}
	principals = []string{
		`"*"`, `{"AWS": "*"}`, `{"AWS": "111122223333"}`, `{"AWS": "arn:aws:iam::444455556666:root"}`, `{"AWS": ["arn:aws:iam::111122223333:user/anna"]}`,
		`{"AWS": "arn:aws:iam::111122223333:role/reader"}`, `{"AWS": ["arn:aws:sts::111122223333:assumed-role/reader/s1", "arn:aws:iam::111122223333:role/reader"]}`,
		`{"AWS": ["arn:aws:sts::111122223333:assumed-role/reader/s1", "arn:aws:iam::111122223333:role/reader", "111122223333"]}`,
		`{"AWS": "arn:aws:sts::111122223333:federated-user/feli"}`, `{"Service": "delivery.logs.amazonaws.com"}`, `{"AWS": "arn:aws:iam::111122223333:role/*"}`,
		`{"AWS": ["arn:aws:iam::111122223333:user/anna", "arn:aws:iam::111122223333:root"]}`, `{"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}`,
		`{"AWS": "arn:aws:iam::444455556666:user/carl", "Service": ["x.amazonaws.com"]}`, `{"AWS": "AIDAEXAMPLE"}`,
	}
	actions   = []string{"s3:GetObject", "s3:PutObject", "kms:Decrypt", "sts:AssumeRole", "s3:ListAllMyBuckets", "connect:ListInstances"}
	patterns  = []string{"*", "s3:*", "*:*", "s3:GetObject", "S3:putobject", "s3:*", "*", "s3:*Object", "s3:?etObject", "kms:*", "kms:decrypt", "sts:AssumeRole", "sts:*", "*:*", "s3", "connect:List*", "sqs:*"}
	resources = map[string][]string{
		"s3:GetObject": {"arn:aws:s3:::shelf/a", "arn:aws:s3:::shelf/anna", "arn:aws:s3:::other/*"}, "s3:PutObject": {"arn:aws:s3:::shelf/a", "arn:aws:s3:::shelf/red"},
		"kms:Decrypt": {"arn:aws:kms:eu-west-1:111122223333:key/a"}, "sts:AssumeRole": {"arn:aws:iam::111122223333:role/target"},
		"s3:ListAllMyBuckets": {"*"}, "connect:ListInstances": {"*"},
	}
	globs = []string{
		"*", "*", "*", "arn:aws:s3:::shelf/*", "arn:aws:s3:::*", "arn:aws:s3:::shelf/${aws:username}", "arn:aws:s3:::shelf/${aws:PrincipalTag/team}", "arn:aws:s3:::?helf/?",
		"arn:aws:s3:::*/${aws:PrincipalTag/TEAM, 'a'}", "arn:aws:s3:::other/${*}", "arn:*:key/*", "arn:aws:iam::111122223333:role/t*t", "arn:aws:s3:::shelf/a", "arn:${aws:x}:*",
		"**", "arn:aws:s3:::shel*f/${aws:username, ''}*", "arn:aws:s3:*a*a*",
	}
	operators = []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "ArnLike", "ArnNotLike", "ArnEquals",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals",
		"DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null",
	}
	keys     = []string{"aws:PrincipalTag/team", "AWS:principaltag/Team", "aws:SourceIp", "x:n", "aws:username", "aws:PrincipalArn", "aws:PrincipalType", "aws:SourceArn"}
	multi    = []string{"aws:TagKeys", "x:set"}
	operands = map[string][]string{
		"String": {"a", "A", "red", "*", "r*", "a?", "${aws:username}", "x${aws:PrincipalTag/team, 'y'}*", "", "${*}", "anna", "User", "10.0.0.1", "5"},
		"Arn": {
			"*", "arn:aws:iam::111122223333:*", "arn:*:iam::*:user/a*", "arn:aws:s3:::a", "${aws:PrincipalArn}", "arn:aws:iam::${x:n}:user/*", "arn:aws:*", "red",
			"arn:aws:sns:*:111122223333:${aws:PrincipalTag/team}", "arn:aws:iam:${aws:SourceArn}",
		},
		"Numeric": {"5", "5.0", "05", "-1", "10", "x", "0.50"}, "Date": {"2026", "2026-01", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T01:30:00.5+01:30", "5000000000"},
		"Bool": {"true", "false", "True"}, "Binary": {"YQ==", "YWI=", "!"}, "Ip": {"10.0.0.1", "10.0.0.0/8", "10.9.9.9/8", "2001:db8::/32", "::/0", "x", "0.0.0.0/0"}, "Null": {"true", "false"},
	}
)

func operandsOf(operator string) []string {
	for _, family := range slices.Sorted(maps.Keys(operands)) {
		if strings.HasPrefix(strings.TrimPrefix(operator, "Not"), family) {
			return operands[family]
		}
	}
	panic(operator)
}

// requestValues are what keys can have: all operands, without what only a policy can say.
func requestValues() (values []string) {
	for _, family := range slices.Sorted(maps.Keys(operands)) {
		for _, v := range operands[family] {
			if !strings.Contains(v, "${") {
				values = append(values, v)
			}
		}
	}
	return append(values, "arn:aws:iam::5:user/anna", "arn:aws:sns:r:444455556666:x:111122223333:red", "arn:aws:sns:eu:111122223333:red", "é*é", "2026-01-01T00:00:00.5Z")
}

func quote(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func drawCondition(t *rapid.T) string {
	operator := rapid.SampledFrom(operators).Draw(t, "operator")
	key := rapid.SampledFrom(slices.Concat(keys, keys, multi)).Draw(t, "key")
	values := rapid.SliceOfN(rapid.SampledFrom(operandsOf(operator)), 0, 2).Draw(t, "operands")
	if operator != "Null" && rapid.IntRange(0, 3).Draw(t, "if exists") == 0 {
		operator += "IfExists"
	}
	set := rapid.IntRange(0, 5).Draw(t, "set")
	if slices.Contains(multi, key) {
		set %= 2
	}
	if set < 2 {
		operator = []string{"ForAllValues:", "ForAnyValue:"}[set] + operator
	}
	return fmt.Sprintf(`%s: {%s: %s}`, quote(operator), quote(key), quote(values))
}

func drawStatement(t *rapid.T, kind iam.Type) string {
	elements := []string{fmt.Sprintf(`"Effect": %q`, rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect"))}
	not := func(name string) string {
		if rapid.IntRange(0, 5).Draw(t, "not") == 0 {
			return "Not" + name
		}
		return name
	}
	list := func(name string, pool []string) {
		elements = append(elements, fmt.Sprintf(`%q: %s`, not(name), quote(rapid.SliceOfN(rapid.SampledFrom(pool), 1, 3).Draw(t, name))))
	}
	list("Action", patterns)
	if kind != iam.TrustPolicy {
		list("Resource", globs)
	}
	switch kind {
	case iam.ResourcePolicy, iam.TrustPolicy, iam.EndpointPolicy:
		elements = append(elements, fmt.Sprintf(`%q: %s`, not("Principal"), rapid.SampledFrom(principals).Draw(t, "principal")))
	case iam.ResourceControlPolicy:
		elements = append(elements, `"Principal": "*"`)
	default:
	}
	conditions := rapid.SliceOfNDistinct(rapid.Custom(drawCondition), 0, rapid.IntRange(0, 2).Draw(t, "conditions at most"), func(s string) string { s, _, _ = strings.Cut(s, ": {"); return s }).Draw(t, "conditions")
	if len(conditions) > 0 {
		elements = append(elements, `"Condition": {`+strings.Join(conditions, ", ")+`}`)
	}
	return "{" + strings.Join(elements, ", ") + "}"
}

func drawWorld(t *rapid.T) *world {
	w := &world{texts: map[iam.Type][][]string{}, present: map[iam.Type]bool{}, version: rapid.SampledFrom([]string{`"Version": "2012-10-17", `, `"Version": "2012-10-17", `, ""}).Draw(t, "version")}
	r := &w.request
	r.action = rapid.SampledFrom(actions).Draw(t, "action")
	r.resource = rapid.SampledFrom(resources[r.action]).Draw(t, "resource")
	caller, err := sim.ParseCaller(rapid.SampledFrom(callers).Draw(t, "caller"))
	if err != nil {
		t.Fatal(err)
	}
	if caller.Kind == sim.FederatedUser {
		caller.User = "arn:aws:iam::111122223333:user/anna"
	}
	if caller.ARN == "" { // a session of the role
		caller.ARN = "arn:aws:sts::111122223333:assumed-role/linked/s1"
	}
	r.caller, r.account = caller, "111122223333"
	r.management = rapid.SampledFrom([]string{"", "", "", "111122223333", "444455556666"}).Draw(t, "management")
	// Most layers allow everything, most of the time: else nothing is ever allowed.
	const all, everybody = `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, `{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}`
	full := map[iam.Type]string{
		iam.IdentityPolicy: all, iam.PermissionsBoundary: all, iam.SessionPolicy: all, iam.ServiceControlPolicy: all,
		iam.ResourceControlPolicy: everybody, iam.EndpointPolicy: everybody,
	}
	wide := map[iam.Type]int{
		iam.IdentityPolicy: 1, iam.PermissionsBoundary: 2, iam.SessionPolicy: 2, iam.ServiceControlPolicy: 3, iam.ResourceControlPolicy: 3, iam.EndpointPolicy: 3,
	}
	for _, layer := range []struct {
		kind   iam.Type
		levels int
	}{{iam.IdentityPolicy, 2}, {iam.PermissionsBoundary, 1}, {iam.SessionPolicy, 1}, {w.resourceType(), 1}, {iam.ServiceControlPolicy, 2}, {iam.ResourceControlPolicy, 1}, {iam.EndpointPolicy, 1}} {
		always := layer.kind == iam.IdentityPolicy || layer.kind == w.resourceType() && r.action != "s3:ListAllMyBuckets"
		if !always && rapid.IntRange(0, 2).Draw(t, "present") > 0 {
			continue
		}
		w.present[layer.kind] = true
		for range layer.levels {
			statements := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawStatement(t, layer.kind) }), 0, 2).Draw(t, "statements")
			if rapid.IntRange(0, 3).Draw(t, "full") < wide[layer.kind] {
				statements = append(statements, full[layer.kind])
			}
			w.texts[layer.kind] = append(w.texts[layer.kind], statements)
		}
	}
	w.drawContext(t)
	return w
}

func (w *world) resourceType() iam.Type {
	if w.request.action == "sts:AssumeRole" {
		return iam.TrustPolicy
	}
	return iam.ResourcePolicy
}

func (w *world) drawContext(t *rapid.T) {
	context := map[string][]string{}
	pool := requestValues()
	for _, key := range []string{"aws:principaltag/team", "aws:sourceip", "x:n", "aws:sourcearn"} {
		if rapid.IntRange(0, 3).Draw(t, key) > 0 {
			context[key] = []string{rapid.SampledFrom(pool).Draw(t, "value")}
		}
	}
	for _, key := range multi {
		context[strings.ToLower(key)] = rapid.SliceOfN(rapid.SampledFrom(pool), 0, 3).Draw(t, key)
	}
	c := w.request.caller
	switch c.Kind {
	case sim.User:
		context["aws:username"], context["aws:principalarn"], context["aws:principaltype"] = []string{c.ARN[strings.LastIndex(c.ARN, "/")+1:]}, []string{c.ARN}, []string{"User"}
	case sim.RoleSession:
		context["aws:principalarn"], context["aws:principaltype"] = []string{c.Role}, []string{"AssumedRole"}
	case sim.FederatedUser:
		context["aws:principalarn"], context["aws:principaltype"] = []string{c.ARN}, []string{"FederatedUser"}
	case sim.RootUser:
		context["aws:principalarn"], context["aws:principaltype"] = []string{c.ARN}, []string{"Account"}
	case sim.Anonymous:
		context["aws:principaltype"] = []string{"Anonymous"}
	case sim.Service, sim.Identity:
		context["aws:principalarn"], context["aws:principaltype"] = []string{"arn:aws:iam::1:x"}, []string{"x"}
	}
	w.request.context = context
}

// documents parses the policies of a type, by level.
func (w *world) documents(kind iam.Type) [][]*iam.Document {
	if !w.present[kind] {
		return nil
	}
	levels := [][]*iam.Document{}
	for _, statements := range w.texts[kind] {
		levels = append(levels, []*iam.Document{parsePolicy([]byte("{" + w.version + `"Statement": [` + strings.Join(statements, ",\n") + "]}"))})
	}
	return levels
}

func (w *world) naive() sim.Outcome {
	p := &naivePolicies{
		identity: slices.Concat(w.documents(iam.IdentityPolicy)...), boundary: slices.Concat(w.documents(iam.PermissionsBoundary)...),
		session: slices.Concat(w.documents(iam.SessionPolicy)...), scp: w.documents(iam.ServiceControlPolicy), rcp: w.documents(iam.ResourceControlPolicy),
	}
	if d := w.documents(w.resourceType()); d != nil {
		p.resource = d[0][0]
	}
	if d := w.documents(iam.EndpointPolicy); d != nil {
		p.endpoint = d[0][0]
	}
	return naiveDecide(p, &w.request, !strings.HasPrefix(w.request.action, "connect:"))
}

// compiled makes the policies and the query ready; keys of unknown are not told.
func (w *world) compiled(t *rapid.T, unknown []string) (*sim.Policies, *sim.Query) {
	all := func(kind iam.Type) (levels [][]*sim.Policy) {
		for _, documents := range w.documents(kind) {
			var level []*sim.Policy
			for _, d := range documents {
				p, err := sim.Compile(d, kind)
				if err != nil {
					t.Fatalf("%s: %v", d.Source, err)
				}
				level = append(level, p)
			}
			levels = append(levels, level)
		}
		return levels
	}
	p := &sim.Policies{
		Identity: slices.Concat(all(iam.IdentityPolicy)...), Boundary: slices.Concat(all(iam.PermissionsBoundary)...),
		Session: slices.Concat(all(iam.SessionPolicy)...), SCP: all(iam.ServiceControlPolicy), RCP: all(iam.ResourceControlPolicy),
	}
	if l := all(w.resourceType()); l != nil {
		p.Resource = l[0][0]
	}
	if l := all(iam.EndpointPolicy); l != nil {
		p.Endpoint = l[0][0]
	}
	r := sim.Request{Caller: w.request.caller, Action: w.request.action, Resource: w.request.resource, ResourceAccount: w.request.account, ManagementAccount: w.request.management}
	for _, key := range slices.Sorted(maps.Keys(w.request.context)) {
		r.Context.Set(key, w.request.context[key]...)
	}
	for _, key := range unknown {
		r.Context.SetUnknown(key)
	}
	q, err := sim.NewQuery(r, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return p, q
}

func (w *world) String() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(w.texts)) {
		fmt.Fprintf(&b, "type %d: %s\n", kind, w.texts[kind])
	}
	fmt.Fprintf(&b, "%s%+v", w.version, w.request)
	return b.String()
}

// The compiled evaluator decides like the naive one.
func checkNaive(t *rapid.T) {
	w := drawWorld(t)
	p, q := w.compiled(t, nil)
	got, want := p.Decide(q), w.naive()
	if got.Outcome != want {
		t.Fatalf("got %s by %s, the naive evaluator says %s\n%s", got.Outcome, got.By, want, w)
	}
	if x := p.Explain(q); x.Decision != got {
		t.Fatalf("Explain says %v, Decide %v\n%s", x.Decision, got, w)
	}
}

// A decision that does not wait for an unknown fact holds whatever the fact is.
func checkUnknown(t *rapid.T) {
	w := drawWorld(t)
	hidden := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"aws:PrincipalTag/team", "aws:SourceIp", "x:n", "aws:SourceArn", "aws:TagKeys", "aws:username"}), 1, 4, rapid.ID).Draw(t, "hidden")
	p, q := w.compiled(t, hidden)
	q = w.forget(t, q.Request, hidden)
	got, want := p.Decide(q), w.naive()
	x := p.Explain(q)
	switch {
	case got.Outcome == sim.Undecided && len(x.Missing) == 0:
		t.Fatalf("undecided, and nothing is missing\n%s", w)
	case got.Outcome == sim.Undecided:
	case got.Outcome == sim.ImplicitDeny && want == sim.Allowed, got.Outcome != sim.ImplicitDeny && got.Outcome != want:
		t.Fatalf("without %q got %s, with them %s\n%s", hidden, got.Outcome, want, w)
	}
}

// forget makes the query again from a request that says less: sometimes by leaving out keys, sometimes the session's name too.
func (w *world) forget(t *rapid.T, r sim.Request, hidden []string) *sim.Query {
	if rapid.Bool().Draw(t, "partial") {
		r.Context = sim.Context{Partial: true}
		for _, key := range slices.Sorted(maps.Keys(w.request.context)) {
			if !slices.ContainsFunc(hidden, func(h string) bool { return strings.EqualFold(h, key) }) {
				r.Context.Set(key, w.request.context[key]...)
			}
		}
	}
	if r.Caller.Kind == sim.RoleSession && rapid.Bool().Draw(t, "no session name") {
		r.Caller.ARN = ""
	}
	q, err := sim.NewQuery(r, catalog.Default())
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// What an explanation says to add turns an implicit denial around, and nothing less of it does.
func checkAdditions(t *rapid.T) {
	w := drawWorld(t)
	p, q := w.compiled(t, nil)
	x := p.Explain(q)
	if x.Outcome != sim.ImplicitDeny {
		return
	}
	if len(x.Add) == 0 {
		if q.Caller.Kind != sim.RootUser || q.Action != "sts:AssumeRole" {
			t.Fatalf("nothing to add\n%s", w)
		}
		return
	}
	for skip := -1; skip < len(x.Add); skip++ {
		if skip >= 0 && len(x.Add) == 1 {
			break
		}
		changed := *w
		changed.texts, changed.present = maps.Clone(w.texts), maps.Clone(w.present)
		for i, a := range x.Add {
			if i == skip {
				continue
			}
			kind := map[sim.Layer]iam.Type{
				sim.IdentityLayer: iam.IdentityPolicy, sim.BoundaryLayer: iam.PermissionsBoundary, sim.SessionLayer: iam.SessionPolicy, sim.SCPLayer: iam.ServiceControlPolicy,
				sim.RCPLayer: iam.ResourceControlPolicy, sim.EndpointLayer: iam.EndpointPolicy, sim.ResourceLayer: w.resourceType(), sim.KeyLayer: iam.ResourcePolicy, sim.TrustLayer: iam.TrustPolicy,
			}[a.Layer]
			levels := slices.Clone(changed.texts[kind])
			if len(levels) == 0 {
				levels = [][]string{nil}
			}
			levels[a.Level] = append(slices.Clone(levels[a.Level]), a.Statement)
			changed.texts[kind], changed.present[kind] = levels, true
		}
		want := sim.Allowed
		if skip >= 0 {
			want = sim.ImplicitDeny
		}
		p, q := changed.compiled(t, nil)
		if got := p.Decide(q); got.Outcome != want {
			t.Fatalf("with %v but %d: got %s, want %s\n%s", x.Add, skip, got.Outcome, want, w)
		}
	}
}

func TestNaive(t *testing.T)     { rapid.Check(t, checkNaive) }
func TestUnknown(t *testing.T)   { rapid.Check(t, checkUnknown) }
func TestAdditions(t *testing.T) { rapid.Check(t, checkAdditions) }
func FuzzNaive(f *testing.F)     { f.Fuzz(rapid.MakeFuzz(checkNaive)) }
