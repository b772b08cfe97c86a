//go:build !unix

package spill

import "os"

// unlinkOpen says whether an open file can be unlinked and used on.
const unlinkOpen = false

// openFlags are added when a temporary file is created.
const openFlags = 0

// isQuotaError recognises a full disk quota, which other systems report as a
// full disk.
func isQuotaError(error) bool { return false }

// isOurs says whether a directory may be swept; permissions of temp_directory
// are inherited here.
func isOurs(fi os.FileInfo) bool { return fi.IsDir() }

// processDied reports whether there is surely no process of that number.
func processDied(int) bool { return false }
