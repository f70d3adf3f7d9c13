package files

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"trunkline/internal/collector"
	"trunkline/internal/document"
)

// EnvelopeError is the Problem of what should be a Kinesis envelope and holds no record. The Input's Data is the envelope's text.
type EnvelopeError struct{ Reason string }

func (e *EnvelopeError) Error() string { return "kinesis envelope: " + e.Reason }

// envelope takes records out of what EventBridge pipes and Lambda event source mappings put around them:
//
//	{"kinesisSchemaVersion": …, "partitionKey": …, "sequenceNumber": …, "data": BASE64, …, "eventSource": "aws:kinesis", …}
//	{"kinesis": {"kinesisSchemaVersion": …, "partitionKey": …, "data": BASE64, …}, "eventSource": "aws:kinesis", …}
//
// An object is one when its first member is of an envelope and its eventSource is aws:kinesis, so that other records cost no more
// than a look at their first member. It is reused.
type envelope struct {
	doc  document.Document
	text []byte // base64 that was written with escapes
}

// metaNames are the members of an envelope that filters may ask for.
var metaNames = [...]string{"partitionKey", "sequenceNumber", "approximateArrivalTimestamp", "kinesisSchemaVersion"}

// open makes an Input of a record. What it decodes goes to the batch's memory.
func (e *envelope) open(b *batch, r record, limit int) collector.Input {
	if r.data == nil {
		return collector.Input{Problem: &TooLongError{r.length, limit}}
	}
	required := r.at.mode == entries
	if !required && !mayBeEnvelope(r.data) {
		return collector.Input{Data: r.data}
	}
	in, reason := e.decode(b, r.data, required, limit)
	if reason != "" {
		return collector.Input{Data: r.data, Problem: &EnvelopeError{reason}}
	}
	return in
}

// decode returns the envelope's record, or why it has none. What is no envelope at all and need not be one is the record itself.
func (e *envelope) decode(b *batch, data []byte, required bool, limit int) (in collector.Input, reason string) {
	d := &e.doc
	if limit > document.DefaultSize {
		d.Limits.Size = limit
	}
	err := d.Parse(data)
	if err != nil || !d.TextIs(d.Member(d.Root(), "eventSource"), "aws:kinesis") {
		switch {
		case !required:
			return collector.Input{Data: data}, ""
		case err != nil:
			return in, err.Error()
		}
		return in, "an element of Records whose eventSource is not aws:kinesis"
	}
	object := d.Root()
	if inner := d.Member(object, "kinesis"); d.Kind(inner) == document.Object {
		object = inner
	}
	n := d.Member(object, "data")
	switch d.Kind(n) {
	case document.String:
		text, plain := d.Text(n)
		if !plain { // some writers escape '/'
			e.text = d.AppendText(e.text[:0], n)
			text = e.text
		}
		from := len(b.arena)
		b.arena, err = base64.StdEncoding.AppendDecode(b.arena, text)
		if err != nil {
			b.arena = b.arena[:from]
			return in, "data is not base64"
		}
		in.Data = bytes.Trim(b.arena[from:len(b.arena):len(b.arena)], " \t\r\n")
	case document.Object: // an input template of a pipe may have decoded it
		in.Data = d.Raw(n)
	case document.Invalid:
		return in, "no data"
	default:
		return in, fmt.Sprintf("data is %s, want a string", d.Kind(n))
	}
	from := len(b.meta)
	for _, name := range metaNames {
		if n := d.Member(object, name); n != document.None {
			b.meta = append(b.meta, collector.Meta{Name: name, Raw: d.Raw(n)})
		}
	}
	in.Meta = b.meta[from:len(b.meta):len(b.meta)]
	return in, ""
}

var quote = []byte{'"'}

// mayBeEnvelope reports whether an object's first member has the name of an envelope's.
func mayBeEnvelope(b []byte) bool {
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	i := 1
	for i < len(b) && blank(b[i]) {
		i++
	}
	if i == len(b) || b[i] != '"' {
		return false
	}
	name, _, ok := bytes.Cut(b[i+1:min(len(b), i+32)], quote)
	if !ok {
		return false
	}
	switch string(name) {
	case "kinesis", "kinesisSchemaVersion", "partitionKey", "sequenceNumber", "data", "approximateArrivalTimestamp", "encryptionType",
		"eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn", "awsRegion", "eventSourceARN":
		return true
	}
	return false
}
