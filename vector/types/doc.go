// Package types describes SQL's logical types, how each is laid out in memory,
// and single values of them.
//
// Main types: Type (a logical type, small and comparable with Equal), Physical
// (the memory layout of one element), Int128, Uint128, Interval, StringRef
// (the fixed-size elements that Go has no name for) and Value (one boxed
// value: a literal, a parameter, a statistic; never used per row).
//
// It also holds what can be said about types alone: the implicit cast lattice,
// decimal and 128-bit arithmetic, and the text forms of dates, times,
// intervals, decimals and numbers.
//
// It does not know vectors, functions or SQL text.
package types
