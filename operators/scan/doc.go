// Package scan holds the sources that read stored rows: Table reads a
// storage.Table through its scanner, Values produces constant rows, Chunks
// reads chunks that an earlier pipeline collected (CTEs).
//
// Filters that the planner pushed down are storage predicates and are applied
// by the storage layer; nothing is filtered here.
package scan
