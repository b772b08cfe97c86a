//go:build !linux

package reliability

import "testing"

func smallDisk(t *testing.T) string {
	t.Helper()
	t.Skip("mounts a small disk on Linux only")
	return ""
}
