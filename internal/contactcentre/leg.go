package contactcentre

import (
	"math/rand/v2"
)

// channel of a contact.
type channel uint8

const (
	voice channel = iota
	chat
	task
	email
)

func (c channel) name() string { return [...]string{"VOICE", "CHAT", "TASK", "EMAIL"}[c] }

// outcome is how far a contact came.
type outcome uint8

const (
	handled   outcome = iota // an agent took it
	abandoned                // left while queueing: Queue is present, Agent is null
	early                    // left before queueing: Queue and Agent are null
)

// profile is what kind of records are wanted.
type profile uint8

const (
	workload profile = iota // the benchmark's: regular values, no quirks
	mixed                   // the demo's: with the quirks of real records
)

// leg is one contact: what all its versions share, and when each of them was made. A call that is transferred
// twice has three legs.
type leg struct {
	seed     uint64 // of all details that are not here
	profile  profile
	channel  channel
	outcome  outcome
	person   uint16
	agent    uint16
	queue    uint8
	hop      uint8 // 0 for a first leg, 1 after one transfer, …
	newest   int   // the newest version; indexes updated
	ties     int   // how many contents beyond the first the newest version has had
	place    uint16
	outbound bool // the centre called
	callback bool // … because the customer had asked for it
	campaign bool // … because a campaign said so
	external bool // handed over to a number outside the centre

	id, initial, previous, next id

	// Unix seconds; zero for what did not happen.
	initiated, queued, connected, disconnected, workStart, workEnd int64
	updated                                                        [6]int64
}

// newLeg draws a contact whose first record is due now.
func (c *Centre) newLeg(p profile) leg {
	r := c.source
	l := leg{
		seed:    r.Uint64(),
		profile: p,
		id:      newID(r),
		person:  uint16(r.IntN(len(c.people))),
		agent:   uint16(r.IntN(len(c.agents))),
		queue:   uint8(r.IntN(len(queues))),
	}
	l.drawKind(r)
	wait, talk, work := durations(l.channel, r)
	l.schedule(0, wait, talk, work)
	delay := 62 + r.Int64N(7)
	l.shift(c.now - delay - max(l.disconnected, l.workEnd))
	l.updated[0] = c.now
	return l
}

// drawKind draws channel, outcome and direction.
func (l *leg) drawKind(r *rand.Rand) {
	limits := [...]int{80, 90, 95} // VOICE, CHAT, TASK; the rest is EMAIL
	if l.profile == mixed {
		limits = [...]int{64, 82, 91}
	}
	switch n := r.IntN(100); {
	case n < limits[0]:
		l.channel = voice
	case n < limits[1]:
		l.channel = chat
	case n < limits[2]:
		l.channel = task
	default:
		l.channel = email
	}
	leftEarly := [...]int{10, 40} // per mille: before queueing, and while queueing
	if l.profile == mixed {
		leftEarly = [...]int{40, 120}
	}
	switch n := r.IntN(1000); {
	case n < leftEarly[0]:
		l.outcome = early
	case n < leftEarly[1]:
		l.outcome = abandoned
	}
	if l.channel != voice || l.outcome != handled {
		return
	}
	n := r.IntN(100)
	l.external = n < 12
	if n = r.IntN(100); n < 15 {
		l.outbound = true
		l.callback = l.profile == mixed && n < 5
		l.campaign = n >= 5 && n < 9
	}
}

// durations draws how many seconds a contact waits, is talked over, and is worked on afterwards.
func durations(c channel, r *rand.Rand) (wait, talk, work int64) {
	switch c {
	case voice:
		return 2 + r.Int64N(240), 20 + r.Int64N(900), r.Int64N(180)
	case chat:
		return 1 + r.Int64N(120), 60 + r.Int64N(2400), r.Int64N(120)
	case task:
		return 10 + r.Int64N(7200), 60 + r.Int64N(5400), r.Int64N(60)
	default:
		return 60 + r.Int64N(14400), 90 + r.Int64N(3600), r.Int64N(60)
	}
}

// schedule lays out the times of a contact that begins at start, as far as its outcome goes.
func (l *leg) schedule(start, wait, talk, work int64) {
	l.initiated = start + 1
	l.queued = l.initiated + 3
	l.disconnected = l.queued + wait
	switch l.outcome {
	case early:
		l.queued = 0
	case handled:
		l.connected = l.disconnected
		l.disconnected += talk
		l.workStart = l.disconnected
		l.workEnd = l.workStart + work
		if l.external {
			// The agent has gone to the next call while the customer still talks to the outside number.
			l.disconnected = l.workEnd + 19*60
		}
	}
}

// shift moves all times that are set.
func (l *leg) shift(by int64) {
	for _, t := range []*int64{&l.initiated, &l.queued, &l.connected, &l.disconnected, &l.workStart, &l.workEnd} {
		if *t != 0 {
			*t += by
		}
	}
}

// update adds a version made at now; now and then it adds one in between as well, which has not been delivered.
func (l *leg) update(now int64, r *rand.Rand) {
	last := l.updated[l.newest]
	if now-last > 2 && l.newest+2 < len(l.updated) && r.IntN(3) == 0 {
		l.newest++
		l.updated[l.newest] = last + (now-last)/2
	}
	l.newest++
	l.updated[l.newest] = now
	l.ties = 0
}

// transfer decides whether an agent hands a contact over to another queue, and if so, draws the leg after it.
func (c *Centre) transfer(l *leg) {
	r := c.source
	if l.outcome != handled || l.external || l.channel == email || l.hop == 2 || r.IntN(100) >= 12 ||
		len(c.pending) == maxPending {
		return
	}
	further := leg{
		seed:     r.Uint64(),
		profile:  l.profile,
		channel:  l.channel,
		person:   l.person,
		agent:    uint16(r.IntN(len(c.agents))),
		queue:    uint8(r.IntN(len(queues))),
		hop:      l.hop + 1,
		id:       newID(r),
		initial:  l.initial,
		previous: l.id,
	}
	if l.hop == 0 {
		further.initial = l.id
	}
	wait, talk, work := durations(l.channel, r)
	further.schedule(l.disconnected, wait, talk, work)
	further.updated[0] = max(further.disconnected, further.workEnd) + 62 + r.Int64N(7)
	l.next = further.id
	c.pending = append(c.pending, further)
}

// appendTransfer writes the oldest leg that is pending. The clock moves on to the end of it when it must.
func (c *Centre) appendTransfer(dst []byte) ([]byte, What) {
	l := c.pending[0]
	c.pending = append(c.pending[:0], c.pending[1:]...)
	c.now = max(c.now, l.updated[0])
	l.updated[0] = c.now
	c.transfer(&l)
	kept := c.keep(l)
	return c.appendRecord(dst, kept, 0), What{Kind: Transfer, Channel: kept.channel.name()}
}
