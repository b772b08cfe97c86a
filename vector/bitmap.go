package vector

import "math/bits"

// Bitmap is a validity mask: bit i (word i/64, bit i%64) set means position i
// holds a value. nil means that all do.
type Bitmap []uint64

// Get reports whether bit i is set; b must not be nil.
func (b Bitmap) Get(i int) bool { return b[i>>6]>>(uint(i)&63)&1 != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// CountValid returns how many of the first n bits are set; n for nil.
func (b Bitmap) CountValid(n int) int {
	if b == nil {
		return n
	}
	c := 0
	for i := range n >> 6 {
		c += bits.OnesCount64(b[i])
	}
	if r := uint(n) & 63; r != 0 {
		c += bits.OnesCount64(b[n>>6] & (1<<r - 1))
	}
	return c
}
