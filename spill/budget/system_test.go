package budget

import (
	"testing"
	"testing/fstest"
)

func TestSystemMemory(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	machine := file("MemFree:  1 kB\nMemTotal:       16777216 kB\n")
	for name, c := range map[string]struct {
		root fstest.MapFS
		want int64
	}{
		"nothing is known": {fstest.MapFS{}, 4 << 30},
		"machine":          {fstest.MapFS{"proc/meminfo": machine}, 16 << 30},
		"nonsense":         {fstest.MapFS{"proc/meminfo": file("MemTotal: -5 kB\nMemTotal:\n"), "proc/self/cgroup": file("x\n::\n0::/../..\n"), "sys/fs/cgroup/memory.max": file("")}, 4 << 30},
		"container":        {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("2147483648\n")}, 2 << 30},
		"no bound":         {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/memory.max": file("max\n")}, 16 << 30},
		"service": {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/system.slice/db.service\n"),
			"sys/fs/cgroup/system.slice/db.service/memory.max": file("1073741824\n"), "sys/fs/cgroup/system.slice/memory.max": file("max\n")}, 1 << 30},
		"around it": {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/user.slice/job\n"),
			"sys/fs/cgroup/user.slice/job/memory.max": file("max\n"), "sys/fs/cgroup/user.slice/memory.max": file("3221225472\n")}, 3 << 30},
		"version 1": {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("5:cpu,cpuacct:/\n4:memory:/jobs/7\n0::/jobs/7\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"), "sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes": file("536870912\n"),
			"sys/fs/cgroup/cpu/jobs/7/memory.limit_in_bytes": file("5\n")}, 512 << 20},
	} {
		if got := systemMemory(c.root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if SystemMemory() <= 0 {
		t.Error("this machine has no memory")
	}
}
