package invariants

import "testing"

func TestCheck(t *testing.T) {
	Check(true, "holds")
	defer func() {
		if r := recover(); (r != nil) != Enabled {
			t.Fatalf("recovered %v with Enabled = %v", r, Enabled)
		}
	}()
	Check(false, "does not hold")
}
