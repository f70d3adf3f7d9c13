package dynamo

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
)

// change is the condition and the update of one write. Every change of a lease wants the row to be one: a row of another kind has no
// counter, and a condition on what is absent would hold for it.
type change struct {
	counterStays        bool
	conditions          []string
	sets, removes, adds []string
	names               map[string]string
	values              map[string]types.AttributeValue
}

// name puts an attribute into the expression.
func (c *change) name(attribute string) string {
	if c.names == nil {
		c.names = map[string]string{}
	}
	c.names["#"+attribute] = attribute
	return "#" + attribute
}

// value puts a value into the expression.
func (c *change) value(v types.AttributeValue) string {
	if c.values == nil {
		c.values = map[string]types.AttributeValue{}
	}
	key := fmt.Sprintf(":v%d", len(c.values))
	c.values[key] = v
	return key
}

func (c *change) exists() {
	c.conditions = append(c.conditions, fmt.Sprintf("attribute_exists(%s)", c.name(counterAttribute)))
}

func (c *change) counterIs(n int64) { c.equals(counterAttribute, whole(n)) }

func (c *change) equals(attribute string, v types.AttributeValue) {
	c.conditions = append(c.conditions, fmt.Sprintf("%s = %s", c.name(attribute), c.value(v)))
}

func (c *change) absent(attribute string) {
	c.conditions = append(c.conditions, fmt.Sprintf("attribute_not_exists(%s)", c.name(attribute)))
}

// is wants a string attribute to be as given; "" wants it to be absent.
func (c *change) is(attribute, s string) {
	if s == "" {
		c.absent(attribute)
		return
	}
	c.equals(attribute, text(s))
}

func (c *change) ownersAre(known lease.Lease) {
	c.exists()
	c.is(ownerAttribute, known.Owner)
	c.is(drainerAttribute, known.Drainer)
}

func (c *change) set(attribute string, v types.AttributeValue) {
	c.sets = append(c.sets, fmt.Sprintf("%s = %s", c.name(attribute), c.value(v)))
}

func (c *change) remove(attributes ...string) {
	for _, attribute := range attributes {
		c.removes = append(c.removes, c.name(attribute))
	}
}

// add adds 1.
func (c *change) add(attribute string) {
	c.adds = append(c.adds, fmt.Sprintf("%s %s", c.name(attribute), c.value(whole(1))))
}

func (c *change) condition() string { return strings.Join(c.conditions, " AND ") }

// update is the expression of all that changes, the counter with it. Call it once.
func (c *change) update() string {
	if !c.counterStays {
		c.add(counterAttribute)
	}
	var parts []string
	for _, part := range []struct {
		verb string
		what []string
	}{{"SET", c.sets}, {"REMOVE", c.removes}, {"ADD", c.adds}} {
		if len(part.what) > 0 {
			parts = append(parts, part.verb+" "+strings.Join(part.what, ", "))
		}
	}
	return strings.Join(parts, " ")
}
