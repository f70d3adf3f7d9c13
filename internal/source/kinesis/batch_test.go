package kinesis

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/lease/leasetest"
)

// TestBroken: an aggregate that cannot be taken apart is one record with a problem; one that belongs to another shard is none.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(2)
		broken := sealed([]byte{3<<3 | 2, 5, 1 << 3, 7, 3<<3 | 2, 1, 'x'}) // a partition key beyond the table
		keyOf := func(shard int) string {
			for i := 0; ; i++ {
				key := fmt.Sprint("key-", i)
				sum := md5.Sum([]byte(key))
				n, f := new(big.Int).SetBytes(sum[:]), s.shards[s.order[shard]]
				if n.Cmp(f.low) >= 0 && n.Cmp(f.high) <= 0 {
					return key
				}
			}
		}
		s.put(0, broken)
		s.put(0, aggregateOf(keyOf(1), "elsewhere"))
		s.put(0, aggregateOf(keyOf(0), " here\n"))
		r := begin(t, s, &leasetest.Table{}, "w", true, func(o *Options) { o.Meta = true })
		r.until(2)
		got := r.records()
		if !strings.HasPrefix(got[0], "problem: aggregate") || got[1] != "here" {
			t.Errorf("got %q", got)
		}
		var meta strings.Builder
		for _, m := range r.kept[len(r.kept)-1].Records {
			for _, m := range m.Meta {
				meta.WriteString(m.Name + "=" + string(m.Raw) + " ")
			}
		}
		if want := fmt.Sprintf(`partitionKey=%q sequenceNumber="49`, keyOf(0)); !strings.Contains(meta.String(), want) {
			t.Errorf("got %s, want %s in it", meta.String(), want)
		}
		if n := r.source.Counts().Elsewhere; n != 1 {
			t.Errorf("%d aggregates were elsewhere, want 1", n)
		}
		for _, b := range r.kept {
			for i, in := range b.Records {
				time.Sleep(time.Second) // the SDK's client would wait by itself
				again, err := ReadAt(t.Context(), s, aStream, b.Positions.At(i))
				if err != nil || !bytes.Equal(again.Data, in.Data) {
					t.Errorf("read again at %s: %q (%v), want %q", b.Positions.At(i), again.Data, err, in.Data)
				}
			}
		}
		r.set(false)
		r.close()
	})
}

// TestReadAtFails: positions that lead nowhere are errors that quote no record.
func TestReadAtFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(1)
		seq := s.put(0, "secret")
		for at, want := range map[string]string{
			"":                                    "no place",
			"shardId-000000000000":                "no place",
			"shardId-000000000000:TRIM_HORIZON:0": "no place",
			"shardId-000000000000:" + seq + ":1":  "there are 1 records",
			"shardId-000000000000:" + sequence(9): "no place",
			"shardId-000000000000:" + sequence(99_999_999) + ":0": "does not have",
			"shardId-000000000007:" + seq + ":0":                  "ResourceNotFoundException",
		} {
			time.Sleep(time.Second)
			if _, err := ReadAt(t.Context(), s, aStream, at); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("read at %q: %v, want %q", at, err, want)
			}
		}
	})
}
