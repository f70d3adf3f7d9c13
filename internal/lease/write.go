package lease

// The writes of an owner or a taker: row is what the store has, known what the writer last saw. Each returns the row to store in its
// place, or ErrConflict. A store calls them between reading and writing a row, or has its database check and change the same.

// Renewed is a row after a heartbeat: its counter is as known, and it is not being handed over unless known says so. Without the
// second condition an owner would go on for ever without learning that it is to drain.
func Renewed(row, known Lease, throughput float64) (Lease, error) {
	if row.Counter != known.Counter || known.Drainer == "" && row.Drainer != "" {
		return Lease{}, ErrConflict
	}
	row.Counter++
	if throughput > 0 {
		row.Throughput = throughput
	}
	return row, nil
}

// Taken is a row that owner has taken: its counter is as known.
func Taken(row, known Lease, owner string) (Lease, error) {
	if row.Counter != known.Counter {
		return Lease{}, ErrConflict
	}
	row.Counter++
	if Switched(known, owner) {
		row.Switches++
	}
	row.Owner, row.Drainer = owner, ""
	return row, nil
}

// Switched tells whether taking a lease counts as a change of owner: somebody else had it, or had been promised it.
func Switched(known Lease, owner string) bool {
	return known.Owner != "" && known.Owner != owner || known.Drainer == owner
}

// Checkpointed is a row whose position has moved: its counter is as known. The owner is no part of the condition, since every change
// of owner moves the counter, but for the start of a hand-over, during which the drainer may move the position.
func Checkpointed(row, known Lease, c Checkpoint) (Lease, error) {
	if row.Counter != known.Counter {
		return Lease{}, ErrConflict
	}
	row.Counter++
	row.Checkpoint, row.Switches = c, 0
	return row, nil
}

// Assigned is a row that was given to owner: its owner and drainer are as known. The counter may have moved, by renewals.
func Assigned(row, known Lease, owner string) (Lease, error) {
	if row.Owner != known.Owner || row.Drainer != known.Drainer {
		return Lease{}, ErrConflict
	}
	row.Counter++
	if Reassigned(known, owner) {
		row.Switches++
	}
	row.Owner, row.Drainer = owner, ""
	return row, nil
}

// Reassigned tells whether an assignment counts as a change of owner: somebody else was at work.
func Reassigned(known Lease, owner string) bool { return known.Holder() != owner }

// HandedOver is a row that its holder is to drain for next: somebody has it, and it is not on its way already. The counter stays, so
// that the holder's writes go on being accepted.
func HandedOver(row, known Lease, next string) (Lease, error) {
	if row.Owner == "" || row.Owner != known.Owner || row.Drainer != "" {
		return Lease{}, ErrConflict
	}
	row.Owner, row.Drainer = next, row.Owner
	return row, nil
}

// Evicted is a row without its owner; during a hand-over the drainer goes and the next owner stays. The condition is that of
// Assigned.
func Evicted(row, known Lease) (Lease, error) {
	if row.Owner != known.Owner || row.Drainer != known.Drainer {
		return Lease{}, ErrConflict
	}
	row.Counter++
	if row.Drainer == "" {
		row.Owner = ""
	}
	row.Drainer = ""
	return row, nil
}

// Described is a row with more facts. Its counter stays, so that no owner loses a lease by it.
func Described(row Lease, f Facts) Lease {
	if len(f.Children) > 0 {
		row.Children = f.Children
	}
	if f.Range != (Range{}) {
		row.Range = f.Range
	}
	return row
}
