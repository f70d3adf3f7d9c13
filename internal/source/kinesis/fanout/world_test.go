package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/test/emulators/subscribetoshard"
)

const shardID = "shardId-000000000000"

var loaded struct {
	sync.Once
	model *subscribetoshard.Model
}

// modelOf loads the API model once for all tests, outside of their bubbles.
func modelOf(tb testing.TB) *subscribetoshard.Model {
	tb.Helper()
	loaded.Do(func() { loaded.model = subscribetoshard.LoadModel(tb) })
	if loaded.model == nil {
		tb.Fatal("the API model could not be loaded")
	}
	return loaded.model
}

// world is a stream with one shard and one ACTIVE consumer, in a bubble: its time passes when everybody waits.
type world struct {
	*testing.T
	server   *subscribetoshard.Server
	client   Client
	consumer *Consumer
	seen     *notes
	after    func() // undoes what a state needed
}

// inWorld runs f in a bubble. When f has returned, a goroutine that is left over fails the test: the bubble does not end.
func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	model := modelOf(t)
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, server: subscribetoshard.New(t, model), seen: &notes{}}
		client, stop := subscribetoshard.Pipe(w.server)
		defer stop()
		w.client = client
		w.server.Shards(shardID)
		arn := w.server.Register("trunkline")
		time.Sleep(10 * time.Second) // until it is ACTIVE
		w.consumer = &Consumer{client: client, arn: arn, random: func() float64 { return 0.5 }, observer: w.seen}
		f(w)
	})
}

// put adds records whose data are the numbers from begin up to end.
func (w *world) put(begin, end int) {
	var data [][]byte
	for i := begin; i < end; i++ {
		data = append(data, []byte(strconv.Itoa(i)))
	}
	w.server.Put(shardID, data...)
}

func (w *world) end() {
	w.server.End(shardID, subscribetoshard.Child{
		ShardID: "shardId-000000000001", ParentShards: []string{shardID}, HashKeyRange: subscribetoshard.HashKeyRange{StartingHashKey: "0", EndingHashKey: "1"},
	})
}

func (w *world) subscribe(from types.StartingPosition) *Subscription {
	return w.consumer.Subscribe(shardID, from)
}

var horizon = types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}

// next wants an event within a while that is longer than any pause.
func (w *world) next(s *Subscription) *types.SubscribeToShardEvent {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 10*time.Minute)
	defer cancel()
	event, err := s.Next(ctx)
	if err != nil {
		w.Fatalf("next: got %v, want an event; the observer heard %v", err, w.seen.all)
	}
	return event
}

// collect calls Next until it has n records.
func (w *world) collect(s *Subscription, n int) (records []string) {
	w.Helper()
	begin := time.Now()
	for len(records) < n {
		if time.Since(begin) > time.Hour {
			w.Fatalf("got %q in an hour, want %d records", records, n)
		}
		records = append(records, data(w.next(s))...)
	}
	return records
}

// rest reads to the end of the shard, and goes on after errors that ask for a decision.
func rest(ctx context.Context, s *Subscription) (records []string, decisions []error, err error) {
	for {
		event, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return records, decisions, nil
		}
		if _, ours := errors.AsType[*Error](err); ours {
			decisions = append(decisions, err)
			continue
		}
		if err != nil {
			return records, decisions, err
		}
		records = append(records, data(event)...)
	}
}

func data(event *types.SubscribeToShardEvent) (records []string) {
	for _, r := range event.Records {
		records = append(records, string(r.Data))
	}
	return records
}

// numbers are the data of the records that put makes.
func numbers(begin, end int) (all []string) {
	for i := begin; i < end; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func (w *world) wantRecords(got, want []string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("got records %q, want %q", got, want)
	}
}

// positions are the starting positions that the server was asked for.
func (w *world) positions() (all []string) {
	for _, call := range w.server.Calls("SubscribeToShard") {
		position := call.Input["StartingPosition"].(map[string]any)
		text := fmt.Sprint(position["Type"])
		if number, found := position["SequenceNumber"]; found {
			text += fmt.Sprint(" ", number)
		}
		all = append(all, text)
	}
	return all
}

// wantPolite checks that no call came too soon, by the service's rules; injected are the codes that the test asked for.
func (w *world) wantPolite(injected ...string) {
	w.Helper()
	for i, call := range w.server.Calls("SubscribeToShard") {
		if (call.Error == inUse || call.Error == limitExceeded) && !slices.Contains(injected, call.Error) {
			w.Errorf("call %d: the service answers %s: it came too soon", i, call.Error)
		}
	}
}

// notes is an Observer.
type notes struct {
	mu         sync.Mutex
	subscribed int
	all        []note
}

type note struct {
	err      error
	pause    time.Duration
	failures int
}

func (n *notes) Subscribed(string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscribed++
}

func (n *notes) Interrupted(_ string, err error, pause time.Duration, failures int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, note{err, pause, failures})
}

func sequence(event *types.SubscribeToShardEvent) string {
	return aws.ToString(event.ContinuationSequenceNumber)
}

func (n note) String() string {
	return fmt.Sprintf("%v (pause %s, failures %d)", n.err, n.pause, n.failures)
}
