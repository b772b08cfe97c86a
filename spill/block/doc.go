// Package block hands out the memory that holds bulk data: row pages, string
// heaps, hash-table directories, sort keys, decoded column pages.
//
// A [Pool], one for each database, cuts memory-mapped regions of 16 MiB into
// 64 blocks of [Size] bytes, outside the Go heap: gigabytes of blocks cost the
// garbage collector nothing, and freed blocks go back to the operating system
// at once instead of after the next collection. On platforms without mmap and
// under the race detector the regions are Go-heap slabs (vector/raw decides).
//
// # Buying and giving back
//
// Each block is charged to a budget.Reservation before it is handed out: Get
// and GetSized ask with TryGrow and return false when refused (spill, then try
// again), MustGet and MustGetSized use Grow and return its error. A [Block]
// counts references explicitly: Get gives one, Retain adds one, and the last
// Release returns the memory to the pool and shrinks the reservation it is
// charged to. There are no finalizers: a block not released is leaked until
// the pool is closed, and stays charged.
//
// Regions that are mapped while many blocks are in use, and sized blocks when asked
// to (PreferHuge), have huge pages where the system gives them on advice: lookups
// all over large tables miss fewer page tables. A region of which blocks are
// discarded loses them.
//
// # What is zeroed
//
//   - Get, MustGet: NOT zeroed. The bytes are arbitrary old contents; under
//     the build tag `invariants` they are 0xDB.
//   - GetSized, MustGetSized: zeroed, as hash-table directories need it.
//
// # Invariants
//
//   - Bytes starts at an address aligned to 4096 bytes and holds no Go
//     pointers.
//   - A block belongs to the holders of its references until the last
//     Release, which sets Bytes to nil; slices of it must not be used after.
//   - Memory that is in use is charged. Idle memory is not: of idle blocks, and
//     of idle sized blocks, at most SetIdle bytes (4 MiB unless told
//     otherwise) stay resident, the others are discarded (MADV_DONTNEED) or
//     unmapped, as are whole regions without a block in use or resident,
//     except one.
//   - Releasing more often than retaining is a bug: a panic under
//     `invariants`, ignored otherwise. Every Get makes a new Block, so a stale
//     reference can never release somebody else's block.
//   - Close unmaps what is idle; a region with blocks in use is unmapped by
//     the last Release.
//
// What it does not do: it knows nothing of what is in the blocks, writes
// nothing to disk (package spill does) and evicts nothing.
package block
