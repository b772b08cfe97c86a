package spill

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// ioError turns an error of the file system into 53100 when the disk is full
// and 58030 otherwise.
func (m *Manager) ioError(err error, doing string) error {
	if isFull(err) {
		return m.diskFull(err, doing)
	}
	return sqlerr.Wrap(err, sqlerr.CodeIO, "cannot %s", doing).
		WithDetail("temp_directory is %q", m.opts.Dir).
		WithHint("the setting temp_directory says where temporary files go")
}

func isFull(err error) bool { return vfs.IsNoSpaceError(err) || isQuotaError(err) }

func (m *Manager) diskFull(err error, doing string) *sqlerr.Error {
	return sqlerr.Wrap(err, sqlerr.CodeDiskFull, "disk full: cannot %s", doing).
		WithDetail("temporary files take %s in %q", formatBytes(m.disk.Load()), m.opts.Dir).
		WithHint("free space, or let the setting temp_directory name a directory on a larger disk")
}

// writeError is ioError for a block of f; of a full disk it tells who fills it.
func (f *File) writeError(err error) error {
	const doing = "write a temporary file"
	if !isFull(err) {
		return f.m.ioError(err, doing)
	}
	return f.m.diskFull(err, doing+" of "+f.tag).
		WithDetail("temporary files take %s in %q: %s", formatBytes(f.m.disk.Load()), f.m.opts.Dir, f.m.takers())
}

// quotaError is the refusal of n more bytes of temporary files.
func (m *Manager) quotaError(tag string, n int64) error {
	return sqlerr.New(sqlerr.CodeDiskFull,
		"temporary files may take no more space: %s needs %s, limit %s, in use %s",
		tag, formatBytes(n), formatBytes(m.MaxBytes()), formatBytes(m.disk.Load())).
		WithDetail("largest: %s", m.takers()).
		WithHint("raise the setting max_temp_directory_size, or memory_limit so that less is spilled")
}

// takers renders who takes the most disk space.
func (m *Manager) takers() string {
	bytes := m.DiskBytes()
	tags := slices.SortedFunc(maps.Keys(bytes), func(a, b string) int {
		return cmp.Or(cmp.Compare(bytes[b], bytes[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, tag := range tags {
		if bytes[tag] > 0 && len(parts) < 5 {
			parts = append(parts, tag+" "+formatBytes(bytes[tag]))
		}
	}
	if len(parts) == 0 {
		return "nothing is left of what others had"
	}
	return strings.Join(parts, ", ")
}

// damaged is the error of a block that is not what was written.
func (f *File) damaged(e Extent, format string, args ...any) error {
	return sqlerr.New(sqlerr.CodeCorruption, "temporary file is damaged").
		WithDetail("%s: file %d, block %d at offset %d: %s",
			f.tag, f.number, e.Seq, e.Offset, fmt.Sprintf(format, args...)).
		WithHint("the disk that holds temp_directory returned other bytes than were written to it")
}

func errManagerClosed() error {
	return sqlerr.New(sqlerr.CodeAdminShutdown, "the database was closed")
}

// formatBytes renders a number of bytes in binary units.
func formatBytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
