package rowset

import (
	"cmp"
	"context"
	"slices"
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
	// Set is divided, or one in raisePart of the limit where that is less: dividing
	// takes memory, too.
	RaiseBytes = 2 << 20
	raisePart  = 16
	// raiseBits is how many bits an undivided Set is raised to, mostBits how many
	// it may be when there will be many more rows than memory holds.
	raiseBits = 4
	mostBits  = 8
	// littleMemory is where it is likely that a Set which is divided at all will
	// not fit.
	littleMemory = 8 * RaiseBytes
	// leastPage is the size of a page of a partition with few rows; it grows with
	// them, up to a block.
	leastPage = 16 << 10
	// BearablePage is the memory that a partition being written needs for each
	// of its writers, so that spilling does not write single pages.
	BearablePage = 2 * leastPage
)

// RaiseAt returns how much a writer holds in a single partition, within a budget of
// that limit, before the Set is divided.
func RaiseAt(limit int64) int64 { return min(RaiseBytes, limit/raisePart) }

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
	// Rows is how many rows are expected in all, Writers how many writers there
	// will be; 0: unknown.
	Rows    int64
	Writers int
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
	// starved is a writer that was refused while it had less than its part.
	starved atomic.Pointer[Writer]

	// leaf guards what is taken under the locks of partitions, too: no other lock
	// is taken under it.
	leaf    sync.Mutex
	numbers []uint32            // of pages that are free again; guarded by leaf
	beyond  *budget.Reservation // see extra; nil: none yet, or no more; guarded by leaf
	ended   bool                // there is to be no more; guarded by leaf

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

// Bits returns into how many parts, as bits of the hash, to divide so many bytes
// of rows when mem is what there is for them: so that two parts fit with room to
// spare and each of the writers has memory for a page of every part; at least
// least bits unless that would not be so, at most most.
func Bits(bytes, mem int64, writers, least, most int) int {
	bits := least
	for bits < most && bytes>>bits > mem/5 {
		bits++
	}
	if writers == 0 {
		writers = 2
	}
	for bits > 1 && int64(writers)<<bits*BearablePage > mem*3/4 {
		bits--
	}
	return bits
}

// raise divides the Set if it is undivided and can be. Rows take about rowBytes
// each. short: memory was refused, so that more rows than it holds will come.
func (s *Set) raise(rowBytes int64, short bool) {
	if s.bits.Load() != 0 || !s.l.HasHash() || s.cfg.Shift >= MaxBits {
		return
	}
	mem := s.cfg.Mem.Share()
	need := s.cfg.Rows * rowBytes
	if short || mem < littleMemory {
		need = max(need, 4*mem)
	}
	writers := s.cfg.Writers
	if s.l.HasStateRefs {
		// Each fills two pages of a part, one of rows and one of their states' heap, and
		// cannot go on filling them when the part goes to disk: pieces ought to be large
		// when the others have filled up, too.
		writers = 2 * max(writers, 2)
		mem /= int64(s.cfg.Mem.Siblings())
	}
	bits := Bits(need, mem, writers, raiseBits, mostBits)
	bits = min(bits, MaxBits-s.cfg.Shift)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bits.Load() != 0 || s.closed {
		return
	}
	s.bits.Store(int32(bits))
	s.early = append(s.early, s.parts[0].frags...)
	s.makeParts()
}

// fairPart is what one of the writers may hold while another starves.
func (s *Set) fairPart() int64 { return s.cfg.Mem.Share() / int64(s.cfg.Writers) }

// number returns a number for a page in memory that no other one in memory has.
func (s *Set) number() uint32 {
	s.leaf.Lock()
	defer s.leaf.Unlock()
	if k := len(s.numbers); k > 0 {
		n := s.numbers[k-1]
		s.numbers = s.numbers[:k-1]
		return n
	}
	return s.pages.Add(1) - 1
}

// ownStrings reports whether references of a row lead to its own page; otherwise they
// lead to heap pages of its fragment, if anywhere.
func (s *Set) ownStrings() bool { return s.l.HasHeap && !s.l.HasStateRefs }

// freeNumber gives back the number of a page that is not in memory any more.
func (s *Set) freeNumber(n uint32) {
	if n != unnumbered {
		s.leaf.Lock()
		s.numbers = append(s.numbers, n)
		s.leaf.Unlock()
	}
}

// extra returns a reservation for a little memory beyond the share of Config.Mem,
// which is worth more than what the operators beside could do with it. Nobody is
// made to wait for it. Nil after Close.
func (s *Set) extra() *budget.Reservation {
	s.leaf.Lock()
	defer s.leaf.Unlock()
	if s.beyond == nil && !s.ended {
		s.beyond = s.cfg.Mem.Budget().Reserve(s.cfg.Tag)
	}
	return s.beyond
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
		p.settle(s.l.Width)
		s.parts[i].add(p.fragment)
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
	if err := w.move(ctx, w.moveRows); err != nil {
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
			return nil, s.cfg.Mem.Budget().OutOfMemory("%s may not use temporary files", s.cfg.Tag)
		}
		f, err := s.cfg.Spill.Create(s.cfg.Tag)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	return s.file, nil
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

// Give is SpillResident for whoever needs memory of another operator, from any
// goroutine: it asks for no memory, and takes no lock for which it had to wait. It
// returns how many bytes it freed, and does without what cannot be written.
func (s *Set) Give(want int64) (freed int64) {
	if !s.mu.TryLock() {
		return 0
	}
	parts := s.parts
	if s.closed || !s.sealed && len(parts) < 2 {
		parts = nil
	}
	s.mu.Unlock()
	type idler struct {
		*Partition
		held int64
	}
	var idle []idler
	for _, p := range parts {
		if n := p.held.Load(); n > 0 {
			idle = append(idle, idler{p, n})
		}
	}
	slices.SortFunc(idle, func(a, b idler) int { return cmp.Compare(b.held, a.held) })
	for _, p := range idle {
		if freed >= want {
			break
		}
		h, err := s.newShelf(nil)
		if err != nil {
			break
		}
		h.full = true
		if p.mu.TryLock() {
			n, err := p.spill(context.Background(), h)
			p.mu.Unlock()
			freed += n
			if err != nil {
				break
			}
		}
	}
	return freed
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
	s.leaf.Lock()
	if s.beyond != nil {
		s.beyond.Close()
		s.beyond = nil
	}
	s.ended = true
	s.leaf.Unlock()
}

// PageRows is a run of Count rows, Layout.Width bytes apart, from Base on.
type PageRows struct {
	Base  raw.Addr
	Count int
}
