package kinesis

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/internal/lease/leasetest"
	"trunkline/test/emulators/subscribetoshard"
)

// script is a fan-out subscription.
type script struct {
	events []any
	closed bool
}

func (s *script) Next(ctx context.Context) (*types.SubscribeToShardEvent, error) {
	if len(s.events) == 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	next := s.events[0]
	s.events = s.events[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	return next.(*types.SubscribeToShardEvent), nil
}

func (s *script) Close() { s.closed = true }

// TestFanOut reads by subscriptions: their events, errors and the end of the shard.
func TestFanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, table := newService(1), &leasetest.Table{}
		s.split(0)
		event := func(n int) *types.SubscribeToShardEvent {
			return &types.SubscribeToShardEvent{
				ContinuationSequenceNumber: aws.String(sequence(n)), MillisBehindLatest: aws.Int64(7),
				Records: []types.Record{{Data: fmt.Appendf(nil, "record %d", n), SequenceNumber: aws.String(sequence(n))}},
			}
		}
		parent := &script{events: []any{
			event(0), &types.AccessDeniedException{}, event(1), &types.ResourceNotFoundException{}, event(2), io.ErrUnexpectedEOF,
			&types.SubscribeToShardEvent{ChildShards: s.shards[s.order[0]].children},
		}}
		children := []*script{{}, {}}
		var mu sync.Mutex
		asked := map[string]types.ShardIteratorType{}
		r := read(t, s, table, "w", func(o *Options) {
			o.Subscribe = func(shard string, from types.StartingPosition) Subscription {
				mu.Lock()
				defer mu.Unlock()
				if asked[shard] = from.Type; shard == s.order[0] {
					return parent
				}
				return children[len(asked)-2]
			}
		})
		r.until(3)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(asked) != 3 || asked[s.order[1]] != types.ShardIteratorTypeTrimHorizon {
			t.Errorf("subscriptions were made of %v", asked)
		}
		r.close()
		wantRecords(t, r.records(), numbered(0, 3))
		if !parent.closed || !children[0].closed || !children[1].closed {
			t.Error("a subscription was not closed")
		}
		if got := checkpoint(t, table, 0); got != "SHARD_END:0" {
			t.Errorf("the parent is at %s", got)
		}
	})
}

// TestFanOutWire reads by the real subscriptions, over HTTP/2: through a stop and a start inside of an aggregate, a split, and denials.
func TestFanOutWire(t *testing.T) {
	model := subscribetoshard.LoadModel(t)
	synctest.Test(t, func(t *testing.T) {
		server := subscribetoshard.New(t, model)
		client, stop := subscribetoshard.Pipe(server)
		defer stop()
		s, table := newService(1), &leasetest.Table{}
		s.split(0) // the listing
		server.Shards(s.order...)
		put := func(shard int, texts ...string) {
			for _, text := range texts {
				server.Put(s.order[shard], []byte(text))
			}
		}
		read := func(worker string, hold bool) *reading {
			subscribe, err := FanOut(t.Context(), client, aStream, "trunkline", slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return begin(t, s, table, worker, hold, func(o *Options) { o.Subscribe = subscribe })
		}
		put(0, aggregateOf("key", numbered(0, 6)...))
		first := read("first", true)
		first.until(6)
		first.settle(first.kept[0], 3)
		first.close()

		put(0, "record 6")
		server.Fault(s.order[0], subscribetoshard.Fault{Kind: subscribetoshard.RefuseCall, Code: "AccessDeniedException"},
			subscribetoshard.Fault{Kind: subscribetoshard.ResetInFrame, After: 1})
		second := read("second", false)
		second.until(3)
		put(0, "record 7")
		var children []subscribetoshard.Child
		for i, c := range s.shards[s.order[0]].children {
			children = append(children, subscribetoshard.Child{
				ShardID: *c.ShardId, ParentShards: c.ParentShards,
				HashKeyRange: subscribetoshard.HashKeyRange{StartingHashKey: *c.HashKeyRange.StartingHashKey, EndingHashKey: *c.HashKeyRange.EndingHashKey},
			})
			put(1+i, fmt.Sprint("child ", i))
		}
		server.End(s.order[0], children...)
		second.until(6)
		second.close()
		got := second.records()
		slices.Sort(got)
		wantRecords(t, got, append([]string{"child 0", "child 1"}, numbered(4, 4)...))
		if got := checkpoint(t, table, 0); got != "SHARD_END:0" {
			t.Errorf("the parent is at %s", got)
		}
		if text := second.log.String(); !strings.Contains(text, "allow kinesis:SubscribeToShard on "+aStream+"/consumer/") {
			t.Errorf("the log does not name the permission:\n%s", text)
		}
	})
}
