package dynamo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trunkline/internal/lease"
)

// workers: real workers on the real wire, with a failover time of two seconds. One is there first and has all, two more join and get
// their shares, one leaves, and all is owned again; the checkpoints of each lease go on by one.
func workers(t *testing.T, client *dynamodb.Client) {
	t.Parallel()
	table, _ := openTable(t, client, nil)
	const leases = 6
	for i := range leases {
		l := lease.Lease{Key: fmt.Sprint("shard-", i), Checkpoint: lease.Checkpoint{Position: "0"}}
		if err := table.Create(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	last, sent := map[string]int{}, map[string]int{}
	work := func(ctx context.Context, tenure *lease.Tenure) error {
		l := tenure.Lease()
		n, err := strconv.Atoi(l.Checkpoint.Position)
		if err != nil {
			return err
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(50 * time.Millisecond):
			}
			n++
			mu.Lock()
			sent[l.Key] = n
			mu.Unlock()
			// Not cut short by ctx: a checkpoint without an answer may or may not count.
			if tenure.Checkpoint(context.WithoutCancel(ctx), lease.Checkpoint{Position: strconv.Itoa(n)}) != nil {
				return nil // lost
			}
			mu.Lock()
			if n <= last[l.Key] {
				t.Errorf("%s: checkpoint %d after %d", l.Key, n, last[l.Key])
			}
			last[l.Key] = n
			mu.Unlock()
		}
	}
	join := func(id string) (w *lease.Worker, stop func()) {
		w, err := lease.New(table, work, lease.Options{
			ID: id, Random: rand.New(rand.NewPCG(1, uint64(len(id)))), Policy: lease.Policy{Failover: 2 * time.Second},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		return w, func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run of %s: %v", id, err)
			}
		}
	}
	until := func(what string, held func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !held(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not after a minute: %s", what)
			}
		}
	}
	one, stop1 := join("w1")
	until("the first worker has all leases", func() bool { return len(one.Held()) == leases })
	two, stop2 := join("w22")
	three, stop3 := join("w333")
	until("each has two", func() bool { return len(one.Held()) == 2 && len(two.Held()) == 2 && len(three.Held()) == 2 })
	stop1()
	until("the others have all leases", func() bool { return len(two.Held())+len(three.Held()) == leases })
	stop2()
	stop3()
	all, err := table.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		// The last checkpoint may have had no answer in time.
		n, err := strconv.Atoi(l.Checkpoint.Position)
		if err != nil || n < last[l.Key] || n > max(last[l.Key], sent[l.Key]) {
			t.Errorf("at the end: %+v, want checkpoint %d to %d", l, last[l.Key], sent[l.Key])
		}
	}
}
