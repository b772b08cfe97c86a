package spill

import (
	"os"

	"golang.org/x/sys/unix"
)

// writeVec writes the pieces one behind the other at off with one call of the
// system, false when that did not write all of them, for whatever reason.
func writeVec(f *os.File, off int64, pieces [][]byte) (done bool) {
	return transfer(f, off, unix.Pwritev, pieces)
}

// readVec fills the pieces from off on with one call of the system, false when it did
// not fill all of them, for whatever reason.
func readVec(f *os.File, off int64, pieces [][]byte) (done bool) {
	return transfer(f, off, unix.Preadv, pieces)
}

func transfer(f *os.File, off int64, call func(int, [][]byte, int64) (int, error), pieces [][]byte) (done bool) {
	want := 0
	for _, p := range pieces {
		want += len(p)
	}
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	err = c.Control(func(fd uintptr) {
		n, err := call(int(fd), pieces, off)
		done = err == nil && n == want
	})
	return done && err == nil
}
