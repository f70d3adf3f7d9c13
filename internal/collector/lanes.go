package collector

import "sync"

// lanes keep records with one order key in order while others pass: of each key, one record is on its way to the destination,
// and those behind it wait here.
type lanes struct {
	mu   sync.Mutex
	busy map[uint64][]*item // the items that wait for a key on its way
}

// enter reports whether the item may go now; otherwise it waits, and leave will hand it out.
func (l *lanes) enter(it *item) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting, busy := l.busy[it.order]
	if busy {
		l.busy[it.order] = append(waiting, it)
		return false
	}
	l.busy[it.order] = nil
	return true
}

// leave frees the keys of settled items and appends those that may go instead.
func (l *lanes) leave(settled []*item, next []*item) []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range settled {
		waiting := l.busy[it.order]
		if len(waiting) == 0 {
			delete(l.busy, it.order)
			continue
		}
		next = append(next, waiting[0])
		l.busy[it.order] = waiting[1:]
	}
	return next
}
