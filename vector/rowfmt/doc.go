// Package rowfmt is the row format that hash joins, aggregations, sorts and
// windows share: how a row of typed columns lies in a row page, and the typed
// loops that move columns between vectors and rows and compare keys.
//
// # The row
//
// A row starts at an address that is a multiple of 8 and takes Layout.Width
// bytes, a multiple of 8 as well:
//
//	validity   one bit a column, set = valid, column i is bit i%8 of byte i/8
//	flags      one byte if Options.Match (a join's match flag, an
//	           aggregation's "merged" flag), zero after Scatter
//	           padding to 8
//	hash       8 bytes if Options.Hash
//	next       8 bytes if Options.Next: address of the next row of a chain
//	columns    those of 8 bytes first, then 16, 4, 2 and 1
//	           padding to 8
//	states     of aggregates, each aligned to 8, zero after Scatter
//
// Strings are types.StringRef; one longer than types.MaxInline refers to a heap
// page by its number and an offset in it. Nested values (lists, structs, maps,
// arrays) are one serialised blob each, kept as a string. A row therefore
// holds no address but next, which is rebuilt when rows are loaded: pages can
// be written to disk and read back elsewhere as they stand.
//
// # Strings and heap pages
//
// Whoever stores rows (package spill/rowset) provides the places of the bytes
// that do not fit into the row: HeapSizes says how many each row needs, Heap
// tells Scatter where they go, and bufs, indexed by page number, resolves
// references later.
//
// # Comparison
//
// Match and MatchRows compare as SQL's grouping does: −0 equals 0, NaN equals
// NaN, intervals are equal when they are after 30 days make a month and 24
// hours a day. They work on lists of candidates, column by column.
//
// What it does not do: it allocates no pages, knows no hash function and
// orders nothing.
package rowfmt
