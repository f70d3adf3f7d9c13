package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/awsclient"
)

// NewClient makes the SDK's client for lease tables. region is where they are, "" for the configuration's. Nothing is called.
func NewClient(ctx context.Context, config *awsclient.Config, region string) (*dynamodb.Client, error) {
	return awsclient.For(config, "dynamodb", region, func(cfg aws.Config, endpoint *string) *dynamodb.Client {
		return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
			if endpoint != nil {
				o.BaseEndpoint = endpoint
			}
		})
	}).Get(ctx)
}
