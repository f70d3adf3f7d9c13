package contactcentre

import "time"

// agentSection writes who took the contact; null when nobody did.
func (w *record) agentSection() {
	l, a := w.l, w.agent
	if l.outcome != handled {
		w.null("Agent")
		return
	}
	hold, holds := int64(0), int64(0)
	if w.chance(40) {
		holds = 1 + w.r.Int64N(3)
		hold = holds * (5 + w.r.Int64N(60))
	}
	isVoice := l.channel == voice
	w.open("Agent")
	w.arn("ARN", "agent", a.id)
	if l.campaign {
		w.when("AcceptedByAgentTimestamp", l.connected-4)
	}
	w.num("AfterContactWorkDuration", l.workEnd-l.workStart)
	w.when("AfterContactWorkEndTimestamp", l.workEnd)
	w.when("AfterContactWorkStartTimestamp", l.workStart)
	if isVoice {
		w.num("AgentInitiatedHoldDuration", hold)
	}
	w.num("AgentInteractionDuration", max(0, l.workStart-l.connected-hold))
	if l.channel == task {
		w.num("AgentPauseDuration", w.r.Int64N(60))
	}
	w.open("Capabilities")
	w.close()
	w.when("ConnectedToAgentTimestamp", l.connected)
	if isVoice {
		w.num("CustomerHoldDuration", hold)
		on := platforms[a.platform]
		w.open("DeviceInfo")
		w.str("OperatingSystem", on[0])
		w.str("PlatformName", on[1])
		w.str("PlatformVersion", on[2])
		w.close()
	}
	w.hierarchy(a, "GroupName")
	if isVoice {
		w.num("LongestHoldDuration", hold/max(holds, 1))
		w.num("NumberOfHolds", holds)
	}
	if l.campaign {
		w.when("PreviewEndTimestamp", l.connected-4)
	}
	w.open("RoutingProfile")
	w.str("ARN", instanceARN, "/routing-profile/9a2e6f4c-0d1b-4c3a-8e5f-7b6a5d4c3b2a")
	w.str("Name", routingProfiles[a.profile])
	w.close()
	w.openList("StateTransitions")
	if w.chance(4) {
		w.item()
		w.when("stateEndTimestamp", l.connected+30)
		w.when("stateStartTimestamp", l.connected+5)
		w.str("state", w.pick([]string{"SILENT_MONITOR", "BARGE"}))
		w.close()
	}
	w.closeList()
	w.str("Username", a.username)
	w.close()
}

// hierarchy writes the groups of an agent. Contact records call a group's name GroupName, agent events Name.
func (p *page) hierarchy(a *agent, nameKey string) {
	key := "HierarchyGroups"
	if nameKey == "Name" {
		key = "AgentHierarchyGroups"
	}
	p.open(key)
	names := [...]string{sites[a.team%len(sites)], departments[a.team%len(departments)], teams[a.team]}
	for i, level := range [...]string{"Level1", "Level2", "Level3", "Level4", "Level5"} {
		if i >= a.levels {
			p.null(level)
			continue
		}
		p.open(level)
		p.str("ARN", instanceARN, "/agent-group/d3b1f0a2-1111-4222-8333-94444555566", level[len("Level"):])
		p.str(nameKey, names[i])
		p.close()
	}
	p.close()
}

func (w *record) chatMetrics() {
	l := w.l
	if l.channel != chat {
		w.null("ChatMetrics")
		return
	}
	w.open("ChatMetrics")
	for _, side := range []string{"Agent", "Customer"} {
		w.open(side + "Metrics")
		w.flag("ConversationAbandon", l.outcome != handled)
		w.when("LastMessageTimestamp", l.disconnected-12)
		w.num("MaxResponseTimeInMillis", 4000+w.r.Int64N(90000))
		w.num("MessageLengthInChars", 40+w.r.Int64N(4000))
		w.num("MessagesSent", 1+w.r.Int64N(40))
		w.num("NumResponses", 1+w.r.Int64N(20))
		w.id("ParticipantId", newID(w.r))
		w.str("ParticipantType", side)
		w.num("TotalResponseTimeInMillis", 10000+w.r.Int64N(900000))
		w.close()
		if side == "Customer" {
			break
		}
		w.open("ContactMetrics")
		w.num("AgentFirstResponseTimeInMillis", 900+w.r.Int64N(60000))
		w.when("AgentFirstResponseTimestamp", l.connected)
		w.num("ConversationCloseTimeInMillis", 1000+w.r.Int64N(30000))
		w.num("ConversationTurnCount", 1+w.r.Int64N(30))
		w.flag("MultiParty", false)
		w.num("TotalBotMessageLengthInChars", w.r.Int64N(900))
		w.num("TotalBotMessages", w.r.Int64N(9))
		w.num("TotalMessages", 2+w.r.Int64N(70))
		w.close()
	}
	w.close()
}

func (w *record) contactLens() {
	l := w.l
	if l.outcome != handled || l.channel != voice && l.channel != chat {
		w.null("ContactLens")
		return
	}
	w.open("ContactLens")
	w.open("ConversationalAnalytics")
	w.open("Configuration")
	if w.chance(85) {
		w.flag("Enabled", false)
		w.close()
		w.close()
		w.close()
		return
	}
	w.open("ChannelConfiguration")
	w.openList("AnalyticsModes")
	w.text(w.pick([]string{"PostContact", "RealTime", "ContactLens"}))
	w.closeList()
	w.close()
	w.flag("Enabled", true)
	w.str("LanguageLocale", w.person.language)
	w.open("RedactionConfiguration")
	w.str("Behavior", "Enable")
	w.openList("Entities")
	w.text("CREDIT_DEBIT_NUMBER")
	w.text("NAME")
	w.text("PIN")
	w.closeList()
	w.str("MaskMode", "EntityType")
	w.str("Policy", "RedactedAndOriginal")
	w.close()
	w.open("SentimentConfiguration")
	w.str("Behavior", "Enable")
	w.close()
	w.open("SummaryConfiguration")
	w.openList("SummaryModes")
	w.text("PostContact")
	w.closeList()
	w.close()
	w.close()
	w.close()
	w.close()
}

// voiceActivity has the only times of a contact record with a resolution of a millisecond.
func (w *record) voiceActivity() {
	if !w.l.campaign {
		w.null("CustomerVoiceActivity")
		return
	}
	begin := w.l.connected*1000 - 1500 - w.r.Int64N(900)
	w.open("CustomerVoiceActivity")
	w.whenMilli("GreetingEndTimestamp", begin+700+w.r.Int64N(500))
	w.whenMilli("GreetingStartTimestamp", begin)
	w.close()
}

func (w *record) disconnectDetails() {
	if w.l.channel != voice || !w.chance(8) {
		w.null("DisconnectDetails")
		return
	}
	w.open("DisconnectDetails")
	w.str("PotentialDisconnectIssue", w.pick([]string{
		"AGENT_CONNECTIVITY_ISSUE", "AGENT_DEVICE_ISSUE", "CUSTOMER_CONNECTIVITY_ISSUE", "CUSTOMER_DEVICE_ISSUE",
	}))
	w.close()
}

func (w *record) mediaStreams() {
	w.openList("MediaStreams")
	switch {
	case w.l.channel == voice:
		w.item()
		w.str("Type", "AUDIO")
		w.close()
		if w.chance(30) {
			w.item()
			w.str("Type", "AUTOMATED_INTERACTION")
			w.close()
		}
	case w.l.channel == chat:
		w.item()
		w.str("Type", "CHAT")
		w.close()
	}
	w.closeList()
}

func (w *record) qualityMetrics() {
	if w.l.channel != voice || w.l.outcome != handled {
		w.null("QualityMetrics")
		return
	}
	w.open("QualityMetrics")
	w.open("Agent")
	w.open("Audio")
	w.openList("PotentialQualityIssues")
	for _, issue := range []string{"HighPacketLoss", "HighRoundTripTime", "HighJitterBuffer"} {
		if w.chance(7) {
			w.text(issue)
		}
	}
	w.closeList()
	w.key("QualityScore")
	score := 200 + w.r.IntN(301)
	w.b = append(w.b, byte('0'+score/100), '.', byte('0'+score/10%10), byte('0'+score%10), ',')
	w.close()
	w.close()
	w.null("Customer")
	w.close()
}

// recordings writes Recording and Recordings. The first repeats the first of the second; both are null, not empty,
// when nothing was recorded.
func (w *record) recordings() {
	l := w.l
	recorded := l.outcome == handled && (l.channel == voice || l.channel == chat) && w.quirk != unrecorded
	stream := w.chance(12)
	if !recorded {
		w.null("Recording")
		w.null("Recordings")
		return
	}
	// A recording may be gone by the time a later version is written.
	status := "AVAILABLE"
	if w.version >= 3 {
		status = "DELETED"
	}
	if l.channel == voice {
		w.open("Recording")
		w.deletionReason(status)
		w.location("CallRecordings", ".wav")
		w.str("Status", status)
		w.str("Type", "AUDIO")
		w.close()
	} else {
		w.null("Recording")
	}
	w.openList("Recordings")
	w.item()
	w.deletionReason(status)
	w.null("FragmentStartNumber")
	w.null("FragmentStopNumber")
	if l.channel == voice {
		w.location("CallRecordings", ".wav")
		w.str("MediaStreamType", "AUDIO")
		w.strOrNull("ParticipantType", w.pick([]string{"All", "Agent", ""}))
	} else {
		w.location("ChatTranscripts", ".json")
		w.str("MediaStreamType", "CHAT")
		w.str("ParticipantType", "All")
	}
	w.when("StartTimestamp", l.connected)
	w.str("Status", status)
	w.when("StopTimestamp", l.disconnected)
	w.str("StorageType", "S3")
	w.close()
	if l.channel == voice && stream {
		w.liveAudio()
	}
	w.closeList()
}

func (w *record) deletionReason(status string) {
	if status == "DELETED" {
		w.str("DeletionReason", "Retention period is over")
		return
	}
	w.null("DeletionReason")
}

// location writes bucket/key without a scheme. The minute in the name is the one of ConnectedToAgentTimestamp.
func (w *record) location(folder, suffix string) {
	at := time.Unix(w.l.connected, 0).UTC()
	w.key("Location")
	w.b = append(w.b, `"example-connect-recordings/connect/`+instanceAlias+`/`...)
	w.b = append(w.b, folder...)
	w.b = at.AppendFormat(w.b, "/2006/01/02/")
	w.b = w.l.id.append(w.b)
	w.b = at.AppendFormat(w.b, "_20060102T15:04_UTC")
	w.b = append(w.b, suffix...)
	w.b = append(w.b, '"', ',')
}

// liveAudio writes the entry of a call streamed to Kinesis Video: type VIDEO, CUSTOMER in upper case, no status.
func (w *record) liveAudio() {
	w.item()
	w.null("DeletionReason")
	for _, key := range []string{"FragmentStartNumber", "FragmentStopNumber"} {
		w.key(key)
		w.b = append(w.b, `"91343852333181`...)
		w.digits(47 - len("91343852333181"))
		w.b = append(w.b, '"', ',')
	}
	w.key("Location")
	w.b = append(w.b, `"arn:aws:kinesisvideo:`+region+`:`+accountID+`:stream/example-connect-`+instanceAlias+`-contact-`...)
	w.b = newID(w.r).append(w.b)
	w.b = append(w.b, `/1700000000`...)
	w.digits(3)
	w.b = append(w.b, '"', ',')
	w.str("MediaStreamType", "VIDEO")
	w.str("ParticipantType", "CUSTOMER")
	w.when("StartTimestamp", w.l.connected)
	w.null("Status")
	w.when("StopTimestamp", w.l.disconnected)
	w.str("StorageType", "KINESIS_VIDEO_STREAM")
	w.close()
}

func (w *record) references() {
	w.openList("References")
	if w.l.channel != voice {
		w.item()
		w.str("Name", "order form")
		w.str("Status", "APPROVED")
		w.str("Type", "URL")
		w.str("Value", "https:\\/\\/crm.example.com\\/orders?customer=", w.person.account)
		w.close()
		w.item()
		w.str("Name", "reply to")
		w.null("Status")
		w.str("Type", "EMAIL")
		w.str("Value", w.person.email)
		w.close()
	}
	w.closeList()
}

func (w *record) routingCriteria() {
	if w.l.queued == 0 || !w.chance(10) {
		w.null("RoutingCriteria")
		return
	}
	w.openList("RoutingCriteria")
	for i := range 1 + w.r.IntN(2) {
		w.item()
		w.when("ActivationTimestamp", w.l.queued+int64(30*i))
		w.num("Index", int64(i))
		w.openList("Steps")
		for step := range 1 + w.r.IntN(2) {
			w.item()
			w.open("Expiry")
			w.num("DurationInSeconds", 30)
			w.close()
			w.open("Expression")
			w.open("AttributeCondition")
			w.str("ComparisonOperator", "NumberGreaterOrEqualTo")
			w.str("Name", w.pick([]string{"Language", "Technical", "Seniority"}))
			w.num("ProficiencyLevel", 1+w.r.Int64N(5))
			w.str("Value", w.person.language)
			w.close()
			w.close()
			w.str("Status", []string{"EXPIRED", "JOINED"}[step])
			w.close()
		}
		w.closeList()
		w.close()
	}
	w.closeList()
}

func (w *record) segmentAttributes() {
	w.open("SegmentAttributes")
	if w.l.channel == email && w.quirk != forgotten {
		w.open("connect:EmailSubject")
		w.str("ValueString", "Re: ", w.pick(taskNames), " ", w.person.account, " \\u2013 ", w.person.name)
		w.close()
	}
	w.open("connect:Subtype")
	w.str("ValueString", []string{"connect:Telephony", "connect:Chat", "connect:Task", "connect:Email"}[w.l.channel])
	w.close()
	if w.l.channel == email {
		w.open("connect:X-SES-SPAM-VERDICT")
		w.str("ValueString", "PASS")
		w.close()
	}
	w.close()
}
