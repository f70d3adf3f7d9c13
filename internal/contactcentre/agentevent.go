package contactcentre

// oldVersion is the version of agent events whose milliseconds only repeat the seconds.
const oldVersion = "2017-10-01"

// day is where an agent is in the round LOGIN, state changes and heartbeats, LOGOUT, last heartbeat.
type day struct {
	version       string
	step          int   // events since the last LOGOUT's heartbeat
	length        int   // how many events this round has before LOGOUT
	spoke         int64 // time of the last event, Unix milliseconds
	event         id    // EventId of the last event; zero before the first
	kind          string
	before, after snapshot // what the last event told of
}

// snapshot is what an agent event says of its agent at one time. Times are Unix milliseconds.
type snapshot struct {
	present    bool
	status     int // indexes agentStatuses
	since      int64
	next       int // what comes after the contact, as status; 0 for none
	contact    id
	channel    channel
	state      string
	stateSince int64
	queued     int64
	connected  int64 // 0 before the agent has taken the contact
	queue      int   // indexes queues; -1 for the agent's own queue
}

// agentStatuses: name, type, and the last part of the ARN.
var agentStatuses = [...][3]string{
	{"Offline", "OFFLINE", "00000000-1111-4000-8000-000000000000"},
	{"Available", "ROUTABLE", "00000000-1111-4000-8000-000000000001"},
	{"Lunch", "CUSTOM", "00000000-1111-4000-8000-000000000002"},
	{"Équipe – réunion", "CUSTOM", "00000000-1111-4000-8000-000000000003"},
}

// appendAgentEvent lets a random agent take the next step of the day.
func (c *Centre) appendAgentEvent(dst []byte) []byte {
	a := &c.agents[c.source.IntN(onStream)]
	c.advance(a)
	return c.appendAgent(dst, a, &a.day)
}

// agentsSpoke says whether the agents that re-deliveries are drawn from have all had an event.
func (c *Centre) agentsSpoke() bool {
	for i := range repeaters {
		if c.agents[i].day.event == (id{}) {
			return false
		}
	}
	return true
}

// repeaters is the number of agents whose events are also delivered again or late.
const repeaters = 8

// appendAgentDuplicate writes the last event of an agent again.
func (c *Centre) appendAgentDuplicate(dst []byte) []byte {
	a := &c.agents[c.source.IntN(repeaters)]
	return c.appendAgent(dst, a, &a.day)
}

// appendAgentOlder writes a heartbeat of an agent from before the agent's last event.
func (c *Centre) appendAgentOlder(dst []byte) []byte {
	a := &c.agents[c.source.IntN(repeaters)]
	late := a.day
	late.event, late.kind = newID(c.source), "HEART_BEAT"
	late.spoke -= 1000 * (2 + c.source.Int64N(100))
	late.repeatSeconds()
	late.after = late.before
	return c.appendAgent(dst, a, &late)
}

// advance makes the next event of an agent's day.
func (c *Centre) advance(a *agent) {
	r, d := c.source, &a.day
	d.spoke = max(d.spoke+1000, c.now*1000+r.Int64N(1000))
	d.repeatSeconds()
	d.event = newID(r)
	switch {
	case d.step == 0:
		d.kind, d.length = "LOGIN", 6+r.IntN(30)
		d.before, d.after = snapshot{}, snapshot{}
	case d.step == d.length:
		d.kind = "LOGOUT"
		d.before, d.after = d.after, snapshot{present: true, since: d.spoke}
	case d.step > d.length:
		d.kind, d.step = "HEART_BEAT", -1
		d.before = d.after
	case d.step > 1 && r.IntN(5) == 0:
		d.kind = "HEART_BEAT"
		d.before = d.after
	default:
		d.kind = "STATE_CHANGE"
		d.before = d.after
		c.changeState(a)
	}
	d.step++
}

// repeatSeconds makes the milliseconds of the time of an event of the old version what they were: 59.059, 02.002.
func (d *day) repeatSeconds() {
	if d.version == oldVersion {
		seconds := d.spoke / 1000
		d.spoke = seconds*1000 + seconds%60
	}
}

// changeState moves the agent's contact on: none, CONNECTING, CONNECTED, perhaps on hold, ENDED (after-contact
// work), none. An agent without a contact may also change the status.
func (c *Centre) changeState(a *agent) {
	r, s, at := c.source, &a.day.after, a.day.spoke
	switch {
	case !s.present:
		*s = snapshot{present: true, status: 1, since: at}
		return
	case s.contact == (id{}) && r.IntN(5) == 0:
		s.status, s.since = 1+(s.status+r.IntN(2))%3, at
		return
	case s.contact == (id{}):
		s.contact, s.channel = newID(r), channel(r.IntN(3))
		s.queue = r.IntN(len(queues)+1) - 1
		s.queued, s.state = at-40_000, "CONNECTING"
		if s.channel == task {
			s.state = "INCOMING"
		}
	case s.state == "CONNECTING" || s.state == "INCOMING":
		s.state, s.connected = "CONNECTED", at
		if r.IntN(10) == 0 {
			s.state, s.connected = []string{"MISSED", "REJECTED", "ERROR"}[r.IntN(3)], 0
		}
	case s.state == "CONNECTED" && r.IntN(3) == 0:
		s.state = "CONNECTED_ONHOLD"
		if s.channel == task {
			s.state = "PAUSED"
		}
	case s.state == "CONNECTED_ONHOLD" || s.state == "PAUSED":
		s.state = "CONNECTED"
	case s.state == "CONNECTED":
		s.state, s.next = "ENDED", r.IntN(3)
	default: // ENDED, MISSED, REJECTED, ERROR: the contact leaves the snapshot
		*s = snapshot{present: true, status: max(1, s.next), since: at}
		return
	}
	s.stateSince = at
}

// appendAgent writes the event that d tells of.
func (c *Centre) appendAgent(dst []byte, a *agent, d *day) []byte {
	p := page{b: dst, r: c.detail}
	p.item()
	p.str("AWSAccountId", accountID)
	p.arn("AgentARN", "agent", a.id)
	p.snapshot("CurrentAgentSnapshot", a, &d.after)
	p.id("EventId", d.event)
	p.whenMilli("EventTimestamp", d.spoke)
	p.str("EventType", d.kind)
	p.str("InstanceARN", instanceARN)
	p.snapshot("PreviousAgentSnapshot", a, &d.before)
	p.str("Version", d.version)
	p.close()
	return p.b[:len(p.b)-1]
}

func (p *page) snapshot(key string, a *agent, s *snapshot) {
	if !s.present {
		p.null(key)
		return
	}
	p.open(key)
	p.status("AgentStatus", s.status, "StartTimestamp", s.since)
	p.configuration(a, s)
	p.openList("Contacts")
	if s.contact != (id{}) {
		p.agentContact(a, s)
	}
	p.closeList()
	if s.next > 0 {
		p.status("NextAgentStatus", s.next, "EnqueuedTimestamp", s.stateSince)
	} else {
		p.null("NextAgentStatus")
	}
	p.close()
}

func (p *page) status(key string, status int, timeKey string, at int64) {
	is := agentStatuses[status]
	p.open(key)
	p.str("ARN", instanceARN, "/agent-state/", is[2])
	if timeKey == "EnqueuedTimestamp" {
		p.whenMilli(timeKey, at)
		p.str("Name", is[0])
	} else {
		p.str("Name", is[0])
		p.whenMilli(timeKey, at)
		p.str("Type", is[1])
	}
	p.close()
}

func (p *page) configuration(a *agent, s *snapshot) {
	p.open("Configuration")
	p.hierarchy(a, "Name")
	p.str("FirstName", a.first)
	p.str("LastName", a.last)
	p.openList("Proficiencies")
	if a.team%2 == 0 {
		p.item()
		p.str("Name", "Language")
		p.num("ProficiencyLevel", int64(1+a.team%5))
		p.str("Value", languages[a.team])
		p.close()
	}
	p.closeList()
	p.open("RoutingProfile")
	p.str("ARN", instanceARN, "/routing-profile/9a2e6f4c-0d1b-4c3a-8e5f-7b6a5d4c3b2a")
	p.openList("Concurrency")
	for _, ch := range []channel{voice, chat, task} {
		slots := int64(1 + 2*(ch%2))
		p.item()
		free := slots
		if s.contact != (id{}) && s.channel == ch {
			free--
		}
		p.num("AvailableSlots", free)
		p.str("Channel", ch.eventName())
		p.num("MaximumSlots", slots)
		p.close()
	}
	p.closeList()
	p.open("DefaultOutboundQueue")
	p.queueIs(a, 0)
	p.close()
	p.openList("InboundQueues")
	for _, queue := range []int{a.profile, a.profile + 4, -1} {
		p.item()
		p.queueIs(a, queue)
		p.openList("Channels")
		p.text("VOICE")
		if queue >= 0 {
			p.text("CHAT")
		}
		p.closeList()
		p.close()
	}
	p.closeList()
	p.str("Name", routingProfiles[a.profile])
	p.close()
	p.str("Username", a.username)
	p.close()
}

// queueIs writes ARN and Name of a queue; an agent's own queue has no name.
func (p *page) queueIs(a *agent, queue int) {
	if queue < 0 {
		p.arn("ARN", "queue/agent", a.id)
		p.null("Name")
		return
	}
	p.key("ARN")
	p.b = appendQueueARN(p.b, queue)
	p.b = append(p.b, ',')
	p.str("Name", queues[queue])
}

func appendQueueARN(dst []byte, queue int) []byte {
	dst = append(dst, `"`+instanceARN+`/queue/7d1e2c3b-5a4f-4e6d-9b8c-0000000000`...)
	return append(dst, byte('0'+queue/10), byte('0'+queue%10), '"')
}

func (p *page) agentContact(a *agent, s *snapshot) {
	p.item()
	p.str("Channel", s.channel.eventName())
	p.whenMilli("ConnectedToAgentTimestamp", s.connected)
	p.id("ContactId", s.contact)
	p.null("InitialContactId")
	p.str("InitiationMethod", []string{"INBOUND", "API", "API"}[s.channel])
	p.open("Queue")
	p.queueIs(a, s.queue)
	p.close()
	p.whenMilli("QueueTimestamp", s.queued)
	p.str("State", s.state)
	p.whenMilli("StateStartTimestamp", s.stateSince)
	p.close()
}

// eventName is the channel's name in agent events, where tasks are in the plural.
func (c channel) eventName() string {
	if c == task {
		return "TASKS"
	}
	return c.name()
}
