package deploy

import (
	"strings"

	"trunkline/internal/config"
	"trunkline/internal/integration"
	"trunkline/internal/integration/known"
)

// builder makes a description.
type builder struct {
	c      *config.Config
	i      *integration.Integration
	d      *Description
	secret string // its name, as the config has it; "" where the integration's holds

	// switches are parameters of the integration that have another name here.
	switches map[string]string
}

func newBuilder(c *config.Config) (*builder, error) {
	i, err := known.Find(c.Integration.Name)
	if err != nil {
		return nil, c.Errorf("integration.name", "%w", err)
	}
	fields := strings.SplitN(c.Source.Kinesis.Stream, ":", 6) // the config has checked it
	b := &builder{c: c, i: i, switches: map[string]string{
		"vpc": "subnet_ids", "stream_key": "stream_kms_key", "secret_key": "api_key_kms_key", "dead_letter_key": "dead_letter_kms_key", "agent_key": "agent_kms_key",
	}, d: &Description{
		Place: Where{Partition: fields[1], Region: fields[3], Account: fields[4], DNSSuffix: suffix(fields[1])},
	}}
	if err := b.destination(); err != nil {
		return nil, err
	}
	return b, nil
}

func suffix(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// value is what a name in a template of the integration stands for.
func (b *builder) value(name, field string) Value {
	switch {
	case name == "stream" && field == "":
		return b.text("arn:${stream.partition}:kinesis:${stream.region}:${stream.account}:stream/${stream_name}")
	case name == "stream":
		return Place(field)
	case name == "secret" && b.secret != "":
		return Text(b.secret)
	case b.switches[name] != "":
		return Param(b.switches[name])
	case name == "key_age":
		return b.text("trunkline-key-age-${group}")
	}
	if b.d.Parameter(name).Name != "" {
		return Param(name)
	}
	if p, found := b.i.Parameter(name); found && p.Default != "" {
		return b.text(p.Default)
	}
	return Text("${" + name + "}")
}

// key is the customer key of the config.
func (b *builder) key() string {
	if b.c.Deploy == nil {
		return ""
	}
	return b.c.Deploy.KMSKey
}

// add appends a resource.
func (b *builder) add(id string, kind Kind, about string, properties Map) *Resource {
	r := &Resource{ID: id, Kind: kind, About: about, Properties: properties}
	b.d.Resources = append(b.d.Resources, r)
	return r
}

// maybe is a member that is there where a parameter is given.
func maybe(name, parameter string) Member {
	return Member{name, If{When: When{parameter}, Then: Param(parameter)}}
}

// A parameter's default is what the integration says of its form, where it has one of that name.
func (b *builder) parameter(p Parameter) {
	theirs := p.Name
	for name, here := range b.switches {
		if here == p.Name {
			theirs = name
		}
	}
	if known, found := b.i.Parameter(theirs); found && p.Pattern == "" && p.OneOf == nil {
		p.Pattern, p.Says, p.Most = known.Form.Pattern, known.Form.Says, known.Form.Most
		if p.About == "" {
			p.About = upper(known.About) + "."
		}
	}
	b.d.Parameters = append(b.d.Parameters, p)
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// The headings of parameters.
const (
	groupRecords   = "The records"
	groupReceiver  = "The receiver"
	groupFunction  = "The function"
	groupNetwork   = "Network of the function (optional)"
	groupAgents    = "Data of agents (optional)"
	groupKeys      = "Customer keys (optional)"
	groupOperation = "Operation (optional)"
)

// common adds the parameters of both forms.
func (b *builder) common() {
	_, stream, _ := strings.Cut(b.c.Source.Kinesis.Stream, ":stream/")
	b.parameter(Parameter{Name: "stream_name", Group: groupRecords, Title: "Stream", About: "Name of the Kinesis data stream of contact records, in this account and Region.", Default: stream, Pattern: `[A-Za-z0-9_.-]{1,128}`, Says: "the name of a stream, not its ARN"})
	b.parameter(Parameter{Name: "group", Group: groupRecords, Title: "Group", Default: b.c.Integration.Group})
	b.parameter(Parameter{Name: "api_key", Group: groupReceiver, Title: "API key", About: "The key of the receiver's API. It is kept in the secret and shown nowhere.", Secret: true, Pattern: `[!-~]{1,512}`, Says: "1 to 512 printable characters"})
	b.parameter(Parameter{Name: "key_age_days", Group: groupReceiver, Title: "Age of the key", About: "After how many days without a new API key the alarm goes off.", Default: "90", Number: true, Min: 1, Max: 3650})
	b.parameter(Parameter{Name: "alarm_topic", Group: groupOperation, Title: "Alarms", About: "ARN of the SNS topic that alarms are sent to. Without it, they only change their state.", Optional: true, Pattern: `arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+`, Says: "the ARN of an SNS topic"})
	boundary := ""
	if b.c.Deploy != nil {
		boundary = b.c.Deploy.PermissionsBoundary
	}
	b.parameter(Parameter{Name: "permissions_boundary", Group: groupOperation, Title: "Permissions boundary", About: "ARN of the policy that bounds the roles. Without it, one is made for those of pipe and function.", Default: boundary, Optional: true, Pattern: `arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[A-Za-z0-9/_+=,.@-]+`, Says: "the ARN of a policy"})
	b.parameter(Parameter{Name: "api_key_kms_key", Group: groupKeys, Title: "Key of the secret", About: "ARN of the KMS key that the secret is encrypted with; AWS's own without it.", Default: b.key(), Optional: true})
}

// keep makes the secret that holds the API key, and what watches its age.
func (b *builder) keep() {
	secret := b.add("secret", Secret, "The API key of the receiver. Its value comes from outside, and stands in no file.", Map{
		{"Name", b.value("secret", "")},
		{"Description", Text("API key of the receiver of contact records")},
		maybe("KmsKeyId", "api_key_kms_key"),
		{"SecretString", Param("api_key")},
	})
	secret.Keep = true
}

// watch makes the alarm on the age of the key. Secrets Manager has no metric of it, so a small state machine looks and reports.
func (b *builder) watch() error {
	trust, err := b.ownPolicy("key-age-trust", always)
	if err != nil {
		return err
	}
	may, err := b.ownPolicy("key-age", always)
	if err != nil {
		return err
	}
	check, err := b.definition("key-age-check.json")
	if err != nil {
		return err
	}
	name := b.value("key_age", "")
	b.add("key_age_role", Role, "The role of the check of the key's age.", Map{
		{"RoleName", name},
		{"Description", Text("Looks how old the API key is, never at the key")},
		maybe("PermissionsBoundary", "permissions_boundary"),
		{"AssumeRolePolicyDocument", policy(trust)},
	})
	b.add("key_age_policy", RolePolicy, "What the check may do.", Map{
		{"RoleName", Attr{"key_age_role", Name}},
		{"PolicyName", Text("key-age")},
		{"PolicyDocument", policy(may)},
	})
	b.add("key_age_check", StateMachine, "Reports the age of the key in days, as a metric: Secrets Manager has none.", Map{
		{"StateMachineName", name},
		{"RoleArn", Attr{"key_age_role", ARN}},
		{"Definition", Document{check}},
	}).DependsOn = []string{"key_age_policy", "secret"}
	b.add("key_age_schedule", Rule, "Starts the check four times a day.", Map{
		{"Name", name},
		{"Description", Text("Starts the check of the API key's age")},
		{"ScheduleExpression", Text("rate(6 hours)")},
		{"Targets", List{Map{{"Id", Text("check")}, {"Arn", Attr{"key_age_check", ARN}}, {"RoleArn", Attr{"key_age_role", ARN}}}}},
	}).DependsOn = []string{"key_age_policy"}
	b.add("key_age_alarm", Alarm, "Goes off when the key is old. A new version of the secret ends it.", Map{
		{"AlarmName", name},
		{"AlarmDescription", Text("The API key is old: make a new one at the receiver, and put it into the secret and the connection")},
		{"Namespace", Text("Trunkline")},
		{"MetricName", Text("KeyAge")},
		{"Dimensions", List{Map{{"Name", Text("Secret")}, {"Value", b.value("secret", "")}}}},
		{"Statistic", Text("Maximum")},
		{"Period", Number(86400)},
		{"EvaluationPeriods", Number(1)},
		{"Threshold", Param("key_age_days")},
		{"ComparisonOperator", Text("GreaterThanThreshold")},
		{"TreatMissingData", Text("missing")},
		{"AlarmActions", List{If{When: When{"alarm_topic"}, Then: Param("alarm_topic")}}},
	})
	return nil
}
