package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/document"
)

// Forms of records, as an Input names them.
const (
	trailForm    = "CloudTrail events"
	stackForm    = "CloudFormation stack events"
	pipeForm     = "a pipe's description"
	functionForm = "a function's description"
	pipeLogForm  = "a pipe's log"
	decodedForm  = "a decoded authorization message"
	jsonForm     = "JSON lines"
	textForm     = "text"
)

// object takes the JSON text that was parsed last: a list of records or one of them. line is where it begins.
func (in *input) object(line int) {
	in.passed.offset, in.passed.line = 0, line
	in.value(in.document.Root())
}

// value looks at a value for records.
func (in *input) value(n document.Node) {
	d := &in.document
	if d.Kind(n) == document.Array {
		for c, end := d.Children(n); c < end; c = d.After(c) {
			in.value(c)
		}
		return
	}
	for _, list := range []string{"Records", "Events", "StackEvents"} {
		if m := d.Member(n, list); d.Kind(m) == document.Array {
			in.value(m)
			return
		}
	}
	member := func(name string) bool { return d.Member(n, name) != document.None }
	switch {
	case member("eventSource") && member("eventName"):
		in.known(trailForm)
		in.trail(n)
	case member("CloudTrailEvent"):
		in.known(trailForm)
		in.lookedUp(d.Member(n, "CloudTrailEvent"))
	case member("ResourceStatus") && member("LogicalResourceId"):
		in.known(stackForm)
		in.stackEvent(n)
	case member("CurrentState") && member("DesiredState"):
		in.known(pipeForm)
		in.pipe(n)
	case member("Configuration") && d.Member(d.Member(n, "Configuration"), "FunctionName") != document.None:
		in.known(functionForm)
		in.function(d.Member(n, "Configuration"))
	case member("FunctionName") && member("State"):
		in.known(functionForm)
		in.function(n)
	case member("DecodedMessage"), member("explicitDeny") && member("failures"):
		in.known(decodedForm)
		in.decoded(n)
	case member("executionId") && member("resourceArn") && member("messageType"):
		in.known(pipeLogForm)
		in.place.Of = "log of pipe " + in.pipeName(n)
		in.texts(d.Member(n, "error"))
		in.place.Of = ""
	default:
		in.lone++
		in.forms = appendNew(in.forms, jsonForm)
		in.texts(n)
	}
}

// known counts a record.
func (in *input) known(form string) {
	in.Records++
	in.forms = appendNew(in.forms, form)
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// at is the line of a value.
func (in *input) at(n document.Node) int {
	offset := in.document.Offset(n)
	if offset < in.passed.offset {
		return in.passed.line
	}
	for _, c := range in.document.Bytes()[in.passed.offset:offset] {
		if c == '\n' {
			in.passed.line++
		}
	}
	in.passed.offset = offset
	return in.passed.line
}

// string is a member's text, or "".
func (in *input) string(n document.Node, path ...string) string {
	for _, name := range path {
		n = in.document.Member(n, name)
	}
	return string(in.document.AppendText(nil, n))
}

// texts looks for messages in all strings inside of a value.
func (in *input) texts(n document.Node) {
	d := &in.document
	switch d.Kind(n) {
	case document.String:
		in.scan(string(d.AppendText(nil, n)), in.at(n), quality{})
	case document.Array, document.Object:
		for c, end := d.Children(n); c < end; c = d.After(c) {
			in.texts(c)
		}
	case document.Invalid, document.Null, document.True, document.False, document.Number:
	}
}

// scan looks for messages in a text, and tells how many there are.
func (in *input) scan(text string, line int, q quality) int {
	found := in.doctor.parser.find(text[:min(len(text), MaxLine)], q)
	for _, m := range found {
		in.note(m, line)
	}
	return len(found)
}

func (in *input) note(m Message, line int) *observed {
	in.Messages++
	return in.doctor.note(in.place, line, m)
}

// line looks at a line of text. Terraform draws a frame around an error and breaks its lines: they are put together again.
func (in *input) line(text string) {
	in.lone++
	in.forms = appendNew(in.forms, textForm)
	if inner, framed := strings.CutPrefix(strings.TrimLeft(text, " \t"), "│"); framed {
		if len(in.box) == 0 {
			in.boxLine = in.Lines
		}
		if len(in.box) < maxBox && len(inner) < 4096 {
			in.box = append(in.box, strings.TrimSpace(inner))
			return
		}
	}
	in.unbox()
	in.scan(text, in.Lines, quality{})
}

// maxBox is how many lines of a frame are put together.
const maxBox = 256

func (in *input) unbox() {
	if len(in.box) > 0 {
		text := strings.Join(in.box, " ")
		in.box = in.box[:0]
		in.scan(text, in.boxLine, quality{})
	}
}

// close notes what the input was, and that nothing of a text was understood.
func (in *input) close() {
	in.unbox()
	in.Form = strings.Join(in.forms, ", ")
	d := in.doctor
	d.inputs = append(d.inputs, in.Input)
	if in.lone > 0 && in.Messages == 0 {
		d.cases = append(d.cases, &observed{observation: observation{place: place{Source: in.Name}}, first: 1, last: in.Lines, times: in.lone})
	}
}

// unknown notes a record that says that something is wrong, and not in a way that is known.
func (in *input) unknown(line int) {
	in.doctor.note(in.place, line, Message{})
}

// trail reads an event of CloudTrail: see "CloudTrail record contents" in the CloudTrail user guide.
func (in *input) trail(n document.Node) {
	code := in.string(n, "errorCode")
	if code == "" {
		return
	}
	source, _, _ := strings.Cut(in.string(n, "eventSource"), ".")
	operation := in.string(n, "eventName")
	if i := len(operation) - 8; i > 0 && operation[i:i+2] == "20" && strings.Trim(operation[i:], "0123456789") == "" {
		operation = operation[:i] // Lambda's have the version of the API
	}
	in.place = place{Source: in.Name, Of: "CloudTrail event " + plainWord(operation), Region: plainWord(in.string(n, "awsRegion")), Endpoint: plainWord(in.string(n, "vpcEndpointId"))}
	if caller := in.string(n, "userIdentity", "arn"); isPrincipal(caller) {
		in.place.Principal = caller
	}
	defer func() { in.place = place{Source: in.Name} }()
	said := envelope{code, source, operation, in.string(n, "requestID")}
	found := in.doctor.parser.find(in.string(n, "errorMessage"), quality{whole: true})
	if len(found) == 0 {
		m, ok := said.bare()
		if !ok {
			return // an error of another kind, which many calls have on purpose
		}
		found = []Message{m}
	}
	for _, m := range found {
		said.addTo(&m)
		in.note(m, in.at(n))
	}
}

// plainWord is a name of AWS's, or "".
func plainWord(s string) string {
	if len(s) > 64 || strings.ContainsFunc(s, func(c rune) bool { return !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' && c != ':' }) {
		return ""
	}
	return s
}

// lookedUp reads the event that LookupEvents hands out as a string.
func (in *input) lookedUp(n document.Node) {
	line := in.at(n)
	inner := input{doctor: in.doctor, ctx: in.ctx, place: in.place, Input: Input{Name: in.Name}}
	if inner.document.Parse(in.document.AppendText(nil, n)) != nil {
		return
	}
	inner.passed.line = line
	if root := inner.document.Root(); inner.document.Kind(root) == document.Object {
		inner.trail(root)
	}
	in.Messages += inner.Messages
}

// stackEvent reads an event of DescribeStackEvents.
func (in *input) stackEvent(n document.Node) {
	reason := in.string(n, "ResourceStatusReason")
	if !strings.HasSuffix(in.string(n, "ResourceStatus"), "_FAILED") || reason == "" || strings.HasPrefix(reason, "Resource creation cancelled") {
		return
	}
	in.place.Of = fmt.Sprintf("stack resource %s %s", plainWord(in.string(n, "LogicalResourceId")), plainWord(in.string(n, "ResourceType")))
	if in.scan(reason, in.at(n), quality{}) == 0 && !strings.HasPrefix(reason, "The following resource(s) failed") {
		in.unknown(in.at(n))
	}
	in.place.Of = ""
}

// maxStateReason is how many characters of a reason Pipes keeps: see PipeStateReason in its API reference.
const maxStateReason = 512

func (in *input) pipeName(n document.Node) string {
	if name := plainWord(in.string(n, "Name")); name != "" {
		return name
	}
	arn := in.string(n, "resourceArn")
	return plainWord(arn[strings.LastIndexByte(arn, '/')+1:])
}

// pipe reads the answer of DescribePipe.
func (in *input) pipe(n document.Node) {
	reason := in.string(n, "StateReason")
	state := in.string(n, "CurrentState")
	if reason == "" && !strings.HasSuffix(state, "_FAILED") {
		return
	}
	in.place.Of = "pipe " + in.pipeName(n)
	if role := in.string(n, "RoleArn"); isPrincipal(role) {
		in.place.Role = role
	}
	if stream := in.string(n, "Source"); isARN(stream) {
		in.place.Stream = stream
	}
	if in.scan(reason, in.at(n), quality{cut: len([]rune(reason)) >= maxStateReason}) == 0 {
		in.unknown(in.at(n))
	}
	in.place = place{Source: in.Name}
}

// function reads the answer of GetFunction or GetFunctionConfiguration.
func (in *input) function(n document.Node) {
	in.place.Of = "function " + plainWord(in.string(n, "FunctionName"))
	if role := in.string(n, "Role"); isPrincipal(role) {
		in.place.Role = role
	}
	for _, prefix := range []string{"State", "LastUpdateStatus"} {
		code, reason := plainWord(in.string(n, prefix+"ReasonCode")), in.string(n, prefix+"Reason")
		failed := in.string(n, prefix) == "Failed"
		if !failed && code == "" || code == "Creating" || code == "Idle" || code == "Restoring" {
			continue
		}
		if found := in.scan(reason, in.at(n), quality{}); found > 0 {
			continue
		}
		if _, known := reasonCodes()[code]; known {
			in.note(Message{Kind: Stopped, Form: "reason code", Code: code}, in.at(n))
		} else if failed {
			in.unknown(in.at(n))
		}
	}
	in.place = place{Source: in.Name}
}

// decoded reads what DecodeAuthorizationMessage answered, or the message that it holds.
func (in *input) decoded(n document.Node) {
	text := in.document.Raw(n)
	if m := in.document.Member(n, "DecodedMessage"); m != document.None {
		text = in.document.AppendText(nil, m)
	}
	if decoded, err := parseDecoded(text); err == nil && !decoded.allowed {
		in.note(decoded.message(), in.at(n)).decoded = decoded
	}
}
