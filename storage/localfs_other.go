//go:build !unix

package storage

import "os"

const openNonblock = 0

func identity(os.FileInfo) (dev, ino uint64) { return 0, 0 }
