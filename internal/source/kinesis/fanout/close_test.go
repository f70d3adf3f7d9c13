package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"trunkline/test/emulators/subscribetoshard"
)

// oneTry makes the SDK try a call once, so that a test sees each of ours.
type oneTry struct{ Client }

func once(o *kinesis.Options) { o.RetryMaxAttempts = 1 }

func (c oneTry) RegisterStreamConsumer(ctx context.Context, in *kinesis.RegisterStreamConsumerInput, f ...func(*kinesis.Options)) (*kinesis.RegisterStreamConsumerOutput, error) {
	return c.Client.RegisterStreamConsumer(ctx, in, append(f, once)...)
}

func (c oneTry) DescribeStreamConsumer(ctx context.Context, in *kinesis.DescribeStreamConsumerInput, f ...func(*kinesis.Options)) (*kinesis.DescribeStreamConsumerOutput, error) {
	return c.Client.DescribeStreamConsumer(ctx, in, append(f, once)...)
}

// states are those that a Next can wait in.
var states = []struct {
	name  string
	reach func(w *world, s *Subscription)
}{
	{"for an event", func(w *world, s *Subscription) { w.collect(s, 3) }},
	{"for the answer of a call", func(w *world, _ *Subscription) {
		// It is never answered.
		client, stop := subscribetoshard.Pipe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		real := w.consumer.client
		w.consumer.client = client
		w.after = func() { stop(); w.consumer.client = real }
	}},
	{"for the first frame", func(w *world, _ *Subscription) {
		client, stop := subscribetoshard.Pipe(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}))
		real := w.consumer.client
		w.consumer.client = client
		w.after = func() { stop(); w.consumer.client = real }
	}},
	{"until the next call", func(w *world, s *Subscription) {
		w.server.Fault(shardID, subscribetoshard.Fault{Kind: subscribetoshard.RefuseCall, Code: "AccessDeniedException"})
		if _, err := s.Next(w.Context()); err == nil {
			w.Error("denied: got no error")
		}
	}},
}

// TestCancel: Next returns as soon as its context ends, whatever it waits for, and misses nothing afterwards.
func TestCancel(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.put(0, 6)
				w.server.Batch = 3
				s := w.subscribe(horizon)
				defer s.Close()
				state.reach(w, s)
				read := 0
				if state.name == "for an event" {
					w.wantRecords(w.collect(s, 3), numbers(3, 6))
					read = 6
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(w.Context(), time.Second)
				defer cancel()
				if event, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, %v, want the end of the context", event, err)
				}
				if got := time.Since(begin); got != time.Second {
					t.Errorf("returned after %s, want 1s", got)
				}
				if w.after != nil {
					w.after()
				}
				w.put(6, 9)
				w.wantRecords(w.collect(s, 9-read), numbers(read, 9))
				w.wantPolite()
			})
		})
	}
}

// TestClose: a Next that waits returns as soon as Close is called, and nothing runs any more when Close returns.
func TestClose(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.put(0, 3)
				s := w.subscribe(horizon)
				state.reach(w, s)
				var waiting sync.WaitGroup
				waiting.Go(func() {
					if event, err := s.Next(w.Context()); !errors.Is(err, ErrClosed) {
						t.Errorf("got %v, %v, want ErrClosed", event, err)
					}
				})
				synctest.Wait()
				begin := time.Now()
				s.Close()
				waiting.Wait()
				s.Close()
				if got := time.Since(begin); got != 0 {
					t.Errorf("it took %s, want no time", got)
				}
				if _, err := s.Next(w.Context()); !errors.Is(err, ErrClosed) {
					t.Errorf("after Close: got %v, want ErrClosed", err)
				}
				synctest.Wait()
				if open := w.server.Open(); open != 0 {
					t.Errorf("%d subscriptions are open, want none", open)
				}
				if w.after != nil {
					w.after()
				}
			})
		})
	}
}

// TestCallSilence: a call that is not answered within a minute is made again.
func TestCallSilence(t *testing.T) {
	for _, state := range states[1:3] {
		t.Run(fmt.Sprint("waiting ", state.name), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.put(0, 3)
				s := w.subscribe(horizon)
				defer s.Close()
				state.reach(w, s)
				ctx, cancel := context.WithTimeout(w.Context(), silence+time.Second)
				defer cancel()
				if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want the end of the context", err)
				}
				w.after()
				w.wantRecords(w.collect(s, 3), numbers(0, 3))
				if len(w.seen.all) == 0 || !errors.Is(w.seen.all[0].err, ErrSilent) {
					t.Errorf("the observer heard %v, want ErrSilent", w.seen.all)
				}
			})
		})
	}
}

// TestImpatient: a caller whose contexts end sooner than a call is answered gets to the events all the same, with one call.
func TestImpatient(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put(0, 3)
		w.end()
		slow, stop := subscribetoshard.Pipe(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(3 * time.Second)
			w.server.ServeHTTP(rw, r)
		}))
		defer stop()
		w.consumer.client = slow
		s := w.subscribe(horizon)
		defer s.Close()
		for i := range 32 {
			ctx, cancel := context.WithTimeout(w.Context(), time.Second/10)
			event, err := s.Next(ctx)
			cancel()
			if err == nil {
				w.wantRecords(data(event), numbers(0, 3))
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Next %d: got %v, want the end of its context", i, err)
			}
		}
		if _, err := s.Next(w.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want the end of the shard: the event was not there after 3 seconds", err)
		}
		if calls := len(w.server.Calls("SubscribeToShard")); calls != 1 {
			t.Errorf("got %d calls, want 1", calls)
		}
	})
}

// reluctant takes a second to give a call up.
type reluctant struct{ Client }

func (reluctant) SubscribeToShard(ctx context.Context, _ *kinesis.SubscribeToShardInput, _ ...func(*kinesis.Options)) (*kinesis.SubscribeToShardOutput, error) {
	<-ctx.Done()
	time.Sleep(time.Second)
	return nil, ctx.Err()
}

// TestCloseWaits for a call that was begun.
func TestCloseWaits(t *testing.T) {
	inWorld(t, func(w *world) {
		w.consumer.client = reluctant{w.client}
		s := w.subscribe(horizon)
		ctx, cancel := context.WithTimeout(w.Context(), time.Second)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the end of the context", err)
		}
		begin := time.Now()
		s.Close()
		if got := time.Since(begin); got != time.Second {
			t.Errorf("Close took %s, want 1s: as long as the call", got)
		}
	})
}
