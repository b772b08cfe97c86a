// Package kernel holds the typed loops over vectors that everything above
// shares: hashing, copying and gathering, comparison, selection, validity and
// arithmetic. One loop does one operation on one element type and one form;
// the functions of this package choose the loop once a chunk.
//
// # Shapes
//
// (sel, n) name the positions to work on: sel[:n], or 0 to n-1 when sel is
// nil. Selections are ascending and without duplicates unless a function says
// otherwise (Take and Copy do not mind). Vectors may have any form and must
// hold every position named. n may exceed vector.Capacity where a function
// says so.
//
// Selecting functions write the positions that pass to out, in order, and
// return its filled part. out has room for n positions and may be sel's own
// memory.
//
// # NULL
//
// A comparison with NULL selects nothing, save Distinct and NotDistinct.
// Arithmetic computes through NULLs; the result's bitmap is set by
// PropagateNulls.
//
// # State
//
// Loops keep nothing. Where work done for a dictionary should be kept across
// chunks, or scratch memory is needed, the caller holds a HashCache or
// CompareCache, one per call site and worker; nil means allocate.
//
// The z_*.go files are written by gen.go (go generate).
//
// What it does not do: it knows no expression and no memory budget, and it
// starts no goroutine. Functions are safe for concurrent use as long as their
// outputs and caches are not shared.
package kernel

//go:generate go run gen.go
