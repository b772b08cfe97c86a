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
// answers do not depend on the number of workers. Without PARTITION BY they stay
// together until memory is refused, and are divided by their order then
// (borders.go, coder.go): they go to disk once, in ranges, as all workers go on.
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
// # One large part
//
// A part that holds most of the rows is sorted by all workers before the source
// is read: divided by samples of the order into ranges, which are sorted one by
// one (section_sort.go). Workers compute its chunks in turn. Trees, lists and
// orders are made once, by the first who needs them (share); running aggregates
// hand their state from chunk to chunk (turns.go), after the rows of a chunk were
// added up.
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
// order into ranges that do (ranges.go), which workers load, sort and compute one
// by one (huge.go). What a range needs of others are
//
//   - counts and aggregate states of what comes before, which one range hands to
//     the next (linked.go);
//   - counts and states of what comes behind, for which all ranges are looked at
//     first: whole-partition frames, UNBOUNDED FOLLOWING and, in partitions of the
//     query, everything that asks where these end;
//   - the ranges in which frames begin and end, or single rows are, which a worker
//     loads beside its own and keeps as long as there is room (far.go, pieces.go);
//   - with IGNORE NULLS the places of all values, with DISTINCT a bit for the first
//     row with each, which are found before and stay in memory (survey.go, seen.go).
//
// Error 53200 is what remains, for a partition that does not fit, to calls with
// ORDER BY in their arguments and to quantiles, which need all rows in another order
// at once; to DISTINCT over frames that slide, which needs of each row the one before
// with its value; and to a limit that has no room for a page of each range, or for
// the ranges in which one row's frame begins and ends.
package window
