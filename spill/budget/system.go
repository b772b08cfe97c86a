package budget

import (
	"bytes"
	"os"
	"strconv"
)

// unknownMemory is what SystemMemory returns where it cannot tell.
const unknownMemory = 4 << 30

// SystemMemory returns the bytes of memory that this process may hope for: the
// machine's, or less when a control group bounds it. Where neither is known
// (systems without /proc) it is 4 GiB.
func SystemMemory() int64 {
	total := int64(unknownMemory)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range bytes.SplitSeq(b, []byte("\n")) {
			f := bytes.Fields(line)
			if len(f) < 2 || string(f[0]) != "MemTotal:" {
				continue
			}
			if kb, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil && kb > 0 {
				total = kb << 10
			}
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if b, err := os.ReadFile(path); err == nil {
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64); err == nil && n > 0 {
				total = min(total, n)
			}
		}
	}
	return total
}
