//go:build !invariants

package invariants

// Enabled says whether assertions are compiled in.
const Enabled = false

// Check does nothing in builds without the tag `invariants`.
func Check(cond bool, msg string) {}
