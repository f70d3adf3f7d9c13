package dynamo

import "trunkline/internal/permission/call"

// Calls are the calls to AWS of this package. The value of their feature: table, the name of the lease table.
func Calls() []call.Call {
	features := []string{"state.dynamodb"}
	scope := map[string][]string{"TableName": {"${table}"}}
	of := func(action string, keys ...call.Key) []call.Ask {
		return []call.Ask{{Action: action, Keys: keys, Resources: []string{"arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"}}}
	}
	keyed := func(row, key string) []call.Key { // of an operation on one row; row is the member that holds it or its key
		return []call.Key{
			{Name: "dynamodb:LeadingKeys", From: []string{"${" + key + "}"}},
			{Name: "dynamodb:Attributes", From: []string{"${" + row + ".#}", "${ExpressionAttributeNames}"}},
			{Name: "dynamodb:ReturnValues", From: []string{"${ReturnValues}"}},
			{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
			{Name: "dynamodb:EnclosingOperation"},
		}
	}
	return []call.Call{
		{
			Operation: "dynamodb:DescribeTable", Features: features, Scope: scope,
			Why:  "the lease table is not found, and nothing starts",
			Asks: of("dynamodb:DescribeTable"),
		},
		{
			Operation: "dynamodb:CreateTable", Scope: scope,
			Features: []string{"state.dynamodb.create=on_demand", "state.dynamodb.create=provisioned"},
			When:     "if there is no table yet",
			Why:      "the lease table has to be made by hand",
			Asks:     of("dynamodb:CreateTable"),
		},
		{
			Operation: "dynamodb:Scan", Features: features, Scope: scope,
			Why: "no worker sees which leases there are",
			Asks: of(
				"dynamodb:Scan",
				call.Key{Name: "dynamodb:LeadingKeys"},
				call.Key{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
				call.Key{Name: "dynamodb:Select", From: []string{"${Select}"}},
			),
		},
		{
			Operation: "dynamodb:Query", Features: features,
			When: "when workers of KCL 3.x share the table",
			Why:  "this worker does not see what it is assigned, and gets nothing",
			Asks: []call.Ask{{
				Action: "dynamodb:Query", Resources: []string{"arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/index/${IndexName}"},
				Keys: []call.Key{
					{Name: "dynamodb:LeadingKeys"},
					{Name: "dynamodb:ReturnConsumedCapacity", From: []string{"${ReturnConsumedCapacity}"}},
					{Name: "dynamodb:Select", From: []string{"${Select}"}},
				},
			}},
			Scope: map[string][]string{"TableName": {"${table}"}, "IndexName": {ownerIndex}},
		},
		{
			Operation: "dynamodb:GetItem", Features: features, Scope: scope,
			Why:  "a lease whose state is in doubt is given up",
			Asks: of("dynamodb:GetItem", keyed("Key", "Key")...),
		},
		{
			Operation: "dynamodb:PutItem", Features: features, Scope: scope,
			Why:  "no lease is made for a new shard",
			Asks: of("dynamodb:PutItem", keyed("Item", "Item."+keyAttribute)...),
		},
		{
			Operation: "dynamodb:UpdateItem", Features: features, Scope: scope,
			Why:  "no lease is taken, kept or moved on, and a migration of Java workers from 2.x to 3.x may wait",
			Asks: of("dynamodb:UpdateItem", keyed("Key", "Key")...),
		},
		{
			Operation: "dynamodb:DeleteItem", Features: features, Scope: scope,
			Why:  "leases of shards that are gone stay in the table",
			Asks: of("dynamodb:DeleteItem", keyed("Key", "Key")...),
		},
	}
}
