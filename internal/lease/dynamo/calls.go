package dynamo

import (
	"slices"

	"trunkline/internal/permission/call"
)

// Calls are the calls to AWS of this package. The values of their features: table, the name of the lease table, and application, by
// which the tables of state are named that a fleet of KCL 3.0 to 3.4 has beside it.
//
// What only a fleet of KCL 3.x asks for is a feature of its own. A role without it can share a table with workers of 1.x and 2.x: the
// table of states that cannot be read is logged once, and taken not to be there.
func Calls() []call.Call { return slices.Concat(leaseTable(), fleetTables()) }

// leaseTable are the calls that every lease table sees.
func leaseTable() []call.Call {
	features := []string{"state.dynamodb"}
	scope := map[string][]string{"TableName": {"${table}"}}
	return []call.Call{
		{
			Operation: "dynamodb:DescribeTable", Features: features, Scope: scope,
			Why:  "the lease table is not found, and nothing starts",
			Asks: onTable("dynamodb:DescribeTable"),
		},
		{
			Operation: "dynamodb:CreateTable", Scope: scope,
			Features: []string{"state.dynamodb.create=on_demand", "state.dynamodb.create=provisioned"},
			When:     "if there is no table yet",
			Why:      "the lease table has to be made by hand",
			Asks:     onTable("dynamodb:CreateTable"),
		},
		{
			Operation: "dynamodb:Scan", Features: features, Scope: scope,
			Why:  "no worker sees which leases there are",
			Asks: onTable("dynamodb:Scan", ofScan()...),
		},
		{
			Operation: "dynamodb:GetItem", Features: features, Scope: scope,
			Why:  "a lease whose state is in doubt is given up",
			Asks: onTable("dynamodb:GetItem", ofRow("Key")...),
		},
		{
			Operation: "dynamodb:PutItem", Features: features, Scope: scope,
			Why:  "no lease is made for a new shard",
			Asks: onTable("dynamodb:PutItem", ofRow("Item")...),
		},
		{
			Operation: "dynamodb:UpdateItem", Features: features, Scope: scope,
			Why:  "no lease is taken, kept or moved on, and a migration of Java workers from 2.x to 3.x may wait",
			Asks: onTable("dynamodb:UpdateItem", ofRow("Key")...),
		},
		{
			Operation: "dynamodb:DeleteItem", Features: features, Scope: scope,
			Why:  "leases of shards that are gone stay in the table",
			Asks: onTable("dynamodb:DeleteItem", ofRow("Key")...),
		},
	}
}

// fleetTables are the calls on what workers of KCL 3.x have: an index, and two tables.
func fleetTables() []call.Call {
	const (
		states = "${application}" + stateSuffix
		stats  = "${application}" + metricsSuffix
	)
	features := []string{"state.dynamodb.kcl3"}
	in := func(tables ...string) map[string][]string { return map[string][]string{"TableName": tables} }
	return []call.Call{
		{
			Operation: "dynamodb:Query", Features: features, When: "if a leader gives the leases out",
			Scope: map[string][]string{"TableName": {"${table}"}, "IndexName": {ownerIndex}},
			Why:   "in a fleet of KCL 3.x a worker does not see which shards it was given, and reads none of them",
			Asks: []call.Ask{{
				Action: "dynamodb:Query", Resources: []string{"arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}"},
				Keys: []call.Key{
					{Name: "dynamodb:LeadingKeys", From: []string{"${ExpressionAttributeValues.:worker}"}}, // of the index
					{Name: "dynamodb:Attributes", From: []string{"${ExpressionAttributeNames}"}},
					{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
					{Name: "dynamodb:Select", From: []string{"${Select}"}},
				},
			}},
		},
		{
			Operation: "dynamodb:GetItem", Features: features, Scope: in(states), When: "for the state of the fleet",
			Why:  "it is not known whether a fleet of KCL 3.x gives its leases out: the table is taken for one of 2.x",
			Asks: onTable("dynamodb:GetItem", ofRow("Key")...),
		},
		{
			Operation: "dynamodb:PutItem", Features: features, Scope: in(states), When: "if the leader's lock is in the table of states",
			Why:  "in a fleet of KCL 3.0 to 3.4 no worker of this program leads: without a Java worker no lease is given out",
			Asks: onTable("dynamodb:PutItem", ofRow("Item")...),
		},
		{
			Operation: "dynamodb:UpdateItem", Features: features, Scope: in(states, stats), When: "if the fleet has tables of its own",
			Why:  "in a fleet of KCL 3.0 to 3.4 a worker reports nothing, and is given no lease, nor stays the leader",
			Asks: onTable("dynamodb:UpdateItem", ofRow("Key")...),
		},
		{
			Operation: "dynamodb:DeleteItem", Features: features, Scope: in(states, stats), When: "if the fleet has tables of its own",
			Why:  "in a fleet of KCL 3.0 to 3.4 reports of workers that are gone stay, and a leader that stops holds the others up",
			Asks: onTable("dynamodb:DeleteItem", ofRow("Key")...),
		},
		{
			Operation: "dynamodb:Scan", Features: features, Scope: in(stats), When: "if the fleet has tables of its own",
			Why:  "in a fleet of KCL 3.0 to 3.4 a leader does not see which workers there are",
			Asks: onTable("dynamodb:Scan", ofScan()...),
		},
	}
}

func onTable(action string, keys ...call.Key) []call.Ask {
	return []call.Ask{{Action: action, Keys: keys, Resources: []string{"arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"}}}
}

// ofRow are the condition keys of an operation on one row; row is the member that holds it or its key.
func ofRow(row string) []call.Key {
	return []call.Key{
		{Name: "dynamodb:LeadingKeys", From: []string{"${" + row + "." + keyAttribute + "}", "${" + row + "." + stateKey + "}", "${" + row + "." + metricsKey + "}"}},
		{Name: "dynamodb:Attributes", From: []string{"${" + row + ".#}", "${ExpressionAttributeNames}"}},
		{Name: "dynamodb:ReturnValues", From: []string{"${ReturnValues}"}},
		{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
		{Name: "dynamodb:EnclosingOperation"},
	}
}

func ofScan() []call.Key {
	return []call.Key{
		{Name: "dynamodb:LeadingKeys"},
		{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
		{Name: "dynamodb:Select", From: []string{"${Select}"}},
	}
}
