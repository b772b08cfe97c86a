// Package filter holds the operators that work on one row at a time: Filter,
// which narrows the selection of a chunk, and Project, which computes columns.
//
// # Chunk compaction
//
// When few rows of a chunk survive a filter, Filter copies them into a chunk
// of its own until enough are together, so that what follows is not run for a
// handful of rows at a time (Qiao and Zhang, "Data Chunk Compaction in
// Vectorized Execution", SIGMOD 2025). Order is kept, and rows of a morsel
// leave at its end at the latest.
//
// What it does not do: filters that scans apply themselves are
// storage.Selectors (operators/eval makes them).
package filter
