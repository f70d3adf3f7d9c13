//go:build interop

package kcl

import (
	"fmt"
	"testing"
	"time"
)

const (
	migration = "Migration3.0" // the row that says how far a migration from 2.x to 3.x is
	upgrade   = "CLIENT_VERSION_UPGRADE_FROM_2X"
	rollback  = "CLIENT_VERSION_3X_WITH_ROLLBACK"
	third     = "CLIENT_VERSION_3X"
)

// migrate: a fleet of 2.x and ours goes the way to 3.x that AWS documents, one worker after the other. The leader finds that nobody
// blocks it. With flip it waits until the leader has seen that for ten minutes, and sees the fleet through to the end.
func migrate(t *testing.T, kinesis, dynamodb string, flip bool) {
	w, stop := begin(t, kinesis, dynamodb, fmt.Sprint("migrate-", flip), 4)
	old, mine := w.start(kcl2), w.start(ours)
	w.until("2.x and ours share", 4*time.Minute, func() bool { return len(w.leases()) == 4 && w.shared(old, mine) })

	// First, workers that can read what is to come and write nothing of it: nor do ours.
	phase1 := w.start(kcl3Phase1)
	w.stop(old)
	w.until("3.x and ours share", 4*time.Minute, func() bool { return w.shared(phase1, mine) })
	for key, r := range w.witness.rows() {
		if !r.lease() {
			t.Errorf("row %s, which workers of 2.x cannot read: %v", key, r)
		}
	}

	// Then workers that wish to leave 2.x behind. Ours, if it stays, finds out within 75 seconds, and the new ones may go on for six
	// minutes in the belief that a worker leads them that is gone; where all begin anew, each knows at once.
	w.stop(phase1)
	if !flip {
		w.stop(mine)
	}
	compatible := w.start(kcl3Compatible)
	w.until("the upgrade has begun", 4*time.Minute, func() bool { return w.state() == upgrade })
	if !flip {
		w.until("3.x has all shards", 4*time.Minute, func() bool { return w.shared(compatible) })
		mine = w.start(ours)
	}
	w.until("3.x and ours share during the upgrade", 4*time.Minute, func() bool { return w.shared(compatible, mine) })
	w.until("ours reports", 4*time.Minute, func() bool { return w.witness.rows()[mine.id] != nil })
	w.until("3.x reports", 4*time.Minute, func() bool { return w.witness.rows()[compatible.id] != nil })
	rows := w.witness.rows()
	delete(rows[mine.id], "reportedBy") // Java passes over what it does not know
	if got, want := shape(rows[mine.id]), shape(rows[compatible.id]); got != want {
		t.Errorf("our report has attributes %s, want those of the Java worker's, %s", got, want)
	}
	// The leader looks once a minute whether every owner of a lease reports.
	w.until("the leader finds that all owners of leases report", 8*time.Minute, func() bool {
		return compatible.says("WorkerMetricStats status changed to true")
	})

	if flip {
		w.until("the leader has flipped the fleet to 3.x", 15*time.Minute, func() bool { return w.state() == rollback })
		w.until("there is a leader", 3*time.Minute, func() bool { return w.witness.rows()["Leader"] != nil })
		newest := w.start(kcl3)
		w.until("the way back is closed", 2*time.Minute, func() bool { return w.state() == third })
		w.stop(compatible)
		w.until("3.x and ours share, assigned by a leader", 5*time.Minute, func() bool { return w.owned(newest, mine) })
		compatible = newest
	}
	stop()
	w.until("everything is delivered", 2*time.Minute, w.delivered)
	w.stop(compatible, mine)
	w.check(0)
}

// The names of Java workers come before those of ours, or behind them.
const (
	javaFirst = "000"
	oursFirst = "zzz"
)

// lead: a fleet on its way from 2.x to 3.x elects a worker of ours, and no Java worker sees whether the fleet is ready. Ours does, and says
// what it waits for. With flip it waits for ten minutes and flips the fleet, and the Java worker goes on as one of 3.x.
func lead(t *testing.T, kinesis, dynamodb string, flip bool) {
	w, stop := begin(t, kinesis, dynamodb, fmt.Sprint("lead-", flip), 4)
	w.rank = oursFirst
	compatible := w.start(kcl3Compatible)
	w.until("the upgrade has begun", 4*time.Minute, func() bool { return w.state() == upgrade })
	w.until("the Java worker has checkpointed all four shards", 3*time.Minute, func() bool { return w.checkpointed() == 4 })
	mine := w.start(ours)
	w.until("3.x and ours share", 4*time.Minute, func() bool { return w.shared(compatible, mine) })
	w.until("ours says that all owners of leases report", 8*time.Minute, func() bool { return mine.says("ten minutes in which all owners") })
	if flip {
		w.until("ours has flipped the fleet to 3.x", 15*time.Minute, func() bool { return w.state() == rollback })
		w.until("there is a leader", 3*time.Minute, func() bool { return w.witness.rows()["Leader"] != nil })
		w.until("the Java worker goes on as one of 3.x", 4*time.Minute, func() bool {
			return compatible.says("transition to CLIENT_VERSION_3X_WITH_ROLLBACK")
		})
		newest := w.start(kcl3)
		w.until("the way back is closed", 2*time.Minute, func() bool { return w.state() == third })
		w.stop(compatible)
		w.until("3.x and ours share, assigned by a leader", 5*time.Minute, func() bool { return w.owned(newest, mine) })
		compatible = newest
	}
	stop()
	w.until("everything is delivered", 2*time.Minute, w.delivered)
	w.stop(compatible, mine)
	w.steps(mine.id, flip)
	w.check(0)
}

// steps checks what ours wrote of the row that says how far the migration is: nothing, or the flip.
func (w *world) steps(mine string, flipped bool) {
	w.t.Helper()
	flips := 0
	for _, step := range w.witness.seen() {
		if step.key != migration || step.who != mine {
			continue
		}
		flips++
		was := row{"cv": step.before["cv"], "mb": step.before["mb"], "mts": step.before["mts"]}
		history, _ := step.after["h"]["L"].([]any)
		if !step.conditional || step.refused || was.text("cv") != upgrade || step.after.text("cv") != rollback ||
			len(history) == 0 || fmt.Sprint(history[0]) != fmt.Sprint(map[string]any{"M": map[string]map[string]any(was)}) {
			w.t.Errorf("ours changed the state of the migration, want only the flip, with what was before in its history: %s", step)
		}
	}
	if want := map[bool]int{true: 1}[flipped]; flips != want {
		w.t.Errorf("ours changed the state of the migration %d times, want %d", flips, want)
	}
}

// state is how far the migration is.
func (w *world) state() string { return w.witness.rows()[migration].text("cv") }

// shape is the names and types of a row's attributes.
func shape(r row) string {
	types := map[string]string{}
	for name, value := range r {
		for kind := range value {
			types[name] = kind
		}
	}
	return fmt.Sprint(types)
}
