package rowset

import (
	"context"
	"math"
	"slices"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// Writer adds rows to a Set for one worker. It is not safe for concurrent use.
type Writer struct {
	s          *Set
	bits       int
	parts      []writerPart
	generation uint64
	bytes      int64 // of pages that the writer owns
	rows       int64
	bufs       [][]byte // heap pages by number

	// cut is the block that pages smaller than a block are cut from, each with
	// a reference of its own; cutAt is where the next begins.
	cut   *block.Block
	cutAt int

	// moving are fragments that wait for being copied to their partitions.
	moving []fragment

	saved  []mark
	before cutMark
	of     []uint16 // partition of each row
	sizes  []uint32
	heap   rowfmt.Heap
	hashes []uint64
	src    []raw.Addr
	dst    []raw.Addr
}

// writerPart is a writer's share of a partition. The last fragment is being
// filled.
type writerPart struct {
	frags []fragment
	cursor
}

// cursor is where the next row and the next heap bytes go.
type cursor struct {
	row      raw.Addr
	rowLeft  int      // rows that still fit the last row page
	rowCap   int      // rows that a page of its size holds
	rowSize  int      // bytes of that page
	heap     raw.Addr // in page heapPage
	heapLeft int
	heapSize int // bytes of that page
	heapPage int // index in the last fragment's heap pages
}

// mark remembers a writerPart for a step back.
type mark struct {
	cursor
	rows, heap int // pages of the last fragment
}

// cutMark remembers where pages were cut from.
type cutMark struct {
	cut *block.Block
	at  int
}

// NewWriter makes an empty writer. It reserves nothing.
func (s *Set) NewWriter() *Writer {
	w := &Writer{s: s, bits: int(s.bits.Load())}
	w.parts = make([]writerPart, 1<<w.bits)
	return w
}

// NumRows returns the rows appended and not yet spilled or combined.
func (w *Writer) NumRows() int64 { return w.rows }

// Bytes returns the memory that the writer's pages take.
func (w *Writer) Bytes() int64 { return w.bytes }

// Generation changes when addresses of rows become invalid.
func (w *Writer) Generation() uint64 { return w.generation }

// Bufs returns the heap pages by number, those of other writers nil; valid
// until the writer's next call.
func (w *Writer) Bufs() [][]byte { return w.bufs }

// Adapt divides the Set when this writer has become large, and follows a
// division that others made; addresses may become invalid. It is cheap when
// there is nothing to do. Errors: 53200, 57014.
func (w *Writer) Adapt(ctx context.Context) error {
	if w.bits == 0 && w.bytes > RaiseBytes {
		w.s.raise()
	}
	if w.bits == int(w.s.bits.Load()) {
		return nil
	}
	return w.follow(ctx)
}

// Divide divides an undivided Set, if there are hash bits left, and moves the
// writer's rows to their partitions. Errors: 53200, 57014.
func (w *Writer) Divide(ctx context.Context) error {
	w.s.raise()
	return w.follow(ctx)
}

// Append stores the values at positions sel (nil: 0 to n-1) of in, at most
// vector.Capacity of them, with their hashes, which are indexed by position.
// rows[:n] receives the rows' addresses. ok is false when memory was refused;
// nothing was appended then: the caller spills and tries again, and calls
// AppendForce when spilling freed nothing. Errors: 54000 for a row that no
// page holds, 57014.
func (w *Writer) Append(ctx context.Context, in *rowfmt.Input, hashes []uint64, sel []uint32, n int, rows []raw.Addr) (ok bool, err error) {
	return w.append(ctx, in, hashes, sel, n, rows, false)
}

// AppendForce is Append for callers to whom spilling brought nothing: it takes
// memory up to the limit of the budget. When that does not do either, all that
// the writer holds goes to disk, which changes the generation, before it fails
// with 53200; fewer rows may fit then.
func (w *Writer) AppendForce(ctx context.Context, in *rowfmt.Input, hashes []uint64, sel []uint32, n int, rows []raw.Addr) error {
	_, err := w.append(ctx, in, hashes, sel, n, rows, true)
	if spilled, serr := w.spillForRoom(ctx, err); spilled || serr != nil {
		if serr != nil {
			return serr
		}
		_, err = w.append(ctx, in, hashes, sel, n, rows, true)
	}
	return err
}

// spillForRoom answers an error 53200: it moves all that the writer holds to
// disk and reports whether that freed memory.
func (w *Writer) spillForRoom(ctx context.Context, err error) (spilled bool, _ error) {
	if w.bytes == 0 || !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		return false, nil
	}
	freed, err := w.spillParts(ctx, math.MaxInt64)
	return freed > 0, err
}

func (w *Writer) append(ctx context.Context, in *rowfmt.Input, hashes []uint64, sel []uint32, n int, rows []raw.Addr, force bool) (bool, error) {
	if n == 0 {
		return true, nil
	}
	if !w.s.cfg.Stable {
		if err := w.Adapt(ctx); err != nil {
			return false, err
		}
	}
	var total uint64
	l := w.s.l
	if l.HasHeap {
		w.grow(n)
		total = l.HeapSizes(in, sel, n, w.sizes)
	}
	w.split(hashes, sel, n)
	ok, err := w.place(n, rows, total, force)
	if !ok || err != nil {
		return false, err
	}
	heap := &w.heap
	if total == 0 {
		heap = nil
	}
	l.Scatter(in, sel, n, hashes, rows, heap)
	w.rows += int64(n)
	return true, nil
}

// AppendRows copies rows of the same layout, states included, that are stored
// elsewhere; bufs resolves their references. Otherwise as Append; with force
// as AppendForce.
func (w *Writer) AppendRows(ctx context.Context, src []raw.Addr, bufs [][]byte, dst []raw.Addr, force bool) (ok bool, err error) {
	if len(src) == 0 {
		return true, nil
	}
	if !w.s.cfg.Stable {
		if err := w.Adapt(ctx); err != nil {
			return false, err
		}
	}
	return w.appendRows(src, bufs, dst, force)
}

func (w *Writer) appendRows(src []raw.Addr, bufs [][]byte, dst []raw.Addr, force bool) (bool, error) {
	l := w.s.l
	n := len(src)
	w.grow(n)
	total := l.RowHeapSizes(src, w.sizes)
	if w.bits > 0 {
		off := l.HashOffset()
		for i, r := range src {
			w.hashes[i] = *raw.At[uint64](r, off)
		}
		w.split(w.hashes, nil, n)
	}
	ok, err := w.place(n, dst, total, force)
	if !ok || err != nil {
		return false, err
	}
	heap := &w.heap
	if total == 0 {
		heap = nil
	}
	l.CopyRows(src, dst, bufs, heap)
	w.rows += int64(n)
	return true, nil
}

// grow makes the scratch memory fit n rows.
func (w *Writer) grow(n int) {
	if cap(w.sizes) < n {
		m := max(n, vector.Capacity)
		w.sizes = make([]uint32, m)
		w.hashes = make([]uint64, m)
		w.heap.Addr = make([]raw.Addr, m)
		w.heap.Ref = make([]uint64, m)
	}
	w.sizes = w.sizes[:n]
	w.heap.Addr, w.heap.Ref = w.heap.Addr[:n], w.heap.Ref[:n]
}

// split finds the partitions of n rows.
func (w *Writer) split(hashes []uint64, sel []uint32, n int) {
	if w.bits == 0 {
		return
	}
	if cap(w.of) < n {
		w.of = make([]uint16, max(n, vector.Capacity))
	}
	w.of = w.of[:n]
	left, right := uint(w.s.cfg.Shift)&63, uint(64-w.bits)&63
	if sel == nil {
		hashes = hashes[:n]
		for i, h := range hashes {
			w.of[i] = uint16(h << left >> right)
		}
		return
	}
	for i, p := range sel[:n] {
		w.of[i] = uint16(hashes[p] << left >> right)
	}
}

// place finds room for n rows and their heap bytes. On a refusal or an error
// everything is as before.
func (w *Writer) place(n int, rows []raw.Addr, heapBytes uint64, force bool) (bool, error) {
	w.save()
	rows = rows[:n]
	ok, err := w.placeRows(rows, force)
	if ok && err == nil && heapBytes > 0 {
		ok, err = w.placeHeap(n, force)
	}
	if !ok || err != nil {
		w.stepBack()
		return false, err
	}
	return true, nil
}

func (w *Writer) save() {
	w.before = cutMark{w.cut, w.cutAt}
	w.saved = w.saved[:0]
	for i := range w.parts {
		p := &w.parts[i]
		w.beginFragment(p)
		f := &p.frags[len(p.frags)-1]
		w.saved = append(w.saved, mark{p.cursor, len(f.rows), len(f.heap)})
	}
}

// beginFragment starts a new fragment when there is none or the last one is
// long enough.
func (w *Writer) beginFragment(p *writerPart) {
	if k := len(p.frags); k > 0 && (w.s.l.HasStateRefs || len(p.frags[k-1].heap) < fragmentPages) {
		return
	}
	p.settle()
	p.cursor = cursor{rowSize: p.rowSize, heapSize: p.heapSize}
	p.frags = append(p.frags, fragment{})
}

// settle records how full the pages are that are being filled.
func (p *writerPart) settle() {
	if len(p.frags) == 0 {
		return
	}
	f := &p.frags[len(p.frags)-1]
	if k := len(f.rows); k > 0 {
		f.rows[k-1].n = p.rowCap - p.rowLeft
	}
	if p.heap != 0 {
		h := &f.heap[p.heapPage]
		h.n = len(h.b) - p.heapLeft
	}
}

func (w *Writer) stepBack() {
	for i := range w.parts {
		p, m := &w.parts[i], &w.saved[i]
		f := &p.frags[len(p.frags)-1]
		for k := m.rows; k < len(f.rows); k++ {
			w.forgetPage(&f.rows[k])
		}
		for k := m.heap; k < len(f.heap); k++ {
			w.bufs[f.heap[k].num] = nil
			w.forgetPage(&f.heap[k])
		}
		f.rows, f.heap = f.rows[:m.rows], f.heap[:m.heap]
		p.cursor = m.cursor
	}
	if w.cut == w.before.cut {
		w.cutAt = w.before.at
	} else {
		w.dropCut() // what was cut from it is gone
	}
}

func (w *Writer) forgetPage(p *page) {
	w.bytes -= p.size()
	p.release(nil)
}

// dropCut gives up the rest of the block that pages are cut from and returns
// how many bytes that freed.
func (w *Writer) dropCut() (freed int64) {
	if w.cut != nil {
		freed = w.cut.Release()
		w.cut, w.cutAt = nil, 0
	}
	return freed
}

func (w *Writer) placeRows(rows []raw.Addr, force bool) (bool, error) {
	width := raw.Addr(w.s.l.Width)
	if w.bits == 0 {
		p := &w.parts[0]
		for len(rows) > 0 {
			if p.rowLeft == 0 {
				if ok, err := w.addRowPage(p, force); !ok {
					return false, err
				}
			}
			k := min(len(rows), p.rowLeft)
			a := p.row
			for i := range rows[:k] {
				rows[i] = a
				a += width
			}
			p.row = a
			p.rowLeft -= k
			rows = rows[k:]
		}
		return true, nil
	}
	for i, part := range w.of[:len(rows)] {
		p := &w.parts[part]
		if p.rowLeft == 0 {
			if ok, err := w.addRowPage(p, force); !ok {
				return false, err
			}
		}
		rows[i] = p.row
		p.row += width
		p.rowLeft--
	}
	return true, nil
}

func (w *Writer) addRowPage(p *writerPart, force bool) (bool, error) {
	width := int(w.s.l.Width)
	size := nextSize(p.rowSize, width)
	pg, err := w.newPage(size, force)
	if pg.blk == nil {
		return false, err
	}
	f := &p.frags[len(p.frags)-1]
	if k := len(f.rows); k > 0 {
		f.rows[k-1].n = p.rowCap
	}
	f.rows = append(f.rows, pg)
	p.rowSize, p.rowCap = size, size/width
	p.row, p.rowLeft = raw.Of(pg.b), p.rowCap
	return true, nil
}

// nextSize returns the size of the page after one of size last, 0 for none: so
// that least bytes, at most a block, fit.
func nextSize(last, least int) int {
	size := min(max(2*last, leastPage), block.Size)
	for size < least {
		size *= 2
	}
	return min(size, block.Size)
}

// newPage returns a page of n bytes: a block, more for a single value, or a
// part of one; without memory when that was refused.
func (w *Writer) newPage(n int, force bool) (page, error) {
	var pg page
	if n >= block.Size {
		b, err := getBlock(w.s.cfg, int64(n), force)
		if b == nil {
			return pg, err
		}
		pg = page{blk: b, b: b.Bytes}
	} else {
		if w.cut == nil || len(w.cut.Bytes)-w.cutAt < n {
			b, err := w.newCut(n, force)
			if b == nil {
				return pg, err
			}
			w.dropCut()
			w.cut = b
		}
		w.cut.Retain()
		pg = page{blk: w.cut, b: w.cut.Bytes[w.cutAt : w.cutAt+n : w.cutAt+n]}
		w.cutAt += n
	}
	w.bytes += pg.size()
	return pg, nil
}

// newCut returns a block to cut pages from, the first of n bytes: with force,
// which is for writers that have nothing to spill, no larger than it must be.
func (w *Writer) newCut(n int, force bool) (*block.Block, error) {
	if force && n <= BearablePage {
		return w.s.cfg.Pool.MustGetSized(w.s.cfg.Mem, BearablePage)
	}
	return getBlock(w.s.cfg, block.Size, force)
}

func getBlock(cfg Config, n int64, force bool) (b *block.Block, err error) {
	switch {
	case n <= block.Size && force:
		return cfg.Pool.MustGet(cfg.Mem)
	case n <= block.Size:
		b, _ = cfg.Pool.Get(cfg.Mem)
	case force:
		return cfg.Pool.MustGetSized(cfg.Mem, n)
	default:
		b, _ = cfg.Pool.GetSized(cfg.Mem, n)
	}
	return b, nil
}

func (w *Writer) placeHeap(n int, force bool) (bool, error) {
	p := &w.parts[0]
	for i, size := range w.sizes[:n] {
		if size == 0 {
			continue
		}
		if w.bits > 0 {
			p = &w.parts[w.of[i]]
		}
		addr, ref, err := w.allocHeap(p, size, force)
		if addr == 0 {
			return false, err
		}
		w.heap.Addr[i], w.heap.Ref[i] = addr, ref
	}
	return true, nil
}

// allocHeap finds size > 0 bytes; the address is 0 when memory was refused.
func (w *Writer) allocHeap(p *writerPart, size uint32, force bool) (addr raw.Addr, ref uint64, err error) {
	f := &p.frags[len(p.frags)-1]
	if size > uint32(p.heapLeft) {
		if size > 1<<31 {
			return 0, 0, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: the values of a row take more than 2 GiB", w.s.cfg.Tag)
		}
		n := int(size)
		if n < block.Size {
			n = nextSize(p.heapSize, n)
		}
		pg, err := w.newPage(n, force)
		if pg.blk == nil {
			return 0, 0, err
		}
		pg.num = w.s.pages.Add(1) - 1
		w.setBuf(pg.num, pg.b)
		f.heap = append(f.heap, pg)
		k := len(f.heap) - 1
		if size >= block.Size {
			// A page of its own; the one being filled goes on.
			f.heap[k].n = int(size)
			return raw.Of(pg.b), uint64(pg.num), nil
		}
		if p.heap != 0 {
			old := &f.heap[p.heapPage]
			old.n = len(old.b) - p.heapLeft
		}
		p.heap, p.heapLeft, p.heapSize, p.heapPage = raw.Of(pg.b), n, n, k
	}
	used := p.heapSize - p.heapLeft
	addr = p.heap
	ref = uint64(f.heap[p.heapPage].num) | uint64(used)<<32
	p.heap += raw.Addr(size)
	p.heapLeft -= int(size)
	return addr, ref, nil
}

func (w *Writer) setBuf(num uint32, b []byte) {
	if k := int(num) + 1; k > len(w.bufs) {
		w.bufs = slices.Grow(w.bufs, k-len(w.bufs))[:k]
	}
	w.bufs[num] = b
}

// AppendPages appends the pages of all rows that the writer holds to pages, in
// no particular order; valid until the generation changes or rows are added.
func (w *Writer) AppendPages(pages []PageRows) []PageRows {
	for i := range w.parts {
		p := &w.parts[i]
		p.settle()
		for k := range p.frags {
			for _, pg := range p.frags[k].rows {
				if pg.n > 0 {
					pages = append(pages, PageRows{raw.Of(pg.b), pg.n})
				}
			}
		}
	}
	return pages
}

// PutHeap copies b to the heap that goes with the row, which this writer
// holds, and returns its reference; at most types.MaxInline bytes are inlined.
// It never spills: memory beyond the share is taken up to the limit. Errors:
// 53200.
func (w *Writer) PutHeap(row raw.Addr, b []byte) (types.StringRef, error) {
	if len(b) <= types.MaxInline {
		return types.InlineRef(b), nil
	}
	if len(b) > 1<<31-1 {
		return types.StringRef{}, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: a value takes more than 2 GiB", w.s.cfg.Tag)
	}
	p := &w.parts[0]
	if w.bits > 0 {
		p = &w.parts[partitionOf(*raw.At[uint64](row, w.s.l.HashOffset()), w.s.cfg.Shift, w.bits)]
	}
	addr, ref, err := w.allocHeap(p, uint32(len(b)), true)
	if err != nil {
		return types.StringRef{}, err
	}
	copy(raw.Slice(addr, 0, len(b)), b)
	r := types.LongRef(b, 0, 0)
	r.Hi = ref
	return r, nil
}

// Put is PutHeap, under the name that function.StateHeap wants.
func (w *Writer) Put(row raw.Addr, b []byte) (types.StringRef, error) { return w.PutHeap(row, b) }

// Close releases everything the writer holds. Idempotent; after Combine there
// is nothing left.
func (w *Writer) Close() {
	for i := range w.parts {
		for k := range w.parts[i].frags {
			w.parts[i].frags[k].release(nil)
		}
	}
	for i := range w.moving {
		w.moving[i].release(nil)
	}
	w.moving = nil
	w.reset()
}

// reset forgets all pages, which have another owner now or none.
func (w *Writer) reset() {
	w.dropCut()
	clear(w.parts)
	clear(w.bufs)
	w.bufs = w.bufs[:0]
	w.bytes, w.rows = 0, 0
	w.generation++
}
