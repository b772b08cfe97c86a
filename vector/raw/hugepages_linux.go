//go:build !race

package raw

import "golang.org/x/sys/unix"

// PreferHuge asks the operating system to back b, a mapping of MapAnon that has not
// been touched, with huge pages: fewer page faults, and lookups all over large
// tables need fewer page tables. Touching one byte may then make 2 MiB resident.
// It is a hint: there is no error.
func PreferHuge(b []byte) {
	if len(b) > 0 {
		_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
	}
}

// AvoidHuge takes PreferHuge back, for memory parts of which are going to be
// discarded: nothing that was discarded becomes resident by itself.
func AvoidHuge(b []byte) {
	if len(b) > 0 {
		_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE)
	}
}
