//go:build (linux || darwin || freebsd || netbsd || openbsd || dragonfly) && !race

package raw

import "golang.org/x/sys/unix"

// Mapped says whether MapAnon gives memory outside the Go heap (true) or
// Go-heap slabs (false).
const Mapped = true

// MapAnon gives n bytes of zeroed memory, n > 0, outside the Go heap: the
// garbage collector neither scans nor counts it, and pages take physical
// memory only once they are written. The slice must hold no Go pointers. Only
// Unmap gives it back; the address is aligned to a page. It fails when the
// operating system refuses.
func MapAnon(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

// Unmap gives back memory from MapAnon. It takes the very slice that MapAnon
// returned, not a part of it; touching the memory afterwards is a fault that
// nobody can recover.
func Unmap(b []byte) error { return unix.Munmap(b) }

// Discard tells the operating system that the contents of b, a page-aligned
// part of a mapping, are not needed: the physical memory goes back, the
// addresses stay usable. What b holds afterwards is undefined (zeros on
// Linux, zeros or the old bytes elsewhere).
func Discard(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return unix.Madvise(b, discardAdvice)
}
