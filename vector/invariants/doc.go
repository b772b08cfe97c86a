// Package invariants holds the assertions that mark bugs of the engine itself.
//
// They are compiled in with the build tag `invariants` (the test suite runs
// once with it) and vanish without it: Enabled is a constant, so
//
//	if invariants.Enabled {
//		invariants.Check(expensive(), "…")
//	}
//
// costs nothing in a release build. Assertions never guard against input: bad
// bytes and bad SQL are errors with a SQLSTATE, found with or without the tag.
package invariants
