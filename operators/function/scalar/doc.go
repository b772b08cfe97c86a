// Package scalar holds the scalar functions and operators of SQL, as struct
// literals of function.Scalar; Builtins lists them all, sorted by name.
//
// Operators are functions by their symbol: "+", "||", "~~" (LIKE), "!~~*" (NOT
// ILIKE), "~~~" (GLOB), "~" (SIMILAR TO). EXTRACT(x FROM y) is date_part('x', y),
// POSITION(a IN b) is position(b, a).
//
// Result types, NULLs, rounding and errors are DuckDB's:
// integers stay in their width and overflow with 22003, + - * of decimals are
// exact, / is DOUBLE, // and % by zero are NULL.
//
// # Kernels
//
// Every kernel takes any vector form through strings, numbers and positions in
// args.go, and computes at the selected positions only. Functions that differ
// in one step of the same loop share it, with a switch on a code in Bound.Data:
// there is no call through a function value a row. Patterns, formats and date
// parts that are constant are compiled once, when a call is bound; others once
// for each run of equal values.
//
// What it does not do: no aggregate, no CASE or COALESCE (operators/eval), no
// casts (operators/function/cast).
package scalar
