package contact

import (
	"slices"
	"strings"
	"sync"

	"trunkline/internal/spelling"
)

// The documented fields, as compact tables: an object and its members a line. A member * stands for an open map or an object
// whose members are not documented: any name may follow, to any depth. Arrays are transparent, as in every [Path].
const (
	contactFields = `
: AWSAccountId AWSContactTraceRecordFormatVersion AgentConnectionAttempts AnsweringMachineDetectionStatus Channel
: ConnectedToSystemTimestamp ContactAssociationId ContactId CustomerId DisconnectReason DisconnectTimestamp InitialContactId
: InitiationMethod InitiationTimestamp InstanceARN LastPausedTimestamp LastResumedTimestamp LastUpdateTimestamp NextContactId
: PreviousContactId RelatedContactId ScheduledTimestamp AdditionalEmailRecipients TotalPauseCount TotalPauseDurationInSeconds
: TransferCompletedTimestamp
Attributes: *
Tags: *
ContactDetails: *
SegmentAttributes: *
ContactEvaluations: *
GlobalResiliencyMetadata: *
OutboundStrategy: *
TaskTemplateInfo: *
Agent: ARN Username AgentInteractionDuration AgentPauseDuration AfterContactWorkDuration AfterContactWorkStartTimestamp
Agent: AfterContactWorkEndTimestamp ConnectedToAgentTimestamp AcceptedByAgentTimestamp PreviewEndTimestamp CustomerHoldDuration
Agent: AgentInitiatedHoldDuration LongestHoldDuration NumberOfHolds
Agent.RoutingProfile: ARN Name
Agent.HierarchyGroups.Level1: ARN GroupName
Agent.HierarchyGroups.Level2: ARN GroupName
Agent.HierarchyGroups.Level3: ARN GroupName
Agent.HierarchyGroups.Level4: ARN GroupName
Agent.HierarchyGroups.Level5: ARN GroupName
Agent.DeviceInfo: PlatformName PlatformVersion OperatingSystem
Agent.Capabilities: Video ScreenShare
Agent.StateTransitions: state stateStartTimestamp stateEndTimestamp
Campaign: CampaignId
ChatMetrics.ContactMetrics: MultiParty TotalMessages TotalBotMessages TotalBotMessageLengthInChars ConversationCloseTimeInMillis
ChatMetrics.ContactMetrics: ConversationTurnCount AgentFirstResponseTimestamp AgentFirstResponseTimeInMillis
ChatMetrics.AgentMetrics: ParticipantId ParticipantType ConversationAbandon MessagesSent NumResponses MessageLengthInChars
ChatMetrics.AgentMetrics: TotalResponseTimeInMillis MaxResponseTimeInMillis LastMessageTimestamp
ChatMetrics.CustomerMetrics: ParticipantId ParticipantType ConversationAbandon MessagesSent NumResponses MessageLengthInChars
ChatMetrics.CustomerMetrics: TotalResponseTimeInMillis MaxResponseTimeInMillis LastMessageTimestamp
ContactLens.ConversationalAnalytics.Configuration: Enabled LanguageLocale
ContactLens.ConversationalAnalytics.Configuration.ChannelConfiguration: AnalyticsModes
ContactLens.ConversationalAnalytics.Configuration.RedactionConfiguration: Behavior Policy Entities MaskMode
ContactLens.ConversationalAnalytics.Configuration.SentimentConfiguration: Behavior
ContactLens.ConversationalAnalytics.Configuration.SummaryConfiguration: SummaryModes
Customer.Capabilities: Video ScreenShare
CustomerEndpoint: Address Type
CustomerVoiceActivity: GreetingStartTimestamp GreetingEndTimestamp
DisconnectDetails: PotentialDisconnectIssue
ExternalThirdParty: ExternalThirdPartyInteractionDuration
MediaStreams: Type
QualityMetrics.Agent.Audio: QualityScore PotentialQualityIssues
QualityMetrics.Customer.Audio: QualityScore PotentialQualityIssues
Queue: ARN Name EnqueueTimestamp DequeueTimestamp Duration
Recording: DeletionReason Location Status Type
Recordings: DeletionReason FragmentStartNumber FragmentStopNumber Location MediaStreamType ParticipantType StartTimestamp
Recordings: StopTimestamp Status StorageType UnprocessedTranscriptLocation
References: Name Type Value Status
RoutingCriteria: ActivationTimestamp Index
RoutingCriteria.Steps: Status
RoutingCriteria.Steps.Expression: *
RoutingCriteria.Steps.Expiry: *
SystemEndpoint: Address Type
TransferredToEndpoint: Address Type
VoiceIdResult: GeneratedSpeakerId SpeakerEnrolled SpeakerOptedOut
VoiceIdResult.Authentication: *
VoiceIdResult.FraudDetection: *
WisdomInfo: SessionArn`

	eventFields = `
: AgentARN AWSAccountId EventId EventTimestamp EventType InstanceARN Version`

	snapshotFields = `
AgentStatus: ARN Name StartTimestamp Type
NextAgentStatus: ARN Name EnqueuedTimestamp
Configuration: FirstName LastName Username
Configuration.AgentHierarchyGroups.Level1: ARN Name
Configuration.AgentHierarchyGroups.Level2: ARN Name
Configuration.AgentHierarchyGroups.Level3: ARN Name
Configuration.AgentHierarchyGroups.Level4: ARN Name
Configuration.AgentHierarchyGroups.Level5: ARN Name
Configuration.RoutingProfile: ARN Name
Configuration.RoutingProfile.InboundQueues: ARN Name Channels
Configuration.RoutingProfile.DefaultOutboundQueue: ARN Name Channels
Configuration.RoutingProfile.Concurrency: AvailableSlots Channel MaximumSlots
Configuration.Proficiencies: Name Value ProficiencyLevel
Contacts: ContactId InitialContactId Channel InitiationMethod State StateStartTimestamp ConnectedToAgentTimestamp QueueTimestamp
Contacts.Queue: ARN Name Channels`
)

var snapshots = [...]string{"CurrentAgentSnapshot", "PreviousAgentSnapshot"}

// The smallest sets of fields that are of use, by the published default of a collector of contact records, and our own of the
// same spirit for agent events.
const (
	contactMinimum = `
Agent
Agent.NumberOfHolds Agent.DeviceInfo Agent.CustomerHoldDuration Agent.Username Agent.LongestHoldDuration
Agent.AgentInteractionDuration Agent.AfterContactWorkStartTimestamp Agent.ConnectedToAgentTimestamp
Agent.AfterContactWorkDuration Agent.AfterContactWorkEndTimestamp Agent.HierarchyGroups
AgentConnectionAttempts AnsweringMachineDetectionStatus AWSAccountId AWSContactTraceRecordFormatVersion Channel
ConnectedToSystemTimestamp ContactId NextContactId PreviousContactId DisconnectReason InitialContactId InitiationMethod
LastUpdateTimestamp DisconnectTimestamp InitiationTimestamp InstanceARN QualityMetrics
Queue
Queue.Name Queue.Duration Queue.DequeueTimestamp Queue.EnqueueTimestamp
SystemEndpoint
SystemEndpoint.Type SystemEndpoint.Address
TransferCompletedTimestamp TransferredToEndpoint`

	eventMinimum = `EventId EventType EventTimestamp Version InstanceARN AWSAccountId AgentARN`

	// Of each of the two snapshots.
	snapshotMinimum = `
AgentStatus
Contacts
Contacts.ContactId Contacts.InitialContactId Contacts.Channel Contacts.State Contacts.StateStartTimestamp
Contacts.ConnectedToAgentTimestamp Contacts.QueueTimestamp
Contacts.Queue
Contacts.Queue.Name`
)

// Minimum lists the paths of the keep set "minimum" of a kind; nil for a kind that has none. A listed path with listed paths below
// it keeps the object and of it only those; a listed path without keeps all that is below it.
func Minimum(kind Kind) []string {
	switch kind {
	case Contact:
		return strings.Fields(contactMinimum)
	case AgentEvent:
		all := strings.Fields(eventMinimum)
		for _, s := range snapshots {
			all = append(all, s)
			for path := range strings.FieldsSeq(snapshotMinimum) {
				all = append(all, s+"."+path)
			}
		}
		return all
	}
	return nil
}

// Documented tells whether p can name something in a record of the kind, as far as the documentation goes: a documented field, an
// object around one, or anything inside an open map such as Attributes. Connect adds fields at any time, so a path that is not
// documented may exist all the same.
func Documented(kind Kind, p Path) bool {
	fields := documented(kind)
	if fields == nil {
		return false
	}
	level := []*fieldTree{fields}
	for _, step := range p {
		var next []*fieldTree
		for _, at := range level {
			switch {
			case at.open:
				return true
			case step.Any:
				for _, name := range at.names {
					next = append(next, at.members[name])
				}
			case at.members[step.Name] != nil:
				next = append(next, at.members[step.Name])
			}
		}
		level = next
	}
	return len(level) > 0
}

// Nearest finds the documented path that was probably meant by p: a few typing slips away, in another case, or p with the objects
// around it left out. ok is false where nothing is near, and for p that is documented itself.
func Nearest(kind Kind, p Path) (path string, ok bool) {
	fields := documented(kind)
	if fields == nil || len(p) == 0 || Documented(kind, p) {
		return "", false
	}
	least := len(p.String())
	fields.walk(nil, func(candidate Path, open bool) {
		head, tail := p, Path(nil)
		if open && len(p) > len(candidate) { // what is inside an open map is right as it is
			head, tail = p[:len(candidate)], p[len(candidate):]
		}
		have, want := head.String(), candidate.String()
		slips := spelling.Distance(strings.ToLower(have), strings.ToLower(want))
		if strings.HasSuffix(strings.ToLower(want), "."+strings.ToLower(have)) {
			slips = 1
		}
		if slips < min(least, len(have)/3+2) {
			least, path, ok = slips, append(candidate, tail...).String(), true
		}
	})
	return path, ok
}

// fieldTree is what is documented of an object.
type fieldTree struct {
	open    bool // any member
	members map[string]*fieldTree
	names   []string // of the members, in the table's order
}

func documented(kind Kind) *fieldTree {
	switch kind {
	case Contact:
		return documentedContact()
	case AgentEvent:
		return documentedEvent()
	}
	return nil
}

var (
	documentedContact = sync.OnceValue(func() *fieldTree {
		tree := &fieldTree{}
		tree.add("", contactFields)
		return tree
	})
	documentedEvent = sync.OnceValue(func() *fieldTree {
		tree := &fieldTree{}
		tree.add("", eventFields)
		for _, s := range snapshots {
			tree.add(s+".", snapshotFields)
		}
		return tree
	})
)

func (t *fieldTree) add(prefix, table string) {
	for line := range strings.Lines(strings.TrimSpace(table)) {
		object, members, _ := strings.Cut(line, ":")
		at := t
		if object = prefix + object; object != "" {
			for name := range strings.SplitSeq(object, ".") {
				at = at.member(name)
			}
		}
		for name := range strings.FieldsSeq(members) {
			if name == "*" {
				at.open = true
				continue
			}
			at.member(name)
		}
	}
}

func (t *fieldTree) member(name string) *fieldTree {
	m := t.members[name]
	if m == nil {
		m = &fieldTree{}
		if t.members == nil {
			t.members = map[string]*fieldTree{}
		}
		t.members[name] = m
		t.names = append(t.names, name)
	}
	return m
}

// walk visits all below the root, parents first.
func (t *fieldTree) walk(at Path, visit func(p Path, open bool)) {
	for _, name := range t.names {
		p := append(slices.Clip(at), Segment{Name: name})
		visit(p, t.members[name].open)
		t.members[name].walk(p, visit)
	}
}
