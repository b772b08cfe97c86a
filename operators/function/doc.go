// Package function holds the contracts of SQL functions and their registry:
// Scalar, Aggregate and Window are struct literals with names, signatures, NULL rule,
// volatility, documentation and an example that a test runs; the kernels are
// plain Go functions over vectors.
//
// The functions themselves live in the packages scalar, aggregate, window and cast
// below; planner/bind reads signatures, operators/eval, operators/agg and
// operators/window run kernels. Adding a function is a struct literal in a file of its own and one
// line in the package's builtins.go.
package function
