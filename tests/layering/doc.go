// Package layering holds the import order of the module and the test that
// enforces it.
//
// ranks.go is the table: every package has a rank, and imports only packages
// of a lower rank, or of its own rank within its own top-level folder. A
// package that the table does not name fails the test, so that a new one gets
// its place when it is made and not when it is too late.
//
// Besides the ranks: operator families never import each other (shared
// mechanism moves down), the two rank-0 leaves inside sql/ and vector/ import
// the standard library only (every layer reports SQL errors through the one
// and reads memory through the other), and nothing but tests imports tests.
//
// Test files are free: a package's tests may use whatever is above it. What
// they import is compiled into no program.
package layering
