package storage

import "golang.org/x/sys/unix"

var _ Prefetcher = (*localFile)(nil)

// Prefetch implements Prefetcher: the kernel reads into its page cache while
// the caller computes, and what is there already costs it a look.
func (f *localFile) Prefetch(off, n int64) {
	raw, err := f.f.SyscallConn()
	if err != nil {
		return // closed: nothing will be read
	}
	// Advice that cannot be followed changes nothing.
	_ = raw.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), off, n, unix.FADV_WILLNEED) })
}
