package contact

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustPath(t *testing.T, text string) Path {
	t.Helper()
	p, err := ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDocumented(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		path string
		want bool
	}{
		{Contact, "Channel", true},
		{Contact, "channel", false},
		{Contact, "Channel.x", false},
		{Contact, "Agent", true},
		{Contact, "Agent.*", true},
		{Contact, "*", true},
		{Contact, "*.ARN", true},
		{Contact, "*.Anything", true}, // Attributes.Anything
		{AgentEvent, "*.*.GroupName", false},
		{AgentEvent, "*.*.Username", true},
		{Contact, "Agent.HierarchyGroups.Level5.GroupName", true},
		{Contact, "Agent.HierarchyGroups.*.ARN", true},
		{Contact, "Agent.HierarchyGroups.Level6", false},
		{Contact, "Agent.HierarchyGroups.Level1.Name", false},
		{Contact, "Attributes", true},
		{Contact, "Attributes.anything.at.all", true},
		{Contact, `Tags.aws:connect:systemEndpoint`, true},
		{Contact, `SegmentAttributes.connect:Subtype.ValueString`, true},
		{Contact, "References.Value", true},
		{Contact, "Recordings.Location", true},
		{Contact, "Recordings.0.Location", false},
		{Contact, "RoutingCriteria.Steps.Expression.AttributeCondition.Name", true},
		{Contact, "ChatMetrics.CustomerMetrics.ParticipantId", true},
		{Contact, "EventId", false},
		{Contact, "AgentData", false},
		{AgentEvent, "EventId", true},
		{AgentEvent, "ContactId", false},
		{AgentEvent, "CurrentAgentSnapshot", true},
		{AgentEvent, "*.Configuration.Username", true},
		{AgentEvent, "PreviousAgentSnapshot.Configuration.AgentHierarchyGroups.Level5.Name", true},
		{AgentEvent, "PreviousAgentSnapshot.Configuration.AgentHierarchyGroups.Level5.GroupName", false},
		{AgentEvent, "CurrentAgentSnapshot.Contacts.Queue.Name", true},
		{CallNotice, "trunkline", false},
		{Unknown, "Channel", false},
	} {
		if got := Documented(c.kind, mustPath(t, c.path)); got != c.want {
			t.Errorf("Documented(%v, %s) = %v, want %v", c.kind, c.path, got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		kind       Kind
		path, want string
	}{
		{Contact, "Chanel", "Channel"},
		{Contact, "channel", "Channel"},
		{Contact, "customerendpoint.address", "CustomerEndpoint.Address"},
		{Contact, "CustomerEndpoint.Adress", "CustomerEndpoint.Address"},
		{Contact, "Agent.UserName", "Agent.Username"},
		{Contact, "Username", "Agent.Username"},
		{Contact, "Agent.HierarchyGroups.Level1.Name", "Agent.HierarchyGroups.Level1.ARN"},
		{Contact, "Atributes.language", "Attributes.language"},
		{Contact, "attributes.Notes", "Attributes.Notes"},
		{Contact, "Recording.Locations", "Recording.Location"},
		{Contact, "Attributes.language", ""},
		{Contact, "Weather.Forecast", ""},
		{Contact, strings.Repeat("x", 5000), ""},
		{AgentEvent, "CurrentAgentSnapshot.Configuration.Usernam", "CurrentAgentSnapshot.Configuration.Username"},
		{AgentEvent, "eventid", "EventId"},
		{CallNotice, "Channel", ""},
	} {
		got, ok := Nearest(c.kind, mustPath(t, c.path))
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Nearest(%v, %.40s) = %q, %v, want %q", c.kind, c.path, got, ok, c.want)
		}
	}
}

// TestMinimum: what is kept by default is documented, and the personal fields that are known to be dropped are not in it.
func TestMinimum(t *testing.T) {
	for kind, want := range map[Kind]int{Contact: 39, AgentEvent: 7 + 2*12} {
		paths := Minimum(kind)
		if len(paths) != want {
			t.Errorf("Minimum(%v) has %d paths, want %d", kind, len(paths), want)
		}
		seen := map[string]bool{}
		for _, text := range paths {
			if !Documented(kind, mustPath(t, text)) {
				t.Errorf("Minimum(%v): %s is not documented", kind, text)
			}
			if seen[text] {
				t.Errorf("Minimum(%v): %s stands twice", kind, text)
			}
			seen[text] = true
			if dot := strings.LastIndexByte(text, '.'); dot >= 0 && !seen[text[:dot]] {
				t.Errorf("Minimum(%v): %s stands without or before the object around it", kind, text)
			}
		}
		for _, dropped := range []string{
			"CustomerEndpoint", "Attributes", "Recording", "Recordings", "Agent.ARN", "Agent.RoutingProfile", "Queue.ARN", "References", "ContactDetails",
			"MediaStreams", "VoiceIdResult", "Campaign", "Tags", "SegmentAttributes", "CustomerId", "AdditionalEmailRecipients", "ContactLens",
			"CurrentAgentSnapshot.Configuration", "PreviousAgentSnapshot.Contacts.Queue.ARN", "CurrentAgentSnapshot.NextAgentStatus",
		} {
			if seen[dropped] {
				t.Errorf("Minimum(%v) keeps %s", kind, dropped)
			}
		}
	}
	if got := Minimum(CallNotice); got != nil {
		t.Errorf("Minimum(%v) = %v, want none", CallNotice, got)
	}
	first := Minimum(Contact)
	first[0] = "changed"
	if diff := cmp.Diff("Agent", Minimum(Contact)[0]); diff != "" {
		t.Errorf("a caller's change shows (-want +got):\n%s", diff)
	}
}
