package rowset

import (
	"context"
	"sync"

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

	mu    sync.Mutex
	frags []fragment // guarded by mu; the pages of a pinned partition stay
	pins  int        // loaded or being scanned; guarded by mu
}

func (p *Partition) add(f fragment) {
	if len(f.rows) == 0 {
		f.release(nil) // heap pages without rows are pages of aborted work
		return
	}
	p.mu.Lock()
	p.frags = append(p.frags, f)
	p.mu.Unlock()
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
		f := &p.frags[i]
		n += f.numRows() * int64(p.s.l.Width)
		for k := range f.heap {
			n += int64(f.heap[k].n)
		}
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
	if p.pins > 0 {
		return 0
	}
	var n int64
	for i := range p.frags {
		b, _ := p.frags[i].bytes()
		n += b
	}
	return n
}

// Spill moves all pages to disk and returns how many bytes it freed: nothing
// while the partition is loaded or scanned.
func (p *Partition) Spill(ctx context.Context) (freed int64, err error) {
	file, err := p.s.spillFile()
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pins > 0 {
		return 0, nil
	}
	for i := range p.frags {
		n, err := p.s.writeFragment(ctx, file, &p.frags[i])
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
	p.pins--
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
}

// Load brings all pages into memory; those that were on disk are charged to
// mem. ok is false when that was refused: nothing is held then. Close ends it.
// Errors: 58030, XX001, 57014.
func (p *Partition) Load(ctx context.Context, mem *budget.Reservation) (l *Loaded, ok bool, err error) {
	l = &Loaded{p: p, arena: arena{pool: p.s.cfg.Pool, mem: mem}}
	frags := p.pin()
	type job struct {
		ext spill.Extent
		dst []byte
	}
	var jobs []job
	place := func(pg *page) ([]byte, bool, error) {
		if pg.blk != nil {
			return pg.b, true, nil
		}
		dst, err := l.arena.alloc(int(pg.ext.Length), false)
		if dst == nil {
			return nil, false, err
		}
		jobs = append(jobs, job{pg.ext, dst})
		return dst, true, nil
	}
	for i := range frags {
		for k := range frags[i].rows {
			pg := &frags[i].rows[k]
			b, ok, err := place(pg)
			if !ok {
				l.Close()
				return nil, false, err
			}
			if pg.n > 0 {
				l.Pages = append(l.Pages, PageRows{raw.Of(b), pg.n})
			}
		}
		for k := range frags[i].heap {
			pg := &frags[i].heap[k]
			b, ok, err := place(pg)
			if !ok {
				l.Close()
				return nil, false, err
			}
			l.bufs = setBuf(l.bufs, pg.num, b)
		}
	}
	if len(jobs) == 0 {
		return l, true, nil
	}
	file, err := p.s.spillFile()
	for i := 1; i < len(jobs) && err == nil; i++ {
		file.ReadAhead(jobs[i].ext)
	}
	for i := 0; i < len(jobs) && err == nil; i++ {
		_, err = file.Read(ctx, jobs[i].ext, jobs[i].dst)
	}
	if err != nil {
		l.Close()
		return nil, false, err
	}
	return l, true, nil
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
	if len(b) > 1<<31-1 {
		return types.StringRef{}, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: a value takes more than 2 GiB", l.p.s.cfg.Tag)
	}
	dst, err := l.arena.alloc(len(b), true)
	if err != nil {
		return types.StringRef{}, err
	}
	copy(dst, b)
	// A page a value: such values are merged states, which are few.
	num := l.p.s.pages.Add(1) - 1
	l.bufs = setBuf(l.bufs, num, dst)
	return types.LongRef(b, int(num), 0), nil
}

// Put is PutHeap, under the name that function.StateHeap wants.
func (l *Loaded) Put(_ raw.Addr, b []byte) (types.StringRef, error) { return l.PutHeap(b) }

// Close gives back the memory that Load took. Idempotent.
func (l *Loaded) Close() {
	if l.p == nil {
		return
	}
	l.arena.release()
	l.p.unpin()
	l.p, l.Pages, l.bufs = nil, nil, nil
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
		b, err := getBlock(Config{Pool: a.pool, Mem: a.mem}, size, force)
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

// Scanner reads a partition page by page.
type Scanner struct {
	p       *Partition
	consume bool
	frags   []fragment
	frag    int // index of the next fragment
	row     int // index of the next row page
	open    bool

	page arena // the row page, when it was on disk
	heap arena // the fragment's heap pages that were on disk
	bufs [][]byte
}

// Scan reads the partition without loading all of it: in memory are, beside
// resident pages, one row page and the heap pages of its fragment, charged to
// mem, beyond its share if need be. With consume, pages are given up once they
// were read: the partition is empty in the end. Close ends it.
func (p *Partition) Scan(mem *budget.Reservation, consume bool) *Scanner {
	sc := &Scanner{p: p, consume: consume, frags: p.pin()}
	sc.page = arena{pool: p.s.cfg.Pool, mem: mem}
	sc.heap = sc.page
	return sc
}

// Next returns the next page's rows, which are valid, with what Bufs resolves,
// until the next call. ok is false at the end. Errors: 53200, 58030, XX001,
// 57014.
func (sc *Scanner) Next(ctx context.Context) (rows PageRows, ok bool, err error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return PageRows{}, false, err
	}
	for sc.frag < len(sc.frags) {
		f := &sc.frags[sc.frag]
		if !sc.open {
			if err := sc.openFragment(ctx, f); err != nil {
				return PageRows{}, false, err
			}
		}
		sc.endPage(f)
		for sc.row < len(f.rows) {
			pg := &f.rows[sc.row]
			sc.row++
			if pg.n == 0 {
				continue
			}
			if k := sc.row + aheadPages - 1; k < len(f.rows) {
				sc.ahead(f.rows[k : k+1])
			}
			b, err := sc.read(ctx, pg, &sc.page)
			if err != nil {
				return PageRows{}, false, err
			}
			return PageRows{raw.Of(b), pg.n}, true, nil
		}
		sc.endFragment(f)
	}
	return PageRows{}, false, nil
}

// aheadPages is how many row pages the system reads ahead of the scanner.
const aheadPages = 8

// ahead lets the system read pages in the background that are on disk.
func (sc *Scanner) ahead(pages []page) {
	if len(pages) == 0 || pages[0].blk != nil {
		return
	}
	file := sc.file()
	for i := range pages {
		if file != nil && pages[i].blk == nil {
			file.ReadAhead(pages[i].ext)
		}
	}
}

func (sc *Scanner) openFragment(ctx context.Context, f *fragment) error {
	sc.ahead(f.heap)
	sc.ahead(f.rows[:min(aheadPages, len(f.rows))])
	for i := range f.heap {
		pg := &f.heap[i]
		b, err := sc.read(ctx, pg, &sc.heap)
		if err != nil {
			return err
		}
		sc.bufs = setBuf(sc.bufs, pg.num, b)
	}
	sc.open, sc.row = true, 0
	return nil
}

// read returns a page's bytes, from disk into a when it is there.
func (sc *Scanner) read(ctx context.Context, pg *page, a *arena) ([]byte, error) {
	if pg.blk != nil {
		return pg.b, nil
	}
	file, err := sc.p.s.spillFile()
	if err != nil {
		return nil, err
	}
	dst, err := a.alloc(int(pg.ext.Length), false)
	if dst == nil && err == nil {
		dst, err = a.alloc(int(pg.ext.Length), true)
	}
	if err != nil {
		return nil, err
	}
	return file.Read(ctx, pg.ext, dst)
}

// endPage gives up the row page returned last.
func (sc *Scanner) endPage(f *fragment) {
	if len(sc.page.blocks) > 1 || len(sc.page.blocks) == 1 && len(sc.page.blocks[0].Bytes) != block.Size {
		sc.page.release()
	} else if len(sc.page.blocks) == 1 {
		sc.page.rest = sc.page.blocks[0].Bytes
	}
	if sc.consume && sc.row > 0 {
		f.rows[sc.row-1].release(sc.file())
		f.rows[sc.row-1].n = 0
	}
}

func (sc *Scanner) endFragment(f *fragment) {
	for i := range f.heap {
		sc.bufs[f.heap[i].num] = nil
	}
	sc.heap.release()
	if sc.consume {
		f.release(sc.file())
	}
	sc.frag++
	sc.open = false
}

func (sc *Scanner) file() *spill.File {
	sc.p.s.mu.Lock()
	defer sc.p.s.mu.Unlock()
	return sc.p.s.file
}

// Bufs returns the heap pages by number.
func (sc *Scanner) Bufs() [][]byte { return sc.bufs }

// Close gives back what the scanner holds. Pages that were not consumed stay
// in the partition. Idempotent.
func (sc *Scanner) Close() {
	if sc.p == nil {
		return
	}
	sc.page.release()
	sc.heap.release()
	sc.p.unpin()
	sc.p, sc.frags, sc.bufs = nil, nil, nil
	sc.frag = 0
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
	if err := s.moveTo(ctx, s.Partition(p), to); err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

func (s *Set) moveTo(ctx context.Context, p *Partition, to *Set) error {
	w := to.NewWriter()
	defer w.Close()
	sc := p.Scan(s.cfg.Mem, true)
	defer sc.Close()
	src := make([]raw.Addr, vector.Capacity)
	dst := make([]raw.Addr, vector.Capacity)
	for {
		page, ok, err := sc.Next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		for page.Count > 0 {
			n := page.Take(src, s.l.Width)
			if err := w.putRows(ctx, src[:n], sc.Bufs(), dst); err != nil {
				return err
			}
		}
	}
	if err := to.Combine(ctx, w); err != nil {
		return err
	}
	return to.Seal(ctx)
}

// putRows is AppendRows that spills by itself when it has to.
func (w *Writer) putRows(ctx context.Context, src []raw.Addr, bufs [][]byte, dst []raw.Addr) error {
	ok, err := w.AppendRows(ctx, src, bufs, dst, false)
	if ok || err != nil {
		return err
	}
	if _, err := w.Spill(ctx, max(w.Bytes()/2, 1)); err != nil {
		return err
	}
	if ok, err := w.AppendRows(ctx, src, bufs, dst, false); ok || err != nil {
		return err
	}
	return w.forceRows(ctx, src, bufs)
}
