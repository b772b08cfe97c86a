// Package memory holds tables in memory: row groups of at most RowGroupSize
// rows whose columns lie in budgeted blocks.
//
// A Table grows only by Commit of an Appender, which publishes whole row
// groups at once; Snapshot gives an immutable view that scans read without
// locks. Row groups keep per column the minimum, maximum, NULL count and a
// sketch of the distinct values, so scans prune and the planner estimates as
// over files. Row groups are never changed after they were published: a Rewrite,
// which deletes rows or puts others in their places, writes those anew in which
// something changes and publishes all at once. Old ones go when the last scan of
// the table has ended. Rows have numbers that stay theirs (WithRowIDs).
//
// Layout of a column in a row group: the elements as in a flat vector, one
// contiguous buffer; a validity bitmap when a NULL occurs; string bytes beyond
// twelve in heap buffers that the references point into by index; nested types
// as child columns. A scan's vectors share these buffers.
//
// Row groups of an evictable table go to a temporary file, whole and once, when
// the table holds more than its share of memory or somebody else wants it; what
// is not finished, and what a scan reads, stays. A reader loads the columns that
// it needs of a row group on disk into memory of its own and gives it back with
// the next morsel; when it needs most of the row group and there is plenty of
// memory, the row group comes back for good, and what is on disk of it stays, for
// the next time. Row groups of such tables take at most a 64th of the memory
// limit, so that few bytes have to be loaded at a time.
//
// What it does not do yet: join row groups that deletes have left small, MVCC versions of rows (they
// come with native storage, on the same row groups).
package memory
