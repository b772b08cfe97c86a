// Package aggregate holds the built-in aggregate functions: Builtins lists
// them, one file a family.
//
// Each function is a function.Aggregate whose overloads make a
// function.BoundAgg: the size of a state and typed loops over (arguments, row
// addresses). Loops exist once for each element type; whatever is chosen by
// type is chosen when the call is bound.
//
// # States
//
// A state lies in a row page, eight-byte aligned, zeroed before Init. States of
// the same shape are shared between functions: sum and avg keep an exact
// 128-bit sum and the number of values; min and max keep the smallest key,
// where keys are the values mapped to integers whose order is the one wanted.
// A state that needs bytes of variable length begins with one
// types.StringRef into the heap of its row, zero while there is none, and has
// no other reference; HeapState says so. That is what lets package rowfmt move
// rows without knowing functions.
//
// An aggregate that collects values does so in a bag (bag.go), whose first 64 KiB
// lie in the heap, and the rest in a chain of pieces, in memory or on disk
// (function.AggCall.Pieces). So a state may be larger than memory, whatever the
// number of groups. What is made of a bag:
//
//   - a quantile or median absolute deviation: values of fixed width are found by
//     dividing the range of their keys and counting (ranks.go, numbers.go), in a
//     few passes and constant memory, or by quickselect in memory;
//   - what depends on an order of values or of ORDER BY: they are sorted by the
//     first 64 bits, then by comparison (order.go), and by runs on disk when
//     they are many (runs.go);
//   - frequencies: a large bag counts its values as it grows (tally.go), so that
//     few values take little memory.
//
// Any aggregate can be made to take its values in an order: sorted.go collects
// arguments and keys, and replays them when it is finalized. What finalizing takes,
// and the results, are charged to the call (function.AggCall.Grow and Hold). The
// result itself, a list or a text, lies in memory.
//
// # NULL
//
// NULL arguments are taken out before the loops, save by first and last, which
// keep them. Empty input gives NULL, and 0 for count.
//
// # Errors
//
// 22003 when a sum leaves 128 bits or a variance is not finite.
//
// What it does not do: grouping, DISTINCT, FILTER and ORDER BY are package
// operators/agg's.
package aggregate
