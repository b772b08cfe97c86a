//go:build !race

package raw

import "unsafe"

// At returns a pointer to the T that lies off bytes behind a. The pointer must
// not outlive the block.
func At[T any](a Addr, off uintptr) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(nil), uintptr(a)+off))
}

// Slice returns the n bytes that start off bytes behind a, sharing memory.
func Slice(a Addr, off uintptr, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), uintptr(a)+off)), n)
}
