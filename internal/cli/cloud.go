package cli

import (
	"trunkline/internal/awsclient"
	"trunkline/internal/config"
	"trunkline/internal/secret/secretsmanager"
)

// cloud is how a config calls AWS. Making one costs nothing: what is not called is not built.
type cloud struct {
	clients *awsclient.Config
	secrets *secretsmanager.Manager
}

func newCloud(c *config.Config) *cloud {
	endpoints := map[string]string{}
	for service, url := range map[string]string{
		"s3": c.AWS.Endpoints.S3, "secretsmanager": c.AWS.Endpoints.SecretsManager, "sqs": c.AWS.Endpoints.SQS, "sts": c.AWS.Endpoints.STS,
	} {
		if url != "" {
			endpoints[service] = url
		}
	}
	clients := awsclient.New(awsclient.Options{Region: c.AWS.Region, Profile: c.AWS.Profile, Role: c.AWS.Role, Endpoints: endpoints})
	return &cloud{clients: clients, secrets: secretsmanager.New(clients)}
}
