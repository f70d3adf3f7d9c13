// Package cpu measures how busy the processors are that this process may use, in percent, as the Java Kinesis Client Library does on
// Linux: those of the control group (version 2 or 1) in a container, else those of the machine. Elsewhere it measures nothing.
package cpu

import (
	"bytes"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// Meter measures between one call and the next. Not for concurrent use.
type Meter struct {
	root fs.FS
	last reading
}

// reading is what was used of what there was, since some point in the past and in seconds of one processor.
type reading struct{ used, had float64 }

// New makes a meter for a machine whose root folder is root, and takes the first reading at now.
func New(root fs.FS, now time.Time) *Meter {
	m := &Meter{root: root}
	m.last, _ = m.read(now)
	return m
}

// Percent is how busy the processors were since the call before, 0 to 100; false where that is not known.
func (m *Meter) Percent(now time.Time) (float64, bool) {
	r, ok := m.read(now)
	before := m.last
	m.last = r
	if !ok || before.had == 0 || r.had <= before.had {
		return 0, false
	}
	return min(max(100*(r.used-before.used)/(r.had-before.had), 0), 100), true
}

func (m *Meter) read(now time.Time) (reading, bool) {
	seconds := float64(now.UnixNano()) / float64(time.Second)
	for _, group := range []func() (used, cpus float64, ok bool){m.group2, m.group1} {
		if used, cpus, ok := group(); ok {
			return reading{used, cpus * seconds}, true
		}
	}
	return m.machine()
}

// group2 reads a control group of version 2. The machine's own, at the root of all, has no cpu.max.
func (m *Meter) group2() (used, cpus float64, ok bool) {
	const folder = "sys/fs/cgroup/"
	limit := strings.Fields(m.text(folder + "cpu.max"))
	if len(limit) != 2 {
		return 0, 0, false
	}
	for line := range strings.Lines(m.text(folder + "cpu.stat")) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "usage_usec" {
			used, ok = number(value)
		}
	}
	cpus = m.limited(limit[0], limit[1], folder+"cpuset.cpus.effective")
	return used / 1e6, cpus, ok && cpus > 0
}

// group1 reads a control group of version 1.
func (m *Meter) group1() (used, cpus float64, ok bool) {
	const folder = "sys/fs/cgroup/"
	quota := m.text(folder + "cpu/cpu.cfs_quota_us")
	if quota == "" {
		return 0, 0, false
	}
	used, ok = number(m.text(folder + "cpuacct/cpuacct.usage"))
	cpus = m.limited(quota, m.text(folder+"cpu/cpu.cfs_period_us"), folder+"cpuset/cpuset.cpus")
	return used / 1e9, cpus, ok && cpus > 0
}

// limited is how many processors a quota for each period amounts to; without one, how many the set has. 0 is unknown.
func (m *Meter) limited(quota, period, set string) float64 {
	q, limited := number(quota)
	p, ok := number(period)
	if limited && q > 0 && ok && p > 0 {
		return q / p
	}
	return count(m.text(set))
}

// machine reads the whole machine, in ticks, whose length does not matter.
func (m *Meter) machine() (reading, bool) {
	line, _, _ := strings.Cut(m.text("proc/stat"), "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return reading{}, false
	}
	var r reading
	for i, field := range fields[1:min(len(fields), 9)] { // guests' time is in the first two already
		n, ok := number(field)
		if !ok {
			return reading{}, false
		}
		r.had += n
		if i != 3 && i != 4 { // idle, waiting for disks
			r.used += n
		}
	}
	return r, true
}

// count is how many processors a list like 0-3,7 names; 0 when it is none.
func count(list string) float64 {
	n := 0.0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, ok := number(first)
		b, ok2 := number(last)
		if !ok || !ok2 || b < a {
			return 0
		}
		n += b - a + 1
	}
	return n
}

func number(s string) (float64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return float64(n), err == nil && n >= 0
}

// text is a small file, "" when there is none.
func (m *Meter) text(name string) string {
	b, err := fs.ReadFile(m.root, name)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSpace(b))
}
