package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/test/emulators"
	"trunkline/test/emulators/subscribetoshard"
)

// TestTogether: the subscriptions of one client do not race, over real connections.
func TestTogether(t *testing.T) {
	server := subscribetoshard.New(t, modelOf(t))
	server.Creation = 0
	client := subscribetoshard.Listen(t, server)
	const shards, n = 8, 200
	for i := range shards {
		id := fmt.Sprint("shardId-00000000000", i)
		server.Shards(id)
		for r := range n {
			server.Put(id, fmt.Append(nil, r))
		}
		server.Fault(id, subscribetoshard.Fault{Kind: subscribetoshard.UnknownEvent, After: i})
		server.End(id, subscribetoshard.Child{ShardID: "shardId-000000000009", ParentShards: []string{id}})
	}
	consumer, err := Open(t.Context(), client, Options{StreamARN: subscribetoshard.StreamARN, Name: "trunkline"})
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for i := range shards {
		readers.Go(func() {
			s := consumer.Subscribe(fmt.Sprint("shardId-00000000000", i), horizon)
			defer s.Close()
			got, decisions, err := rest(t.Context(), s)
			if err != nil || len(decisions) > 0 || strings.Join(got, " ") != strings.Join(numbers(0, n), " ") {
				t.Errorf("shard %d: got %d records, %v, %v, want %d", i, len(got), decisions, err, n)
			}
		})
	}
	readers.Wait()
}

// beginning puts the first frame, which kinesis-mock does not send, before what it sends.
type beginning struct{ http.RoundTripper }

func (b beginning) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".SubscribeToShard") && response.StatusCode == http.StatusOK {
		first := strings.NewReader(string(subscribetoshard.Frame("event", "initial-response", []byte("{}"))))
		response.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(first, response.Body), response.Body}
	}
	return response, err
}

// TestKinesisMock reads from a server that others wrote. With TRUNKLINE_SOAK=1 it reads on for as long as it takes to see a subscription
// end after its five minutes, and be renewed.
func TestKinesisMock(t *testing.T) {
	url := emulators.Kinesis(t)
	client := kinesis.New(kinesis.Options{
		Region: "eu-west-2", BaseEndpoint: &url, HTTPClient: &http.Client{Transport: beginning{http.DefaultTransport.(*http.Transport).Clone()}},
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	name := "contacts"
	if _, err := client.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: new(int32(1))}); err != nil {
		t.Fatal(err)
	}
	if err := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond }).
		Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts"
	put := func(n int) {
		t.Helper()
		if _, err := client.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamARN: new(arn), PartitionKey: new("k"), Data: fmt.Append(nil, n)}); err != nil {
			t.Fatal(err)
		}
	}
	seen := &notes{}
	o := Options{StreamARN: arn, Name: "trunkline", Observer: seen}
	consumer, err := Open(t.Context(), client, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), client, o)
	if err != nil || again.ARN() != consumer.ARN() {
		t.Fatalf("opened again: got %v, %v, want %s", again, err, consumer.ARN())
	}
	s := consumer.Subscribe(shardID, horizon)
	defer func() { s.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	written, read := 0, 0
	follow := func() {
		t.Helper()
		for read < written {
			event, err := s.Next(ctx)
			if err != nil {
				t.Fatalf("after %d records: %v; the observer heard %v", read, err, seen.all)
			}
			for _, r := range event.Records {
				if got := string(r.Data); got != strconv.Itoa(read) {
					t.Fatalf("got record %s, want %d", got, read)
				}
				read++
			}
		}
	}
	for range 8 {
		put(written)
		written++
	}
	follow()
	position := s.Position()
	s.Close()
	for range 8 {
		put(written)
		written++
	}
	s = consumer.Subscribe(shardID, position)
	follow()
	if os.Getenv("TRUNKLINE_SOAK") != "" {
		before := seen.subscribed
		for begin := time.Now(); time.Since(begin) < 5*time.Minute+20*time.Second; time.Sleep(500 * time.Millisecond) {
			put(written)
			written++
			follow()
		}
		if seen.subscribed != before+1 {
			t.Errorf("%d renewals in 5 minutes and 20 seconds, want 1; the observer heard %v", seen.subscribed-before, seen.all)
		}
	}
	if _, err := Open(ctx, client, Options{ConsumerARN: aws.ToString(&o.StreamARN) + "/consumer/gone:1"}); !errors.Is(err, ErrNoConsumer) {
		t.Errorf("a consumer that is not there: got %v, want ErrNoConsumer", err)
	}
}

// BenchmarkNext reads events of 100 records of 1 KB over TLS and HTTP/2 on loopback; sdk is the SDK's event stream alone. The server writes
// the same event again and again, so that its part is small.
func BenchmarkNext(b *testing.B) {
	const records, size = 100, 1 << 10
	server := subscribetoshard.New(b, modelOf(b))
	server.Shards(shardID)
	server.Batch = records
	for range records {
		server.Put(shardID, []byte(strings.Repeat("x", size)))
	}
	event := server.Event(shardID, records)
	client := subscribetoshard.Listen(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(subscribetoshard.Frame("event", "initial-response", []byte("{}")))
		for frame := subscribetoshard.Frame("event", "SubscribeToShardEvent", event); err == nil; {
			_, err = w.Write(frame)
		}
	}))
	consumer := &Consumer{client: client, arn: subscribetoshard.StreamARN + "/consumer/a:1", random: func() float64 { return 0 }, observer: deaf{}}
	measure := func(b *testing.B, next func() *types.SubscribeToShardEvent) {
		next()
		b.ReportAllocs()
		b.SetBytes(records * size)
		for b.Loop() {
			if event := next(); len(event.Records) != records {
				b.Fatalf("got %d records, want %d", len(event.Records), records)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("fanout", func(b *testing.B) {
		s := consumer.Subscribe(shardID, horizon)
		defer s.Close()
		measure(b, func() *types.SubscribeToShardEvent {
			s.last, s.from = "", horizon // it is the same event each time
			event, err := s.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			return event
		})
	})
	b.Run("sdk", func(b *testing.B) {
		out, err := client.SubscribeToShard(b.Context(), &kinesis.SubscribeToShardInput{
			ConsumerARN: &consumer.arn, ShardId: new(shardID), StartingPosition: &horizon,
		})
		if err != nil {
			b.Fatal(err)
		}
		stream := out.GetStream()
		defer stream.Close()
		measure(b, func() *types.SubscribeToShardEvent {
			member := (<-stream.Events()).(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
			return &member.Value
		})
	})
}
