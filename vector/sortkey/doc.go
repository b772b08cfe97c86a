// Package sortkey encodes ORDER BY keys as 64-bit words that compare as unsigned
// numbers (Kuiper and Mühleisen, "These Rows Are Made for Sorting and That's
// Just What We'll Do", ICDE 2023) and sorts rows by them: what operators/order
// and operators/window share.
//
// An [Encoder] writes the words of one key, column by column; key.go has the
// encoding. [Rows] is a row layout (vector/rowfmt) of columns followed by the
// words of their keys, so that rows that were on disk are sorted or merged
// without encoding anything again. Rows.Sort orders [Pair]s, of the first word
// and the row's address, by radix, ties by the next word. Only strings and nested
// values whose words hold a beginning of them that agrees need to be looked at
// themselves.
//
// Rows that are equal in all keys come in any order.
//
// What it does not do: collations; memory: pairs belong to the caller.
package sortkey
