//go:build unix

package spill

import "syscall"

// noSpace is what the system says when the disk is full.
const noSpace = syscall.ENOSPC
