package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fault happens to a part of an operation's calls.
type fault struct {
	part float64
	what string // an error of the service, cutBefore or cutAfter
}

const (
	cutBefore = "cut before the server has it"
	cutAfter  = "cut before the answer"
)

// between stands between the workers and a server: it makes faults, and lets a test see what passes.
type between struct {
	url, server string
	faults      map[string][]fault // by operation
	forward     func(caller, operation string, body []byte, send func() *answer) *answer
	log         func(format string, args ...any)

	mu     sync.Mutex
	chance *rand.Rand
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// newBetween listens until the test ends. forward, when not nil, is called for each call that reaches the server.
func newBetween(t *testing.T, server string, chance *rand.Rand, faults map[string][]fault, forward func(caller, operation string, body []byte, send func() *answer) *answer) *between {
	b := &between{server: server, faults: faults, forward: forward, chance: chance, log: t.Logf}
	if forward == nil {
		b.forward = func(_, _ string, _ []byte, send func() *answer) *answer { return send() }
	}
	front := httptest.NewServer(b)
	t.Cleanup(front.Close)
	b.url = front.URL
	return b
}

var callerKey = regexp.MustCompile(`Credential=([^/]+)/`)

func (b *between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	what := b.fault(operation)
	switch what {
	case "", cutAfter:
	case cutBefore:
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":%q,"message":"as the test wants it"}`, what)
		return
	}
	caller := ""
	if found := callerKey.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		caller = found[1]
	}
	// What has reached the server takes place, whether the caller waits for it or not.
	a := b.forward(caller, operation, body, func() *answer { return b.send(r, body) })
	if what == cutAfter || a == nil {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (b *between) fault(operation string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.chance.Float64()
	for _, f := range b.faults[operation] {
		if x -= f.part; x < 0 {
			return f.what
		}
	}
	return ""
}

func (b *between) send(r *http.Request, body []byte) *answer {
	request, err := http.NewRequest(r.Method, b.server+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return nil
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil
	}
	return &answer{response.StatusCode, response.Header, text}
}

// leaseLog sees every write to the lease table, one after the other, and what it did to the row.
type leaseLog struct {
	t     *testing.T
	sdk   *dynamodb.Client // straight to the server
	table string

	mu          sync.Mutex
	rows        map[string]leaseRow
	owners      map[string]string // owner ids of leases, and the access key id of who called itself that
	changed     time.Time         // when a lease last changed its owner
	checkpoints int
	wrong       []string
}

type leaseRow struct {
	owner, checkpoint, children string
	sub                         int64
	counter                     int64
}

func newLeaseLog(t *testing.T, sdk *dynamodb.Client, table string) *leaseLog {
	return &leaseLog{t: t, sdk: sdk, table: table, rows: map[string]leaseRow{}, owners: map[string]string{}}
}

// forward lets one write through at a time, and looks at the row before the next.
func (l *leaseLog) forward(caller, operation string, body []byte, send func() *answer) *answer {
	if operation != "UpdateItem" && operation != "PutItem" && operation != "DeleteItem" {
		return send()
	}
	var request struct {
		TableName string
		Key, Item struct {
			LeaseKey struct{ S string } `json:"leaseKey"`
		}
	}
	if err := json.Unmarshal(body, &request); err != nil || request.TableName != l.table {
		return send()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := send()
	if a != nil && a.status == http.StatusOK {
		key := request.Key.LeaseKey.S + request.Item.LeaseKey.S
		if err := l.look(caller, operation, key); err != nil {
			l.wrong = append(l.wrong, err.Error())
		}
	}
	return a
}

// look compares a row with what it was before a write.
func (l *leaseLog) look(caller, operation, key string) error {
	out, err := l.sdk.GetItem(l.t.Context(), &dynamodb.GetItemInput{
		TableName: &l.table, ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{"leaseKey": &types.AttributeValueMemberS{Value: key}},
	})
	if err != nil {
		return err
	}
	before, known := l.rows[key]
	if len(out.Item) == 0 {
		delete(l.rows, key)
		if known && before.checkpoint != "SHARD_END" {
			return fmt.Errorf("%s: deleted at checkpoint %s", key, before.checkpoint)
		}
		return nil
	}
	if kind, is := out.Item["entityType"].(*types.AttributeValueMemberS); is && kind.Value != "LEASE" {
		return nil
	}
	text := func(name string) string {
		switch v := out.Item[name].(type) {
		case *types.AttributeValueMemberS:
			return v.Value
		case *types.AttributeValueMemberN:
			return v.Value
		case *types.AttributeValueMemberSS:
			return strings.Join(v.Value, " ")
		}
		return ""
	}
	count := func(name string) int64 {
		n, _ := strconv.ParseInt(text(name), 10, 64)
		return n
	}
	after := leaseRow{owner: text("leaseOwner"), checkpoint: text("checkpoint"), sub: count("checkpointSubSequenceNumber"), counter: count("leaseCounter"), children: text("childShardIds")}
	l.rows[key] = after
	if !known {
		if operation != "PutItem" || after.owner != "" || after.counter != 0 {
			return fmt.Errorf("%s: begins as %+v by %s", key, after, operation)
		}
		return nil
	}
	if operation == "PutItem" {
		return fmt.Errorf("%s: put over a row that was there", key)
	}
	moved := after.checkpoint != before.checkpoint || after.sub != before.sub
	if after.counter != before.counter+1 && (after.counter != before.counter || moved || after.owner != before.owner) {
		return fmt.Errorf("%s: from %+v to %+v in one write", key, before, after)
	}
	if after.owner != before.owner {
		l.changed = time.Now()
	}
	if after.owner != before.owner && after.owner != "" {
		if other := l.owners[after.owner]; other != "" && other != caller {
			return fmt.Errorf("%s: %s takes it for %s, which is %s", key, caller, after.owner, other)
		}
		l.owners[after.owner] = caller
	}
	if !moved {
		return nil
	}
	l.checkpoints++
	if owner := l.owners[before.owner]; owner != caller || after.owner != before.owner {
		return fmt.Errorf("%s: %s moves the checkpoint of %s (%s) to %s", key, caller, before.owner, owner, after.checkpoint)
	}
	if !behind(before, after) {
		return fmt.Errorf("%s: the checkpoint goes back from %s/%d to %s/%d", key, before.checkpoint, before.sub, after.checkpoint, after.sub)
	}
	return nil
}

// behind tells whether a checkpoint is behind another one.
func behind(before, after leaseRow) bool {
	rank := map[string]int{"AT_TIMESTAMP": -3, "TRIM_HORIZON": -2, "LATEST": -1, "SHARD_END": 1}
	if a, b := rank[before.checkpoint], rank[after.checkpoint]; a != 0 || b != 0 {
		return a < b
	}
	if c := number128(before.checkpoint).Cmp(number128(after.checkpoint)); c != 0 {
		return c < 0
	}
	return before.sub < after.sub
}

// held counts the leases of the process of an access key id, and those that nobody has.
func (l *leaseLog) held(caller string) (its, free int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, row := range l.rows {
		switch {
		case row.owner == "":
			free++
		case l.owners[row.owner] == caller:
			its++
		}
	}
	return its, free
}

// settledFor is for how long no lease has changed its owner.
func (l *leaseLog) settledFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.changed)
}

// check takes stock when all workers have ended.
func (l *leaseLog) check() {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, wrong := range l.wrong {
		l.t.Errorf("lease table: %s", wrong)
	}
	if l.checkpoints == 0 {
		l.t.Error("no checkpoint was seen: the test shows less than it should")
	}
	for key, row := range l.rows {
		if row.owner != "" {
			l.t.Errorf("%s: still belongs to %s after a clean end", key, row.owner)
		}
	}
}

// unsettled names the shards that have records behind their checkpoint.
func (l *leaseLog) unsettled(f *feed) (keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, last := range f.last {
		// A lease that is gone was at the end of its shard: look has seen to that.
		if row, there := l.rows[key]; there && row.checkpoint != last && row.checkpoint != "SHARD_END" {
			keys = append(keys, key)
		}
	}
	return keys
}
