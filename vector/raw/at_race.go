//go:build race

package raw

import "unsafe"

// At returns a pointer to the T that lies off bytes behind a. The pointer must
// not outlive the block.
//
// Under the race detector the compiler checks pointer arithmetic against the
// allocation it starts from; an Addr has none, so the check is turned off here.
//
//go:nocheckptr
func At[T any](a Addr, off uintptr) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(nil), uintptr(a)+off))
}

// Slice returns the n bytes that start off bytes behind a, sharing memory.
//
//go:nocheckptr
func Slice(a Addr, off uintptr, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), uintptr(a)+off)), n)
}
