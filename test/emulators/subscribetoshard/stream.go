package subscribetoshard

import (
	"bytes"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream/eventstreamapi"
)

// subscription is one open stream of a consumer and a shard.
type subscription struct {
	accepted time.Time
	asked    time.Time // the last call, whatever its answer
	code     string    // why over is closed; read it after that
	over     chan struct{}
}

// end ends it with an exception. The lock is held.
func (sub *subscription) end(code string) {
	select {
	case <-sub.over:
	default:
		sub.code = code
		close(sub.over)
	}
}

// subscribe decides on a call. It returns the index of the first record.
func (s *Server) subscribe(input map[string]any) (sh *shard, sub *subscription, from int, code string) {
	now := time.Now()
	arn := text(input, "ConsumerARN")
	sh = s.shards[text(input, "ShardId")]
	switch c := s.consumers[arn]; {
	case sh == nil || s.status(c) == "" || s.status(c) == "DELETING":
		return nil, nil, 0, "ResourceNotFoundException"
	case s.status(c) == "CREATING":
		return nil, nil, 0, "ResourceInUseException"
	}
	before := sh.subs[arn]
	if before != nil {
		since := now.Sub(before.asked)
		before.asked = now
		switch {
		case since < time.Second:
			return nil, nil, 0, "LimitExceededException"
		case now.Sub(before.accepted) < Hold:
			return nil, nil, 0, "ResourceInUseException"
		}
	}
	position, _ := input["StartingPosition"].(map[string]any)
	from, code = sh.start(position)
	if code != "" {
		return nil, nil, 0, code
	}
	if before != nil {
		before.end("ResourceInUseException")
	}
	sub = &subscription{accepted: now, asked: now, over: make(chan struct{})}
	sh.subs[arn] = sub
	return sh, sub, from, ""
}

func (s *Server) subscribeToShard(w http.ResponseWriter, r *http.Request, call Call) {
	s.mu.Lock()
	fault := s.fault(text(call.Input, "ShardId"))
	if fault.Kind == RefuseCall {
		s.mu.Unlock()
		s.refuse(w, call, Refusal{Status: fault.Status, Code: fault.Code})
		return
	}
	sh, sub, from, code := s.subscribe(call.Input)
	if code != "" {
		s.mu.Unlock()
		s.refuse(w, call, Refusal{Code: code})
		return
	}
	s.open++
	s.mu.Unlock()
	s.note(call)
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	}()
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	stream := &stream{server: s, shard: sh, sub: sub, next: from, fault: fault, w: w, gone: r.Context().Done()}
	stream.run()
}

// stream writes the events of one subscription.
type stream struct {
	server *Server
	shard  *shard
	sub    *subscription
	next   int // index of the record that comes next
	beats  int // events without records since the last one with some
	events int
	last   []byte // the last event
	fault  Fault
	w      http.ResponseWriter
	gone   <-chan struct{}
	failed bool
}

// asked is what every error says.
const asked = `{"message":"asked for by the test or by the rules"}`

func (t *stream) run() {
	if t.fault.Kind != NoInitialResponse {
		t.write(Frame("event", "initial-response", []byte("{}")))
	}
	end := time.NewTimer(Lifetime)
	defer end.Stop()
	for !t.failed {
		select { // before anything else that is ready as well
		case <-end.C:
			return
		case <-t.sub.over:
			t.write(Frame("exception", t.sub.code, []byte(asked)))
			return
		default:
		}
		if t.fault.Kind != None && t.events == t.fault.After {
			if t.meet() {
				return
			}
		}
		event, last, changed := t.take()
		if event != nil {
			t.send(event)
			if last {
				return
			}
			continue
		}
		beat := time.NewTimer(Beat)
		select {
		case <-changed:
		case <-beat.C:
			t.server.mu.Lock()
			t.beats++
			event := t.shard.event(t.next, t.next, t.beats)
			t.server.mu.Unlock()
			t.send(event)
		case <-end.C:
			return
		case <-t.sub.over: // seen above
		case <-t.gone:
			return
		}
		beat.Stop()
	}
}

// take returns the next event with records, or with the end of the shard; without one, the channel that tells of a change.
func (t *stream) take() (event []byte, last bool, changed <-chan struct{}) {
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	to := min(t.next+t.server.Batch, len(t.shard.records))
	last = t.shard.ended && to == len(t.shard.records)
	if t.next == to && !last {
		return nil, false, t.shard.changed
	}
	event = t.shard.event(t.next, to, 0)
	t.next, t.beats = to, 0
	return event, last, nil
}

func (t *stream) send(event []byte) {
	t.last = event
	t.events++
	t.write(Frame("event", "SubscribeToShardEvent", event))
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	t.shard.sent++
}

// write writes and flushes. A reader that takes nothing for half a minute is cut off.
func (t *stream) write(data []byte) {
	control := http.NewResponseController(t.w)
	err := control.SetWriteDeadline(time.Now().Add(Slow))
	if err == nil {
		_, err = t.w.Write(data)
	}
	if err == nil {
		err = control.Flush()
	}
	if err == nil {
		err = control.SetWriteDeadline(time.Time{}) // else HTTP/2 resets a stream that has nothing to write
	}
	if err != nil {
		t.failed = true
	}
}

// Frame encodes a message of an event stream with the SDK's encoder. kind is event or exception.
func Frame(kind, name string, payload []byte) []byte {
	message := eventstream.Message{Payload: payload}
	message.Headers.Set(eventstreamapi.MessageTypeHeader, eventstream.StringValue(kind))
	switch kind {
	case "event":
		message.Headers.Set(eventstreamapi.EventTypeHeader, eventstream.StringValue(name))
	case "exception":
		message.Headers.Set(eventstreamapi.ExceptionTypeHeader, eventstream.StringValue(name))
	}
	message.Headers.Set(eventstreamapi.ContentTypeHeader, eventstream.StringValue("application/json"))
	var buffer bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&buffer, message); err != nil {
		panic(err) // the buffer takes everything
	}
	return buffer.Bytes()
}
