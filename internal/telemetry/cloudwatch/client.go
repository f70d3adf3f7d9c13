package cloudwatch

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"trunkline/internal/awsclient"
)

// NewClient makes the SDK's client. region is where the metrics go, "" for the configuration's. Nothing is called.
func NewClient(ctx context.Context, config *awsclient.Config, region string) (*cloudwatch.Client, error) {
	return awsclient.For(config, "cloudwatch", region, func(cfg aws.Config, endpoint *string) *cloudwatch.Client {
		return cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			if endpoint != nil {
				o.BaseEndpoint = endpoint
			}
		})
	}).Get(ctx)
}
