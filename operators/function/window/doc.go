// Package window holds the functions that exist only with OVER: Builtins lists
// them. Ranking functions (rank.go) compute numbers from a row's place among its
// partition and its peers; value functions (value.go) pick the row whose first
// argument is the result, operators/window fetches the value.
//
// Positions come as the operator has them (function.WinCall); no function here
// sees a stored row. Aggregates with OVER are package operators/window's own
// matter.
package window
