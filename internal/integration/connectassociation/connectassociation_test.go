package connectassociation_test

import (
	"testing"

	"trunkline/internal/integration/connectassociation"
	"trunkline/internal/integration/integrationtest"
)

func TestIntegration(t *testing.T) { integrationtest.Run(t, connectassociation.Integration()) }
