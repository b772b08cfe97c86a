// Package vector holds columns of values in memory: Vector (one column of at
// most Capacity values), Chunk (columns of equal length and an optional
// selection) and the validity bitmap.
//
// # Forms
//
// A Vector has one of four forms; every kernel accepts all of them, most
// easily through View:
//
//	Flat        Data holds Len elements.
//	Constant    Data holds one element that stands for all positions.
//	Dictionary  Codes[i] is the position in Dict (a flat vector) of value i.
//	Sequence    value i is Start + i*Step (integer layouts of 64 bits only).
//
// Validity is a bitmap, bit set = valid, nil = all valid. A constant NULL has
// bit 0 clear. A dictionary vector has no bitmap of its own: NULL is a NULL
// entry of Dict. Data at a NULL position is unspecified but harmless: a string
// or list reference there is in bounds (normally zero).
//
// Strings are 16-byte references (types.StringRef) into the vector's Bufs.
// Lists are ListEntry into Children[0]; maps are lists of two-field structs;
// structs hold a vector a field in Children, arrays one child with Size times
// the positions. Struct and array validity is the parent's bitmap; a child may
// be of any form.
//
// # Selection and positions
//
// A Chunk's Sel lists the positions that are alive, ascending and without
// duplicates; nil means all of [0, Len). Kernels compute at positions: the
// result of an expression over a chunk has the chunk's Len and is meaningful
// only at selected positions, so a filter narrows Sel and copies nothing.
//
// # Ownership
//
// A chunk is borrowed until the call it was passed to returns.
// Nobody writes into Data, Codes, Valid or Bufs that it received; whoever
// wants to change a value makes a vector of its own. Slices may be shared
// between vectors freely, since buffers are never written after they were
// passed on, except by their owner once the borrow has ended.
//
// What it does not do: no arithmetic, no casts, no memory accounting.
package vector
