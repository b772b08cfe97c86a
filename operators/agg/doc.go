// Package agg groups rows and computes aggregates: Hash is the sink of a
// pipeline, and its Source gives the groups once it is finalized.
//
// # How it works
//
// (Kuiper, Boncz and Mühleisen, "Robust External Hash Aggregation in the Solid
// State Age", ICDE 2024.) Every worker keeps groups, keys and aggregate states
// together, as rows of a rowset.Writer, and finds them through a directory: a
// linear-probing table of 8-byte entries, 16 bits of hash and 48 of address.
// A chunk passes in stages over the whole vector: hash, gather entries, test
// salts, compare keys, append the new groups, then one typed loop an aggregate.
//
// The directory is only a help. When it is full or memory is refused it is
// forgotten while the rows stay, so that a group may have several rows; whole
// partitions of rows go to disk under pressure. In the end each partition is
// a task: its rows are merged by key, in place when they are in memory, else
// into a new, smaller set, which may divide and spill in turn. Partitions of a
// single worker that never forgot need no merging.
//
// # Short cuts
//
//   - Keys that are dictionary codes or constants, or integers in a small
//     domain that statistics promised, address an array of groups directly
//     (file direct.go). A promise that does not hold costs time only.
//   - A chunk whose rows fall into few known groups is split by group and
//     aggregated with UpdateOne, whose loops keep their sums in registers.
//   - When grouping hardly reduces (fewer than a tenth of 128 Ki rows), rows
//     are appended without looking for their group.
//   - A sketch counts the groups of all rows that a worker made (file repeats.go).
//     When half of those appended were there before, as happens where the input
//     repeats itself after millions of rows, they are merged and looked for again;
//     and before rows go to disk, those of one group become one.
//   - Without keys there is one row a worker.
//
// # DISTINCT
//
// Each set of arguments with DISTINCT has a Hash of its own that groups by keys
// and arguments, and is read into the main one in Finalize. It spills like any
// other.
//
// # Order
//
// Groups come in no particular order. An aggregate that is order dependent
// (first, last) sees the rows of one worker in order; a plan that wants the
// order of the whole input runs the pipeline with one worker.
//
// # Memory
//
// Everything is charged to one spilling reservation a Hash. States that grow with
// their input (a quantile's values) keep what is beyond 64 KiB in a spill/chain
// store, which the same reservation pays for and which goes to disk piece by piece,
// so that a single group may be larger than memory. When the rows of a single
// partition's groups do not fit after all hash bits are used up, the query
// fails with 53200.
//
// What it does not do: it evaluates no expression (keys, arguments and filters
// are columns of the input), and ORDER BY inside aggregates is the planner's
// business.
package agg
