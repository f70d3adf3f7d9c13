package integration

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Table is a DynamoDB table that somebody has to make by hand, when the system itself may not.
type Table struct {
	Name     string // of the description
	Title    string
	Why      string // it is made by hand
	Table    string // its name, with ${parameter}
	Key      string // partition key, a string; there is no sort key
	Read     int    // provisioned capacity units
	Write    int
	Region   string // with ${parameter}
	Protects string // what to deny so that the system cannot make another: a policy of this integration
}

// A RenderedTable is a table with its values.
type RenderedTable struct {
	*Table
	TableName string
	InRegion  string
}

// RenderTable fills values in. The error is a *Missing when values have to be given that are not.
func (i *Integration) RenderTable(t *Table, given map[string]string) (*RenderedTable, error) {
	v, err := i.newValues(given)
	if err != nil {
		return nil, err
	}
	r := &RenderedTable{Table: t}
	if r.TableName, err = v.one(t.Table); err != nil {
		return nil, err
	}
	if r.InRegion, err = v.one(t.Region); err != nil {
		return nil, err
	}
	if len(v.missing) > 0 {
		return nil, &Missing{i.Name, t.Name, v.missing}
	}
	return r, nil
}

// Command is the request as AWS's command line takes it.
func (r *RenderedTable) Command() string {
	return strings.Join([]string{
		"aws dynamodb create-table --region " + r.InRegion + " --table-name " + r.TableName,
		"--attribute-definitions AttributeName=" + r.Key + ",AttributeType=S --key-schema AttributeName=" + r.Key + ",KeyType=HASH",
		fmt.Sprintf("--billing-mode PROVISIONED --provisioned-throughput ReadCapacityUnits=%d,WriteCapacityUnits=%d", r.Read, r.Write),
	}, " \\\n  ") + "\n"
}

// JSON is the request as DynamoDB's CreateTable takes it, indented, with a newline at the end.
func (r *RenderedTable) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		TableName             string
		AttributeDefinitions  []map[string]string
		KeySchema             []map[string]string
		BillingMode           string
		ProvisionedThroughput map[string]int
	}{
		r.TableName,
		[]map[string]string{{"AttributeName": r.Key, "AttributeType": "S"}},
		[]map[string]string{{"AttributeName": r.Key, "KeyType": "HASH"}},
		"PROVISIONED",
		map[string]int{"ReadCapacityUnits": r.Read, "WriteCapacityUnits": r.Write},
	}, "", "  ")
	return append(text, '\n'), err
}
