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
// partition. When a writer holds more than RaiseAt says, or spills, the Set is
// divided once, into as many parts as Bits says: 16, and more when it is known
// (Config.Rows) or likely that many more rows come than memory holds, so that
// parts that went to disk fit when they are read, and need not be divided again.
// Every writer follows when it next adapts, copying what it holds. Users of hash
// tables should take the salt from Salt and the slot from the low bits.
//
// Addresses of rows hold until the writer spills, adapts or is combined;
// Generation tells.
//
// # Pages
//
// A row page holds rows from its beginning, and from its end the bytes of their
// strings: it stands for itself, and a partition needs memory for one page to be
// written or read. It has 16 KiB, or a quarter of what the partition has, up to
// the 256 KiB of a block: smaller ones are cut from blocks (slab), and what one
// gives back another takes. A row larger than a block has a block of its own.
// Pages in memory that references lead to are numbered, uniquely within the Set, and
// references name the number: none changes when writers are combined. The number of
// a page that went to disk is another's then; loaded again, the references to it are
// rewritten. So numbers, and arrays of pages by number, stay small.
//
// Layouts with references in states have their strings in heap pages, because
// bytes may be added any time. Those belong to fragments: rows refer only to heap
// pages of their own, so that a partition can be read piece by piece. A partition goes
// to disk as a whole then, so there are fewer of them when several such Sets of a
// query share memory: little pieces would cost more than they save.
//
// # Spilling
//
// Pages of a partition are written together, up to 256 KiB at a time, and read
// so. A refused writer spills SpillStep: of partitions that are on disk already
// the full pages, when they are many, else the largest other partition; so writes
// are as large as memory allows. A worker that is refused while others have the
// memory takes some beyond the share, and they spill next (starved).
//
// # Reading
//
// The sets of an operator whose partitions wait are on a [Live] list, which moves
// them to disk when it, or another operator, needs memory. A [Reading] counts the
// partitions of one that several tasks share, and ends the set after the last.
//
// # Memory
//
// Every page is charged to Config.Mem, or to the reservation given to Load and
// Scan for pages that were on disk; what is beyond the share, and a block to put
// pages together in while they are written, to a reservation of the Set's own,
// which waits for nobody. Close gives back everything, also after errors. Small Go
// slices that describe pages (about 100 bytes a page in memory, 32 on disk) are
// not charged.
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
