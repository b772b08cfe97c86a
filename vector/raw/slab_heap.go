//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly) || race

package raw

// Mapped says whether MapAnon gives memory outside the Go heap (true) or
// Go-heap slabs (false).
const Mapped = false

// MapAnon gives n zeroed bytes, n > 0, from the Go heap: on platforms without
// mmap, and under the race detector, which does not see accesses to memory
// outside the heap. The slice holds no pointers, so the collector does not
// scan it, though it counts it.
func MapAnon(n int) ([]byte, error) { return make([]byte, n), nil }

// Unmap leaves the slab to the garbage collector.
func Unmap(b []byte) error { return nil }

// Discard does nothing: slabs stay resident until collected.
func Discard(b []byte) error { return nil }
