//go:build interop

package kcl

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// The two positions that are no sequence number and occur here.
const (
	trimHorizon = "TRIM_HORIZON"
	shardEnd    = "SHARD_END"
)

// attributes of a lease and their types, as the Java library reads them.
var attributes = map[string]string{
	"leaseKey": "S", "leaseOwner": "S", "leaseCounter": "N", "checkpoint": "S", "checkpointSubSequenceNumber": "N",
	"ownerSwitchesSinceCheckpoint": "N", "parentShardId": "SS", "childShardIds": "SS", "startingHashKey": "S", "endingHashKey": "S",
	"pendingCheckpoint": "S", "pendingCheckpointSubSequenceNumber": "N", "pendingCheckpointState": "B",
	"throughputKBps": "N", "checkpointOwner": "S", "entityType": "S", planted: "S",
}

var whole = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// miswritten is what is wrong with one write, if it is one of a lease.
func (h *history) miswritten(w write) (faults []string) {
	if !w.before.lease() && (w.before != nil || !w.after.lease()) {
		return nil
	}
	bad := func(what string) { faults = append(faults, what+": "+w.String()) }
	switch {
	case !w.conditional && !(w.operation == "DeleteItem" && h.workers[w.who].kind.java()):
		bad("a write without a condition")
	case w.refused && !same(w.before, w.after, slices.Collect(maps.Keys(attributes))...):
		bad("a refused write changed the row")
	case w.operation == "PutItem" && w.before != nil && !w.refused:
		bad("a row is put over another")
	case w.operation == "DeleteItem" && !w.refused && w.before.text("checkpoint") != shardEnd:
		bad("a lease is deleted before its end")
	}
	if w.refused || w.after == nil {
		return faults
	}
	for name, value := range w.after {
		for kind, v := range value {
			if attributes[name] != kind || len(value) != 1 || v == "" {
				bad("attribute " + name)
			}
		}
	}
	for _, name := range []string{"leaseCounter", "checkpointSubSequenceNumber", "ownerSwitchesSinceCheckpoint"} {
		if !whole.MatchString(w.after.number(name)) {
			bad(name + " is no whole number")
		}
	}
	if w.before == nil {
		if w.after.number("leaseCounter") != "0" || w.after.text("leaseOwner") != "" || w.after.text("checkpoint") != trimHorizon {
			bad("a lease that is not new at its creation")
		}
		return faults
	}
	return append(faults, h.mischanged(w)...)
}

// mischanged is what is wrong with what a write made of a lease that was there.
func (h *history) mischanged(w write) (faults []string) {
	bad := func(what string) { faults = append(faults, what+": "+w.String()) }
	step := w.after.counter() - w.before.counter()
	handOver := w.after.text("checkpointOwner") == w.before.text("leaseOwner") && w.before.text("checkpointOwner") == ""
	moved := !same(w.before, w.after, "checkpoint", "checkpointSubSequenceNumber")
	switch {
	case step != 0 && step != 1:
		bad("the counter jumps")
	case step == 0 && (moved || !same(w.before, w.after, "ownerSwitchesSinceCheckpoint")):
		bad("the counter stands still")
	case step == 0 && !same(w.before, w.after, "leaseOwner", "checkpointOwner") && !handOver:
		bad("the counter stands still at a change of owner")
	case !same(w.before, w.after, "parentShardId"):
		bad("other parents")
	case w.before[planted] != nil && w.after[planted] == nil:
		bad("an attribute is lost that nobody knows")
	}
	if !moved {
		return faults
	}
	if w.before.holder() != w.who {
		bad("a checkpoint by a worker that does not own the lease")
	}
	if w.after.number("ownerSwitchesSinceCheckpoint") != "0" {
		bad("changes of owner are counted across a checkpoint")
	}
	was, _ := h.index(w.key, w.before.text("checkpoint"))
	is, known := h.index(w.key, w.after.text("checkpoint"))
	switch {
	case !known:
		bad("a checkpoint at no record")
	case is < was || w.before.text("checkpoint") == shardEnd:
		bad("a checkpoint goes back")
	default:
		for _, n := range h.shards[w.key][was+1 : min(is+1, len(h.shards[w.key]))] {
			if !slices.ContainsFunc(h.deliveries, func(d delivery) bool { return d.number == n && d.at.Before(w.done) }) {
				bad(fmt.Sprintf("a checkpoint passes record %d, which nobody had delivered", n))
			}
		}
	}
	return faults
}

func (r row) counter() int64 {
	n, _ := strconv.ParseInt(r.number("leaseCounter"), 10, 64)
	return n
}

// same tells whether attributes have the same values.
func same(a, b row, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return fmt.Sprint(a[name]) != fmt.Sprint(b[name]) })
}
