package raw

import "unsafe"

// Addr is the address of a row or a value inside a block. It is an integer on
// purpose: slices of Addr are invisible to the garbage collector and are
// stored without write barriers. Zero means "no row".
type Addr uintptr

// Cast returns the bytes of b seen as values of T: len(b)/sizeof(T) of them,
// sharing memory with b. T must contain no Go pointer.
func Cast[T any](b []byte) []T {
	var t T
	n := len(b) / int(unsafe.Sizeof(t))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// Bytes returns the memory of s as bytes, sharing it. T must contain no Go
// pointer.
func Bytes[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(t)))
}

// Of returns the address of the first byte of b; 0 when b is empty. The caller
// keeps b's owner alive for as long as it uses the address.
func Of(b []byte) Addr {
	if len(b) == 0 {
		return 0
	}
	return Addr(unsafe.Pointer(unsafe.SliceData(b)))
}

// String returns b as a string without copying; b must not change while the
// string is in use.
func String(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// StringBytes returns the bytes of s without copying; they must not be
// written.
func StringBytes(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// Load64 reads eight little-endian bytes of b at offset off; it panics when
// they are not there.
func Load64(b []byte, off int) uint64 {
	_ = b[off+7]
	return *(*uint64)(unsafe.Pointer(uintptr(unsafe.Pointer(unsafe.SliceData(b))) + uintptr(off)))
}

// AddrOf returns the address of *p; the caller keeps *p alive and in place
// (p must not point to a goroutine's stack when the address outlives the
// call).
func AddrOf[T any](p *T) Addr { return Addr(unsafe.Pointer(p)) }

// Within returns the n bytes of *p that start at offset off, sharing memory.
// Unlike Slice it keeps *p alive.
func Within[T any](p *T, off uintptr, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(p), off)), n)
}
