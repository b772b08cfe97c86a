// Package raw is the only place in Gannet that uses package unsafe and
// assembly. It offers three things to the layers above:
//
//   - typed views of byte buffers (Cast, Bytes), so that a column's values can
//     live in one pointer-free block, on or off the Go heap;
//   - addresses of rows in row pages (Addr, At), which are plain integers that
//     the garbage collector neither scans nor guards with write barriers;
//   - anonymous memory maps (MapAnon, Unmap, Discard, PreferHuge).
//
// Invariants. A buffer handed to Cast starts at an address aligned to the
// element's size (blocks are aligned to 4096 bytes, Go's allocator aligns
// buffers of 8 bytes and more to at least 8, which suffices for every element
// type used here: 128-bit integers are pairs of 64-bit words). An Addr is
// valid only as long as its owner keeps the block: nothing here keeps memory
// alive.
//
// What it does not do: it knows no SQL type, no NULL and no vector form.
package raw
