package pattern

import (
	"slices"
	"strings"

	"trunkline/internal/document"
)

// dataField is the field of a pipe's envelope that holds the record.
const dataField = "data"

// usable are the fields that a pattern in this form can begin with.
var usable = []string{dataField, "partitionKey", "sequenceNumber", "approximateArrivalTimestamp", "kinesisSchemaVersion"}

// unusable are the fields that an envelope has and a pattern cannot use.
var unusable = []string{
	"awsRegion", "eventSource", "eventSourceARN", "eventVersion", "eventID", "eventName", "invokeIdentityArn", "eventSourceKey",
}

// checkEnvelope looks at field, the path of member c, as a field of a pipe's envelope.
func (p *parser) checkEnvelope(c document.Node, field string) error {
	top, inside, nested := strings.Cut(field, ".")
	at := p.keyOffset(c)
	switch {
	case top == dataField:
		if !nested && p.doc.Kind(c) == document.Array {
			return p.pipe(at, field, `write {"data": {"field": [values]}}`, "under data a pipe takes an object of fields only")
		}
	case slices.Contains(usable, top):
		if nested || p.doc.Kind(c) == document.Object {
			return p.fail(at, field, "", "%s is a text or a number and has no fields inside", top)
		}
	case slices.Contains(unusable, top):
		return p.fail(at, field, "use "+list(usable),
			"a pipe's record has %s, but a pattern cannot use it", top)
	default:
		hint := didYouMean(top, usable)
		if hint == "" {
			hint = `fields of the record stand under "data": {"data": {` + quote(join(top, inside)) + `: …}}`
		}
		return p.fail(at, field, hint, "a pipe's record has no field %q", top)
	}
	return nil
}

func quote(s string) string { return string(document.AppendString(nil, strings.TrimSuffix(s, "."))) }
