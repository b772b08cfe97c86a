// Package order sorts: Sort is ORDER BY and top-N, Limit passes the first rows of a
// stream.
//
// # Keys
//
// ORDER BY keys become 64-bit words that compare as unsigned numbers in order:
// package vector/sortkey. A row in memory has its words behind its columns; one on
// disk has none, since merging asks for few of them, which the columns tell.
//
// # In memory
//
// Each worker appends rows to row pages. When all are in memory at the end, they are
// divided by samples into ranges of the order (whole.go), small enough for caches,
// and whoever reads the order sorts one range after the other: pairs of the first
// key word and the row's address by radix, ties by the next word. Rows are not
// moved: the output is gathered from their pages.
//
// # Runs
//
// A worker that is refused memory sorts what it has and writes it to disk in order.
// That is a run. What is in memory at the end is sorted as a run as well then: an
// array of addresses over pages. The source merges all runs by a tournament. What
// memory has no room for is merged on disk first: no more runs than it takes to read
// the others at once.
//
// For consumers that heed the order of batches, or none (Sort.Spread), several
// workers merge: the order is divided into ranges (ranges.go), and each run with it.
// Runs are written range by range, so the first one decides: when later rows are of
// another kind, some ranges are large, and merging them is less parallel. A range
// comes in batches, of numbers that go on.
//
// With a limit, a run keeps only as many rows as can be in the answer, and
// rows behind the last of those are dropped as they come.
//
// Rows that are equal in all keys come in any order.
//
// [Limit] passes the first rows of its input on as soon as it is certain that they are.
// Its bounds may come with the rows ([Bounds]). [Sample] and
// [Choice] pass rows at random; [Draw] numbers rows for a sample of a fixed size.
//
// What it does not do: collations, which the binder makes keys of.
package order
