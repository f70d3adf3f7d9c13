package lambda

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// event is what one invocation brings.
type event struct {
	mapping  bool // of an event source mapping, not of a pipe
	shard    string
	elements int      // of the array
	records  []record // of an aggregate, each of its sub-records
}

// record is a record of an event, and what stood around it.
type record struct {
	in       collector.Input
	element  int       // of the event
	id       string    // eventID: the shard and the sequence number; "" where there is none
	sequence string    // sequenceNumber; "" where there is none
	envelope *envelope // what stood beside data in a pipe's event; nil where the element was the record itself
	part     int       // of an aggregate: the sub-sequence number and one; 0: the record is no part of one
	key      []byte    // its own partition key as JSON, of a part of an aggregate
}

// place names the record for people: never by its content.
func (r *record) place() string {
	place := cmp.Or(r.id, r.sequence)
	if place == "" {
		place = fmt.Sprintf("element %d", r.element)
	}
	if r.part > 0 {
		place = fmt.Sprintf("%s/%d", place, r.part-1)
	}
	return place
}

// find returns the index of the first record at a place.
func (e *event) find(place string) int {
	for i := range e.records {
		if e.records[i].place() == place {
			return i
		}
	}
	return 0 // not possible: places come from here
}

const partitionKey = "partitionKey"

// metaNames are the members of an envelope that filters may ask for.
var metaNames = [...]string{partitionKey, "sequenceNumber", "approximateArrivalTimestamp", "kinesisSchemaVersion"}

// envelopeNames are the documented members beside data. Others are dropped: what is not named is not sent.
var envelopeNames = [...]string{
	"kinesisSchemaVersion", partitionKey, "sequenceNumber", "approximateArrivalTimestamp", "eventSource", "eventVersion", "eventID",
	"eventName", "awsRegion", "eventSourceARN",
}

// errShape says what an invocation must bring.
var errShape = errors.New("the event is neither the JSON array that a pipe sends to its enrichment nor the {\"Records\": […]} of a Kinesis event source mapping")

// maxDepth is that of a record inside of an array, an envelope and its data.
const maxDepth = document.DefaultDepth + 4

// maxValues bounds an event: 6 MB hold no more than three million of the shortest values.
const maxValues = 3 << 20

// parseEvent reads an invocation's payload, which its records refer to. The error says why it is no event that can be handled; what
// is wrong with a single record is that record's Problem.
func parseEvent(payload []byte) (event, error) {
	var e event
	var doc document.Document
	doc.Limits.Depth, doc.Limits.Values = maxDepth, maxValues
	if err := doc.Parse(payload); err != nil {
		return e, fmt.Errorf("the event: %w", err)
	}
	list := doc.Root()
	if doc.Kind(list) == document.Object {
		e.mapping = true
		list = doc.Member(list, "Records")
	}
	if doc.Kind(list) != document.Array {
		return e, errShape
	}
	var a apart
	for n, end := doc.Children(list); n < end; n = doc.After(n) {
		r := parseElement(&doc, n, e.mapping)
		r.element = e.elements
		e.elements++
		e.records = a.append(e.records, r)
	}
	if e.elements > 0 {
		e.shard = shard(&doc, list)
	}
	return e, nil
}

// shard names the stream and shard of the first record: an invocation brings those of one.
func shard(doc *document.Document, list document.Node) string {
	first, _ := doc.Children(list)
	stream, id := text(doc, doc.Member(first, "eventSourceARN")), text(doc, doc.Member(first, "eventID"))
	name, _, _ := strings.Cut(id, ":")
	switch {
	case stream == "" && name == "":
		return "lambda"
	case stream == "":
		return name
	}
	return stream + "/" + name
}

func occurs(doc *document.Document, object document.Node, name string) (times int) {
	for c, end := doc.Children(object); c < end; c = doc.After(c) {
		if doc.KeyIs(c, name) {
			times++
		}
	}
	return times
}

// text is the content of a text that may be the name of a stream, a shard or a position; "" for anything else. It is shown in errors
// and logs.
func text(doc *document.Document, n document.Node) string {
	if doc.Kind(n) != document.String {
		return ""
	}
	content, plain := doc.Text(n)
	if !plain || len(content) > 256 || !bytes.ContainsFunc(content, isDigit) || bytes.ContainsFunc(content, notName) {
		return ""
	}
	return string(content)
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func notName(c rune) bool {
	return !isDigit(c) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != ':' && c != '/' && c != '-' && c != '_' && c != '.'
}
