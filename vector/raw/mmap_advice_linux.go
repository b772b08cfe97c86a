//go:build linux && !race

package raw

import "golang.org/x/sys/unix"

// discardAdvice drops the pages at once, so that the resident size falls.
const discardAdvice = unix.MADV_DONTNEED
