//go:build !linux || race

package raw

// PreferHuge does nothing.
func PreferHuge([]byte) {}

// AvoidHuge does nothing.
func AvoidHuge([]byte) {}
