package storage

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// FS is how the engine reaches files that a user names. Paths
// are as the user wrote them: no ~, no environment variables, no schemes.
type FS interface {
	// Open opens a regular file for reading. Directories, FIFOs and devices
	// are refused with 58030; a missing file is 58P01.
	Open(ctx context.Context, name string) (File, error)
	// Stat describes a file or directory.
	Stat(ctx context.Context, name string) (FileInfo, error)
	// List returns the entries of a directory, sorted by name.
	List(ctx context.Context, dir string) ([]FileInfo, error)
}

// File is an open file; ReadAt is safe for concurrent use.
type File interface {
	io.ReaderAt
	io.Closer
	// Size is the size in bytes at opening time.
	Size() int64
	// Info describes the file as it was opened.
	Info() FileInfo
}

// Prefetcher is implemented by files that can be told what will be read soon.
type Prefetcher interface {
	// Prefetch begins to bring the n bytes at off nearer, without waiting and
	// without a promise. It is safe for concurrent use.
	Prefetch(off, n int64)
}

// FileInfo describes a file. Dev and Ino identify it together with Size and
// ModTime where the system knows them (else 0).
type FileInfo struct {
	Name    string // base name for List, the given path for Stat and Open
	Size    int64
	ModTime time.Time
	Mode    fs.FileMode
	Dev     uint64
	Ino     uint64
}

// IsDir reports whether the entry is a directory.
func (i FileInfo) IsDir() bool { return i.Mode.IsDir() }
