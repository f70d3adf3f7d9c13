// Package contactcentre is a synthetic contact centre: it writes the contact records and agent events that an
// Amazon Connect instance would, for the demo, the benchmarks and the tests.
//
//	seed, start ─▶ Centre ─┬─ AppendContactRecord ─▶ finished contacts, one record each (the benchmark's workload)
//	                       └─ AppendEvent ─────────▶ the mixed life: contacts, transfers, re-deliveries, agent events
//
// Records have the keys, key order, number forms, nulls and quirks of real ones, and personal data wherever real
// ones have it. None of it belongs to anybody: telephone numbers come from the ranges that regulators keep for
// drama, e-mail addresses from example.com, cards from the card schemes' test numbers, people from word lists.
//
// The same seed, start and sequence of calls give the same bytes on every machine. Nothing here reads a clock or
// global randomness, and a Centre's memory does not grow with the number of records.
package contactcentre

import (
	"math/rand/v2"
	"time"
)

// Options tune a Centre. The zero value is ready to use.
type Options struct {
	// Pace is the mean time between two events of the centre's own clock; zero means two minutes, which makes
	// 5,000 events span a week, so that updates arrive up to days after their contact.
	Pace time.Duration
	// Broken mixes about 1 % of broken records into AppendEvent: truncated, not JSON, not UTF-8, of no known kind.
	Broken bool
}

// Centre is a synthetic contact centre. It is not safe for concurrent use.
type Centre struct {
	opts   Options
	now    int64 // the centre's clock, Unix seconds
	source *rand.Rand

	// The details of a contact are drawn anew each time it is written, from the seed that its leg carries, so
	// that a later version of it repeats everything that has not changed.
	detailSeed *rand.PCG
	detail     *rand.Rand

	people  []person
	agents  []agent
	legs    [4096]leg   // the last contacts, as a ring: what updates are drawn from
	written int         // how many legs were put into the ring so far
	recent  [256]uint16 // places in legs of the last deliveries, as a ring: what re-deliveries are drawn from
	sent    int         // how many deliveries were put into recent so far
	pending []leg       // second and third legs of transferred contacts, not yet written; at most maxPending
	unkept  leg         // a contact of which nothing more will be heard
	scratch []byte      // holds the record that a broken one is made from
}

const (
	peopleCount = 4000
	agentCount  = 300
	onStream    = 40 // how many of the agents have agent events
	maxPending  = 16
)

// New makes a contact centre whose clock stands at start, to the second.
func New(seed uint64, start time.Time, opts Options) *Centre {
	if opts.Pace <= 0 {
		opts.Pace = 2 * time.Minute
	}
	detailSeed := rand.NewPCG(seed, 1)
	c := &Centre{
		opts:       opts,
		now:        start.Unix(),
		source:     rand.New(rand.NewPCG(seed, 0)),
		detailSeed: detailSeed,
		detail:     rand.New(detailSeed),
	}
	c.people = hirePeople(c.source, peopleCount)
	c.agents = hireAgents(c.source, agentCount, c.now)
	return c
}

// AppendContactRecord appends the first delivery of one more finished contact, as compact JSON without a newline,
// and returns the extended slice. Four of five contacts are calls. Values are regular: telephone numbers are in
// E.164 form, e-mail addresses in lower case, and no account number could be taken for a telephone number.
func (c *Centre) AppendContactRecord(dst []byte) []byte {
	c.tick()
	c.unkept = c.newLeg(workload)
	return c.appendRecord(dst, &c.unkept, 0)
}

// What says what AppendEvent wrote. It is comparable, so a caller may count by it.
type What struct {
	Kind    Kind
	Channel string // VOICE, CHAT, TASK or EMAIL; empty for agent events and broken records
}

// Kind is the part that an event plays in the life of the centre.
type Kind uint8

const (
	NewContact Kind = iota // first delivery of a contact nobody transferred
	Transfer               // first delivery of a further leg: a new ContactId, linked to the one before
	Update                 // a known ContactId with a newer LastUpdateTimestamp, minutes to days later
	Duplicate              // the newest version of a recent contact, or an agent event, byte for byte again
	Older                  // a version older than one already written, late; for agent events, an older heartbeat
	Tie                    // the LastUpdateTimestamp of the newest version with different content
	AgentEvent             // LOGIN, STATE_CHANGE, HEART_BEAT or LOGOUT
	Broken                 // nothing that can be decoded to a known kind of record
)

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case NewContact:
		return "new contact"
	case Transfer:
		return "transfer"
	case Update:
		return "update"
	case Duplicate:
		return "duplicate"
	case Older:
		return "older version"
	case Tie:
		return "tie"
	case AgentEvent:
		return "agent event"
	default:
		return "broken"
	}
}

// AppendEvent appends the next item of the mixed life of the centre, without a newline, and says what it was.
// Everything but a Broken item is compact JSON; no item contains a line feed.
//
// A Duplicate repeats the newest version that was written; so, with the rules for at-least-once delivery (newer:
// deliver; same time and content: duplicate; same time, other content: deliver; older: superseded), the outcome
// of each item follows from its Kind alone.
func (c *Centre) AppendEvent(dst []byte) (out []byte, what What) {
	c.tick()
	if len(c.pending) > 0 && (len(c.pending) == maxPending || c.source.IntN(3) == 0) {
		return c.appendTransfer(dst)
	}
	switch n := c.source.IntN(1000); {
	case n < 200:
		return c.appendAgentEvent(dst), What{Kind: AgentEvent}
	case n < 210 && c.agentsSpoke():
		return c.appendAgentDuplicate(dst), What{Kind: Duplicate}
	case n < 215 && c.agentsSpoke():
		return c.appendAgentOlder(dst), What{Kind: Older}
	case n < 225 && c.opts.Broken:
		return c.appendBroken(dst), What{Kind: Broken}
	case n < 310:
		if l := c.updatable(); l != nil {
			l.update(c.now, c.source)
			c.remember(l)
			return c.appendRecord(dst, l, l.newest), What{Kind: Update, Channel: l.channel.name()}
		}
	case n < 370 && c.sent > 0:
		l := c.recentLeg()
		return c.appendRecord(dst, l, l.newest), What{Kind: Duplicate, Channel: l.channel.name()}
	case n < 400:
		if l := c.recentUpdated(); l != nil {
			return c.appendRecord(dst, l, c.source.IntN(l.newest)), What{Kind: Older, Channel: l.channel.name()}
		}
	case n < 415 && c.sent > 0:
		l := c.recentLeg()
		l.ties++
		return c.appendRecord(dst, l, l.newest), What{Kind: Tie, Channel: l.channel.name()}
	}
	l := c.newLeg(mixed)
	c.transfer(&l)
	kept := c.keep(l)
	return c.appendRecord(dst, kept, 0), What{Kind: NewContact, Channel: kept.channel.name()}
}

// tick moves the clock on by one second to twice the pace.
func (c *Centre) tick() {
	c.now += 1 + c.source.Int64N(max(1, int64(2*c.opts.Pace/time.Second)))
}

// keep puts a new leg into the ring and returns its place there.
func (c *Centre) keep(l leg) *leg {
	place := &c.legs[c.written%len(c.legs)]
	*place = l
	place.place = uint16(c.written % len(c.legs))
	c.written++
	c.remember(place)
	return place
}

// remember makes l a candidate for re-delivery.
func (c *Centre) remember(l *leg) {
	c.recent[c.sent%len(c.recent)] = l.place
	c.sent++
}

// recentLeg returns one of the legs last delivered; there must be one.
func (c *Centre) recentLeg() *leg {
	return &c.legs[c.recent[c.source.IntN(min(c.sent, len(c.recent)))]]
}

// recentUpdated returns a recently delivered leg that has an older version, or nil when a few draws find none.
func (c *Centre) recentUpdated() *leg {
	for range 16 {
		if c.sent == 0 {
			return nil
		}
		if l := c.recentLeg(); l.newest > 0 {
			return l
		}
	}
	return nil
}

// updatable returns any remembered leg that may still be updated, or nil when a few draws find none.
func (c *Centre) updatable() *leg {
	for range 4 {
		if c.written == 0 {
			return nil
		}
		if l := &c.legs[c.source.IntN(min(c.written, len(c.legs)))]; l.newest+2 < len(l.updated) {
			return l
		}
	}
	return nil
}
