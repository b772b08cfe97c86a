package spill

import "golang.org/x/sys/windows"

// noSpace is what the system says when the disk is full.
const noSpace = windows.ERROR_DISK_FULL
