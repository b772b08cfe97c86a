//go:build !linux

package spill

import "os"

// readAhead is nothing where the system takes no such hints.
func readAhead(*os.File, int64, int64) {}
