//go:build !unix

package reliability

// processCPU is the CPU time that this process has used; 0, since this system
// does not tell it.
func processCPU() int64 { return 0 }
