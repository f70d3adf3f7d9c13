package used

import (
	"slices"
	"strings"

	"trunkline/iam/arn"
	"trunkline/iam/catalog"
	"trunkline/internal/cloudtrail"
)

// dataEvents are the actions, by service, that a trail logs only where it is told to: see "Logging data events" in the CloudTrail User
// Guide. Of a service that is not here all are logged.
func dataEvents() map[string][]string {
	return map[string][]string{
		"s3":           {"*Object*", "ListBucket", "ListBucketVersions", "ListMultipartUploadParts", "ListBucketMultipartUploads"},
		"dynamodb":     {"*Item", "Query", "Scan", "PartiQL*", "ConditionCheckItem", "GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"},
		"kinesis":      {"GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard", "ListShards", "DescribeStream", "DescribeStreamSummary", "DescribeStreamConsumer", "ListStreamConsumers"},
		"kinesisvideo": {"Get*", "PutMedia", "List*Fragments", "ListFragments"},
		"sqs":          {"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl"},
		"sns":          {"Publish"},
		"lambda":       {"InvokeFunction", "InvokeAsync"},
		"cloudwatch":   {"PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics", "GetMetricWidgetImage"},
		"events":       {"PutEvents", "InvokeApiDestination"},
		"logs":         {"PutLogEvents", "GetLogEvents", "FilterLogEvents"},
		"xray":         {"PutTraceSegments", "PutTelemetryRecords"},
	}
}

// noEvents are actions that no event bears the name of: they are asked for within other calls.
func noEvents() []string {
	return []string{
		"iam:PassRole", "ec2:CreateNetworkInterfacePermission", "kms:ReEncryptFrom", "kms:ReEncryptTo", "s3:BypassGovernanceRetention", "sts:SetSourceIdentity",
		"sts:TagSession", "events:InvokeApiDestination", "logs:CreateLogDelivery",
	}
}

// resources are the ARNs that an event is about, of the action's types; none where it does not tell.
func resources(action *catalog.Action, e *cloudtrail.Event) (all []string) {
	add := func(text string) {
		if action.Takes(text) && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	for _, text := range e.Resources {
		add(text)
	}
	for _, text := range e.Parameters {
		if strings.HasPrefix(text, "arn:") {
			add(text)
		}
	}
	for i := range action.Resources {
		for _, format := range action.Resources[i].Type.Formats {
			if text, ok := fill(format, e); ok {
				add(text)
			}
		}
	}
	slices.Sort(all)
	return all
}

// aliases are names of parameters that stand for a placeholder of another name.
func aliases() map[string]string {
	return map[string]string{"objectname": "key", "queuename": "queueurl", "secretid": "secretid", "rolenamewithpath": "rolename", "usernamewithpath": "username"}
}

// fill puts an event's parameters for the placeholders of a format. Not ok when one is missing.
func fill(format string, e *cloudtrail.Event) (string, bool) {
	partition := "aws"
	if p, ok := arn.PartitionOf(e.Region); ok {
		partition = p.ID
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		value := ""
		switch name {
		case "Partition":
			value = partition
		case "Region":
			value = e.Region
		case "Account":
			value = e.Account
		default:
			value = parameter(name, e)
		}
		if value == "" || strings.HasPrefix(value, "arn:") {
			return "", false
		}
		b.WriteString(value)
		format = after
	}
}

// parameter is the value for a placeholder, whose name differs from the parameter's in the case of letters at least.
func parameter(placeholder string, e *cloudtrail.Event) string {
	want := strings.ToLower(placeholder)
	for _, name := range []string{want, aliases()[want]} {
		for key, value := range e.Parameters {
			if name == "" || strings.ToLower(key) != name {
				continue
			}
			switch want {
			case "queuename":
				value = value[strings.LastIndexByte(value, '/')+1:]
			case "secretid":
				if !strings.HasPrefix(value, "arn:") {
					value += "-xxxxxx" // Secrets Manager adds six characters, and the log does not tell them
				}
			}
			return value
		}
	}
	return ""
}
