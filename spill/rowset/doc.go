// Package rowset keeps collections of rows (vector/rowfmt) in row pages that
// are partitioned by hash and can be moved to disk: what hash joins and
// aggregations hold their input in.
//
// # Writing
//
// A [Set] is filled by one [Writer] a worker, without locks, and then holds
// [Partition]s:
//
//	set := rowset.New(cfg)
//	w := set.NewWriter()               // one a worker
//	in.Set(cols)                       // rowfmt.Input, once a chunk
//	for {
//	    ok, err := w.Append(ctx, &in, hashes, sel, n, rows)
//	    if ok { break }
//	    w.Spill(ctx, want)             // refused: make room; when that freed
//	}                                  // nothing, w.AppendForce
//	set.Combine(ctx, w)                // once a writer
//	set.Seal(ctx)                      // once, after the last Combine
//	for p := range set.Partitions() { ... set.Partition(p).Load or Scan ... }
//
// # Partitions
//
// The partition of a row are bits of its hash: after Config.Shift bits from
// the top, the next bits; at most MaxBits over all levels of recursion. A Set
// begins with Config.Bits, normally 0, so that small inputs stay in one
// partition. When a writer holds more than RaiseBytes, or spills, the Set goes
// to 4 bits (fewer when so many pages would not fit its reservation); every
// writer follows when it next adapts, copying what it holds. Users of hash
// tables should take the salt from Salt and the slot from the low bits.
//
// Addresses of rows hold until the writer spills, adapts or is combined;
// Generation tells.
//
// # Pages
//
// A page holds rows, or heap bytes. A partition's first page of a writer has
// 16 KiB, each one after it twice as much, up to the 256 KiB of a block: pages
// smaller than that share blocks with those of the writer's other partitions. A
// value larger than a block has a sized block of its own. Heap pages are numbered, uniquely
// within the Set, and references name the number: no reference changes when
// writers are combined or pages are written and read back. Pages belong to
// fragments: rows refer only to heap pages of their own fragment, so that a
// partition can be read piece by piece. Each page on disk is one block of a
// spill.File, of the used bytes alone.
//
// # Memory
//
// Every page is charged to Config.Mem, or to the reservation given to Load and
// Scan for pages that were on disk. Close gives back everything, also after
// errors. Small Go slices that describe pages (about 100 bytes a page) are not
// charged.
//
// # Invariants
//
//   - After Seal every row is in the partition that its hash says.
//   - Within a partition rows of one writer keep their order.
//   - A page is in memory or on disk, never both, while a writer owns it.
//
// What it does not do: it decides nothing about when to spill, builds no hash
// table and compares no keys.
package rowset
