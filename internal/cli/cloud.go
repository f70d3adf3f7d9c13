package cli

import (
	"trunkline/internal/awsclient"
	"trunkline/internal/config"
	"trunkline/internal/pipeline"
	"trunkline/internal/secret/secretsmanager"
)

// cloud is how a config calls AWS. Making one costs nothing: what is not called is not built.
type cloud struct {
	clients *awsclient.Config
	secrets *secretsmanager.Manager
}

func newCloud(c *config.Config) *cloud {
	clients := pipeline.AWS(c)
	return &cloud{clients: clients, secrets: secretsmanager.New(clients)}
}
