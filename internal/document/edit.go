package document

import (
	"bytes"
	"slices"
)

// edit is one planned change. Its new text is arena[lo:hi].
type edit struct {
	at, end uint32 // bytes that it covers: from a removed member's name on, or an insertion's closing brace (then both are equal)
	lo, hi  uint32
	op      op
}

type op uint8

const (
	remove op = iota // before replace: see byPlace
	replace
	insert
)

// Remove plans to take the value out, with its name where it is an object's member. The root cannot go: it becomes null.
func (d *Document) Remove(n Node) {
	if n == d.Root() {
		d.Replace(n, []byte("null"))
		return
	}
	e := &d.tape[n]
	at := e.start
	if e.key != 0 {
		at = e.key - 1
	}
	d.edits = append(d.edits, edit{at: at, end: e.end, op: remove})
}

// Replace plans to put raw, which must be valid JSON, in the value's place. raw is copied.
func (d *Document) Replace(n Node, raw []byte) {
	lo := len(d.arena)
	d.arena = append(d.arena, raw...)
	d.plan(n, lo)
}

// ReplaceString plans to put a string with that content in the value's place.
func (d *Document) ReplaceString(n Node, text []byte) {
	lo := len(d.arena)
	d.arena = AppendString(d.arena, text)
	d.plan(n, lo)
}

func (d *Document) plan(n Node, lo int) {
	e := &d.tape[n]
	d.edits = append(d.edits, edit{e.start, e.end, uint32(lo), uint32(len(d.arena)), replace})
}

// Insert plans to add a member at the end of the object. raw must be valid JSON. Whether the object has such a member already
// is the caller's concern.
func (d *Document) Insert(object Node, key string, raw []byte) {
	lo := len(d.arena)
	d.arena = AppendString(d.arena, key)
	d.arena = append(d.arena, ':')
	d.arena = append(d.arena, raw...)
	at := d.tape[object].end - 1
	d.edits = append(d.edits, edit{at, at, uint32(lo), uint32(len(d.arena)), insert})
}

// Edits returns how many edits are planned; with Undo, a mark to return to.
func (d *Document) Edits() int { return len(d.edits) }

// Planned returns what is planned for the value itself, not for what it stands in or contains: its new text, or removed. ok is
// false where it stays.
func (d *Document) Planned(n Node) (text []byte, removed, ok bool) {
	e := &d.tape[n]
	for _, edit := range d.edits {
		switch {
		case edit.op == remove && edit.end == e.end && edit.at <= e.start:
			return nil, true, true
		case edit.op == replace && edit.at == e.start && edit.end == e.end:
			text, ok = d.arena[edit.lo:edit.hi], true
		}
	}
	return text, false, ok
}

// Undo forgets all edits but the first mark ones.
func (d *Document) Undo(mark int) { d.edits = d.edits[:mark] }

// Render appends the record with its planned edits done. An edit of a value covers all edits inside that value, in whatever order
// they were planned. A value that is both replaced and removed is removed; of two replacements the later one counts. Commas
// follow what is left.
func (d *Document) Render(dst []byte) []byte {
	if !slices.IsSortedFunc(d.edits, byPlace) {
		slices.SortStableFunc(d.edits, byPlace)
	}
	pos := 0         // what comes before it in the record is rendered
	leading := false // the last edit removed a container's first members up to pos
	for i := range d.edits {
		e := &d.edits[i]
		at := int(e.at)
		if at < pos || e.superseded(d.edits[i+1:]) {
			continue
		}
		if e.op != remove {
			dst = append(dst, d.data[pos:at]...)
			if e.op == insert && !opensObject(dst) {
				dst = append(dst, ',')
			}
			dst = append(dst, d.arena[e.lo:e.hi]...)
			pos, leading = int(e.end), false
			continue
		}
		from, to := at, int(e.end)
		before := lastByte(d.data[:at])
		leading = d.data[before] != ',' || (leading && pos == at)
		if !leading {
			from = before // the comma goes with the member behind it
		} else if next := to + firstByte(d.data[to:]); d.data[next] == ',' {
			to = next + 1 + firstByte(d.data[next+1:])
		}
		dst = append(dst, d.data[pos:from]...)
		pos = to
	}
	return append(dst, d.data[pos:]...)
}

// byPlace orders edits by the bytes they cover, an outer one before those inside it, and of one value a removal first.
func byPlace(a, b edit) int {
	if a.at != b.at {
		return int(a.at) - int(b.at)
	}
	if a.end != b.end {
		return int(b.end) - int(a.end)
	}
	return int(a.op) - int(b.op)
}

// superseded reports whether a later planned replacement of the same value follows.
func (e *edit) superseded(later []edit) bool {
	return len(later) > 0 && e.op == replace && later[0].op == replace && later[0].at == e.at
}

// opensObject reports whether the text so far ends with an opening brace: the object has no members left.
func opensObject(dst []byte) bool { return dst[lastByte(dst)] == '{' }

// lastByte returns the index of the last byte that is no white space.
func lastByte(b []byte) int {
	i := len(b) - 1
	for i > 0 && isSpace(b[i]) {
		i--
	}
	return i
}

// firstByte returns the index of the first byte that is no white space, or len(b).
func firstByte(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t\r\n")) }
