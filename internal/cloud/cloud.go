// Package cloud is what a config calls AWS for, as the parts that need it want it.
//
//	config ─ New ─▶ Services ─┬─ Secrets: aws-secretsmanager: references
//	                          └─ Objects: agent files in S3
//
// Making Services costs nothing: what is not called is not built.
package cloud

import (
	"trunkline/internal/awsclient"
	"trunkline/internal/collector/enrich"
	"trunkline/internal/collector/enrich/s3"
	"trunkline/internal/config"
	"trunkline/internal/secret/secretsmanager"
)

// Services are safe for concurrent use.
type Services struct {
	Clients *awsclient.Config
	Secrets *secretsmanager.Manager
}

// New makes the Services of a config's aws section. Every call goes through the middleware.
func New(c config.AWS, middleware ...awsclient.Middleware) *Services {
	endpoints := map[string]string{}
	for service, url := range map[string]string{
		"cloudwatch": c.Endpoints.CloudWatch, "dynamodb": c.Endpoints.DynamoDB, "kinesis": c.Endpoints.Kinesis,
		"s3": c.Endpoints.S3, "secretsmanager": c.Endpoints.SecretsManager, "sqs": c.Endpoints.SQS, "sts": c.Endpoints.STS,
	} {
		if url != "" {
			endpoints[service] = url
		}
	}
	clients := awsclient.New(awsclient.Options{Region: c.Region, Profile: c.Profile, Role: c.Role, Endpoints: endpoints, Middleware: middleware})
	return &Services{Clients: clients, Secrets: secretsmanager.New(clients)}
}

// Objects names an object of S3.
func (s *Services) Objects(bucket, key string) enrich.Remote { return s3.New(s.Clients, bucket, key) }
