// Package window computes window functions: Window is the sink of one pipeline
// and, once finalized, the source of another that has the input's rows with
// the functions' results (Leis, Kundhikanjana, Kemper and Neumann, "Efficient
// Processing of Window Functions in SQL Databases", VLDB 2015).
//
// # Phases
//
// The sink puts rows into row pages, divided by the hash of the PARTITION BY
// keys, with their sort-key words (vector/sortkey) and an ordinal from the
// order of the input: rows that are equal in ORDER BY keep that order, so that
// answers do not depend on the number of workers.
//
// The source takes one part of the rows at a time, a morsel, loads it and
// sorts it by partition and order keys: a section (section.go), with the bounds
// of each row's partition and peers. It then goes through the section chunk by
// chunk: bounds of the frames (frame.go), numbers and picks by the kernels of
// operators/function/window, aggregates by one of three ways (aggregate.go):
//
//   - differences of prefix sums, for what can be subtracted exactly;
//   - running states, for frames that only grow;
//   - a segment tree with a fan-out of 16 over the states, for all others.
//
// Rows with the frame of the row before share its result. Quantiles, and ORDER
// BY within the arguments of a call, need counts and places in another order of
// the rows: a wavelet matrix over it has them for any frame (wavelet.go, order.go,
// ranked.go).
//
// # First rows
//
// When only the first rows of each partition are asked for (Plan.Top), each
// worker keeps the best keys of the partitions it sees in bounded heaps and drops
// the rows behind them, as they come and, now and then, among those it has
// (top.go). That is a help only, which is given up for want of memory.
//
// # Memory
//
// Pages hold a spilling reservation. Loading and sorting a section takes a
// reservation of its own. When a part does not fit, workers get out of each
// other's way, other parts go to disk, and it is divided by further bits of
// the hash. A single partition of the query that does not fit is divided by its
// order when its calls look back only (huge.go): row numbers and ranks, lag, and
// running aggregates; for other calls it is error 53200.
package window
