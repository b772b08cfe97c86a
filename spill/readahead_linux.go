package spill

import (
	"os"

	"golang.org/x/sys/unix"
)

// readAhead asks the system to read a piece of the file in the background.
func readAhead(f *os.File, off, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	// A hint: whoever reads the piece later hears of errors.
	_ = c.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), off, n, unix.FADV_WILLNEED) })
}
