package deploy

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"

	"trunkline/iam/generate"
	"trunkline/internal/config"
)

// pipe describes the published form: pipe, function, API destination.
func (b *builder) pipe() error {
	b.d.Title = b.i.Title + ", by trunkline"
	b.d.About = []string{
		"A pipe reads contact records from the stream, the function redacts them, and the API destination sends them.",
		"Make the function's code with: make lambda FILES=trunkline.yaml, and put the zip into the bucket first.",
	}
	b.common()
	b.pipeParameters()
	b.keep()
	for _, step := range []func() error{b.roles, b.function, b.deliver, b.watch} {
		if err := step(); err != nil {
			return err
		}
	}
	b.d.Outputs = []Output{
		{"pipe", "Name of the pipe", nil, Attr{"pipe", Name}},
		{"function_arn", "ARN of the function", nil, Attr{"function", ARN}},
		{"secret_arn", "ARN of the secret with the API key", nil, Attr{"secret", ARN}},
		{"pipe_role_arn", "ARN of the pipe's role", nil, Attr{"pipe_role", ARN}},
		{"function_role_arn", "ARN of the function's role", nil, Attr{"function_role", ARN}},
		{"boundary_arn", "ARN of the permissions boundary that was made", When{"!permissions_boundary"}, Attr{"boundary", ARN}},
	}
	return nil
}

func (b *builder) pipeParameters() {
	d := b.c.Deploy
	if d == nil {
		d = new(config.Deploy)
	}
	vpc := d.VPC
	if vpc == nil {
		vpc = new(config.VPC)
	}
	bucket, object, _ := config.SplitS3(agents(b.c))
	queueKey, agentKey := "", ""
	if d.DeadLetterQueue != "" {
		queueKey = d.KMSKey
	}
	if bucket != "" {
		agentKey = d.KMSKey
	}
	b.parameter(Parameter{Name: "code_bucket", Group: groupFunction, Title: "Bucket of the code", About: "The S3 bucket, in this Region, that holds the function's zip."})
	b.parameter(Parameter{Name: "code_object", Group: groupFunction, Title: "Key of the code", About: "The zip in it, for the architecture below. A new name updates the function.", Default: "trunkline-lambda-arm64.zip"})
	b.parameter(Parameter{Name: "architecture", Group: groupFunction, Title: "Architecture", About: "That of the zip: arm64, or x86_64 for the one named amd64.", Default: "arm64", OneOf: []string{"arm64", "x86_64"}})
	b.parameter(Parameter{Name: "function_config", Group: groupFunction, Title: "Config of the function", About: "A file in the zip, an https URL, or s3://BUCKET/KEY.", Default: "trunkline.yaml", Pattern: `[!-~]+`, Most: 1024, Says: "a file, a URL or a place in S3"})
	b.parameter(Parameter{Name: "subnet_ids", Group: groupNetwork, Title: "Subnets", About: "Subnets for the function, from where it reaches AWS's services. Without them, it runs in no VPC.", Default: strings.Join(vpc.Subnets, ","), List: true, Optional: true, Pattern: `subnet-[0-9a-f]{8,17}`, Says: "ids of subnets"})
	b.parameter(Parameter{Name: "security_group_ids", Group: groupNetwork, Title: "Security groups", About: "Security groups for the function; at least one with subnets.", Default: strings.Join(vpc.SecurityGroups, ","), List: true, Optional: true, Pattern: `sg-[0-9a-f]{8,17}`, Says: "ids of security groups"})
	b.parameter(Parameter{Name: "agent_bucket", Group: groupAgents, Title: "Bucket of the agents' data", About: "The S3 bucket of the file that enrich.agents names.", Default: bucket, Optional: true})
	b.parameter(Parameter{Name: "agent_object", Group: groupAgents, Title: "Key of the agents' data", About: "The file in it.", Default: or(object, "agents.csv")})
	b.parameter(Parameter{Name: "stream_kms_key", Group: groupKeys, Title: "Key of the stream", About: "ARN of the KMS key that the stream is encrypted with.", Default: d.KMSKey, Optional: true})
	b.parameter(Parameter{Name: "dead_letter_kms_key", Group: groupKeys, Title: "Key of the dead-letter queue", About: "ARN of the KMS key that the queue is encrypted with.", Default: queueKey, Optional: true})
	b.parameter(Parameter{Name: "agent_kms_key", Group: groupKeys, Title: "Key of the agents' data", About: "ARN of the KMS key that the agents' file is encrypted with.", Default: agentKey, Optional: true})
	b.parameter(Parameter{Name: "dead_letter_queue", Group: groupOperation, Title: "Dead-letter queue", About: "ARN of the SQS queue for what cannot be delivered within twelve hours. Without it, a record is tried until it expires, and its shard waits.", Default: d.DeadLetterQueue, Optional: true})
	b.parameter(Parameter{Name: "pipe_log_level", Group: groupOperation, Title: "Log of the pipe", About: "What the pipe logs, never with the records: they are not redacted yet.", Default: "OFF", OneOf: []string{"OFF", "ERROR", "INFO", "TRACE"}})
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func agents(c *config.Config) string {
	if c.Enrich.Agents == nil {
		return ""
	}
	return c.Enrich.Agents.From
}

// roles makes both roles, their policies and their boundary.
func (b *builder) roles() error {
	extra, err := b.extra()
	if err != nil {
		return err
	}
	bound, _, err := b.statements("boundary")
	if err != nil {
		return err
	}
	boundary := b.add("boundary", Policy, "What both roles can have at most, whatever is written into them.", Map{
		{"ManagedPolicyName", b.value("boundary", "")},
		{"Description", Text("Permissions boundary of the roles of pipe and function")},
		{"PolicyDocument", policy(append(bound, extra...))},
	})
	boundary.When = When{"!permissions_boundary"}
	for _, side := range []struct {
		id, about string
		extra     List
	}{
		{"pipe", "The role that the pipe reads, invokes and sends with.", nil},
		{"function", "The role that the function runs with.", extra},
	} {
		trust, _, err := b.statements(side.id + "-trust")
		if err != nil {
			return err
		}
		may, accepted, err := b.statements(side.id + "-role")
		if err != nil {
			return err
		}
		b.add(side.id+"_role", Role, side.about, Map{
			{"RoleName", b.value(side.id+"_role", "")},
			{"Description", Text(side.about)},
			{"PermissionsBoundary", If{When{"permissions_boundary"}, Param("permissions_boundary"), Attr{"boundary", ARN}}},
			{"AssumeRolePolicyDocument", policy(trust)},
		})
		b.add(side.id+"_policy", RolePolicy, "What it may do.", Map{
			{"RoleName", Attr{side.id + "_role", Name}},
			{"PolicyName", Text(side.id)},
			{"PolicyDocument", policy(append(may, side.extra...))},
		}).Accepted = accepted
		boundary.Accepted = append(boundary.Accepted, accepted...) // the same statements
	}
	return nil
}

// extra is what the config of the function needs besides what the integration has: other secrets, dead letters of its own.
func (b *builder) extra() (List, error) {
	c := *b.c
	c.Source, c.Destination, c.Enrich, c.State = config.Source{}, config.Destination{}, config.Enrich{}, config.State{}
	return b.needed(&c, generate.Options{})
}

func (b *builder) function() error {
	b.add("function", Function, "Redacts each record before it leaves.", Map{
		{"FunctionName", b.value("function", "")},
		{"Description", Text("Redacts contact records before they leave")},
		{"Role", Attr{"function_role", ARN}},
		{"Runtime", Text("provided.al2023")},
		{"Handler", Text("bootstrap")},
		{"Architectures", List{Param("architecture")}},
		{"Code", Map{{"S3Bucket", Param("code_bucket")}, {"S3Key", Param("code_object")}}},
		{"Timeout", Number(60)},
		{"MemorySize", Number(256)},
		{"Environment", Map{{"Variables", Map{
			{"OPERATA_API_KEY", b.value("secret", "")}, // its name
			{"OPERATA_GROUP_ID", Param("group")},
			{"TRUNKLINE_CONFIG", Param("function_config")},
		}}}},
		{"VpcConfig", If{When: When{"subnet_ids"}, Then: Map{{"SubnetIds", Param("subnet_ids")}, {"SecurityGroupIds", Param("security_group_ids")}}}},
	}).DependsOn = []string{"function_policy"}
	return nil
}

// maxAge is for how long the pipe tries a record, in seconds, when there is a queue for those that it gives up: well below the 24 hours
// that a stream keeps records by default.
const maxAge = 12 * 60 * 60

// deliver makes what stands at the end: connection, API destination and the pipe itself.
func (b *builder) deliver() error {
	h := b.c.Destination.HTTP
	b.add("connection", Connection, "Authorizes the requests. EventBridge keeps the key in a secret of its own.", Map{
		{"Name", b.value("connection", "")},
		{"Description", Text("Authorizes requests to the receiver of contact records")},
		{"AuthorizationType", Text("API_KEY")},
		{"AuthParameters", Map{{"ApiKeyAuthParameters", Map{{"ApiKeyName", Text(h.Header)}, {"ApiKeyValue", Attr{"secret", Plain}}}}}},
	})
	b.add("destination", Destination, "Where records are sent.", Map{
		{"Name", b.value("destination", "")},
		{"Description", Text("Receives redacted contact records")},
		{"ConnectionArn", Attr{"connection", ARN}},
		{"HttpMethod", Text("POST")},
		{"InvocationEndpoint", Text(h.URL)},
		{"InvocationRateLimitPerSecond", Number(b.rate())},
	})
	logs := When{"!pipe_log_level=OFF"}
	group := b.add("pipe_logs", LogGroup, "The pipe's log, below the prefix that needs no resource policy of its own.", Map{
		{"LogGroupName", append(Join{Text("/aws/vendedlogs/pipes/")}, b.value("pipe", "").(Join)...)},
		{"RetentionInDays", Number(30)},
	})
	group.When, group.Keep = logs, true
	source := Map{{"KinesisStreamParameters", append(b.start(),
		Member{"BatchSize", Number(1)}, // an API destination takes one
		Member{"MaximumBatchingWindowInSeconds", Number(0)},
		Member{"ParallelizationFactor", Number(1)}, // records of a contact stay in order
		Member{"MaximumRetryAttempts", Number(-1)},
		Member{"MaximumRecordAgeInSeconds", If{When{"dead_letter_queue"}, Number(maxAge), Number(-1)}},
		Member{"DeadLetterConfig", If{When: When{"dead_letter_queue"}, Then: Map{{"Arn", Param("dead_letter_queue")}}}},
	)}}
	if filters := b.filters(); filters != nil {
		source = append(source, Member{"FilterCriteria", Map{{"Filters", filters}}})
	}
	b.add("pipe", Pipe, "Takes records from the stream, through the function, to the destination.", Map{
		{"Name", b.value("pipe", "")},
		{"Description", Text("Takes contact records through the redacting function to their receiver")},
		{"RoleArn", Attr{"pipe_role", ARN}},
		{"DesiredState", Text("RUNNING")},
		{"Source", b.value("stream", "")},
		{"SourceParameters", source},
		{"Enrichment", Attr{"function", ARN}},
		{"Target", Attr{"destination", ARN}},
		{"LogConfiguration", If{When: logs, Then: Map{
			{"Level", Param("pipe_log_level")},
			{"CloudwatchLogsLogDestination", Map{{"LogGroupArn", Attr{"pipe_logs", ARN}}}},
		}}},
	}).DependsOn = []string{"pipe_policy"}
	return nil
}

// start is where the pipe begins to read.
func (b *builder) start() Map {
	s := b.c.Source.Kinesis.Start
	switch s.Word {
	case config.StartOldest:
		return Map{{"StartingPosition", Text("TRIM_HORIZON")}}
	case config.StartLatest:
		return Map{{"StartingPosition", Text("LATEST")}}
	}
	return Map{{"StartingPosition", Text("AT_TIMESTAMP")}, {"StartingPositionTimestamp", Text(s.Time.Format("2006-01-02T15:04:05Z"))}}
}

func (b *builder) filters() (list List) {
	for _, f := range b.c.Filter {
		list = append(list, Map{{"Pattern", Text(compact(f.JSON))}})
	}
	return list
}

// compact is the text of a pattern without white space; the config has checked that it is JSON.
func compact(pattern []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, pattern); err != nil {
		return string(pattern)
	}
	return b.String()
}

// rate is requests a second: of a rate that has no limit, the default of an API destination.
func (b *builder) rate() int {
	if rate := b.c.Destination.HTTP.Rate; rate.Count > 0 {
		return max(1, int(math.Floor(rate.PerSecond())))
	}
	return 300
}
