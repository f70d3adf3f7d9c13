//go:build interop

package kcl

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// TestFaults: what the check of a history finds. A short one without fault is damaged in one way after the other.
func TestFaults(t *testing.T) {
	if faults := short().faults(); len(faults) > 0 {
		t.Errorf("a history without fault has %q", faults)
	}
	for want, damage := range map[string]func(h *history){
		"record 3 was never delivered":  func(h *history) { h.deliveries = h.deliveries[:3] },
		"which was never produced":      func(h *history) { h.deliveries[0].number = 99 },
		"record 1 was delivered before": func(h *history) { h.deliveries[0].number, h.deliveries[1].number = 1, 0 },
		"delivered records [1 0]":       func(h *history) { h.deliveries[0].number, h.deliveries[1].number = 1, 0 },
		"delivered records [3]":         func(h *history) { h.deliveries[2].number = 2; h.deliveries = append(h.deliveries[:2], h.deliveries[3]) },
		"again, behind its checkpoint":  func(h *history) { h.deliveries = append(h.deliveries, delivery{second(31), "b", 2}) },
		"before it had the lease":       func(h *history) { h.deliveries[2].at = second(15) },
		"after it had lost the lease":   func(h *history) { h.deliveries = append(h.deliveries, delivery{second(40), "a", 2}) },
		"nobody had it within":          func(h *history) { h.writes = h.writes[:3]; h.deliveries = h.deliveries[:2] },
		"without a condition":           func(h *history) { h.writes[2].conditional = false },
		"a refused write changed":       func(h *history) { h.writes[2].refused = true },
		"put over another":              func(h *history) { h.writes[2].operation = "PutItem" },
		"deleted before its end":        func(h *history) { h.writes[2].operation = "DeleteItem" },
		"attribute checkpoint":          func(h *history) { h.writes[2].after["checkpoint"] = map[string]any{"N": "101"} },
		"attribute owner":               func(h *history) { h.writes[1].after["owner"] = map[string]any{"S": "a"} },
		"attribute leaseOwner":          func(h *history) { h.writes[1].after["leaseOwner"] = map[string]any{"S": ""} },
		"is no whole number":            func(h *history) { h.writes[1].after["leaseCounter"] = map[string]any{"N": "1.0"} },
		"not new at its creation":       func(h *history) { h.writes[0].after["leaseCounter"] = map[string]any{"N": "1"} },
		"the counter jumps":             func(h *history) { h.writes[2].after["leaseCounter"] = map[string]any{"N": "3"} },
		"the counter stands still":      func(h *history) { h.writes[2].after["leaseCounter"] = map[string]any{"N": "1"} },
		"stands still at a change of owner": func(h *history) {
			h.writes[3].after["leaseCounter"] = map[string]any{"N": "2"}
			h.writes[3].after["ownerSwitchesSinceCheckpoint"] = map[string]any{"N": "0"}
		},
		"other parents":               func(h *history) { delete(h.writes[2].after, "parentShardId") },
		"is lost that nobody knows":   func(h *history) { h.writes[2].before[planted] = map[string]any{"S": "x"} },
		"that does not own the lease": func(h *history) { h.writes[2].who = "b" },
		"counted across a checkpoint": func(h *history) { h.writes[2].after["ownerSwitchesSinceCheckpoint"] = map[string]any{"N": "1"} },
		"a checkpoint at no record":   func(h *history) { h.writes[4].after["checkpoint"] = map[string]any{"S": "77"} },
		"a checkpoint goes back":      func(h *history) { h.writes[4].after["checkpoint"] = map[string]any{"S": "100"} },
		"passes record 3":             func(h *history) { h.deliveries[3].at = second(31) },
	} {
		h := short()
		damage(h)
		if faults := h.faults(); !strings.Contains(strings.Join(faults, "\n"), want) {
			t.Errorf("want a fault with %q, got %q", want, faults)
		}
	}
}

func second(n int) time.Time { return time.Unix(int64(1000+n), 0) }

// short is a history of one shard with four records of one contact, begun by a worker of ours that is killed and ended by a Java worker.
func short() *history {
	h := &history{
		records: map[int]produced{}, shards: map[string][]int{"shardId-0": {0, 1, 2, 3}},
		workers: map[string]worker{"java": {kind: kcl2}, "a": {ours, second(5)}, "b": {kind: kcl3}},
	}
	for n := range 4 {
		h.records[n] = produced{"contact", "shardId-0", fmt.Sprint(100 + n), n}
	}
	last := row(nil)
	step := func(at int, who, operation, owner, counter, checkpoint, switches string) {
		next := row{
			"leaseKey": {"S": "shardId-0"}, "leaseCounter": {"N": counter}, "checkpoint": {"S": checkpoint}, "entityType": {"S": "LEASE"},
			"checkpointSubSequenceNumber": {"N": "0"}, "ownerSwitchesSinceCheckpoint": {"N": switches}, "parentShardId": {"SS": []any{"p", "q"}},
		}
		if owner != "" {
			next["leaseOwner"] = map[string]any{"S": owner}
		}
		h.writes = append(h.writes, write{
			sent: second(at), done: second(at), who: who, operation: operation, conditional: true, key: "shardId-0",
			before: maps.Clone(last), after: next,
		})
		last = next
	}
	step(0, "java", "PutItem", "", "0", trimHorizon, "0")
	step(1, "a", "UpdateItem", "a", "1", trimHorizon, "0")
	step(4, "a", "UpdateItem", "a", "2", "101", "0")
	step(20, "b", "UpdateItem", "b", "3", "101", "1")
	step(30, "b", "UpdateItem", "b", "4", "103", "0")
	for n, d := range []delivery{{second(2), "a", 0}, {second(3), "a", 1}, {second(21), "b", 2}, {second(22), "b", 3}} {
		d.number = n
		h.deliveries = append(h.deliveries, d)
	}
	return h
}
