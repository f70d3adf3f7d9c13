package subscribetoshard

import (
	"encoding/binary"
	"fmt"
	"net/http"
)

// Fault is what goes wrong with one call of SubscribeToShard: with the call, or with its stream after some events.
type Fault struct {
	Kind   Kind
	After  int    // events that come before
	Code   string // of RefuseCall and Exception
	Status int    // of RefuseCall; 400, if 0
}

// Kind of a Fault.
type Kind int

// Each of them ends the stream, but for Mute, which leaves it open, and Twice and UnknownEvent, after which it goes on.
const (
	None               Kind = iota // the call succeeds as the rules have it
	RefuseCall                     // answered with Code
	NoInitialResponse              // the first frame is missing
	Exception                      // Code in the stream
	Finish                         // a regular end
	Reset                          // the stream is reset between two frames
	ResetInFrame                   // the stream is reset in the middle of a frame
	FinishInFrame                  // the answer ends, as if complete, in the middle of a frame
	BadChecksum                    // an event whose checksum is wrong
	BadJSON                        // an event that is no JSON
	Huge                           // a frame that says it has 2 GiB
	Mute                           // nothing comes any more
	Twice                          // the last event comes again
	UnknownEvent                   // an event that the API model does not have
	EndWithoutChildren             // an event without continuation, and without child shards
	ChildrenWithoutEnd             // an event with child shards, and with a continuation
	Orphans                        // the end of the shard, whose children name no parents
	kinds
)

// Kinds are all kinds of faults.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

func (k Kind) String() string {
	names := [...]string{
		"None", "RefuseCall", "NoInitialResponse", "Exception", "Finish", "Reset", "ResetInFrame", "FinishInFrame", "BadChecksum", "BadJSON",
		"Huge", "Mute", "Twice", "UnknownEvent", "EndWithoutChildren", "ChildrenWithoutEnd", "Orphans",
	}
	if k >= 0 && int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Fault queues what goes wrong with the next calls of SubscribeToShard for a shard, one fault a call. A call that the rules refuse uses
// its fault up.
func (s *Server) Fault(id string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards[id].faults = append(s.shards[id].faults, faults...)
}

// fault takes the next one. The lock is held.
func (s *Server) fault(id string) Fault {
	sh := s.shards[id]
	if sh == nil || len(sh.faults) == 0 {
		return Fault{}
	}
	fault := sh.faults[0]
	sh.faults = sh.faults[1:]
	return fault
}

// child of no shard in particular.
const child = `{"ShardId":"shardId-000000000099","ParentShards":[%s],"HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"1"}}`

// meet lets the fault happen, and tells whether the stream ends with it.
func (t *stream) meet() (over bool) {
	kind := t.fault.Kind
	t.fault.Kind = None
	t.server.mu.Lock()
	to := min(t.next+1, len(t.shard.records))
	ahead := Frame("event", "SubscribeToShardEvent", t.shard.event(t.next, to, 1)) // what would come next, or like it
	continuation := number(t.next-1, 0).String()
	t.server.mu.Unlock()
	event := func(format string, args ...any) {
		t.write(Frame("event", "SubscribeToShardEvent", fmt.Appendf(nil, format, args...)))
	}
	switch kind {
	case Exception:
		t.write(Frame("exception", t.fault.Code, []byte(`{"message":"asked for by the test"}`)))
	case Finish, NoInitialResponse:
	case Reset:
		panic(http.ErrAbortHandler)
	case ResetInFrame:
		t.write(ahead[:len(ahead)-9])
		panic(http.ErrAbortHandler)
	case FinishInFrame:
		t.write(ahead[:len(ahead)-9])
	case BadChecksum:
		ahead[len(ahead)-1] ^= 1
		t.write(ahead)
	case BadJSON:
		event(`{"Records":[`)
	case Huge:
		// The checksum of the prelude is right: only the length tells.
		t.write(huge())
		t.write(make([]byte, 64<<10))
		<-t.gone
	case Mute:
		select {
		case <-t.gone:
		case <-t.sub.over:
		}
	case Twice:
		if t.last != nil {
			t.send(t.last)
		}
		return false
	case UnknownEvent:
		t.write(Frame("event", "WeatherEvent", []byte(`{"Rain":true}`)))
		return false
	case EndWithoutChildren:
		event(`{"Records":[],"MillisBehindLatest":0}`)
		<-t.gone
	case ChildrenWithoutEnd:
		event(`{"Records":[],"MillisBehindLatest":0,"ContinuationSequenceNumber":"%s","ChildShards":[`+child+`]}`, continuation, `"shardId-000000000000"`)
		<-t.gone
	case Orphans:
		event(`{"Records":[],"MillisBehindLatest":0,"ChildShards":[`+child+`]}`, "")
		<-t.gone
	}
	return true
}

// huge is the beginning of a frame of 2 GiB.
func huge() []byte {
	const length = 2 << 30
	begin := Frame("event", "SubscribeToShardEvent", nil)
	binary.BigEndian.PutUint32(begin, length)
	binary.BigEndian.PutUint32(begin[8:], checksum(begin[:8]))
	return begin
}
