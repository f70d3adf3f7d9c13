package diagnose

import (
	"slices"
	"strings"
)

// A wrapper is how an SDK or a tool packs a service's message.
type wrapper struct {
	name    string
	phrase  string
	behind  bool // it stands behind the message
	example string
	read    func(text string, at int) (c envelope, end int, ok bool)
}

// A envelope is what a wrapper says of its message.
type envelope struct{ code, service, operation, request string }

// wrappers is the table.
func wrappers() []wrapper {
	return []wrapper{
		{"Go SDK", "operation error ", false, "operation error Pipes: CreatePipe, https response error StatusCode: 403, RequestID: 1a2b, api error AccessDeniedException: …", goSDK},
		{"Python SDK", "An error occurred (", false, "An error occurred (AccessDeniedException) when calling the CreatePipe operation: …", pythonSDK},
		{"CloudFormation", "API: ", false, "API: iam:CreateRole User: …", cloudFormationAPI},
		{"XML", "<Code>", false, "<Error><Code>AccessDenied</Code><Message>…</Message><RequestId>1A2B</RequestId></Error>", xmlError},
		{"Java SDK", " (Service: ", true, "… (Service: Pipes, Status Code: 403, Request ID: 1a2b)", javaSDK},
		{"Go SDK, version 1", "status code: ", true, "…\n\tstatus code: 400, request id: 1a2b", goSDK1},
		{"CloudFormation", "HandlerErrorCode: ", true, `Resource handler returned message: "…" (RequestToken: 1a2b, HandlerErrorCode: AccessDenied)`, handlerCode},
	}
}

// maxWrapper bounds what is looked at of a wrapper, in bytes.
const maxWrapper = 1024

// lexer reads short words.
type lexer struct {
	text string
	at   int
}

func (l *lexer) skip(literal string) bool {
	if !strings.HasPrefix(l.text[l.at:], literal) {
		return false
	}
	l.at += len(literal)
	return true
}

// word reads letters, digits and the other characters given.
func (l *lexer) word(also string) string {
	rest := l.text[l.at:]
	n := strings.IndexFunc(rest, func(c rune) bool { return !isAlphanumeric(c) && !strings.ContainsRune(also, c) })
	if n < 0 {
		n = len(rest)
	}
	l.at += n
	return rest[:n]
}

// find goes behind the next place of a text, if it is near.
func (l *lexer) find(literal string) bool {
	rest := l.text[l.at:]
	i := strings.Index(rest[:min(len(rest), maxWrapper)], literal)
	if i < 0 {
		return false
	}
	l.at += i + len(literal)
	return true
}

func goSDK(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("operation error ")}
	c.service = l.word(" -")
	if !l.skip(": ") {
		return c, 0, false
	}
	if c.operation = l.word(""); c.service == "" || c.operation == "" {
		return c, 0, false
	}
	end = l.at
	if !l.find("https response error StatusCode: ") || l.word("") == "" || !l.skip(", RequestID: ") {
		return c, end, true
	}
	c.request = l.word("-")
	if l.skip(", HostID: ") {
		l.word("+/=-_")
	}
	if l.skip(", "); l.skip("api error ") || strings.HasSuffix(peek(l), "Exception") {
		code := l.word(".")
		if l.skip(":") {
			c.code = code
		}
	}
	return c, l.at, true
}

// peek returns the word that stands next.
func peek(l lexer) string { return l.word(".") }

func pythonSDK(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("An error occurred (")}
	c.code = l.word(".")
	if !l.skip(") when calling the ") {
		return c, 0, false
	}
	c.operation = l.word("")
	ok = l.skip(" operation") && c.code != "" && c.operation != ""
	return c, l.at, ok
}

func cloudFormationAPI(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("API: ")}
	c.service = l.word("-")
	ok = l.skip(":")
	c.operation = l.word("")
	return c, l.at, ok && c.service != "" && c.operation != ""
}

func xmlError(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("<Code>")}
	c.code = l.word(".")
	if !l.skip("</Code>") || c.code == "" {
		return c, 0, false
	}
	id := l
	if id.find("<RequestId>") {
		c.request = id.word("-")
	}
	return c, l.at, true
}

func javaSDK(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len(" (Service: ")}
	c.service = l.word(" ")
	if c.service == "" || !l.skip(", Status Code: ") && !l.skip("; Status Code: ") || l.word("") == "" {
		return c, 0, false
	}
	if l.skip("; Error Code: ") {
		c.code = l.word(".")
	}
	if l.skip(", Request ID: ") || l.skip("; Request ID: ") {
		c.request = l.word("-")
	}
	return c, l.at, true
}

func goSDK1(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("status code: ")}
	if l.word("") == "" || !l.skip(", request id: ") {
		return c, 0, false
	}
	c.request = l.word("-")
	return c, l.at, c.request != ""
}

func handlerCode(text string, at int) (c envelope, end int, ok bool) {
	l := lexer{text, at + len("HandlerErrorCode: ")}
	c.code = l.word("")
	return c, l.at, c.code != ""
}

// addTo fills in what the message does not say itself.
func (c envelope) addTo(m *Message) {
	for _, f := range []struct {
		field *string
		value string
	}{{&m.Code, c.code}, {&m.Service, c.service}, {&m.Operation, c.operation}, {&m.RequestID, c.request}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
}

// addFront fills in what a wrapper in front of the same message says.
func (c *envelope) addFront(front *envelope) {
	if front == nil {
		return
	}
	m := Message{Code: front.code, Service: front.service, Operation: front.operation, RequestID: front.request}
	c.addTo(&m)
	*c = envelope{m.Code, m.Service, m.Operation, m.RequestID}
}

// bare is the message that a wrapper makes by its error code alone.
func (c envelope) bare() (Message, bool) {
	m := Message{Kind: kindOf(c.code, c.service), Form: "error code"}
	c.addTo(&m)
	return m, m.Kind != Unknown
}

// Error codes, as AWS's services have them: see the API reference of each service, "Errors".
var (
	deniedCodes = []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException",
		"UnauthorizedAccess", "NotAuthorized", "KMSAccessDeniedException", "KmsAccessDenied", "KMS.AccessDeniedException",
	}
	missingCodes = []string{"ResourceNotFoundException", "NotFoundException", "NoSuchEntity", "NoSuchEntityException"}
	invalidCodes = []string{"ValidationException", "InvalidParameterException", "InvalidParameterValueException"}
)

// kindOf says what an error code means. Parameters are looked at for pipes alone.
func kindOf(code, service string) Kind {
	switch {
	case slices.Contains(deniedCodes, code):
		return Denied
	case slices.Contains(missingCodes, code):
		return Missing
	case slices.Contains(invalidCodes, code) && strings.Contains(strings.ToLower(service), "pipes"):
		return Invalid
	}
	return Unknown
}

// codeBefore is the error code that stands right in front of a message, as in AccessDeniedException: User: …
func codeBefore(text string) string {
	for _, code := range deniedCodes {
		if strings.HasSuffix(text, code+": ") {
			return code
		}
	}
	return ""
}
