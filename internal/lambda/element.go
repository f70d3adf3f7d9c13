package lambda

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/collector"
	"trunkline/internal/document"
	"trunkline/internal/source/kinesis/aggregate"
)

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
	return decoded[:k], nil
}

const blanks = " \t\r\n"

// envelope is the documented members of an envelope, but for data, as members of a JSON object without its braces. The value of
// partitionKey stands by itself: a sub-record of an aggregate has its own.
type envelope struct{ before, key, behind []byte }

func beside(doc *document.Document, n document.Node) *envelope {
	var e envelope
	members := &e.before
	for _, name := range envelopeNames {
		m := doc.Member(n, name)
		if k := doc.Kind(m); k != document.String && k != document.Number {
			continue
		}
		*members = append(document.AppendString(*members, name), ':')
		if name == partitionKey {
			e.key, members = doc.Raw(m), &e.behind
		} else {
			*members = append(*members, doc.Raw(m)...)
		}
		*members = append(*members, ',')
	}
	return &e
}

// append appends the members to text; a key that is not nil takes the place of theirs.
func (e *envelope) append(text, key []byte) []byte {
	text = append(text, e.before...)
	if key == nil || e.key == nil {
		key = e.key
	}
	return append(append(text, key...), e.behind...)
}

// apart takes aggregates of the Kinesis Producer Library apart.
type apart struct {
	splitter aggregate.Splitter
	parts    []aggregate.Record
}

// append appends the record of an element, or those that it is an aggregate of. Of the shard's hash range an event says nothing: what a
// producer sent again after a shard was split comes twice, under the same key.
func (a *apart) append(records []record, r record) []record {
	if r.in.Problem != nil {
		return append(records, r)
	}
	var err error
	if a.parts, err = a.splitter.Split(a.parts[:0], r.in.Data, aggregate.Range{}); err != nil {
		r.in.Problem = err
		return append(records, r)
	}
	if n := len(a.parts); n > 1 && n > len(r.in.Data)/minPart {
		r.in.Problem = fmt.Errorf("data is an aggregate of %d records in %d bytes, too few for any of them", n, len(r.in.Data))
		return append(records, r)
	}
	for i, part := range a.parts {
		if part.PartitionKey == nil {
			return append(records, r.content(r.in.Data))
		}
		sub := r.content(part.Data)
		sub.part, sub.key = i+1, document.AppendString(nil, part.PartitionKey)
		sub.in.Meta = slices.Clone(r.in.Meta)
		if k := slices.IndexFunc(sub.in.Meta, func(m collector.Meta) bool { return m.Name == partitionKey }); k >= 0 {
			sub.in.Meta[k].Raw = sub.key
		}
		records = append(records, sub)
	}
	return records
}

// minPart is less than a record takes in an aggregate, in bytes.
const minPart = 32

var gzipped = []byte("\x1f\x8b")

// content returns the record with this text.
func (r record) content(text []byte) record {
	r.in.Data = bytes.Trim(text, blanks)
	if bytes.HasPrefix(text, gzipped) {
		r.in.Data, r.in.Problem = text, errors.New("data is compressed with gzip, want JSON")
	}
	return r
}
