//go:build (darwin || freebsd || netbsd || openbsd || dragonfly) && !race

package raw

import "golang.org/x/sys/unix"

// discardAdvice marks the pages as free to take: on these systems
// MADV_DONTNEED only lowers a page's priority.
const discardAdvice = unix.MADV_FREE
