package leasetest

import "testing"

func TestTable(t *testing.T) {
	Run(t, func(*testing.T) Harness {
		var table Table
		return Harness{Store: &table, HandOver: table.Promise}
	})
}

func TestFleet(t *testing.T) {
	RunCoordinator(t, func(*testing.T) Coordinated {
		var fleet Fleet
		fleet.SetRegime(Followers())
		return &fleet
	})
}
