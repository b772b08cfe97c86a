//go:build unix

package storage

import (
	"os"
	"syscall"
)

// openNonblock keeps open from waiting should the name have become a FIFO.
const openNonblock = syscall.O_NONBLOCK

func identity(st os.FileInfo) (dev, ino uint64) {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), uint64(s.Ino)
	}
	return 0, 0
}
