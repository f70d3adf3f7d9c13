package need

import (
	"net/url"
	"regexp"
	"strings"

	"trunkline/internal/config"
	"trunkline/internal/secret"
)

// Features lists what a config turns on, for the principal that the collector runs as. Assume has what finds that principal.
func Features(c *config.Config) (all []Feature) {
	for _, ref := range []secret.Ref{c.Redact.Key, httpKey(c)} {
		if name, ok := strings.CutPrefix(ref.String(), "aws-secretsmanager:"); ok {
			name, _, _ = strings.Cut(name, "#")
			all = append(all, Feature{"aws-secretsmanager", map[string]string{"secret": secretPattern(name)}})
		}
	}
	if a := c.Enrich.Agents; a != nil {
		if bucket, key, ok := config.SplitS3(a.From); ok {
			all = append(all, Feature{"enrich.agents", map[string]string{"bucket": bucket, "key": literal(key)}})
		}
	}
	if bucket, prefix, ok := config.SplitS3(c.DeadLetter.S3); ok {
		if prefix != "" {
			prefix += "/"
		}
		all = append(all, Feature{"dead_letter.s3", map[string]string{"bucket": bucket, "prefix": literal(prefix), "owner": "*"}})
	}
	if queue := c.DeadLetter.SQS; queue != "" {
		values := map[string]string{"queue": queueARN(queue)}
		if strings.HasPrefix(queue, "arn:") {
			values["queue_arn"] = queue
		}
		all = append(all, Feature{"dead_letter.sqs", values})
	}
	return append(all, stream(c)...)
}

// Assume lists what a config turns on for the principal that assumes aws.role.
func Assume(c *config.Config) []Feature {
	if c.AWS.Role == "" {
		return nil
	}
	return []Feature{{"aws.role", map[string]string{"role": c.AWS.Role, "session": "trunkline"}}}
}

// stream lists what reading a stream turns on. The consumer is a pattern where only registering it tells its ARN.
func stream(c *config.Config) (all []Feature) {
	k := c.Source.Kinesis
	if k == nil {
		return nil
	}
	_, name, _ := strings.Cut(k.Stream, ":stream/")
	values := map[string]string{"stream": k.Stream, "name": name, "application": k.Application, "consumer": k.Consumer}
	mode := k.Consumer
	switch {
	case strings.HasPrefix(k.Consumer, "arn:"):
		mode = "arn"
	case k.Consumer == config.FanOut:
		values["consumer"] = k.Stream + "/consumer/" + k.Application + ":??????????" // the end is when it was registered, in seconds
	default:
		delete(values, "consumer")
	}
	all = append(all, Feature{"source.kinesis", values}, Feature{"source.kinesis.consumer=" + mode, values})
	if k.CloudWatch != "" && k.CloudWatch != config.MetricsNone {
		all = append(all, Feature{"source.kinesis.cloudwatch", values})
	}
	if d := c.State.DynamoDB; d != nil {
		table := map[string]string{"table": d.Table, "application": k.Application}
		all = append(all, Feature{"state.dynamodb", table}, Feature{"state.dynamodb.create=" + d.Create, table}, Feature{"state.dynamodb.kcl3", table})
	}
	return all
}

// known are the names of all features that Features and Assume can list, those of the Lambda's config, and those that a flag of a
// command turns on.
func known() []string {
	return []string{
		"aws-secretsmanager", "aws.role", "config", "dead_letter.s3", "dead_letter.sqs", "doctor.decode", "enrich.agents",
		"source.kinesis", "source.kinesis.cloudwatch", "source.kinesis.consumer=arn", "source.kinesis.consumer=fanout", "source.kinesis.consumer=polling",
		"state.dynamodb", "state.dynamodb.create=never", "state.dynamodb.create=on_demand", "state.dynamodb.create=provisioned", "state.dynamodb.kcl3",
	}
}

func httpKey(c *config.Config) secret.Ref {
	if h := c.Destination.HTTP; h != nil {
		return h.Key
	}
	return secret.Ref{}
}

// withSuffix matches the ARN of a secret to its end, which Secrets Manager chooses.
var withSuffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

// secretPattern is the name of a secret, or the pattern of its ARN: one without the end also names it.
func secretPattern(name string) string {
	if strings.HasPrefix(name, "arn:") && !withSuffix.MatchString(name) {
		return name + "-??????"
	}
	return name
}

// queueARN is the ARN of a queue that is named by its URL at AWS; another URL stays as it is.
func queueARN(queue string) string {
	u, err := url.Parse(queue)
	if err != nil {
		return queue
	}
	region, domain, _ := strings.Cut(strings.TrimPrefix(u.Host, "sqs."), ".")
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if !strings.HasPrefix(u.Host, "sqs.") || !strings.HasPrefix(domain, "amazonaws.com") || len(parts) != 2 {
		return queue
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.Join([]string{"arn", partition, "sqs", region, parts[0], parts[1]}, ":")
}
