package budget

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// unknownMemory is what SystemMemory returns where it cannot tell.
const unknownMemory = 4 << 30

// SystemMemory returns the bytes of memory that this process may hope for: the
// machine's, or less when a control group that the process is in bounds it. Where
// neither is known (systems without /proc) it is 4 GiB.
func SystemMemory() int64 { return systemMemory(os.DirFS("/")) }

// systemMemory is SystemMemory by the files of root.
func systemMemory(root fs.FS) int64 {
	total := int64(unknownMemory)
	for _, line := range lines(root, "proc/meminfo") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil && kb > 0 {
				total = kb << 10
			}
		}
	}
	bound := func(file string) {
		for _, line := range lines(root, file) {
			if n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64); err == nil && n > 0 {
				total = min(total, n)
			}
		}
	}
	// Within a container the group of the process may be the root of what it sees,
	// whatever /proc calls it.
	bound("sys/fs/cgroup/memory.max")
	bound("sys/fs/cgroup/memory/memory.limit_in_bytes")
	for _, line := range lines(root, "proc/self/cgroup") {
		// hierarchy:controllers:path, of version 2 without controllers
		_, rest, _ := strings.Cut(line, ":")
		controllers, group, ok := strings.Cut(rest, ":")
		mount, file := "sys/fs/cgroup", "memory.max"
		if controllers != "" {
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
			ok = ok && strings.Contains(","+controllers+",", ",memory,")
		}
		if !ok {
			continue
		}
		// The groups around it bound it, too.
		for dir := path.Clean("/" + group); dir != "/"; dir = path.Dir(dir) {
			bound(path.Join(mount, dir, file))
		}
	}
	return total
}

// lines gives the lines of a small file, none if it cannot be read.
func lines(root fs.FS, file string) []string {
	b, err := fs.ReadFile(root, file)
	if err != nil {
		return nil
	}
	return strings.Split(string(b), "\n")
}
