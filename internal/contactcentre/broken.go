package contactcentre

// appendBroken writes something that no reader can take for a contact record or an agent event: it is not JSON, or
// it is JSON of another kind. None of the forms contains a line feed.
func (c *Centre) appendBroken(dst []byte) []byte {
	c.unkept = c.newLeg(mixed)
	switch c.source.IntN(6) {
	case 0: // cut off in the middle
		c.scratch = c.appendRecord(c.scratch[:0], &c.unkept, 0)
		return append(dst, c.scratch[:len(c.scratch)/4+c.source.IntN(len(c.scratch)/2)]...)
	case 1: // not UTF-8: Latin-1 in a name
		return append(dst, `{"AWSContactTraceRecordFormatVersion":"2017-03-10","Attributes":{"customerName":"Ren`+
			"\xe9"+`e Clarke"},"Channel":"VOICE","ContactId":"9d3f5a52-0000-4000-8000-000000000001"}`...)
	case 2: // no JSON at all
		return append(dst, "ERROR 2026-11-22 10:15:02 upstream connect error, customer +447700900123"...)
	case 3: // JSON of no known kind
		return append(dst, `{"detail-type":"Amazon Connect Contact Event","source":"aws.connect","detail":{"customer":"+447700900456"}}`...)
	case 4: // a bare control character in a string
		return append(dst, `{"AWSContactTraceRecordFormatVersion":"2017-03-10","Attributes":{"agentNotes":"tab:`+
			"\t"+`+447700900789"},"Channel":"VOICE","ContactId":"9d3f5a52-0000-4000-8000-000000000002"}`...)
	default: // the shape of a contact record without its identity
		return append(dst, `{"AWSContactTraceRecordFormatVersion":"2017-03-10","Channel":"VOICE","ContactId":null}`...)
	}
}
