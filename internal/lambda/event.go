package lambda

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// event is what one invocation brings.
type event struct {
	mapping bool // of an event source mapping, not of a pipe
	shard   string
	records []record
}

// record is a record of an event, and what stood around it.
type record struct {
	in       collector.Input
	id       string // eventID: the shard and the sequence number; "" where there is none
	sequence string // sequenceNumber; "" where there is none
	envelope []byte // the members that stood beside data, without braces; nil where the element was the record itself
}

// place names the record for people: never by its content.
func (r *record) place(i int) string {
	switch {
	case r.id != "":
		return r.id
	case r.sequence != "":
		return r.sequence
	}
	return fmt.Sprintf("element %d", i)
}

// find returns the index of the first record at a place.
func (e *event) find(place string) int {
	for i := range e.records {
		if e.records[i].place(i) == place {
			return i
		}
	}
	return 0 // not possible: places come from here
}

// metaNames are the members of an envelope that filters may ask for.
var metaNames = [...]string{"partitionKey", "sequenceNumber", "approximateArrivalTimestamp", "kinesisSchemaVersion"}

// envelopeNames are the documented members beside data. Others are dropped: what is not named is not sent.
var envelopeNames = [...]string{
	"kinesisSchemaVersion", "partitionKey", "sequenceNumber", "approximateArrivalTimestamp", "eventSource", "eventVersion", "eventID",
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
	for n, end := doc.Children(list); n < end; n = doc.After(n) {
		e.records = append(e.records, parseElement(&doc, n, e.mapping))
	}
	if len(e.records) > 0 {
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

// parseElement reads a record with what stands around it, in any of these forms: the flat envelope of a pipe or the nested one of an
// event source mapping, with data in base64; a flat envelope whose data an input template has decoded; the record itself, as the input
// template <$.data> leaves it.
func parseElement(doc *document.Document, n document.Node, mapping bool) (r record) {
	if doc.Kind(n) != document.Object {
		r.in.Problem = fmt.Errorf("an element of the event is of type %s, want an object", doc.Kind(n))
		return r
	}
	inner := n
	if k := doc.Member(n, "kinesis"); mapping && doc.Kind(k) == document.Object {
		inner = k
	}
	source, data := doc.Member(n, "eventSource"), doc.Member(inner, "data")
	if id := text(doc, doc.Member(n, "eventID")); strings.HasPrefix(id, "shardId-") {
		r.id = id
	}
	r.sequence = text(doc, doc.Member(inner, "sequenceNumber"))
	switch {
	case source != document.None && !doc.TextIs(source, "aws:kinesis"):
		r.in.Problem = errors.New("an element of the event is not from a Kinesis stream: its eventSource is not aws:kinesis")
		return r
	case source == document.None && !mapping && !enveloped(doc, n, data):
		r.in.Data = doc.Raw(n)
		return r
	}
	if r.in.Data, r.in.Problem = decode(doc, data); occurs(doc, inner, "data") > 1 {
		r.in.Problem = errors.New("data occurs more than once in an element of the event")
	}
	for _, name := range metaNames {
		if m := doc.Member(inner, name); m != document.None {
			r.in.Meta = append(r.in.Meta, collector.Meta{Name: name, Raw: doc.Raw(m)})
		}
	}
	if !mapping {
		r.envelope = beside(doc, n)
	}
	return r
}

// enveloped tells an envelope that an input template made, {"data": …}, from a record.
func enveloped(doc *document.Document, n, data document.Node) bool {
	kind := doc.Kind(data)
	return (kind == document.String || kind == document.Object) &&
		doc.Member(n, "ContactId") == document.None && doc.Member(n, "EventType") == document.None
}

// decode returns the text of the record in data.
func decode(doc *document.Document, data document.Node) ([]byte, error) {
	switch doc.Kind(data) {
	case document.Object:
		return doc.Raw(data), nil
	case document.Invalid:
		return nil, errors.New("an element of the event has no data")
	case document.String:
	default:
		return nil, fmt.Errorf("data is of type %s, want a text in base64", doc.Kind(data))
	}
	content, plain := doc.Text(data)
	if !plain { // some writers escape '/'
		content = doc.AppendText(nil, data)
	}
	content = bytes.Trim(content, blanks)
	if len(content) > 0 && content[0] == '{' { // an input template put the decoded text into quotes
		return content, nil
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(content)))
	k, err := base64.StdEncoding.Decode(decoded, content)
	if err != nil {
		return nil, errors.New("data is not base64")
	}
	decoded = decoded[:k]
	switch {
	case bytes.HasPrefix(decoded, aggregated):
		return decoded, errors.New("data is an aggregate of the Kinesis Producer Library, which a Lambda does not take apart; turn aggregation off in the producer")
	case bytes.HasPrefix(decoded, gzipped):
		return decoded, errors.New("data is compressed with gzip, want JSON")
	}
	return bytes.Trim(decoded, blanks), nil
}

const blanks = " \t\r\n"

var (
	aggregated = []byte("\xf3\x89\x9a\xc2")
	gzipped    = []byte("\x1f\x8b")
)

// beside copies the documented members of an envelope, but for data, as members of a JSON object without its braces.
func beside(doc *document.Document, n document.Node) []byte {
	members := []byte{}
	for _, name := range envelopeNames {
		m := doc.Member(n, name)
		if k := doc.Kind(m); k != document.String && k != document.Number {
			continue
		}
		members = append(document.AppendString(members, name), ':')
		members = append(append(members, doc.Raw(m)...), ',')
	}
	return members
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
