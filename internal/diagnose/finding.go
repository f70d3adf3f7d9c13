package diagnose

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
)

// A Finding is what a message means, and what to do about it.
type Finding struct {
	Kind  string `json:"kind"`  // denied, missing, invalid, timeout, stopped or unknown
	Cause string `json:"cause"` // in a sentence

	Source   string `json:"source"`              // the input
	Line     int    `json:"line,omitempty"`      // where it was found first, from 1
	LastLine int    `json:"last_line,omitempty"` // where it was found last
	Times    int    `json:"times"`
	Of       string `json:"of,omitempty"` // the record that said it

	Form          string   `json:"form,omitempty"` // of the message
	Principal     string   `json:"principal,omitempty"`
	PrincipalKind string   `json:"principal_kind,omitempty"`
	Actions       []string `json:"actions,omitempty"`
	Resource      string   `json:"resource,omitempty"` // as the message names it
	Verdict       string   `json:"verdict,omitempty"`  // of a denial: what has to change
	Policy        string   `json:"policy,omitempty"`   // the type that denied it, where it is said
	Through       string   `json:"through,omitempty"`
	PolicyARN     string   `json:"policy_arn,omitempty"`
	Sids          []string `json:"sids,omitempty"` // of the Deny statements, where AWS names them
	Code          string   `json:"code,omitempty"` // error code
	Call          string   `json:"call,omitempty"` // the operation: pipes:CreatePipe
	Request       string   `json:"request,omitempty"`
	Host          string   `json:"host,omitempty"` // that was not reached
	Encoded       bool     `json:"encoded,omitempty"`
	Truncated     bool     `json:"truncated,omitempty"`

	Add     []Addition `json:"add,omitempty"`      // what has to be allowed
	MayNeed []Need     `json:"may_need,omitempty"` // with the same call
	Do      []string   `json:"do,omitempty"`
	Check   Check      `json:"check,omitzero"` // of Add, with the policies at hand

	call    string // the action of the call, for what is passed to a service
	effect  Effect
	policy  PolicyType
	account string // the principal's
	target  string // Resource as a policy names it
}

// An Addition is a statement, and where it has to be added.
type Addition struct {
	To        string          `json:"to"`
	Statement json.RawMessage `json:"statement"`

	policy PolicyType
}

// A Need is an action that the caller may need as well.
type Need struct {
	Action    string `json:"action"`
	On        string `json:"on,omitempty"`        // a template of its resources
	Condition string `json:"condition,omitempty"` // KEY=VALUE that narrows it
	When      string `json:"when,omitempty"`
}

// Verdicts.
const (
	allowMissing = "an allow is missing"
	denyMustGo   = "a deny must go"
	notSaid      = "not said"
)

// unknownCause is what is said of text that no form fits.
const unknownCause = "no message here is one that is known; nothing is said about its cause"

// finding says what a message means.
func (d *Doctor) finding(o *observed) Finding {
	m := o.Message
	if o.decoded != nil {
		o.decoded.addTo(&m)
	}
	f := Finding{
		Kind: m.Kind.String(), Source: o.Source, Line: o.first, LastLine: o.last, Times: o.times, Of: o.Of,
		Form: m.Form, Resource: m.Resource, Policy: string(m.Policy), Through: string(m.Through), PolicyARN: m.PolicyARN,
		Code: m.Code, Request: o.request, Host: m.Host, Encoded: o.encoded != "", Truncated: m.Truncated,
		effect: m.Effect, policy: m.Policy,
	}
	if f.LastLine == f.Line {
		f.LastLine = 0
	}
	if o.decoded != nil {
		f.Sids = o.decoded.sids
	}
	switch {
	case o.beyond:
		f.Cause = fmt.Sprintf("there are more than %d different messages; these are not shown: read a part of the input, or one message", maxFindings)
		return f
	case m.Kind == Unknown:
		f.Cause = unknownCause
		return f
	}
	f.Call, f.call = d.callOf(m)
	switch m.Kind {
	case Denied:
		d.denial(&f, m, o)
	case Missing:
		f.missing(m)
	case Invalid:
		f.invalid(m)
	case Timeout:
		f.timeout(m, cmp.Or(o.Region, d.region))
	case Stopped:
		f.stopped(m)
	case Unknown:
	}
	if m.Truncated {
		f.Do = append(f.Do, "the message is cut, or its end is not clear: what is not shown here is not known")
	}
	return f
}

// callOf is the operation that was called and, where it has one of the same name or of a known other, its action.
func (d *Doctor) callOf(m Message) (call, action string) {
	prefix, ok := d.catalog.Prefix(m.Service)
	if !ok {
		for _, brand := range []string{"Amazon", "AWS"} { // the SDK for Java, version 1, has them in front
			if prefix, ok = d.catalog.Prefix(strings.TrimPrefix(m.Service, brand)); ok {
				break
			}
		}
	}
	if m.Service == "" || !ok || m.Operation == "" || plainWord(m.Operation) == "" {
		return "", ""
	}
	if actions, ok := d.catalog.Operation(prefix, m.Operation); ok && len(actions) > 0 {
		action = actions[0]
	}
	return prefix + ":" + m.Operation, action
}

// denial says who wanted to do what, what stood in the way, and what has to be added where.
func (d *Doctor) denial(f *Finding, m Message, o *observed) {
	f.Principal = cmp.Or(m.Principal, o.place.Principal)
	switch m.Form {
	case "pipe role", "pipe stream", "pipe source", "pipe invocation", "function role":
		f.Principal = o.Role
		if m.Form == "pipe role" || m.Form == "pipe source" {
			f.Resource = cmp.Or(f.Resource, o.Stream)
		}
	}
	who := principalOf(f.Principal)
	f.PrincipalKind, f.account = who.kind, who.account
	f.Actions = d.actionsOf(f, m)
	f.target = d.target(f, cmp.Or(o.Region, d.region))
	f.Verdict, f.Cause = f.verdict(m)
	f.add(m, who, o)
	f.advise(m, who, o, d.policies != nil)
	if len(f.Add) > 0 {
		f.MayNeed = d.mayNeed(f.Actions, f.target)
	}
}

// actionsOf are the actions that were denied: the one that the message names, or those that the call asks for.
func (d *Doctor) actionsOf(f *Finding, m Message) []string {
	switch {
	case m.Action != "":
		if a, ok := d.catalog.Action(m.Action); ok {
			return []string{a.String()}
		}
		return []string{m.Action}
	case m.Form == "pipe stream":
		// What a pipe does with a stream: see "Amazon Kinesis stream as a source" in the EventBridge user guide.
		return []string{"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"}
	case m.Form == "pipe invocation":
		return invocation(m.Service)
	case m.Form == "kms by a service":
		a, ok := d.catalog.Action(f.call)
		if !ok {
			return nil
		}
		var keys []string
		for needed := range a.Dependents() {
			if strings.HasPrefix(needed.Action, "kms:") {
				keys = append(keys, needed.Action)
			}
		}
		return keys
	case f.call != "":
		return []string{f.call}
	}
	return nil
}

// invocation is the action by which a pipe invokes a target or enrichment, by the name that its messages have for the service.
func invocation(service string) []string {
	switch strings.ToLower(service) {
	case "lambda":
		return []string{"lambda:InvokeFunction"}
	case "apidestination", "api-destination", "eventbridge api destinations":
		return []string{"events:InvokeApiDestination"}
	case "states", "stepfunctions", "step functions":
		return []string{"states:StartExecution"}
	case "sqs":
		return []string{"sqs:SendMessage"}
	case "sns":
		return []string{"sns:Publish"}
	}
	return nil // Logs, for one, takes several, and by a policy of its own
}

// verdict says what has to change, and says it in a sentence.
func (f *Finding) verdict(m Message) (verdict, cause string) {
	what := "this"
	if len(f.Actions) > 0 {
		what = strings.Join(f.Actions, ", ")
	}
	if f.Resource != "" {
		what += " on " + f.Resource
	}
	switch {
	case m.Form == "connect":
		return notSaid, "Amazon Connect words so that a permission is missing, and that the instance is foreign or does not exist; it is no proof of a Deny"
	case m.Form == "kms key", m.Form == "kms ciphertext":
		return notSaid, "KMS says this of three causes: the key does not exist in this Region, no policy allows " + what + ", or the key policy denies it"
	case m.Form == "web identity":
		return allowMissing, "the trust policy of the role does not let this identity assume it, or the role does not exist"
	case m.Form == "kms by a service":
		return notSaid, "the caller may not use the key of KMS that encrypts what was asked for"
	case f.Principal == "" && isRoles(m.Form):
		return allowMissing, "the role may not do " + what
	case isRoles(m.Form):
		return allowMissing, fmt.Sprintf("%s may not do %s", f.Principal, what)
	case m.Effect == Explicit && m.Policy == ServiceControl:
		return denyMustGo, "a service control policy denies " + what + ", or those of a level do not allow it: AWS words both so"
	case m.Effect == Explicit && m.Policy != "":
		return denyMustGo, fmt.Sprintf("%s %s denies %s", article(m.Policy), m.Policy, what)
	case m.Effect == Explicit:
		return denyMustGo, "a policy denies " + what + "; the message does not say of which type it is"
	case m.Effect == Implicit && m.Policy != "":
		return allowMissing, fmt.Sprintf("no %s allows %s", m.Policy, what)
	case m.Effect == Implicit:
		return allowMissing, "no policy allows " + what + "; the message does not say of which type one is missing"
	default:
		return notSaid, what + " is denied; the message does not say whether an allow is missing or a policy denies it"
	}
}

// isRoles tells whether a form is about what the role of a pipe or function may do.
func isRoles(form string) bool {
	return slices.Contains([]string{"pipe role", "pipe stream", "pipe source", "pipe invocation", "function role"}, form)
}

func article(p PolicyType) string {
	if strings.ContainsRune("aeiou", rune(p[0])) {
		return "an"
	}
	return "a"
}

// mayNeed lists what the callers of the actions need as well, in the place of the target as far as that tells.
func (d *Doctor) mayNeed(actions []string, target string) (needs []Need) {
	var values []string
	fields, _ := arn.Split(target)
	for i, name := range []string{1: "${Partition}", 3: "${Region}", 4: "${Account}"} {
		if name != "" && fields[i] != "" && fields[i] != "*" {
			values = append(values, name, fields[i])
		}
	}
	known := strings.NewReplacer(values...)
	for _, name := range actions {
		a, ok := d.catalog.Action(name)
		if !ok {
			continue
		}
		for n := range a.Dependents() {
			need := Need{n.Action, known.Replace(n.On), known.Replace(n.Condition), n.When}
			if !slices.Contains(needs, need) && !slices.Contains(actions, n.Action) {
				needs = append(needs, need)
			}
		}
	}
	return needs
}

// A caller is what the ARN of a principal tells.
type caller struct {
	kind, account, partition string
	name                     string // for people: role collector
	arn                      string // as a Principal element names it; of a session its role
}

func principalOf(principal string) caller {
	fields, n := arn.Split(principal)
	if principal == "anonymous" {
		return caller{kind: "anonymous", name: "anonymous callers", arn: "*"}
	}
	if n < 6 {
		return caller{}
	}
	c := caller{account: fields[4], partition: fields[1], arn: principal}
	kind, rest, _ := strings.Cut(fields[5], "/")
	last := rest[strings.LastIndexByte(rest, '/')+1:]
	switch kind {
	case "assumed-role":
		role, _, _ := strings.Cut(rest, "/")
		c.kind, c.name, c.arn = "role session", "role "+role, "arn:"+fields[1]+":iam::"+fields[4]+":role/"+role
	case "role":
		c.kind, c.name = "role", "role "+last
	case "user":
		c.kind, c.name = "user", "user "+last
	case "federated-user":
		c.kind, c.name = "federated user", "the user behind "+last
	case "root":
		c.kind, c.name = "root user", "the root user"
	default:
		c.kind, c.name = "principal", fields[5]
	}
	return c
}

// target is the resource as a policy has to name it: "*" for actions without resources, an ARN that the action takes. What the message
// leaves open stays a wildcard.
func (d *Doctor) target(f *Finding, region string) string {
	if len(f.Actions) == 0 {
		return ""
	}
	a, known := d.catalog.Action(f.Actions[0])
	switch {
	case !known && f.Resource != "":
		return f.Resource
	case !known:
		return ""
	case a.ResourceLess():
		return "*"
	case isARN(f.Resource):
		if strings.HasPrefix(a.String(), "s3:") { // keys may hold any character
			return literal(f.Resource)
		}
		return f.Resource // what the request carried as a * is covered by a *
	}
	format, several := formatFor(a)
	if several && f.Resource == "" {
		return "*" // it needs an ARN of each type, and the message has none
	}
	who := principalOf(f.Principal)
	name := f.Resource
	if name == "*" {
		name = ""
	}
	return fill(format, cmp.Or(who.partition, "aws"), cmp.Or(region, "*"), cmp.Or(who.account, "*"), name)
}

// formatFor is the ARN format of the first resource type that the action requires, or else takes.
func formatFor(a *catalog.Action) (format string, several bool) {
	best, required := a.Resources[0], 0
	for _, r := range a.Resources {
		switch {
		case r.Required && required == 0, !r.Required && required == 0 && r.Type.Name == "object":
			best = r
		}
		if r.Required {
			required++
		}
	}
	return best.Type.Formats[0], required > 1
}

// fill puts values for the placeholders of an ARN format. The last one gets the name.
func fill(format, partition, region, account, name string) string {
	var b strings.Builder
	last := strings.LastIndex(format, "${")
	for at := 0; at < len(format); {
		if !strings.HasPrefix(format[at:], "${") {
			b.WriteByte(format[at])
			at++
			continue
		}
		end := at + strings.IndexByte(format[at:], '}')
		switch placeholder := format[at+2 : end]; {
		case placeholder == "Partition":
			b.WriteString(partition)
		case placeholder == "Region":
			b.WriteString(region)
		case placeholder == "Account":
			b.WriteString(account)
		case at == last && name != "":
			b.WriteString(literal(name))
			if placeholder == "SecretId" { // Secrets Manager adds a hyphen and six characters to a secret's name
				b.WriteString("-??????")
			}
		default:
			b.WriteString("*")
		}
		at = end + 1
	}
	return b.String()
}

// literal is a name as a policy writes it: see "IAM policy elements: Variables and tags", special characters.
func literal(name string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(name)
}

// isARN tells whether a text has all fields of an ARN.
func isARN(s string) bool {
	fields, n := arn.Split(s)
	return n == 6 && fields[0] == "arn" && fields[5] != ""
}

// isAction tells whether a text is written like an action.
func isAction(s string) bool {
	service, name, found := strings.Cut(s, ":")
	return found && service != "" && name != "" && !strings.ContainsFunc(service, func(c rune) bool { return !isAlphanumeric(c) && c != '-' }) &&
		!strings.ContainsFunc(name, func(c rune) bool { return !isAlphanumeric(c) })
}
