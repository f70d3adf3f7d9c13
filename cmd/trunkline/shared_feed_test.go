package main

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

var one128 = big.NewInt(1)

func number128(decimal string) *big.Int {
	n, ok := new(big.Int).SetString(decimal, 10)
	if !ok {
		panic(decimal)
	}
	return n
}

// feed puts contact records into a stream, those of a contact one after the other and numbered, some of them in aggregates.
type feed struct {
	sdk    *kinesis.Client
	stream string
	chance *rand.Rand

	mu       sync.Mutex
	contacts [40]int           // records of each contact so far
	last     map[string]string // by shard: the last sequence number
}

func newFeed(sdk *kinesis.Client, stream string, chance *rand.Rand) *feed {
	return &feed{sdk: sdk, stream: stream, chance: chance, last: map[string]string{}}
}

func (f *feed) count() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, records := range f.contacts {
		n += records
	}
	return n
}

// run puts records until ctx is done. It finishes what it has begun, so that it knows what is in the stream.
func (f *feed) run(ctx context.Context) error {
	for ctx.Err() == nil {
		contact := f.chance.IntN(len(f.contacts))
		group := 1
		if f.chance.IntN(8) == 0 {
			group = 2 + f.chance.IntN(4)
		}
		f.mu.Lock()
		next := f.contacts[contact]
		f.mu.Unlock()
		key := contactID(contact)
		var bodies [][]byte
		for i := range group {
			bodies = append(bodies, fmt.Appendf(nil, `{"AWSContactTraceRecordFormatVersion":"2017-03-10","Channel":"VOICE","ContactId":%q,`+
				`"LastUpdateTimestamp":%q,"Attributes":{"n":"%d"}}`, key, time.Now().UTC().Format(time.RFC3339), next+i))
		}
		data := bodies[0]
		if group > 1 {
			data = aggregate(key, bodies)
		}
		out, err := f.sdk.PutRecord(context.WithoutCancel(ctx), &kinesis.PutRecordInput{StreamName: &f.stream, PartitionKey: &key, Data: data})
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.contacts[contact] += group
		f.last[*out.ShardId] = *out.SequenceNumber
		f.mu.Unlock()
		time.Sleep(time.Duration(f.chance.IntN(12)) * time.Millisecond)
	}
	return nil
}

func contactID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) }

// aggregate is what the Kinesis Producer Library makes of records with one partition key.
func aggregate(key string, bodies [][]byte) []byte {
	field := func(to []byte, number byte, content []byte) []byte {
		to = append(to, number<<3|2)
		to = binary.AppendUvarint(to, uint64(len(content)))
		return append(to, content...)
	}
	message := field(nil, 1, []byte(key))
	for _, body := range bodies {
		message = field(message, 3, field([]byte{1 << 3, 0}, 3, body))
	}
	sum := md5.Sum(message)
	return append(append([]byte{0xf3, 0x89, 0x9a, 0xc2}, message...), sum[:]...)
}

// arrivals is the receiver: it takes most requests, and fails or cuts off some after it has noted them.
type arrivals struct {
	url    string
	chance *rand.Rand

	mu    sync.Mutex
	taken map[string][]int          // by contact: the numbers, as they came
	keys  map[string]map[int]string // by contact and number: the Idempotency-Key
	n     int
	wrong []string
}

var arrivedBody = regexp.MustCompile(`^\{"AWSContactTraceRecordFormatVersion":"2017-03-10","Channel":"VOICE","ContactId":"([^"]+)",.*"Attributes":\{"n":"([0-9]+)"\}\}$`)

func newArrivals(t *testing.T, chance *rand.Rand) *arrivals {
	a := &arrivals{chance: chance, taken: map[string][]int{}, keys: map[string]map[int]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	time.Sleep(2 * time.Millisecond)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	if a.chance.IntN(50) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	found := arrivedBody.FindSubmatch(body)
	if found == nil {
		a.wrong = append(a.wrong, string(body))
		return
	}
	contact := string(found[1])
	n, _ := strconv.Atoi(string(found[2]))
	a.taken[contact] = append(a.taken[contact], n)
	if a.keys[contact] == nil {
		a.keys[contact] = map[int]string{}
	}
	key := r.Header.Get("Idempotency-Key")
	if before, again := a.keys[contact][n]; again && before != key || key == "" {
		a.wrong = append(a.wrong, fmt.Sprintf("record %d of %s came under the keys %q and %q", n, contact, before, key))
	}
	a.keys[contact][n] = key
	if a.chance.IntN(50) == 0 {
		panic(http.ErrAbortHandler) // taken, but the sender does not learn of it
	}
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

// distinct is how many records have arrived, each counted once.
func (a *arrivals) distinct() (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, keys := range a.keys {
		n += len(keys)
	}
	return n
}

// check holds what arrived against what was put: each record, for the first time behind the one before it.
func (a *arrivals) check(t *testing.T, f *feed) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, wrong := range a.wrong {
		t.Errorf("%s", wrong)
	}
	for i, records := range f.contacts {
		contact := contactID(i)
		next := 0
		for _, n := range a.taken[contact] {
			if n > next {
				t.Errorf("record %d of %s came before record %d", n, contact, next)
				break
			}
			if n == next {
				next++
			}
		}
		if len(a.keys[contact]) != records {
			t.Errorf("%d records of %s arrived, %d were put", len(a.keys[contact]), contact, records)
		}
	}
}
