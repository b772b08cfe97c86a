package rowset

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

const (
	// MaxBits is how many hash bits choose partitions, over all levels.
	MaxBits = 12
	// RaiseBytes is how much a writer holds in a single partition before the
	// Set is divided.
	RaiseBytes = 2 << 20
	// raiseBits is how many bits an undivided Set is raised to.
	raiseBits = 4
	// leastPage is the size of a partition's first page; each page is twice as
	// large as the one before, up to a block. So many partitions with few rows
	// take little memory, and those with many are read and written in blocks.
	leastPage = 16 << 10
	// BearablePage is the memory that a partition being written needs for each
	// of its two kinds of pages, so that spilling them is not all that happens.
	BearablePage = 64 << 10
	// fragmentPages is how many heap pages a fragment has before the next one
	// begins.
	fragmentPages = 16
)

// Salt returns the 16 bits of a hash that hash tables keep beside an address:
// independent of partition and slot.
func Salt(hash uint64) uint16 { return uint16(hash >> 36) }

// Config describes a Set.
type Config struct {
	// Layout of the rows; it must have a hash unless there is to be one
	// partition only.
	Layout *rowfmt.Layout
	Pool   *block.Pool
	// Mem pays for the pages; a spilling reservation, shared by all writers.
	Mem   *budget.Reservation
	Spill *spill.Manager
	Tag   string // names the purpose in errors and files
	// Bits the Set begins with; 0 to be raised when needed.
	Bits int
	// Shift is how many hash bits outer levels have used.
	Shift int
	// Stable: Append never redistributes, so that addresses and Generation do
	// not change between calls of Adapt and Spill. The owner calls Adapt
	// between chunks.
	Stable bool
}

// Set is a partitioned collection of rows. NewWriter, Combine and Stats are
// safe for concurrent use; Seal comes after all Combines, and the partitions
// after Seal.
type Set struct {
	cfg Config
	l   *rowfmt.Layout

	bits    atomic.Int32  // what writers follow
	pages   atomic.Uint32 // heap pages numbered so far
	spilled atomic.Int64  // bytes ever written to disk

	mu     sync.Mutex
	file   *spill.File  // nil before the first page on disk; guarded by mu
	parts  []*Partition // 1 << bits; guarded by mu until Seal
	early  []fragment   // combined before the Set was divided; guarded by mu
	sealed bool         // guarded by mu
	closed bool         // guarded by mu
}

// New makes an empty Set. It reserves nothing.
func New(cfg Config) *Set {
	s := &Set{cfg: cfg, l: cfg.Layout}
	cfg.Bits = min(cfg.Bits, MaxBits-cfg.Shift)
	if !cfg.Layout.HasHash() {
		cfg.Bits = 0
	}
	s.bits.Store(int32(max(cfg.Bits, 0)))
	s.makeParts()
	return s
}

// makeParts makes the partitions of the present bits. mu is held, or s is new.
func (s *Set) makeParts() {
	s.parts = make([]*Partition, 1<<s.bits.Load())
	for i := range s.parts {
		s.parts[i] = &Partition{s: s}
	}
}

// Layout returns the layout of the rows.
func (s *Set) Layout() *rowfmt.Layout { return s.l }

// Bits returns how many hash bits divide the Set at present.
func (s *Set) Bits() int { return int(s.bits.Load()) }

// Shift returns how many hash bits outer levels have used.
func (s *Set) Shift() int { return s.cfg.Shift }

// Divisible reports whether there are hash bits left to divide partitions of
// this Set by.
func (s *Set) Divisible() bool {
	return s.l.HasHash() && s.cfg.Shift+int(s.bits.Load()) < MaxBits
}

// raise divides the Set if it is undivided and can be.
func (s *Set) raise() {
	if s.bits.Load() != 0 || !s.l.HasHash() || s.cfg.Shift >= MaxBits {
		return
	}
	bits := min(raiseBits, MaxBits-s.cfg.Shift)
	pages := int64(1)
	if s.l.HasHeap {
		pages = 2
	}
	// Each partition of a writer needs its own pages: not more than half of
	// what the reservation may hold.
	for bits > 1 && pages<<bits*BearablePage*2 > s.cfg.Mem.Share() {
		bits--
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bits.Load() != 0 || s.closed {
		return
	}
	s.bits.Store(int32(bits))
	s.early = append(s.early, s.parts[0].frags...)
	s.makeParts()
}

// PartitionOf returns the partition of a hash.
func (s *Set) PartitionOf(hash uint64) int { return partitionOf(hash, s.cfg.Shift, int(s.bits.Load())) }

func partitionOf(hash uint64, shift, bits int) int {
	return int(hash << uint(shift) >> 1 >> uint(63-bits))
}

// Combine hands w's pages to the Set; w is empty afterwards and only its Close
// may be called.
func (s *Set) Combine(ctx context.Context, w *Writer) error {
	for {
		if err := w.follow(ctx); err != nil {
			return err
		}
		s.mu.Lock()
		if int(s.bits.Load()) == w.bits {
			break
		}
		s.mu.Unlock()
	}
	defer s.mu.Unlock()
	if s.closed {
		return errClosed()
	}
	for i := range w.parts {
		p := &w.parts[i]
		p.settle()
		for _, f := range p.frags {
			s.parts[i].add(f)
		}
	}
	w.reset()
	return nil
}

func errClosed() error {
	return sqlerr.New(sqlerr.CodeInternal, "row set used after its end")
}

// Seal puts rows that were combined before the Set was divided into their
// partitions. It is called once, after the last Combine.
func (s *Set) Seal(ctx context.Context) error {
	s.mu.Lock()
	early := s.early
	s.early = nil
	s.sealed = true
	s.mu.Unlock()
	if len(early) == 0 {
		return nil
	}
	w := s.NewWriter()
	defer w.Close()
	w.moving = early
	for i := range early {
		w.countBytes(&early[i])
	}
	if err := w.follow(ctx); err != nil {
		return err
	}
	if err := w.move(ctx); err != nil {
		return err
	}
	return s.Combine(ctx, w)
}

// Partitions returns how many partitions there are; final after Seal.
func (s *Set) Partitions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parts)
}

// Partition returns partition i.
func (s *Set) Partition(i int) *Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts[i]
}

// NumRows returns the rows of all partitions: those combined or on disk.
func (s *Set) NumRows() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for _, p := range s.parts {
		n += p.NumRows()
	}
	for i := range s.early {
		n += s.early[i].numRows()
	}
	return n
}

// Stats is what a Set did.
type Stats struct {
	SpilledBytes int64 // payload bytes written to disk
}

// Stats returns a snapshot.
func (s *Set) Stats() Stats { return Stats{SpilledBytes: s.spilled.Load()} }

// spillFile returns the file, made at the first call.
func (s *Set) spillFile() (*spill.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed()
	}
	if s.file == nil {
		if s.cfg.Spill == nil {
			return nil, sqlerr.New(sqlerr.CodeOutOfMemory, "out of memory: %s may not use temporary files", s.cfg.Tag)
		}
		f, err := s.cfg.Spill.Create(s.cfg.Tag)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	return s.file, nil
}

// write moves a page to disk. n is how many of its bytes count.
func (s *Set) write(ctx context.Context, f *spill.File, p *page, n int) (freed int64, err error) {
	p.ext, err = f.Write(ctx, p.b[:n])
	if err != nil {
		return 0, err
	}
	freed = p.blk.Release()
	p.blk, p.b = nil, nil
	s.spilled.Add(int64(n))
	return freed, nil
}

// writeFragment moves all pages of f to disk.
func (s *Set) writeFragment(ctx context.Context, file *spill.File, f *fragment) (freed int64, err error) {
	for i := range f.rows {
		if p := &f.rows[i]; p.blk != nil {
			n, err := s.write(ctx, file, p, p.n*int(s.l.Width))
			if err != nil {
				return freed, err
			}
			freed += n
		}
	}
	for i := range f.heap {
		if p := &f.heap[i]; p.blk != nil {
			n, err := s.write(ctx, file, p, p.n)
			if err != nil {
				return freed, err
			}
			freed += n
		}
	}
	return freed, nil
}

// SpillResident moves partitions that are in memory and nobody reads to disk,
// the largest first, until want bytes are free; it returns how many are. Before
// Seal it leaves an undivided Set alone, which may still be divided.
func (s *Set) SpillResident(ctx context.Context, want int64) (freed int64, err error) {
	for freed < want {
		s.mu.Lock()
		var best *Partition
		var most int64
		for _, p := range s.parts {
			if n := p.idleBytes(); n > most && (s.sealed || len(s.parts) > 1) {
				best, most = p, n
			}
		}
		s.mu.Unlock()
		if best == nil {
			break
		}
		n, err := best.Spill(ctx)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// Close releases all pages and the file. Writers, scanners and loaded
// partitions are closed before. Idempotent.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, p := range s.parts {
		p.drop(nil)
	}
	for i := range s.early {
		s.early[i].release(nil)
	}
	s.early = nil
	if s.file != nil {
		// What could not be removed now is removed with the manager.
		_ = s.file.Close()
		s.file = nil
	}
}

// PageRows is a run of Count rows, Layout.Width bytes apart, from Base on.
type PageRows struct {
	Base  raw.Addr
	Count int
}
