package subscribetoshard

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Child is a shard that comes out of one that ended.
type Child struct {
	ShardID      string `json:"ShardId"`
	ParentShards []string
	HashKeyRange HashKeyRange
}

// HashKeyRange is decimal and inclusive.
type HashKeyRange struct{ StartingHashKey, EndingHashKey string }

type shard struct {
	records  []record
	trimmed  int // records that are not there any more
	children []Child
	ended    bool
	changed  chan struct{} // closed, and made anew, with each change
	faults   []Fault
	subs     map[string]*subscription // by consumer
	sent     int                      // events
}

type record struct {
	number  *big.Int
	arrived time.Time
	key     string
	data    []byte
}

// Shards adds shards to the stream.
func (s *Server) Shards(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.shards[id] = &shard{changed: make(chan struct{}), subs: map[string]*subscription{}}
	}
}

// Put adds a record to a shard for each data, and returns their sequence numbers.
func (s *Server) Put(id string, data ...[]byte) (numbers []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shards[id]
	for _, data := range data {
		n := number(len(sh.records), 0)
		sh.records = append(sh.records, record{number: n, arrived: time.Now(), key: "key", data: data})
		numbers = append(numbers, n.String())
	}
	sh.change()
	return numbers
}

// Trim takes the oldest n records of a shard away.
func (s *Server) Trim(id string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards[id].trimmed += n
}

// End ends a shard: its readers get what is there, and then its children.
func (s *Server) End(id string, children ...Child) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shards[id]
	sh.children, sh.ended = children, true
	sh.change()
}

// Sent is how many events were written for a shard.
func (s *Server) Sent(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shards[id].sent
}

func (sh *shard) change() {
	close(sh.changed)
	sh.changed = make(chan struct{})
}

// number is the sequence number of a record, with 0, or of a place between it and the next one. They get longer on the way, as numbers do.
func number(index, between int) *big.Int {
	n := new(big.Int)
	n.SetString("99999999999999999999999999999999999999999999999999990000", 10)
	return n.Add(n, big.NewInt(int64(index)*1000+int64(between)))
}

// start is the index of the first record of a starting position, and the code of the error when it is none.
func (sh *shard) start(position map[string]any) (index int, code string) {
	given := new(big.Int)
	if text := text(position, "SequenceNumber"); text != "" {
		given.SetString(text, 10)
	}
	from := func(first func(r record) bool) int {
		if i := slices.IndexFunc(sh.records, first); i >= 0 {
			return i
		}
		return len(sh.records)
	}
	switch text(position, "Type") {
	case "TRIM_HORIZON":
	case "LATEST":
		index = len(sh.records)
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		if given.Sign() == 0 {
			return 0, "InvalidArgumentException"
		}
		at := text(position, "Type") == "AT_SEQUENCE_NUMBER"
		index = from(func(r record) bool { c := r.number.Cmp(given); return c > 0 || c == 0 && at })
	case "AT_TIMESTAMP":
		stamp, _ := position["Timestamp"].(json.Number)
		seconds, err := stamp.Float64()
		since := time.UnixMilli(int64(seconds * 1000))
		if err != nil || since.After(time.Now()) {
			return 0, "InvalidArgumentException"
		}
		index = from(func(r record) bool { return !r.arrived.Before(since) })
	}
	return max(index, sh.trimmed), ""
}

// event makes the JSON of the event with the records [from, to). beats makes the continuation differ from a record's number.
func (sh *shard) event(from, to, beats int) []byte {
	records := []map[string]any{}
	for _, r := range sh.records[from:to] {
		records = append(records, map[string]any{
			"SequenceNumber": r.number.String(), "ApproximateArrivalTimestamp": seconds(r.arrived), "Data": r.data, "PartitionKey": r.key,
		})
	}
	event := map[string]any{"Records": records, "MillisBehindLatest": 0}
	if to < len(sh.records) {
		event["MillisBehindLatest"] = time.Since(sh.records[to].arrived).Milliseconds()
	}
	if sh.ended && to == len(sh.records) {
		event["ChildShards"] = sh.children
	} else {
		event["ContinuationSequenceNumber"] = number(to-1, min(beats, 999)).String()
	}
	encoded, err := json.Marshal(event)
	if err != nil {
		panic(fmt.Sprintf("encode an event: %v", err)) // it holds nothing that cannot be encoded
	}
	return encoded
}

// Event is the JSON of an event with the first n records of a shard, for tests with a handler of their own.
func (s *Server) Event(id string, n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shards[id].event(0, n, 0)
}
