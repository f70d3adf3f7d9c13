package deploy

import (
	"trunkline/iam/generate"
	"trunkline/internal/config"
)

// units are the read and write units of a lease table that is paid for by hour, as the worker itself makes it.
const units = 10

// worker describes what trunkline's own workers need: the secret that they read, the lease table that they share, and their role.
func (b *builder) worker() error {
	b.d.Title = b.i.Title + " through workers of your own, by trunkline"
	b.d.About = []string{"What a fleet of workers needs that run: trunkline run, with state.dynamodb: the secret, the lease table and the role."}
	b.common()
	b.parameter(Parameter{Name: "worker_place", Group: groupOperation, Title: "Where workers run", About: "Who may assume the workers' role: ecs for tasks of ECS in this account, ec2 for instances.", Default: "ecs", OneOf: []string{"ecs", "ec2"}})
	b.keep()
	trust, err := b.ownPolicy("worker-trust", func(sid string) (When, bool) {
		return map[string]When{"Tasks": {"worker_place=ecs"}, "Instances": {"worker_place=ec2"}}[sid], true
	})
	if err != nil {
		return err
	}
	var o generate.Options
	if key := b.key(); key != "" {
		o.Encrypted = []generate.Encrypted{{Resource: b.c.Source.Kinesis.Stream, Key: key}}
	}
	may, err := b.needed(b.c, o)
	if err != nil {
		return err
	}
	decrypt, err := b.decrypt()
	if err != nil {
		return err
	}
	b.add("worker_role", Role, "The role that workers run with.", Map{
		{"RoleName", b.text("trunklineWorker-${group}")},
		{"Description", Text("The role that workers of trunkline run with")},
		maybe("PermissionsBoundary", "permissions_boundary"),
		{"AssumeRolePolicyDocument", policy(trust)},
	})
	b.add("worker_policy", RolePolicy, "What the config asks of AWS, and nothing else.", Map{
		{"RoleName", Attr{"worker_role", Name}},
		{"PolicyName", Text("worker")},
		{"PolicyDocument", policy(append(may, decrypt...))},
	}).Accepted = []Accepted{{"TL_MISSING_DEPENDENT", "KinesisStream", "The workers read the stream themselves: no pipe has this role."}}
	b.table()
	if err := b.watch(); err != nil {
		return err
	}
	b.d.Outputs = []Output{
		{"worker_role_arn", "ARN of the workers' role", nil, Attr{"worker_role", ARN}},
		{"lease_table", "Name of the lease table", nil, Attr{"leases", Name}},
		{"secret_arn", "ARN of the secret with the API key", nil, Attr{"secret", ARN}},
	}
	return nil
}

// decrypt lets the workers read the secret where it is encrypted with a customer key: the integration's word for the function.
func (b *builder) decrypt() (List, error) {
	all, _, err := b.statements("function-role")
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if statement, is := s.(If); is && len(statement.When) == 1 && statement.When[0] == "api_key_kms_key" {
			return List{statement}, nil
		}
	}
	return nil, nil
}

// table is the lease table, as a worker makes it that finds none.
func (b *builder) table() {
	d := b.c.State.DynamoDB
	properties := Map{
		{"TableName", Text(d.Table)},
		{"AttributeDefinitions", List{Map{{"AttributeName", Text("leaseKey")}, {"AttributeType", Text("S")}}}},
		{"KeySchema", List{Map{{"AttributeName", Text("leaseKey")}, {"KeyType", Text("HASH")}}}},
	}
	if d.Create == config.CreateProvisioned {
		properties = append(properties, Member{"BillingMode", Text("PROVISIONED")},
			Member{"ProvisionedThroughput", Map{{"ReadCapacityUnits", Number(units)}, {"WriteCapacityUnits", Number(units)}}})
	} else {
		properties = append(properties, Member{"BillingMode", Text("PAY_PER_REQUEST")})
	}
	b.add("leases", Table, "Who reads which shard, and how far it got. Without it, a stream is read from its start again.", properties).Keep = true
}
