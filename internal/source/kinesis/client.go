package kinesis

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"trunkline/internal/awsclient"
)

// NewClient makes the SDK's client for a stream, in the region that its ARN names. Nothing is called.
func NewClient(ctx context.Context, config *awsclient.Config, stream string) (*kinesis.Client, error) {
	return awsclient.For(config, "kinesis", Region(stream), func(cfg aws.Config, endpoint *string) *kinesis.Client {
		return kinesis.NewFromConfig(cfg, func(o *kinesis.Options) {
			if endpoint != nil {
				o.BaseEndpoint = endpoint
			}
		})
	}).Get(ctx)
}

// Region is the one that the ARN of a stream names, "" where it is no ARN.
func Region(stream string) string {
	if parts := strings.Split(stream, ":"); len(parts) == 6 && parts[0] == "arn" {
		return parts[3]
	}
	return ""
}
