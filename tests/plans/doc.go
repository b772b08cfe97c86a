// Package plans is what the planner's tests share: a catalog of the TPC-H
// tables without rows but with statistics as a scale factor of 1 has them, and
// a small function registry that needs no kernels.
//
// Main functions: [Catalog], [Functions], [Query] (the text of a TPC-H query
// from the shared data, if it is there).
//
// The tables cannot be scanned.
package plans
