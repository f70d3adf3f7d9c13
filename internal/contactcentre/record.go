package contactcentre

// record is one version of a contact record under construction.
type record struct {
	page
	c       *Centre
	l       *leg
	person  *person
	agent   *agent
	version int
	quirk   quirk
}

// quirk is a way in which a real record differs from the documentation, or from its neighbours; a record of the
// mixed life has at most one beyond those that all records have, such as nulls for what did not happen.
type quirk uint8

const (
	regular       quirk = iota
	oldShape            // as of 2019: without six keys that came later
	newShape            // with a key and an enum value that are not documented yet
	oddNumber           // a masked number, a national one, or one of unexpected length
	caseTwins           // two attributes whose keys differ only in the case of the first letter
	unrecorded          // Recording and Recordings are null though an agent took the call
	bareAttribute       // Attributes is {}, and Tags is null
	forgotten           // the customer's data was deleted: endpoints and e-mail subject are null
)

// appendRecord writes version v of l. Keys stand in the order of their bytes, as Connect writes them.
func (c *Centre) appendRecord(dst []byte, l *leg, v int) []byte {
	c.detailSeed.Seed(l.seed, uint64(l.profile))
	w := record{
		page: page{b: dst, r: c.detail}, c: c, l: l, version: v,
		person: &c.people[l.person], agent: &c.agents[l.agent],
	}
	// Drawn in any case, so that the details after it are the same for every version.
	if lot := w.r.IntN(40); l.profile == mixed && lot <= int(forgotten) {
		w.quirk = quirk(lot)
	}
	if w.quirk == forgotten && v == 0 {
		w.quirk = regular // a deletion is always a later version
	}
	w.write()
	return w.b
}

func (w *record) write() {
	l := w.l
	isVoice, isTask := l.channel == voice, l.channel == task
	mixedVoice := isVoice && l.profile == mixed

	w.item()
	w.str("AWSAccountId", accountID)
	w.str("AWSContactTraceRecordFormatVersion", formatVersion)
	if l.channel == email && l.profile == mixed {
		w.additionalRecipients()
	}
	w.agentSection()
	attempts := int64(0)
	if l.outcome == handled {
		attempts = []int64{1, 1, 1, 1, 1, 1, 2, 3}[w.r.IntN(8)]
	}
	w.num("AgentConnectionAttempts", attempts)
	w.detection()
	w.attributes()
	if w.quirk != oldShape {
		w.open("Campaign")
		if l.campaign {
			w.str("CampaignId", "b7c4e0d2-1f7a-4f0c-8e61-5d2f4f1a9c03")
		} else {
			w.null("CampaignId")
		}
		w.close()
	}
	w.str("Channel", l.channel.name())
	if w.quirk == newShape {
		w.open("ChannelExperience")
		w.str("Mode", "ADAPTIVE")
		w.openList("Hints")
		w.closeList()
		w.close()
	}
	w.chatMetrics()
	w.when("ConnectedToSystemTimestamp", l.initiated+int64(w.r.IntN(2)))
	w.association()
	w.contactDetails()
	w.evaluations()
	w.id("ContactId", l.id)
	w.contactLens()
	w.open("Customer")
	w.open("Capabilities")
	w.close()
	w.close()
	w.customerEndpoint()
	w.str("CustomerId", "CRM-", w.person.account)
	w.voiceActivity()
	w.disconnectDetails()
	if w.quirk != oldShape {
		w.disconnectReason()
	}
	w.when("DisconnectTimestamp", l.disconnected)
	if mixedVoice && l.external {
		w.open("ExternalThirdParty")
		w.num("ExternalThirdPartyInteractionDuration", l.disconnected-l.workEnd)
		w.close()
	}
	if mixedVoice && w.chance(5) {
		w.open("GlobalResiliencyMetadata")
		w.str("ActiveRegion", region)
		w.str("OriginRegion", "eu-central-1")
		w.str("TrafficDistributionGroupId", instanceID)
		w.close()
	}
	w.id("InitialContactId", l.initial)
	w.initiationMethod()
	w.when("InitiationTimestamp", l.initiated)
	w.str("InstanceARN", instanceARN)
	w.null("LastPausedTimestamp")
	w.null("LastResumedTimestamp")
	w.when("LastUpdateTimestamp", l.updated[w.version])
	w.mediaStreams()
	w.id("NextContactId", l.next)
	if mixedVoice && l.campaign {
		w.open("OutboundStrategy")
		w.str("Type", "AGENT_FIRST")
		w.close()
	}
	w.id("PreviousContactId", l.previous)
	w.qualityMetrics()
	w.queueSection()
	w.recordings()
	if w.quirk != oldShape {
		w.references()
	}
	w.null("RelatedContactId")
	w.routingCriteria()
	if w.quirk != oldShape {
		scheduled := int64(0)
		if isTask && l.profile == mixed {
			scheduled = l.initiated + 300
		}
		w.when("ScheduledTimestamp", scheduled)
	}
	w.segmentAttributes()
	w.systemEndpoint()
	w.tags()
	if isTask && l.profile == mixed {
		w.open("TaskTemplateInfo")
		w.str("Arn", instanceARN, "/task-template/6a1f3a52-77d0-4a1b-9c54-0d2f9be7c811")
		w.str("Name", "Refund review")
		w.close()
	}
	if isTask {
		w.num("TotalPauseCount", 1)
		w.num("TotalPauseDurationInSeconds", int64(30+w.r.IntN(600)))
	} else {
		w.null("TotalPauseCount")
		w.null("TotalPauseDurationInSeconds")
	}
	w.transferredTo()
	if w.quirk != oldShape {
		w.null("VoiceIdResult")
	}
	w.wisdom()
	w.close()
	w.b = w.b[:len(w.b)-1] // the comma after the whole
}

func (w *record) additionalRecipients() {
	w.str("AdditionalEmailRecipients", w.person.email, ", team.leads@example.com")
}

func (w *record) detection() {
	if !w.l.campaign {
		w.null("AnsweringMachineDetectionStatus")
		return
	}
	w.str("AnsweringMachineDetectionStatus", w.pick([]string{"HUMAN_ANSWERED", "VOICEMAIL_BEEP", "AMD_UNRESOLVED", "SIT_TONE_BUSY"}))
}

func (w *record) association() {
	switch {
	case w.l.channel != email:
		w.null("ContactAssociationId")
	case w.chance(50): // the documentation says Integer, the API model says string
		w.num("ContactAssociationId", 1_000_000_000+w.r.Int64N(1_000_000_000))
	default:
		w.id("ContactAssociationId", w.l.id)
	}
}

func (w *record) contactDetails() {
	if w.quirk == oldShape {
		return
	}
	w.open("ContactDetails")
	if w.l.channel == task || w.l.profile == workload && w.chance(60) {
		w.str("Description", w.pick(taskDescriptions), " ", w.person.name)
		w.str("Name", w.pick(taskNames), " ", w.person.account)
	}
	w.close()
}

func (w *record) evaluations() {
	if w.version == 0 {
		w.null("ContactEvaluations")
		return
	}
	w.open("ContactEvaluations")
	w.open("c41c2f0a-9f7e-4f52-a1de-0b8ac9f6c9d5")
	w.null("DeleteTimestamp")
	w.when("EndTimestamp", w.l.updated[w.version])
	w.str("EvaluationArn", instanceARN, "/contact-evaluation/3d0be1f4-1c7d-47ea-8f3b-91a4ce4f2a77")
	w.str("ExportLocation", "example-connect-evaluations/connect/", instanceAlias, "/ContactEvaluations/")
	w.str("FormId", "5b1f6c1e-2b8e-4e2b-8d5e-0f2d8e8f7a10")
	w.when("StartTimestamp", w.l.updated[w.version]-95)
	w.str("Status", "COMPLETE")
	w.close()
	w.close()
}

func (w *record) disconnectReason() {
	words := []string{"CUSTOMER_DISCONNECT", "AGENT_DISCONNECT", "CUSTOMER_DISCONNECT", "THIRD_PARTY_DISCONNECT"}
	switch {
	case w.quirk == newShape:
		words = []string{"PROACTIVE_DISCONNECT"}
	case w.l.outcome != handled:
		words = []string{"CUSTOMER_DISCONNECT", "CONTACT_FLOW_DISCONNECT", "TELECOM_ORIGINATOR_CANCEL"}
		if w.l.channel != voice {
			words = []string{"EXPIRED", "CONTACT_FLOW_DISCONNECT"}
		}
	case w.l.channel == chat:
		words = []string{"CUSTOMER_DISCONNECT", "AGENT_DISCONNECT", "IDLE_DISCONNECT", "AGENT_NETWORK_DISCONNECT"}
	case w.l.channel == task:
		words = []string{"AGENT_COMPLETED", "AGENT_DISCONNECT", "API", "EXPIRED"}
	case w.l.channel == email:
		words = []string{"AGENT_DISCONNECT", "DISCARDED", "TRANSFERRED"}
	}
	w.str("DisconnectReason", w.pick(words))
}

func (w *record) initiationMethod() {
	l := w.l
	words := []string{"INBOUND"}
	switch {
	case l.hop > 0:
		words = []string{"TRANSFER", "QUEUE_TRANSFER"}
	case l.callback:
		words = []string{"CALLBACK"}
	case l.outbound:
		words = []string{"OUTBOUND"}
	case l.channel == chat || l.channel == task:
		words = []string{"API"}
	case l.channel == email:
		words = []string{"INBOUND", "INBOUND", "AGENT_REPLY", "FLOW"}
	}
	w.str("InitiationMethod", w.pick(words))
}

func (w *record) queueSection() {
	l := w.l
	if l.queued == 0 {
		w.null("Queue")
		return
	}
	end := l.connected
	if end == 0 {
		end = l.disconnected
	}
	w.open("Queue")
	w.key("ARN")
	w.b = appendQueueARN(w.b, int(l.queue))
	w.b = append(w.b, ',')
	w.when("DequeueTimestamp", end)
	w.num("Duration", end-l.queued)
	w.when("EnqueueTimestamp", l.queued)
	w.str("Name", queues[l.queue])
	w.close()
}

// systemLine is the centre's own number or address that the contact came in by.
func (w *record) systemLine() string {
	if w.l.channel == email {
		return "service@example.com"
	}
	return systemNumbers[w.l.queue]
}

func (w *record) systemEndpoint() {
	switch {
	case w.l.channel == email:
		w.endpoint("SystemEndpoint", w.systemLine(), "EMAIL_ADDRESS")
	case w.l.channel != voice:
		w.null("SystemEndpoint")
	case w.l.callback:
		w.endpoint("SystemEndpoint", "Softphone", "TELEPHONE_NUMBER")
	default:
		w.endpoint("SystemEndpoint", w.systemLine(), "TELEPHONE_NUMBER")
	}
}

func (w *record) customerEndpoint() {
	odd := w.r.IntN(len(oddNumbers))
	switch {
	case w.quirk == forgotten:
		w.null("CustomerEndpoint")
	case w.l.channel == email:
		w.endpoint("CustomerEndpoint", w.person.email, "EMAIL_ADDRESS")
	case w.l.channel != voice:
		w.null("CustomerEndpoint")
	case w.quirk == oddNumber:
		w.endpoint("CustomerEndpoint", oddNumbers[odd], "TELEPHONE_NUMBER")
	default:
		w.endpoint("CustomerEndpoint", w.person.phone, "TELEPHONE_NUMBER")
	}
}

func (w *record) transferredTo() {
	if !w.l.external {
		w.null("TransferCompletedTimestamp")
		w.null("TransferredToEndpoint")
		return
	}
	w.when("TransferCompletedTimestamp", w.l.workStart)
	w.endpoint("TransferredToEndpoint", thirdParties[w.r.IntN(len(thirdParties))], "TELEPHONE_NUMBER")
}

func (w *record) endpoint(key, address, kind string) {
	w.open(key)
	w.str("Address", address)
	w.str("Type", kind)
	w.close()
}

func (w *record) tags() {
	if w.quirk == bareAttribute {
		w.null("Tags")
		return
	}
	w.open("Tags")
	w.str("aws:connect:instanceId", instanceID)
	if w.l.channel == voice || w.l.channel == email {
		w.str("aws:connect:systemEndpoint", w.systemLine())
	}
	w.str("cost-centre", w.pick([]string{"4711", "0815", "ops-emea"}))
	w.close()
}

func (w *record) wisdom() {
	if !w.chance(20) {
		w.null("WisdomInfo")
		return
	}
	w.open("WisdomInfo")
	w.key("SessionArn")
	w.b = append(w.b, `"arn:aws:wisdom:`+region+`:`+accountID+`:session/5e0c9f7a-2b64-4d0a-8a7e-2c1f9d3b4e5f/`...)
	w.b = newID(w.r).append(w.b)
	w.b = append(w.b, '"', ',')
	w.close()
}
