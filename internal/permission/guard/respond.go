package guard

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// requestID is what the answers of the guard have for the service's number of the request.
const requestID = "trunkline-guard"

// code is the error code and status of a denial, by the service that was called. The second word of SQS, DynamoDB and Kinesis is for
// a key that encrypts what they hold.
func (d *denial) code(protocol protocol) (code string, status int) {
	key := strings.HasPrefix(d.action, "kms:")
	switch {
	case key && d.service == "kinesis":
		return "KMSAccessDeniedException", http.StatusBadRequest
	case key && d.service == "sqs":
		return "KmsAccessDenied", http.StatusBadRequest
	case d.service == "sqs", d.service == "cloudwatch": // they keep the codes of their older protocol
		return "AccessDenied", http.StatusForbidden
	case protocol == overXML, protocol == overQuery:
		return "AccessDenied", http.StatusForbidden
	case protocol == overREST:
		return "AccessDeniedException", http.StatusForbidden
	default:
		return "AccessDeniedException", http.StatusBadRequest
	}
}

// text is the message of a denial as the service that was called words it.
func (d *denial) text() string {
	if strings.HasPrefix(d.action, "kms:") && d.service == "secretsmanager" {
		return "Access to KMS is not allowed: " + d.message
	}
	return d.message
}

// A protocol is how a service's requests and answers are written.
type protocol int

const (
	overXML   protocol = iota // S3
	overQuery                 // a form, answered in XML
	overJSON                  // a POST of JSON with a target
	overCBOR                  // Smithy's RPC
	overREST                  // JSON at paths
)

// protocolOf tells it by the request.
func protocolOf(service string, r *smithyhttp.Request) protocol {
	kind := r.Header.Get("Content-Type")
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return overCBOR
	case strings.HasPrefix(kind, "application/x-amz-json-"):
		return overJSON
	case strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		return overQuery
	case service == "s3":
		return overXML
	default:
		return overREST
	}
}

// answer is the service's response to a request that is denied.
func (d *denial) answer(r *smithyhttp.Request) *smithyhttp.Response {
	protocol := protocolOf(d.service, r)
	code, status := d.code(protocol)
	header := http.Header{}
	header.Set("X-Amzn-RequestId", requestID)
	var body []byte
	switch protocol {
	case overXML:
		header.Set("X-Amz-Request-Id", requestID)
		header.Set("Content-Type", "application/xml")
		body = fmt.Appendf(nil, "<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>", code, escaped(d.text()), requestID)
	case overQuery:
		header.Set("Content-Type", "text/xml")
		body = fmt.Appendf(nil, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			code, escaped(d.text()), requestID)
	case overCBOR:
		header.Set("Content-Type", "application/cbor")
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
		header.Set("X-Amzn-Query-Error", code+";Sender")
		body = cbor.Encode(cbor.Map{"__type": cbor.String(code), "message": cbor.String(d.text())})
	case overJSON, overREST:
		header.Set("Content-Type", "application/x-amz-json-1.0")
		header.Set("X-Amzn-ErrorType", code)
		if d.service == "sqs" {
			header.Set("X-Amzn-Query-Error", code+";Sender")
		}
		body, _ = json.Marshal(map[string]string{"__type": code, "message": d.text()}) // strings can be marshalled
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return &smithyhttp.Response{Response: &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}}
}

// escaped is text inside of XML.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}
