//go:build interop

package dynamo

import (
	"testing"

	"trunkline/test/emulators"
)

// TestDynamoDBLocal: the same as TestTable, with AWS's own engine behind the table. What workers do on it is tested with Java's beside
// them, in test/interop/kcl.
func TestDynamoDBLocal(t *testing.T) { testTable(t, newClient(t, emulators.DynamoDBLocal(t))) }
