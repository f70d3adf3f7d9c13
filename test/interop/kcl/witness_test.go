//go:build interop

package kcl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is an item as the wire has it: attribute → type → value. nil is no item.
type row map[string]map[string]any

// text is a string attribute, or "".
func (r row) text(name string) string {
	s, _ := r[name]["S"].(string)
	return s
}

// number is a numeric attribute as it is written, or "".
func (r row) number(name string) string {
	n, _ := r[name]["N"].(string)
	return n
}

// is tells whether the row is a lease.
func (r row) lease() bool {
	return r != nil && (r["entityType"] == nil || r.text("entityType") == "LEASE")
}

// holder is who may act on a lease: during a hand-over the former owner.
func (r row) holder() string {
	if drainer := r.text("checkpointOwner"); drainer != "" {
		return drainer
	}
	return r.text("leaseOwner")
}

// write is one write of a row that reached the table, refused or not.
type write struct {
	sent, done    time.Time // when it reached the witness, and when the table had it
	who           string    // access key of the writer
	operation     string    // PutItem, UpdateItem or DeleteItem
	conditional   bool
	takes         bool // it names an owner, who begins anew
	refused       bool // its condition did not hold
	key           string
	before, after row
}

func (w write) String() string {
	return fmt.Sprintf("%s %s of %s by %s\n\tbefore %v\n\tafter  %v", w.sent.Format("15:04:05.000"), w.operation, w.key, w.who, w.before, w.after)
}

// witness is a proxy in front of the table that sees each row before and after every write. Writes go through one at a time, and to
// their end even if the writer is killed meanwhile.
type witness struct {
	t      *testing.T
	server string // of DynamoDB
	table  string // the lease table; others are none of its business
	client http.Client

	writing sync.Mutex

	mu     sync.Mutex
	writes []write
	names  map[string]string // access keys by the names that their owners give themselves in the table
}

// watch starts a witness and returns it with its URL.
func watch(t *testing.T, server, table string) (*witness, string) {
	w := &witness{
		t: t, server: server, table: table, names: map[string]string{},
		client: http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 50}, Timeout: time.Minute},
	}
	front := httptest.NewServer(w)
	t.Cleanup(front.Close)
	return w, front.URL
}

var accessKey = regexp.MustCompile(`Credential=([^/]+)/`)

// ServeHTTP passes a request on.
func (w *witness) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the writer is gone, and the table never hears of it
	}
	_, operation, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	var response *http.Response
	var content []byte
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem":
		response, content, err = w.write(operation, request.Header, body)
	case "BatchWriteItem", "TransactWriteItems", "ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement":
		w.t.Errorf("%s: a write that the witness cannot follow", operation)
		fallthrough
	default:
		response, content, err = w.forward(request.Header, body)
	}
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	maps.Copy(answer.Header(), response.Header)
	answer.WriteHeader(response.StatusCode)
	_, _ = answer.Write(content)
}

// write passes one write on, with a look at the row before and after it.
func (w *witness) write(operation string, header http.Header, body []byte) (*http.Response, []byte, error) {
	var in struct {
		TableName           string
		Key, Item           row
		ConditionExpression string
		Expected            map[string]any
		UpdateExpression    string
		AttributeUpdates    map[string]struct{ Value map[string]any }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, nil, fmt.Errorf("read a %s: %w", operation, err)
	}
	if in.TableName != w.table {
		return w.forward(header, body)
	}
	key := in.Key.text("leaseKey")
	if operation == "PutItem" {
		key = in.Item.text("leaseKey")
	}
	who := "?"
	if m := accessKey.FindStringSubmatch(header.Get("Authorization")); m != nil {
		who = m[1]
	}
	sent := time.Now()
	w.writing.Lock()
	defer w.writing.Unlock()
	before, err := w.get(key)
	if err != nil {
		return nil, nil, err
	}
	response, content, err := w.forward(header, body)
	if err != nil {
		return nil, nil, err
	}
	after, err := w.get(key)
	if err != nil {
		return nil, nil, err
	}
	refused := response.StatusCode != http.StatusOK
	switch {
	case response.StatusCode >= http.StatusInternalServerError:
		// DynamoDB Local has moments of weakness while an index is made; as with the service, the write may have taken place.
		refused = fmt.Sprint(before) == fmt.Sprint(after)
		w.t.Logf("%s of %s by %s: %s", operation, key, who, response.Status)
	case refused && !bytes.Contains(content, []byte("ConditionalCheckFailedException")):
		w.t.Errorf("%s of %s by %s: %s %s", operation, key, who, response.Status, content)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// Who takes a lease says who it is, and so does who reports.
	owner := after.text("leaseOwner")
	if !refused && owner != before.text("leaseOwner") && strings.Contains(owner, ":") && w.names[owner] == "" {
		w.names[owner] = who
	}
	if after.text("entityType") == "WORKER_METRIC_STATS" {
		w.names[key] = who
	}
	w.writes = append(w.writes, write{
		sent: sent, done: time.Now(), who: who, operation: operation, key: key, refused: refused,
		conditional: in.ConditionExpression != "" || len(in.Expected) > 0, before: before, after: after,
		takes: strings.Contains(in.UpdateExpression, "#leaseOwner =") || in.AttributeUpdates["leaseOwner"].Value != nil,
	})
	return response, content, nil
}

// get reads a row past the proxy.
func (w *witness) get(key string) (row, error) {
	var out struct{ Item row }
	in := map[string]any{"TableName": w.table, "Key": row{"leaseKey": {"S": key}}, "ConsistentRead": true}
	if err := w.call("GetItem", in, &out); err != nil {
		return nil, err
	}
	return out.Item, nil
}

// rows are all rows of the table, by key, with workers called by their access keys.
func (w *witness) rows() map[string]row {
	var out struct{ Items []row }
	if err := w.call("Scan", map[string]any{"TableName": w.table, "ConsistentRead": true}, &out); err != nil {
		return nil // it is not there yet
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]row{}
	for _, r := range out.Items {
		r = w.named(r)
		all[r.text("leaseKey")] = r
	}
	return all
}

// call asks the table something on the witness's own account.
func (w *witness) call(operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{
		"Content-Type":  {"application/x-amz-json-1.0"},
		"X-Amz-Target":  {"DynamoDB_20120810." + operation},
		"Authorization": {"AWS4-HMAC-SHA256 Credential=witness/20261123/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"},
	}
	response, content, err := w.forward(header, body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", operation, response.Status, content)
	}
	return json.Unmarshal(content, out)
}

// forward sends a request to the table and reads the whole answer. A writer that is killed does not end it.
func (w *witness) forward(header http.Header, body []byte) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), http.MethodPost, w.server, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = header.Clone()
	response, err := w.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response, content, err
}

// seen are the writes so far, with workers called by their access keys.
func (w *witness) seen() []write {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.writes)
	for i := range all {
		all[i].before, all[i].after = w.named(all[i].before), w.named(all[i].after)
	}
	return all
}

// named is a row with its workers called by their access keys.
func (w *witness) named(r row) row {
	named := maps.Clone(r)
	for _, name := range []string{"leaseKey", "leaseOwner", "checkpointOwner"} {
		if who := w.names[r.text(name)]; who != "" {
			named[name] = map[string]any{"S": who}
		}
	}
	return named
}
