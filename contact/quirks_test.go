package contact

import (
	"strings"
	"testing"

	"trunkline/internal/document"
)

// TestQuirks: what real records have and the documentation does not. Each is a record that is recognised, whose quirk can be looked
// up, and that renders byte for byte as it came.
func TestQuirks(t *testing.T) {
	const (
		ctr   = `"AWSContactTraceRecordFormatVersion":"2017-03-10","ContactId":"c-1",`
		event = `"AgentARN":"arn:aws:connect:eu-west-2:111122223333:instance/i/agent/a","EventId":"e-1",`
	)
	for _, c := range []struct {
		name, members string
		kind          Kind
		path          string // of the quirk
		want          string // its JSON text
	}{
		{"Recordings is null when nothing was recorded", ctr + `"Recordings":null`, Contact, "Recordings", `null`},
		{"Recording is null", ctr + `"Recording":null`, Contact, "Recording", `null`},
		{"Queue is null for who hangs up before queueing", ctr + `"Agent":null,"Queue":null`, Contact, "Queue", `null`},
		{"InitialContactId is null on first contacts", ctr + `"InitialContactId":null`, Contact, "InitialContactId", `null`},
		{"StorageType is S3, not Amazon S3", ctr + `"Recording":{"StorageType":"S3"}`, Contact, "Recording StorageType", `"S3"`},
		{"Location has no scheme", ctr + `"Recording":{"Location":"bucket/key.wav"}`, Contact, "Recording Location", `"bucket/key.wav"`},
		{"audio from Kinesis Video calls itself VIDEO", ctr + `"Recordings":[{"MediaStreamType":"VIDEO","ParticipantType":"CUSTOMER","Status":null}]`, Contact, "Recordings", `[{"MediaStreamType":"VIDEO","ParticipantType":"CUSTOMER","Status":null}]`},
		{"fragment numbers have 47 digits", ctr + `"Recording":{"FragmentStartNumber":"91343852333181432412489103236310005892133364608"}`, Contact, "Recording FragmentStartNumber", `"91343852333181432412489103236310005892133364608"`},
		{"empty values of every kind", ctr + `"References":[],"ContactDetails":{},"Campaign":{"CampaignId":null}`, Contact, "Campaign CampaignId", `null`},
		{"keys that differ in the case of one letter", ctr + `"Attributes":{"language":"en","Language":"de"}`, Contact, "Attributes Language", `"de"`},
		{"ContactAssociationId as a number", ctr + `"ContactAssociationId":12345678901234567890`, Contact, "ContactAssociationId", `12345678901234567890`},
		{"numbers of unexpected length", ctr + `"CustomerEndpoint":{"Address":"+44"}`, Contact, "CustomerEndpoint Address", `"+44"`},
		{"Softphone as an address", ctr + `"SystemEndpoint":{"Address":"Softphone"}`, Contact, "SystemEndpoint Address", `"Softphone"`},
		{"an old record without later sections", ctr + `"LastUpdateTimestamp":"2019-01-02T03:04:05Z"`, Contact, "DisconnectReason", ``},
		{"a misspelt reason", ctr + `"DisconnectReason":"OUTBUND_PREVIEW_DISCARDED"`, Contact, "DisconnectReason", `"OUTBUND_PREVIEW_DISCARDED"`},
		{"a channel, a reason and a field of tomorrow", ctr + `"Channel":"HOLOGRAM","DisconnectReason":"VANISHED","Aura":{"Colour":1.50}`, Contact, "Aura Colour", `1.50`},
		{"the task channel of contact records", ctr + `"Channel":"TASK"`, Contact, "Channel", `"TASK"`},
		{"hierarchy groups that are null", ctr + `"Agent":{"HierarchyGroups":{"Level1":{"ARN":"a","GroupName":"g"},"Level2":null}}`, Contact, "Agent HierarchyGroups Level2", `null`},

		{"LOGIN has two null snapshots", event + `"CurrentAgentSnapshot":null,"EventType":"LOGIN","PreviousAgentSnapshot":null`, AgentEvent, "CurrentAgentSnapshot", `null`},
		{"the next STATE_CHANGE has one", event + `"CurrentAgentSnapshot":{"Contacts":[]},"EventType":"STATE_CHANGE","PreviousAgentSnapshot":null`, AgentEvent, "PreviousAgentSnapshot", `null`},
		{"HEART_BEAT after LOGOUT", event + `"EventType":"HEART_BEAT"`, AgentEvent, "EventType", `"HEART_BEAT"`},
		{"milliseconds that repeat the seconds", event + `"EventTimestamp":"2018-10-01T10:00:59.059Z","EventType":"LOGOUT"`, AgentEvent, "EventTimestamp", `"2018-10-01T10:00:59.059Z"`},
		{"the agent's own queue has no name", event + `"CurrentAgentSnapshot":{"Configuration":{"RoutingProfile":{"InboundQueues":[{"ARN":"arn:q/queue/agent/a","Name":null}]}}},"EventType":"STATE_CHANGE"`, AgentEvent, "CurrentAgentSnapshot Configuration RoutingProfile InboundQueues", `[{"ARN":"arn:q/queue/agent/a","Name":null}]`},
		{"the task channel of agent events", event + `"CurrentAgentSnapshot":{"Contacts":[{"Channel":"TASKS"}]},"EventType":"STATE_CHANGE"`, AgentEvent, "CurrentAgentSnapshot Contacts", `[{"Channel":"TASKS"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "{" + c.members + "}"
			var r Record
			if err := r.Parse([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if r.Kind() != c.kind {
				t.Errorf("kind %v, want %v", r.Kind(), c.kind)
			}
			n := r.Document().Lookup(strings.Fields(c.path)...)
			got := ""
			if n != document.None {
				got = string(r.Document().Raw(n))
			}
			if got != c.want {
				t.Errorf("%s is %s, want %s", c.path, got, c.want)
			}
			if got := string(r.Document().Render(nil)); got != text {
				t.Errorf("renders as %s, want %s", got, text)
			}
		})
	}
}
