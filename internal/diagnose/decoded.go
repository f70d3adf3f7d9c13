package diagnose

import (
	"errors"

	"trunkline/internal/document"
)

// A decodedMessage is what an encoded authorization message says: see "DecodeAuthorizationMessage" in the STS API reference.
type decodedMessage struct {
	allowed, explicit           bool
	principal, action, resource string
	sids                        []string // of the Deny statements that matched
}

var errNotDecoded = errors.New("it is no decoded authorization message")

func parseDecoded(text []byte) (*decodedMessage, error) {
	d := document.Document{Limits: document.Limits{Size: MaxLine}}
	if err := d.Parse(text); err != nil {
		return nil, err
	}
	in := input{document: d}
	root := d.Root()
	context := d.Member(root, "context")
	if d.Kind(context) != document.Object || d.Member(root, "explicitDeny") == document.None {
		return nil, errNotDecoded
	}
	m := &decodedMessage{
		allowed:   d.Kind(d.Member(root, "allowed")) == document.True,
		explicit:  d.Kind(d.Member(root, "explicitDeny")) == document.True,
		principal: in.string(context, "principal", "arn"),
		action:    in.string(context, "action"),
		resource:  in.string(context, "resource"),
	}
	items := d.Lookup("matchedStatements", "items")
	if d.Kind(items) == document.Array && m.explicit {
		for s, end := d.Children(items); s < end; s = d.After(s) {
			if id := plainWord(in.string(s, "statementId")); id != "" && d.TextIs(d.Member(s, "effect"), "DENY") {
				m.sids = append(m.sids, id)
			}
		}
	}
	return m, nil
}

// message is the decoded message as one that says the same.
func (d *decodedMessage) message() Message {
	m := Message{Kind: Denied, Form: "decoded"}
	d.addTo(&m)
	return m
}

// addTo fills in what the message keeps encoded.
func (d *decodedMessage) addTo(m *Message) {
	if m.Principal == "" && isPrincipal(d.principal) {
		m.Principal = d.principal
	}
	if m.Action == "" && isAction(d.action) {
		m.Action = d.action
	}
	if m.Resource == "" && (isARN(d.resource) || d.resource == "*") && isPlain(d.resource) && len(d.resource) <= maxResource {
		m.Resource = d.resource
	}
	if m.Effect == Unsaid {
		if m.Effect = Implicit; d.explicit {
			m.Effect = Explicit
		}
	}
}
