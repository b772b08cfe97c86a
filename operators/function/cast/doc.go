// Package cast converts vectors between types: Find returns the kernel for a
// pair of types, CastValue converts one boxed value through the same kernel.
//
// The kernels follow DuckDB's rules: values that do not fit are
// error 22003, text that is not a value of the target type 22018; floats become
// integers half to even, decimals half away from zero. A cast made with try
// gives NULL instead. NULL stays NULL.
//
// # How a cast is composed
//
// Simple types have a typed loop a pair, or go through 128-bit integers where
// the pair is rare (wide decimals, hugeints). Lists, arrays, structs and maps
// are cast by running the elements' kernel over the child vector, at the
// positions that living rows refer to, so that dead elements never raise. Text
// becomes a nested value by cutting it into a vector of element texts, which
// the elements' kernel then casts.
//
// Invariants: kernels take any vector form and any number of positions, write
// only to their result, and keep nothing but scratch memory in Call.Local.
//
// What it does not do: it does not decide which casts are implicit
// (types.ImplicitCost) nor does it fold constants.
package cast
