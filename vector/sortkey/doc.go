// Package sortkey encodes ORDER BY keys as 64-bit words that compare as unsigned
// numbers (Kuiper and Mühleisen, "These Rows Are Made for Sorting and That's
// Just What We'll Do", ICDE 2023) and sorts rows by them: what operators/order
// and operators/window share.
//
// An [Encoder] writes the words of one key, column by column; key.go has the
// encoding. [Rows] is a row layout (vector/rowfmt) of columns and the words of their
// keys; rows of a sort leave them out on disk (stored.go). Rows.Sort orders [Pair]s, of the first word
// and the row's address, by radix, ties by the next word. Only values of which the
// words hold a part that agrees need to be looked at themselves, each once for all
// comparisons with others: strings and nested values of which they hold the
// beginning (ties.go), and integers in compact keys (compact.go).
//
// Rows that are equal in all keys come in any order.
//
// What it does not do: collations; memory: pairs belong to the caller.
package sortkey
