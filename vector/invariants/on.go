//go:build invariants

package invariants

// Enabled says whether assertions are compiled in.
const Enabled = true

// Check panics with msg when cond does not hold. Arguments are evaluated even
// in release builds: put anything but a comparison behind Enabled.
func Check(cond bool, msg string) {
	if !cond {
		panic("invariant violated: " + msg)
	}
}
