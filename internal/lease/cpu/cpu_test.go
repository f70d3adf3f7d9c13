package cpu

import (
	"os"
	"testing"
	"testing/fstest"
	"time"
)

func folder(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func TestPercent(t *testing.T) {
	const group = "sys/fs/cgroup/"
	stat := "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n"
	tests := []struct {
		name          string
		before, after map[string]string // ten seconds later
		want          float64
		unknown       bool
	}{
		{
			name:   "version 2, half of two processors",
			before: map[string]string{group + "cpu.max": "200000 100000\n", group + "cpu.stat": "usage_usec 5000000\nuser_usec 1\n", "proc/stat": stat},
			after:  map[string]string{group + "cpu.max": "200000 100000\n", group + "cpu.stat": "usage_usec 15000000\nuser_usec 1\n", "proc/stat": stat},
			want:   50,
		},
		{
			name:   "version 2, without a limit, a quarter of four",
			before: map[string]string{group + "cpu.max": "max 100000", group + "cpuset.cpus.effective": "0-2,7\n", group + "cpu.stat": "usage_usec 0"},
			after:  map[string]string{group + "cpu.max": "max 100000", group + "cpuset.cpus.effective": "0-2,7\n", group + "cpu.stat": "usage_usec 10000000"},
			want:   25,
		},
		{
			name:   "version 1, a limit of half a processor, all of it",
			before: map[string]string{group + "cpu/cpu.cfs_quota_us": "50000\n", group + "cpu/cpu.cfs_period_us": "100000\n", group + "cpuacct/cpuacct.usage": "1000000000\n"},
			after:  map[string]string{group + "cpu/cpu.cfs_quota_us": "50000\n", group + "cpu/cpu.cfs_period_us": "100000\n", group + "cpuacct/cpuacct.usage": "7000000000\n"},
			want:   100, // and no more
		},
		{
			name: "version 1, without a limit",
			before: map[string]string{
				group + "cpu/cpu.cfs_quota_us": "-1\n", group + "cpu/cpu.cfs_period_us": "100000\n",
				group + "cpuset/cpuset.cpus": "0-1\n", group + "cpuacct/cpuacct.usage": "1000000000\n",
			},
			after: map[string]string{
				group + "cpu/cpu.cfs_quota_us": "-1\n", group + "cpu/cpu.cfs_period_us": "100000\n",
				group + "cpuset/cpuset.cpus": "0-1\n", group + "cpuacct/cpuacct.usage": "3000000000\n",
			},
			want: 10,
		},
		{
			name: "the machine", before: map[string]string{"proc/stat": stat},
			after: map[string]string{"proc/stat": "cpu  200 0 150 1350 200 0 50 50 900 0\n"}, want: 25,
		},
		{name: "nothing", unknown: true},
		{name: "nonsense", before: map[string]string{"proc/stat": "cpu a b c d e"}, after: map[string]string{"proc/stat": "cpu a b c d e"}, unknown: true},
		{name: "no time has passed", before: map[string]string{"proc/stat": stat}, after: map[string]string{"proc/stat": stat}, unknown: true},
		{
			name:   "a set that cannot be read",
			before: map[string]string{group + "cpu.max": "max 100000", group + "cpuset.cpus.effective": "3-1", group + "cpu.stat": "usage_usec 0"},
			after:  map[string]string{group + "cpu.max": "max 100000", group + "cpuset.cpus.effective": "3-1", group + "cpu.stat": "usage_usec 9"}, unknown: true,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
			m := New(folder(test.before), now)
			m.root = folder(test.after)
			got, ok := m.Percent(now.Add(10 * time.Second))
			if diff := got - test.want; diff > 1e-6 || diff < -1e-6 || ok == test.unknown {
				t.Errorf("got %v %v, want %v %v", got, ok, test.want, !test.unknown)
			}
		})
	}
}

// Whatever this machine is: a share, or unknown.
func TestThisMachine(t *testing.T) {
	m := New(os.DirFS("/"), time.Now())
	time.Sleep(30 * time.Millisecond)
	if got, ok := m.Percent(time.Now()); got < 0 || got > 100 {
		t.Errorf("got %v %v, want 0 to 100", got, ok)
	}
}
