package rowset

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Partition is the rows of a Set whose hashes share their partition bits. Its
// methods are safe for concurrent use; one task at a time loads or scans it.
type Partition struct {
	s *Set

	cut  atomic.Bool  // rows went to disk
	held atomic.Int64 // bytes of resident pages, as known when nobody reads them

	mu    sync.Mutex
	frags []fragment // guarded by mu; the pages of a pinned partition stay
	pins  int        // loaded or being scanned; guarded by mu
}

func (p *Partition) add(f fragment) {
	if len(f.rows.list) == 0 {
		f.release(nil) // heap pages without rows are pages of aborted work
		return
	}
	if len(f.rows.stored) > 0 {
		p.cut.Store(true)
	}
	n, _ := f.bytes()
	p.held.Add(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := len(p.frags) - 1; k >= 0 && p.pins == 0 && !p.s.l.HasStateRefs && f.isStored() && p.frags[k].isStored() {
		p.frags[k].rows.join(&f.rows) // what goes to disk a little at a time is one all the same
		return
	}
	p.frags = append(p.frags, f)
}

// NumRows returns the number of rows.
func (p *Partition) NumRows() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n int64
	for i := range p.frags {
		n += p.frags[i].numRows()
	}
	return n
}

// Bytes returns the memory that the rows and their heap take when all are
// loaded, up to the rounding to blocks.
func (p *Partition) Bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n int64
	for i := range p.frags {
		n += p.frags[i].size()
	}
	return n
}

// Resident reports whether all pages are in memory.
func (p *Partition) Resident() bool { return !p.onDisk() }

// onDisk reports whether some page is on disk.
func (p *Partition) onDisk() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.frags {
		if _, resident := p.frags[i].bytes(); !resident {
			return true
		}
	}
	return false
}

// idleBytes returns what Spill could free.
func (p *Partition) idleBytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unpinned()
}

// unpinned is idleBytes under p.mu.
func (p *Partition) unpinned() (n int64) {
	if p.pins > 0 {
		return 0
	}
	return p.held.Load()
}

// count finds out what is held. mu is held.
func (p *Partition) count() {
	var n int64
	for i := range p.frags {
		b, _ := p.frags[i].bytes()
		n += b
	}
	p.held.Store(n)
}

// Spill moves all pages to disk and returns how many bytes it freed: nothing
// while the partition is loaded or scanned.
func (p *Partition) Spill(ctx context.Context) (freed int64, err error) {
	h, err := p.s.newShelf(nil)
	if err != nil {
		return 0, err
	}
	defer h.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spill(ctx, h)
}

// spill is Spill under p.mu.
func (p *Partition) spill(ctx context.Context, h *shelf) (freed int64, err error) {
	if p.pins > 0 {
		return 0, nil
	}
	if p.held.Load() == 0 {
		return 0, nil
	}
	p.cut.Store(true)
	defer p.count()
	for i := range p.frags {
		n, err := h.fragment(ctx, nil, &p.frags[i])
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// Drop gives back the partition's memory and disk space; it has no rows
// afterwards. It must not be loaded or scanned.
func (p *Partition) Drop() {
	p.s.mu.Lock()
	file := p.s.file
	p.s.mu.Unlock()
	p.drop(file)
}

func (p *Partition) drop(file *spill.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.frags {
		p.frags[i].release(file)
	}
	p.frags = nil
	p.held.Store(0)
}

// pin returns the fragments, which stay in place until unpin.
func (p *Partition) pin() []fragment {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pins++
	return p.frags
}

func (p *Partition) unpin() {
	p.mu.Lock()
	if p.pins--; p.pins == 0 && p.held.Load() > 0 {
		p.count() // a scanner may have given up pages
	}
	p.mu.Unlock()
}

// Loaded is a partition whose pages are all in memory. Rows may be changed
// where they lie; changes to pages that were on disk end with Close. Not safe
// for concurrent writing.
type Loaded struct {
	Pages []PageRows

	p     *Partition
	arena arena
	bufs  [][]byte
	fresh []fresh  // pages from disk whose rows have own strings
	nums  []uint32 // what else Load and Reserve numbered

	page []byte // where PutHeap puts short values, used up to
	used int
	num  uint32 // of the page
}

// Load brings all pages into memory; those that were on disk are charged to
// mem. ok is false when that was refused: nothing is held then. Close ends it.
// Errors: 58030, XX001, 57014.
func (p *Partition) Load(ctx context.Context, mem *budget.Reservation) (l *Loaded, ok bool, err error) {
	l = &Loaded{p: p, arena: arena{pool: p.s.cfg.Pool, mem: mem}}
	frags := p.pin()
	total := 0
	for i := range frags {
		total += frags[i].rows.storedBytes() + frags[i].heap.storedBytes()
	}
	var dst []byte
	if total > 0 {
		b, ok := p.s.cfg.Pool.GetSized(mem, int64(total))
		if !ok {
			l.Close()
			return nil, false, nil
		}
		l.arena.blocks = append(l.arena.blocks, b)
		dst = b.Bytes
	}
	var jobs []job
	var heaps []heapNumbers
	for i := range frags {
		f := &frags[i]
		var h heapNumbers
		jobs, dst = f.rows.place(jobs, dst, func(pg *page, b []byte) {
			num, rows := pg.num, PageRows{raw.Of(b), pg.n}
			switch {
			case pg.mem != nil:
			case p.s.ownStrings():
				num = p.s.number()
				l.fresh = append(l.fresh, fresh{rows, num})
			case p.s.l.HasHeap:
				h.rows = append(h.rows, rows)
			}
			if pg.n > 0 {
				l.Pages = append(l.Pages, rows)
			}
			if num != unnumbered {
				l.bufs = setBuf(l.bufs, num, b)
			}
		})
		jobs, dst = f.heap.place(jobs, dst, func(pg *page, b []byte) {
			l.bufs = setBuf(l.bufs, h.of(p.s, pg), b)
		})
		l.nums = append(l.nums, h.fresh...)
		if len(h.rows) > 0 {
			heaps = append(heaps, h)
		}
	}
	if err := p.s.read(ctx, jobs); err != nil {
		l.Close()
		return nil, false, err
	}
	for _, x := range l.fresh {
		renumber(p.s.l, x.rows.Base, x.rows.Count, x.num)
	}
	var to []uint32
	for i := range heaps {
		h := &heaps[i]
		to = h.table(to)
		for _, rows := range h.rows {
			lead(p.s.l, rows.Base, rows.Count, to)
		}
	}
	return l, true, nil
}

// heapNumbers are what the heap pages of a fragment are called in memory.
type heapNumbers struct {
	rows    []PageRows // from disk
	was, is []uint32   // of each page, in those rows and now
	fresh   []uint32   // of is, those of pages from disk
}

// of returns what a heap page is called: as before if it is in memory.
func (h *heapNumbers) of(s *Set, pg *page) uint32 {
	num := pg.num
	if pg.mem == nil {
		num = s.number()
		h.fresh = append(h.fresh, num)
	}
	h.was, h.is = append(h.was, pg.num), append(h.is, num)
	return num
}

// table returns, in to, the present numbers by the former ones.
func (h *heapNumbers) table(to []uint32) []uint32 {
	for k, num := range h.was {
		if n := int(num) + 1; n > len(to) {
			to = slices.Grow(to, n-len(to))[:n]
		}
		to[num] = h.is[k]
	}
	return to
}

// fresh is a page from disk, which has another number now.
type fresh struct {
	rows PageRows
	num  uint32
}

// job is a group to be read.
type job struct {
	ext spill.Extent
	dst []byte
}

// storedBytes returns the memory that the groups on disk take when they are read.
func (ps *pages) storedBytes() (n int) {
	for _, g := range ps.stored {
		n += int(g.ext.Length)
	}
	return n
}

// place says where each page will be when jobs are done: where it is, or, from
// disk, in dst.
func (ps *pages) place(jobs []job, dst []byte, at func(pg *page, b []byte)) ([]job, []byte) {
	k := 0
	for _, g := range ps.stored {
		if !g.ext.IsZero() {
			n := int(g.ext.Length)
			jobs = append(jobs, job{g.ext, dst[:n:n]})
		}
		for range g.pages {
			pg := &ps.list[k]
			if k++; !g.ext.IsZero() {
				at(pg, dst[:pg.size:pg.size])
				dst = dst[pg.size:]
			}
		}
	}
	for ; k < len(ps.list); k++ {
		if m := ps.list[k].mem; m != nil {
			at(&ps.list[k], m.b)
		}
	}
	return jobs, dst
}

// aheadGroups is how many groups the system reads ahead.
const aheadGroups = 4

// read reads groups.
func (s *Set) read(ctx context.Context, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	file, err := s.spillFile()
	for i := 0; i < len(jobs) && err == nil; i++ {
		if k := i + aheadGroups; k < len(jobs) {
			file.ReadAhead(jobs[k].ext)
		}
		_, err = file.Read(ctx, jobs[i].ext, jobs[i].dst)
	}
	return err
}

func setBuf(bufs [][]byte, num uint32, b []byte) [][]byte {
	for len(bufs) <= int(num) {
		bufs = append(bufs, nil)
	}
	bufs[num] = b
	return bufs
}

// Bufs returns the heap pages by number, valid until the next PutHeap.
func (l *Loaded) Bufs() [][]byte { return l.bufs }

// PutHeap copies b to memory that lives as long as l does and returns its
// reference. Errors: 53200.
func (l *Loaded) PutHeap(b []byte) (types.StringRef, error) {
	if len(b) <= types.MaxInline {
		return types.InlineRef(b), nil
	}
	ref, dst, err := l.Reserve(0, len(b))
	if err == nil {
		copy(dst, b)
		ref = types.LongRef(b, ref.Buf(), ref.Off())
	}
	return ref, err
}

// Reserve is PutHeap of n bytes, more than types.MaxInline, that the caller fills
// in: nobody else has place.
func (l *Loaded) Reserve(_ raw.Addr, n int) (ref types.StringRef, place []byte, err error) {
	if n > 1<<31-1 {
		return ref, nil, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: a value takes more than 2 GiB", l.p.s.cfg.Tag)
	}
	if len(l.page)-l.used < n {
		size := heapPage
		if n > heapPage/4 {
			size = n // a page of its own; the one being filled goes on
		}
		page, err := l.arena.alloc(size, true)
		if err != nil {
			return ref, nil, err
		}
		num := l.p.s.number()
		l.nums = append(l.nums, num)
		l.bufs = setBuf(l.bufs, num, page)
		if size == n {
			return types.LongRef(page, int(num), 0), page, nil
		}
		l.page, l.used, l.num = page, 0, num
	}
	place = l.page[l.used : l.used+n : l.used+n]
	ref = types.LongRef(place, int(l.num), l.used)
	l.used += n
	return ref, place, nil
}

// heapPage is the size of the pages that PutHeap cuts short values from.
const heapPage = 64 << 10

// Put is PutHeap, under the name that function.StateHeap wants.
func (l *Loaded) Put(_ raw.Addr, b []byte) (types.StringRef, error) { return l.PutHeap(b) }

// Close gives back the memory that Load took. Idempotent.
func (l *Loaded) Close() {
	if l.p == nil {
		return
	}
	l.arena.release()
	for _, x := range l.fresh {
		l.p.s.freeNumber(x.num)
	}
	for _, num := range l.nums {
		l.p.s.freeNumber(num)
	}
	l.p.unpin()
	l.p, l.Pages, l.bufs, l.fresh, l.nums, l.page = nil, nil, nil, nil, nil, nil
}

// arena packs pieces into blocks.
type arena struct {
	pool   *block.Pool
	mem    *budget.Reservation
	blocks []*block.Block
	rest   []byte
}

// alloc returns n bytes aligned to 8; nil when memory was refused, which with
// force is an error.
func (a *arena) alloc(n int, force bool) ([]byte, error) {
	if len(a.rest) < n {
		size := max(int64(n), block.Size)
		b, err := getBlock(a.pool, a.mem, size, force, nil)
		if b == nil {
			return nil, err
		}
		a.blocks = append(a.blocks, b)
		if n >= block.Size {
			return b.Bytes[:n:n], nil
		}
		a.rest = b.Bytes
	}
	out := a.rest[:n:n]
	a.rest = a.rest[min((n+7)&^7, len(a.rest)):]
	return out, nil
}

func (a *arena) release() {
	for _, b := range a.blocks {
		b.Release()
	}
	a.blocks, a.rest = nil, nil
}

// Repartition moves partition p into a new Set that is divided by the next
// bits of the hash, fewer when MaxBits forbids, at least one: the caller asks
// Divisible before. Memory comes from the same reservation; what does not fit
// goes to disk, the larger partitions first. The caller closes the new Set. Errors:
// 53200 when not even one page a partition fits, 53100, 58030, XX001, 57014.
func (s *Set) Repartition(ctx context.Context, p int, bits int) (*Set, error) {
	cfg := s.cfg
	cfg.Shift += int(s.bits.Load())
	cfg.Bits = max(bits, 1)
	to := New(cfg)
	// Numbers go on, so that the two sets' references never meet.
	to.pages.Store(s.pages.Load())
	err := s.Partition(p).MoveTo(ctx, to)
	if err == nil {
		err = to.Seal(ctx)
	}
	if err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

// MoveTo moves the rows of the partition to another Set of the same layout, as a
// writer of which it spills when memory is refused; several partitions at a time
// may be moved to the same. Errors: as Repartition.
func (p *Partition) MoveTo(ctx context.Context, to *Set) error {
	w := to.NewWriter()
	defer w.Close()
	sc := p.Scan(p.s.cfg.Mem, true)
	defer sc.Close()
	src := make([]raw.Addr, vector.Capacity)
	dst := make([]raw.Addr, vector.Capacity)
	for {
		n, err := sc.Rows(ctx, src)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if err := w.putRows(ctx, src[:n], sc.Bufs(), dst); err != nil {
			return err
		}
	}
	return to.Combine(ctx, w)
}

// SpillStep is how much of so many bytes to spill when memory is refused: as
// little as is worth the trouble, for what is spilled later is written, and
// read, in larger pieces.
func SpillStep(bytes int64) int64 { return max(bytes/16, groupBytes) }

// putRows is AppendRows that spills by itself when it has to.
func (w *Writer) putRows(ctx context.Context, src []raw.Addr, bufs [][]byte, dst []raw.Addr) error {
	ok, err := w.AppendRows(ctx, src, bufs, dst, false)
	if ok || err != nil {
		return err
	}
	if _, err := w.Spill(ctx, SpillStep(w.Bytes())); err != nil {
		return err
	}
	if ok, err := w.AppendRows(ctx, src, bufs, dst, false); ok || err != nil {
		return err
	}
	return w.forceRows(ctx, src, bufs)
}
