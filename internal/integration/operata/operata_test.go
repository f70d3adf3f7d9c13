package operata_test

import (
	"testing"

	"trunkline/internal/integration/integrationtest"
	"trunkline/internal/integration/operata"
)

func TestIntegration(t *testing.T) { integrationtest.Run(t, operata.Integration()) }
