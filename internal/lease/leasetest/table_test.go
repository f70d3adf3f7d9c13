package leasetest

import "testing"

func TestTable(t *testing.T) {
	Run(t, func(*testing.T) Harness {
		var table Table
		return Harness{Store: &table, HandOver: table.HandOver}
	})
}
