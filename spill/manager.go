package spill

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gannetdb/gannet/spill/budget"
)

// writeCategory labels spill writes in the statistics of a vfs.FS.
const writeCategory vfs.DiskWriteCategory = "gannet-spill"

// Options of a manager.
type Options struct {
	// Dir is the setting temp_directory: where the manager makes its own
	// directory. Empty means that of the operating system.
	Dir string
	// MaxBytes bounds the disk space of all files together; 0 or less means
	// no bound.
	MaxBytes int64
	// FS is the file system; nil means vfs.Default, the real one.
	FS vfs.FS
	// Scratch is charged for compression buffers (see the package comment);
	// nil means they are only bounded. The manager does not close it.
	Scratch *budget.Reservation
	// Compression says when payloads are compressed.
	Compression Compression
}

// Manager owns the temporary files of a database. All methods are safe for
// concurrent use.
type Manager struct {
	opts    Options
	isReal  bool
	epoch   uint64
	scratch *scratchPool
	reaper  *reaper
	pace    pace

	maxBytes atomic.Int64
	disk     atomic.Int64 // bytes the files take
	peakDisk atomic.Int64
	seq      atomic.Uint64 // block numbers given
	counters counters

	mu     sync.Mutex
	dir    *directory         // nil before the first file; guarded by mu, like all below
	files  map[*File]struct{} // open ones
	made   uint64             // files ever created
	closed bool
}

// NewManager makes a manager. It touches the file system not before the first
// Create.
func NewManager(opts Options) *Manager {
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	if opts.Dir == "" {
		opts.Dir = os.TempDir()
	}
	var random [8]byte
	rand.Read(random[:]) // never fails
	m := &Manager{
		opts:    opts,
		isReal:  opts.FS == vfs.Default,
		epoch:   binary.LittleEndian.Uint64(random[:]),
		scratch: newScratchPool(opts.Scratch),
		reaper:  newReaper(),
		files:   make(map[*File]struct{}),
	}
	m.SetMaxBytes(opts.MaxBytes)
	return m
}

// MaxBytes returns the bound on disk space, 0 for none.
func (m *Manager) MaxBytes() int64 { return m.maxBytes.Load() }

// SetMaxBytes changes the bound; 0 or less means none. What is written stays.
func (m *Manager) SetMaxBytes(n int64) { m.maxBytes.Store(max(n, 0)) }

// SetDir changes where the manager makes its directory; the one it has made is
// removed. It reports false, and changes nothing, while files are open. Errors
// are those of removing the old directory.
func (m *Manager) SetDir(dir string) (bool, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.files) > 0 {
		return false, nil
	}
	if m.dir != nil {
		m.reaper.wait() // files that are closed may not be gone
		if err := m.dir.remove(); err != nil {
			return false, m.ioError(err, "remove the directory for temporary files")
		}
		m.dir = nil
	}
	m.opts.Dir = dir
	return true, nil
}

// Create makes a new file. The tag names its purpose in errors ("sort runs").
// The caller closes it.
func (m *Manager) Create(tag string) (*File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errManagerClosed()
	}
	if m.dir == nil {
		dir, err := makeDirectory(m.opts.FS, m.isReal, m.opts.Dir)
		if err != nil {
			return nil, m.ioError(err, "make a directory for temporary files")
		}
		m.dir = dir
		dir.sweep()
	}
	m.made++
	path := m.opts.FS.PathJoin(m.dir.path, strconv.FormatUint(m.made, 10))
	h, err := m.open(path)
	if err != nil {
		return nil, m.ioError(err, "create a temporary file")
	}
	f := &File{m: m, tag: tag, number: m.made, handle: h, chooser: chooser{m: m}}
	m.files[f] = struct{}{}
	return f, nil
}

// CreateStored is Create for a file whose payloads are never compressed: one
// that is written because memory is short even of scratch space.
func (m *Manager) CreateStored(tag string) (*File, error) {
	f, err := m.Create(tag)
	if err == nil {
		f.chooser.never = true
	}
	return f, err
}

// open creates the file and, where that is possible, unlinks it at once.
func (m *Manager) open(path string) (*handle, error) {
	if !m.isReal {
		// The directory is ours and the name is new, so nothing is there.
		v, err := m.opts.FS.OpenReadWrite(path, writeCategory)
		if err != nil {
			// It may have been created nevertheless.
			_ = m.opts.FS.Remove(path)
			return nil, err
		}
		return &handle{rw: v, fs: m.opts.FS, path: path, oneWriter: true}, nil
	}
	o, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return nil, err
	}
	h := &handle{rw: o, fs: m.opts.FS, path: path}
	if unlinkOpen && os.Remove(path) == nil {
		h.path = ""
	}
	return h, nil
}

// grow charges n bytes of disk space; false when MaxBytes forbids it.
func (m *Manager) grow(n int64) bool {
	for {
		disk := m.disk.Load()
		if limit := m.maxBytes.Load(); limit > 0 && n > limit-disk {
			return false
		}
		if m.disk.CompareAndSwap(disk, disk+n) {
			for {
				peak := m.peakDisk.Load()
				if disk+n <= peak || m.peakDisk.CompareAndSwap(peak, disk+n) {
					return true
				}
			}
		}
	}
}

// forget takes a closed file off the list.
func (m *Manager) forget(f *File) {
	m.mu.Lock()
	delete(m.files, f)
	if len(m.files) == 0 {
		m.scratch.drain(0)
	} else {
		m.scratch.drain(1)
	}
	m.mu.Unlock()
}

// Close closes all files and removes the directory; calls in progress are
// waited for, later ones fail with 57P01. It returns the first error but does
// all it can; Close may be called again to try the rest once more.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	open := make([]*File, 0, len(m.files))
	for f := range m.files {
		open = append(open, f)
	}
	m.mu.Unlock()

	var errs []error
	for _, f := range open {
		errs = append(errs, f.Close())
	}
	m.reaper.close()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scratch.drain(0)
	if m.dir != nil {
		if err := m.dir.remove(); err != nil {
			errs = append(errs, m.ioError(err, "remove the directory for temporary files"))
		}
		if m.dir.path == "" {
			m.dir = nil
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Stats is what a manager or a file did, in bytes and blocks.
type Stats struct {
	BlocksWritten int64
	BlocksRead    int64
	BytesWritten  int64 // payloads
	BytesStored   int64 // payloads after compression, as written to disk
	BytesRead     int64 // payloads
	DiskBytes     int64 // space taken now
	PeakDiskBytes int64 // of a manager only
	OpenFiles     int   // of a manager only
	CreatedFiles  int64 // of a manager only
}

// Stats returns a snapshot of the totals since NewManager.
func (m *Manager) Stats() Stats {
	s := m.counters.stats()
	s.DiskBytes = m.disk.Load()
	s.PeakDiskBytes = m.peakDisk.Load()
	m.mu.Lock()
	s.OpenFiles = len(m.files)
	s.CreatedFiles = int64(m.made)
	m.mu.Unlock()
	return s
}

// DiskBytes returns the disk space that open files take, by their tags.
func (m *Manager) DiskBytes() map[string]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[string]int64)
	for f := range m.files {
		f.mu.Lock()
		out[f.tag] += f.extents.end * pageSize
		f.mu.Unlock()
	}
	return out
}

// counters are the running totals behind Stats.
type counters struct {
	blocksWritten, blocksRead            atomic.Int64
	bytesWritten, bytesStored, bytesRead atomic.Int64
}

func (c *counters) wrote(e Extent) {
	c.blocksWritten.Add(1)
	c.bytesWritten.Add(int64(e.Length))
	c.bytesStored.Add(int64(e.Stored))
}

func (c *counters) read(e Extent) {
	c.blocksRead.Add(1)
	c.bytesRead.Add(int64(e.Length))
}

func (c *counters) stats() Stats {
	return Stats{
		BlocksWritten: c.blocksWritten.Load(),
		BlocksRead:    c.blocksRead.Load(),
		BytesWritten:  c.bytesWritten.Load(),
		BytesStored:   c.bytesStored.Load(),
		BytesRead:     c.bytesRead.Load(),
	}
}
