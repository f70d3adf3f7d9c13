package pipeline

import (
	"trunkline/internal/awsclient"
	"trunkline/internal/config"
)

// AWS is how a config calls AWS. Making it costs nothing: what is not called is not built.
func AWS(c *config.Config) *awsclient.Config {
	endpoints := map[string]string{}
	for service, url := range map[string]string{
		"s3": c.AWS.Endpoints.S3, "secretsmanager": c.AWS.Endpoints.SecretsManager, "sqs": c.AWS.Endpoints.SQS, "sts": c.AWS.Endpoints.STS,
	} {
		if url != "" {
			endpoints[service] = url
		}
	}
	return awsclient.New(awsclient.Options{Region: c.AWS.Region, Profile: c.AWS.Profile, Role: c.AWS.Role, Endpoints: endpoints})
}
