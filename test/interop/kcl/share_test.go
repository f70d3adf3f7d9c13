//go:build interop

package kcl

import (
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"trunkline/test/emulators"
)

// middle is the key in the middle of a range.
func middle(start, end string) string {
	var a, b big.Int
	a.SetString(start, 10)
	b.SetString(end, 10)
	return a.Rsh(a.Add(&a, &b), 1).String()
}

// TestWorkers is all that Java workers and ours do with each other. The parts run side by side: most of their time is waiting.
func TestWorkers(t *testing.T) {
	kinesis, dynamodb := emulators.Kinesis(t), emulators.DynamoDBLocal(t)
	long := os.Getenv("TRUNKLINE_SOAK") != ""
	kinds, kills := []kind{kcl2, kcl3}, 3
	if long {
		kinds, kills = []kind{kcl2, kcl3Compatible, kcl3}, 60
	}
	t.Run("migrate", func(t *testing.T) {
		t.Parallel()
		migrate(t, kinesis, dynamodb, long)
	})
	t.Run("lead", func(t *testing.T) {
		t.Parallel()
		lead(t, kinesis, dynamodb, long)
	})
	for _, k := range kinds {
		t.Run("share with "+string(k), func(t *testing.T) {
			t.Parallel()
			share(t, kinesis, dynamodb, k, kills)
		})
	}
}

// share: a Java worker begins, ours continues, both share and are killed, and a Java worker has it back.
func share(t *testing.T, kinesis, dynamodb string, java kind, kills int) {
	w, stop := begin(t, kinesis, dynamodb, "share-"+strings.ReplaceAll(string(java), " ", "-"), 4)

	// A Java worker begins: it makes the table and the leases, reads, checkpoints, and sees a shard end.
	first := w.start(java)
	w.until("a Java worker has checkpointed all four shards", 3*time.Minute, func() bool { return w.checkpointed() == 4 })
	w.split("shardId-000000000001")
	w.until("it has ended the shard that was split, and reads its children", 2*time.Minute, func() bool {
		l := w.leases()
		return l["shardId-000000000001"].text("checkpoint") == shardEnd && w.checkpointed() == 6
	})
	w.stop(first)

	// Ours continues it.
	w.plant("shardId-000000000000")
	one := w.start(ours)
	w.until("our worker has all shards", 4*time.Minute, func() bool { return w.shared(one) })

	// Both. Takers come to equal shares; a leader of 3.x goes by how busy each worker is, and may leave one without.
	fleet := []*process{one, w.start(ours), w.start(java)}
	settled := func() bool { return w.shared(fleet...) }
	if java == kcl3 {
		settled = func() bool { return w.owned(fleet...) }
	}
	w.until("the Java worker has a shard, too", 4*time.Minute, func() bool { return !w.owned(fleet[:2]...) })
	w.until("all are at work", 4*time.Minute, settled)
	for range kills {
		at := w.random.IntN(len(fleet))
		w.kill(fleet[at])
		fleet[at] = w.start(fleet[at].kind)
		time.Sleep(time.Duration(w.random.Int64N(int64(scan + failover))))
	}
	w.until("all are at work again", 5*time.Minute, settled)

	// A shard ends in the hands of whoever has it.
	w.split("shardId-000000000002")
	w.until("the other shard that was split has ended, and its children are read", 4*time.Minute, func() bool {
		return w.leases()["shardId-000000000002"].text("checkpoint") == shardEnd && w.checkpointed() == 8
	})

	// Back to Java alone.
	w.stop(fleet[0], fleet[1])
	w.until("the Java worker has all shards", 4*time.Minute, func() bool { return w.shared(fleet[2]) })
	time.Sleep(2 * time.Second)
	stop()
	w.until("everything is delivered", 2*time.Minute, w.delivered)
	w.stop(fleet[2])
	w.grown("shardId-000000000000")
	w.check(kills)
}

// checkpointed is the number of leases whose checkpoint is no longer the one that they began with.
func (w *world) checkpointed() int {
	n := 0
	for _, r := range w.leases() {
		if r.text("checkpoint") != trimHorizon {
			n++
		}
	}
	return n
}

const planted = "fromTheFuture"

// plant puts an attribute into a row that nobody knows.
func (w *world) plant(key string) {
	w.t.Helper()
	err := w.witness.call("UpdateItem", map[string]any{
		"TableName": w.name, "Key": row{"leaseKey": {"S": key}}, "UpdateExpression": "SET " + planted + " = :v",
		"ExpressionAttributeValues": row{":v": {"S": "keep me"}},
	}, &struct{}{})
	if err != nil {
		w.t.Fatal(err)
	}
}

// grown checks that it is still there.
func (w *world) grown(key string) {
	w.t.Helper()
	if got := w.leases()[key].text(planted); got != "keep me" {
		w.t.Errorf("attribute %s of %s: got %q, want it as it was", planted, key, got)
	}
}
