package main

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"trunkline/test/emulators"
)

const riverARN = "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts"

// river is a Kinesis with one stream, and what was put into it. Its methods may be called by several goroutines.
type river struct {
	url string
	sdk *kinesis.Client

	mu   sync.Mutex
	next map[string]int // by contact: the number of its next version
	sent int
}

func newRiver(t testing.TB, shards int32) *river {
	t.Helper()
	r := &river{url: emulators.Kinesis(t), next: map[string]int{}}
	r.sdk = kinesis.New(kinesis.Options{
		Region: "eu-west-2", BaseEndpoint: &r.url, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	if _, err := r.sdk.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("contacts"), ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	r.settled(t)
	return r
}

// settled waits until the stream is ACTIVE.
func (r *river) settled(t testing.TB) {
	t.Helper()
	until(t, time.Minute, "the stream to be active", func() bool {
		out, err := r.sdk.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamARN: aws.String(riverARN)})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive
	})
}

// version is the next version of a contact.
func (r *river) version(contact string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.next[contact]
	r.next[contact]++
	r.sent++
	return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"2017-03-10","Channel":"VOICE","ContactId":%q,"LastUpdateTimestamp":%q,"N":%d}`,
		contact, time.Unix(1_800_000_000+int64(n), 0).UTC().Format(time.RFC3339), n)
}

// put puts n records of as many contacts into the stream, each under its contact's key.
func (r *river) put(t testing.TB, contacts, n int) {
	t.Helper()
	for n > 0 {
		var entries []types.PutRecordsRequestEntry
		for range min(n, 100) {
			contact := fmt.Sprintf("contact-%d", n%contacts)
			entries = append(entries, types.PutRecordsRequestEntry{Data: []byte(r.version(contact)), PartitionKey: &contact})
			n--
		}
		r.putRaw(t, entries)
	}
}

func (r *river) putRaw(t testing.TB, entries []types.PutRecordsRequestEntry) {
	t.Helper()
	out, err := r.sdk.PutRecords(context.WithoutCancel(t.Context()), &kinesis.PutRecordsInput{StreamARN: aws.String(riverARN), Records: entries})
	if err != nil || aws.ToInt32(out.FailedRecordCount) > 0 {
		t.Errorf("put records: %v, %+v", err, out)
	}
}

// open are the open shards, in the order of their hash keys.
func (r *river) open(t testing.TB) (open []types.Shard) {
	t.Helper()
	out, err := r.sdk.ListShards(t.Context(), &kinesis.ListShardsInput{StreamARN: aws.String(riverARN)})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b types.Shard) int { return start(a).Cmp(start(b)) })
	return open
}

func start(s types.Shard) *big.Int {
	n, _ := new(big.Int).SetString(*s.HashKeyRange.StartingHashKey, 10)
	return n
}

func end(s types.Shard) *big.Int {
	n, _ := new(big.Int).SetString(*s.HashKeyRange.EndingHashKey, 10)
	return n
}

// split splits a shard in the middle.
func (r *river) split(t testing.TB, s types.Shard) {
	t.Helper()
	middle := new(big.Int).Add(start(s), end(s))
	middle.Rsh(middle, 1)
	_, err := r.sdk.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamARN: aws.String(riverARN), ShardToSplit: s.ShardId, NewStartingHashKey: aws.String(middle.String())})
	if err != nil {
		t.Fatal(err)
	}
	r.settled(t)
}

// merge merges neighbours.
func (r *river) merge(t testing.TB, a, b types.Shard) {
	t.Helper()
	_, err := r.sdk.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamARN: aws.String(riverARN), ShardToMerge: a.ShardId, AdjacentShardToMerge: b.ShardId})
	if err != nil {
		t.Fatal(err)
	}
	r.settled(t)
}

// aggregate is what the producer library makes of records with one partition key.
func aggregated(key string, records ...string) []byte {
	field := func(n uint64, text []byte) []byte {
		return append(binary.AppendUvarint(binary.AppendUvarint(nil, n<<3|2), uint64(len(text))), text...)
	}
	message := field(1, []byte(key))
	for _, r := range records {
		message = append(message, field(3, append([]byte{1 << 3, 0}, field(3, []byte(r))...))...)
	}
	sum := md5.Sum(message)
	return slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:])
}

// sea is where the river flows to: a receiver that knows what has come, and in which order.
type sea struct {
	*httptest.Server
	mu    sync.Mutex
	wait  time.Duration  // for each request
	order map[string]int // by contact: the version that came last
	keys  map[string]string
	came  int  // distinct versions
	stern bool // refuse contacts whose id begins with "bad"
	again int  // versions that came before, under the same key
	fault string
}

func newSea(t testing.TB) *sea {
	s := &sea{order: map[string]int{}, keys: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sea) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var version struct {
		ContactID string `json:"ContactId"`
		N         int
	}
	err = errorOf(err, json.Unmarshal(body, &version))
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(s.wait)
	if err != nil {
		s.fault = fmt.Sprintf("%s: %v", body, err)
		return
	}
	if s.stern && strings.HasPrefix(version.ContactID, "bad") {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	which, key := fmt.Sprintf("%s/%d", version.ContactID, version.N), r.Header.Get("Idempotency-Key")
	before, known := s.keys[which]
	s.keys[which] = key
	last, begun := s.order[version.ContactID]
	switch {
	case known && before != key:
		s.fault = which + " came under two keys"
	case known:
		s.again++
	case begun && version.N != last+1 || !begun && version.N != 0:
		s.fault = fmt.Sprintf("%s came after %d", which, last)
		fallthrough
	default:
		s.came++
		s.order[version.ContactID] = version.N
	}
}

func errorOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sea) count() (came, again int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came, s.again
}

func (s *sea) set(change func(*sea)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// all waits until everything that was put into the river has come, and checks it.
func (s *sea) all(t testing.TB, r *river, workers ...*process) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		came, _ := s.count()
		if came == r.sent {
			break
		}
		if time.Now().After(deadline) {
			for _, w := range workers {
				t.Log(w.stderr.String())
			}
			t.Fatalf("%d versions have come, want %d", came, r.sent)
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != "" {
		t.Fatal(s.fault)
	}
}

// riverConfig writes the config of a worker of the river.
func riverConfig(t testing.TB, dir string, r *river, s *sea, more ...string) {
	t.Helper()
	if !slices.ContainsFunc(more, func(s string) bool { return strings.HasPrefix(s, "redact:") }) {
		more = append(more, "redact: {keep: all}")
	}
	if !slices.ContainsFunc(more, func(s string) bool { return strings.HasPrefix(s, "source:") }) {
		more = append(more, "source: {kinesis: {stream: "+riverARN+"}}")
	}
	configure(t, dir, append([]string{
		fmt.Sprintf("destination: {http: {url: %q, concurrency: 8}}", s.URL),
	}, more...)...)
}
