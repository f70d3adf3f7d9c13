package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/awsclient"
	"trunkline/test/emulators/subscribetoshard"
)

func TestEndOfShard(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put(0, 7)
		w.end()
		s := w.subscribe(horizon)
		defer s.Close()
		got := w.collect(s, 6)
		last := w.next(s)
		w.wantRecords(append(got, data(last)...), numbers(0, 7))
		if last.ContinuationSequenceNumber != nil || len(last.ChildShards) != 1 {
			w.Errorf("got continuation %q and %d children, want none and 1", sequence(last), len(last.ChildShards))
		}
		for range 2 {
			if event, err := s.Next(w.Context()); !errors.Is(err, io.EOF) {
				w.Errorf("behind the end: got %v, %v, want io.EOF", event, err)
			}
		}
		if open := w.server.Open(); open != 0 {
			w.Errorf("%d subscriptions are open, want none", open)
		}
	})
}

// TestRenewal: twelve minutes, a record every 7 seconds.
func TestRenewal(t *testing.T) {
	inWorld(t, func(w *world) {
		begin := time.Now()
		s := w.subscribe(horizon)
		defer s.Close()
		const n = 12 * 60 / 7
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := range n {
				w.put(i, i+1)
				time.Sleep(7 * time.Second)
			}
		})
		defer writer.Wait()
		w.wantRecords(w.collect(s, n), numbers(0, n))
		calls := w.server.Calls("SubscribeToShard")
		if len(calls) != 3 {
			w.Fatalf("got %d calls, want 3", len(calls))
		}
		for i, call := range calls {
			if got, want := call.Time.Sub(begin), time.Duration(i)*5*time.Minute; got != want {
				w.Errorf("call %d: after %s, want %s", i, got, want)
			}
		}
		for _, note := range w.seen.all {
			if note.err != nil || note.failures != 0 {
				w.Errorf("the observer hears of %v, %d failures, want none", note.err, note.failures)
			}
		}
	})
}

// TestStart: the first call has the position that was given. What fails before the first event repeats it, but for LATEST, which has become
// the time of the first answer, whether that was a refusal, or a stream that brought nothing.
func TestStart(t *testing.T) {
	at := subscribetoshard.Fault{Kind: subscribetoshard.Reset}
	refused := subscribetoshard.Fault{Kind: subscribetoshard.RefuseCall, Code: "InternalFailureException", Status: http.StatusInternalServerError}
	for _, c := range []struct {
		kind   types.ShardIteratorType
		fault  subscribetoshard.Fault
		want   []string // records
		second string   // position of the second call
	}{
		{types.ShardIteratorTypeTrimHorizon, at, numbers(0, 12), "TRIM_HORIZON"},
		{types.ShardIteratorTypeAtSequenceNumber, at, numbers(2, 12), "AT_SEQUENCE_NUMBER"},
		{types.ShardIteratorTypeAfterSequenceNumber, at, numbers(3, 12), "AFTER_SEQUENCE_NUMBER"},
		{types.ShardIteratorTypeAtTimestamp, at, numbers(4, 12), "AT_TIMESTAMP"},
		{types.ShardIteratorTypeLatest, at, numbers(8, 12), "AT_TIMESTAMP"},
		{types.ShardIteratorTypeLatest, refused, numbers(8, 12), "AT_TIMESTAMP"},
	} {
		t.Run(fmt.Sprint(c.kind, c.fault.Kind), func(t *testing.T) {
			inWorld(t, func(w *world) {
				before := w.server.Put(shardID, []byte("0"), []byte("1"), []byte("2"), []byte("3"))
				time.Sleep(time.Minute)
				noon := time.Now()
				w.put(4, 8)
				time.Sleep(time.Minute)
				from := types.StartingPosition{Type: c.kind}
				switch c.kind {
				case types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber:
					from.SequenceNumber = &before[2]
				case types.ShardIteratorTypeAtTimestamp:
					from.Timestamp = &noon
				}
				w.server.Fault(shardID, c.fault)
				s := w.subscribe(from)
				defer s.Close()
				var writer sync.WaitGroup
				writer.Go(func() {
					time.Sleep(2 * time.Second) // the first connection is gone, and the next one is not there yet
					w.put(8, 12)
					w.end()
				})
				defer writer.Wait()
				got, _, err := rest(w.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				w.wantRecords(got, c.want)
				positions := w.positions()
				if len(positions) != 2 || !strings.HasPrefix(positions[0], string(c.kind)) || !strings.HasPrefix(positions[1], c.second) {
					t.Errorf("got positions %q, want %s and %s", positions, c.kind, c.second)
				}
			})
		})
	}
}

// TestFaults: whatever happens to a connection, and whenever, each record comes once and in order, and the observer hears of it.
func TestFaults(t *testing.T) {
	cut, answer := ErrCut, ErrAnswer
	for kind, want := range map[subscribetoshard.Kind]error{ // nil: nothing but regular ends is heard of
		subscribetoshard.NoInitialResponse:  errAny,
		subscribetoshard.Finish:             nil,
		subscribetoshard.Reset:              cut,
		subscribetoshard.ResetInFrame:       cut,
		subscribetoshard.FinishInFrame:      cut,
		subscribetoshard.BadChecksum:        errAny,
		subscribetoshard.BadJSON:            errAny,
		subscribetoshard.Huge:               answer,
		subscribetoshard.Mute:               ErrSilent,
		subscribetoshard.Twice:              nil,
		subscribetoshard.UnknownEvent:       nil,
		subscribetoshard.EndWithoutChildren: answer,
		subscribetoshard.ChildrenWithoutEnd: answer,
		subscribetoshard.Orphans:            answer,
	} {
		for after := range 4 {
			t.Run(fmt.Sprint(kind, after), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.put(0, 12)
					w.end()
					w.server.Fault(shardID, subscribetoshard.Fault{Kind: kind, After: after})
					s := w.subscribe(horizon)
					defer s.Close()
					got, decisions, err := rest(w.Context(), s)
					if err != nil || len(decisions) > 0 {
						t.Fatalf("got %v, %v, want no error", decisions, err)
					}
					w.wantRecords(got, numbers(0, 12))
					w.wantPolite()
					want, first := want, note{}
					if len(w.seen.all) > 0 {
						first = w.seen.all[0]
					}
					switch {
					case want == nil && after == 0 && kind == subscribetoshard.Finish:
						want = answer // a subscription that ends before its first event is none
					case want == errAny && first.err != nil:
						want = first.err
					}
					if !errors.Is(first.err, want) || (first.err == nil) != (want == nil) {
						t.Errorf("the observer heard %v, want %v", w.seen.all, want)
					}
					if code := code(first.err); code != "" {
						t.Errorf("the observer heard the service's %s, want none", code)
					}
				})
			})
		}
	}
}

var errAny = errors.New("an error of the SDK's")

// TestErrors: each code that the service has, on the call and in the stream: what comes to the caller, and when it is asked again.
func TestErrors(t *testing.T) {
	type want struct {
		reason      Reason
		least, most time.Duration // with random numbers of 0 and 1
	}
	back, yield := want{0, time.Second, 2 * time.Second}, want{0, time.Second, 5 * time.Second}
	slow := func(r Reason) want { return want{r, 15 * time.Second, 30 * time.Second} }
	cases := []struct {
		code   string
		status int
		where  string // "call", "stream" or both
		want   want
	}{
		{"LimitExceededException", 400, "call stream", back},
		{"ThrottlingException", 400, "call stream", back},
		{"ResourceInUseException", 400, "call stream", yield},
		{"ResourceNotFoundException", 400, "call stream", slow(NotFound)},
		{"AccessDeniedException", 400, "call stream", slow(Denied)},
		{"InvalidArgumentException", 400, "call stream", slow(Argument)},
		{"ValidationException", 400, "call", slow(Argument)},
		{"UnrecognizedClientException", 400, "call", slow(Refused)},
		{"ExpiredTokenException", 400, "call", slow(Refused)},
		{"InternalFailureException", 500, "call stream", back},
		{"ServiceUnavailable", 503, "call", back},
		{"SomethingNew", 500, "call stream", back},
		{"SomethingNew", 400, "call", slow(Refused)},
		{"KMSDisabledException", 400, "call stream", slow(Key)},
		{"KMSInvalidStateException", 400, "call stream", slow(Key)},
		{"KMSAccessDeniedException", 400, "call stream", slow(Key)},
		{"KMSNotFoundException", 400, "call stream", slow(Key)},
		{"KMSOptInRequired", 400, "call stream", slow(Key)},
		{"KMSThrottlingException", 400, "call stream", back},
	}
	run := func(t *testing.T, where string, fault subscribetoshard.Fault, random float64, want want, pause time.Duration) {
		inWorld(t, func(w *world) {
			w.put(0, 12)
			w.end()
			w.consumer.random = func() float64 { return random }
			w.server.Fault(shardID, fault)
			s := w.subscribe(horizon)
			defer s.Close()
			got, decisions, err := rest(w.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			w.wantRecords(got, numbers(0, 12))
			if want.reason != 0 {
				e, ok := errors.AsType[*Error](errors.Join(decisions...))
				explained, wraps := errors.AsType[*awsclient.Error](errors.Join(decisions...))
				if !ok || !wraps || len(decisions) != 1 || e.Reason != want.reason || e.Shard != shardID || explained.Code != fault.Code {
					t.Errorf("got %v, want one error for %s", decisions, want.reason)
				}
				if len(w.seen.all) > 0 {
					t.Errorf("the observer heard %v, want nothing: the caller has the error", w.seen.all)
				}
			} else if len(decisions) > 0 || len(w.seen.all) != 1 || code(w.seen.all[0].err) != fault.Code {
				t.Errorf("got %v, and the observer heard %v, want it alone to hear of %s", decisions, w.seen.all, fault.Code)
			} else if over := errors.Is(w.seen.all[0].err, ErrTakenOver); over != (fault.Code == inUse) {
				t.Errorf("the observer heard %v, taken over: %t", w.seen.all, over)
			}
			calls := w.server.Calls("SubscribeToShard")
			if len(calls) != 2 {
				t.Fatalf("got %d calls, want 2", len(calls))
			}
			if where == "stream" { // a call that succeeded keeps the next one away
				pause = max(pause, hold)
			}
			if got := calls[1].Time.Sub(calls[0].Time); got != pause {
				t.Errorf("the second call came after %s, want %s", got, pause)
			}
		})
	}
	for _, c := range cases {
		for where := range strings.FieldsSeq(c.where) {
			fault := subscribetoshard.Fault{Kind: subscribetoshard.RefuseCall, Code: c.code, Status: c.status}
			if where == "stream" {
				fault = subscribetoshard.Fault{Kind: subscribetoshard.Exception, Code: c.code, After: 1}
			}
			t.Run(fmt.Sprint(c.code, c.status, where), func(t *testing.T) {
				run(t, where, fault, 0, c.want, c.want.least)
				run(t, where, fault, 1, c.want, c.want.most)
			})
		}
	}
}

// TestBackOff: pauses double, to 16 seconds and as much again by chance, until something is handed on.
func TestBackOff(t *testing.T) {
	inWorld(t, func(w *world) {
		w.consumer.random = func() float64 { return 0 }
		w.put(0, 12)
		w.end()
		fault := subscribetoshard.Fault{Kind: subscribetoshard.RefuseCall, Code: "InternalFailureException", Status: http.StatusInternalServerError}
		w.server.Fault(shardID, fault, fault, fault, fault, fault, fault, subscribetoshard.Fault{Kind: subscribetoshard.Reset, After: 1}, fault)
		s := w.subscribe(horizon)
		defer s.Close()
		got, _, err := rest(w.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		w.wantRecords(got, numbers(0, 12))
		var pauses []time.Duration
		for _, note := range w.seen.all {
			pauses = append(pauses, note.pause/time.Second)
		}
		// The seventh stream was cut right after its first event: its five seconds are not over.
		if want := []time.Duration{1, 2, 4, 8, 16, 16, 5, 2}; !slices.Equal(pauses, want) {
			t.Errorf("got pauses of %d seconds, want %d", pauses, want)
		}
	})
}

// TestSilence: a minute without an event, counted while Next waits, in however many calls.
func TestSilence(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put(0, 6)
		w.server.Fault(shardID, subscribetoshard.Fault{Kind: subscribetoshard.Mute, After: 1})
		s := w.subscribe(horizon)
		defer s.Close()
		got := w.collect(s, 3)
		time.Sleep(2 * time.Minute) // nobody waits
		for i := range 5 {
			ctx, cancel := context.WithTimeout(w.Context(), 11*time.Second)
			if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Next %d: got %v, want the end of its context", i, err)
			}
			cancel()
		}
		begin := time.Now()
		w.wantRecords(append(got, w.collect(s, 3)...), numbers(0, 6))
		if got, want := time.Since(begin), 5*time.Second; got != want {
			t.Errorf("asked again after %s more, want %s", got, want)
		}
		if len(w.seen.all) != 1 || !errors.Is(w.seen.all[0].err, ErrSilent) {
			t.Errorf("the observer heard %v, want ErrSilent", w.seen.all)
		}
	})
}

// TestTakeover: a second subscription takes the shard over; the first one hears of it, and asks again later.
func TestTakeover(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put(0, 3)
		first := w.subscribe(horizon)
		defer first.Close()
		w.wantRecords(w.collect(first, 3), numbers(0, 3))
		time.Sleep(hold)
		second := (&Consumer{client: w.client, arn: w.consumer.arn, random: w.consumer.random, observer: deaf{}}).Subscribe(shardID, horizon)
		defer second.Close()
		w.wantRecords(w.collect(second, 3), numbers(0, 3))
		begin := time.Now()
		w.put(3, 6)
		w.wantRecords(w.collect(second, 3), numbers(3, 6))
		w.wantRecords(w.collect(first, 3), numbers(3, 6))
		if len(w.seen.all) == 0 || !errors.Is(w.seen.all[0].err, ErrTakenOver) {
			t.Errorf("the observer heard %v, want ErrTakenOver", w.seen.all)
		}
		if got := time.Since(begin); got < time.Second || got > 10*time.Second {
			t.Errorf("the first one was back after %s, want 1 to 10 seconds", got)
		}
	})
}

// TestBackPressure: while nobody calls Next, the service can send what HTTP/2 has room for, and no more; after half a minute it cuts the
// reader off. Nothing is lost by either.
func TestBackPressure(t *testing.T) {
	inWorld(t, func(w *world) {
		const n, size = 64, 100 << 10 // 6.5 MB in all, 8.7 MB on the way
		w.server.Batch = 1
		data := make([]byte, size)
		for i := range n {
			data[0], data[1] = byte(i>>8), byte(i)
			w.server.Put(shardID, slices.Clone(data))
		}
		w.end()
		s := w.subscribe(horizon)
		defer s.Close()
		read := 0
		check := func() {
			t.Helper()
			for _, r := range w.next(s).Records {
				if got := int(r.Data[0])<<8 | int(r.Data[1]); got != read || len(r.Data) != size {
					t.Fatalf("got record %d of %d bytes, want %d of %d", got, len(r.Data), read, size)
				}
				read++
			}
		}
		check()
		synctest.Wait() // until everybody waits for somebody else
		// 4 MiB, in base64, two events decoded and one being read, and what is in the server's hands.
		if got, most := w.server.Sent(shardID), 4<<20/(size*4/3)+6; got > most {
			t.Errorf("%d events were sent to a reader who took one, want at most %d", got, most)
		}
		time.Sleep(time.Minute)
		if open := w.server.Open(); open != 0 {
			t.Errorf("%d subscriptions are open, want the slow reader cut off", open)
		}
		for read < n {
			check()
		}
		if len(w.seen.all) == 0 || !errors.Is(w.seen.all[0].err, ErrCut) {
			t.Errorf("the observer heard %v, want ErrCut", w.seen.all)
		}
	})
}
