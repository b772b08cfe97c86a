package rowset

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
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
	bufs       [][]byte // pages by number

	onWait func() error // see OnWait

	// slabs are the blocks that pages smaller than a block are cut from.
	slabs []*slab

	// moving are fragments that wait for being copied to their partitions.
	moving []fragment

	saved  []mark
	of     []uint16 // partition of each row
	sizes  []uint32
	heap   rowfmt.Heap
	hashes []uint64
	src    []raw.Addr
	dst    []raw.Addr
}

// writerPart is a writer's share of a partition: of the fragment the last page
// of each kind is being filled.
type writerPart struct {
	fragment
	cursor
	bytes int64 // of its pages
}

// cursor is where the next row and the next heap bytes go.
type cursor struct {
	row  raw.Addr // behind the last row
	back raw.Addr // where the bytes at the end of the row page begin
	base raw.Addr // where the row page begins
	num  uint64   // of the row page
	room int      // bytes between row and back

	heap     raw.Addr // in page heapPage
	heapLeft int
	heapPage int // index in the heap pages
}

// mark remembers a writerPart for a step back.
type mark struct {
	cursor
	rows, heap int // pages
}

// NewWriter makes an empty writer. It reserves nothing.
func (s *Set) NewWriter() *Writer {
	w := &Writer{s: s, bits: int(s.bits.Load())}
	w.parts = make([]writerPart, 1<<w.bits)
	return w
}

// OnWait names a function that the writer calls, in the goroutine of its owner, while
// a call that forces memory waits for it: it gives other memory that the goroutine
// has, never the writer's. See budget.Reservation.GrowOr.
func (w *Writer) OnWait(relieve func() error) { w.onWait = relieve }

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
	if w.bits == 0 && w.bytes > RaiseAt(w.s.cfg.Mem.Budget().Limit()) {
		w.s.raise(w.bytes/max(w.rows, 1), false)
	}
	if w.bits == int(w.s.bits.Load()) {
		return nil
	}
	return w.follow(ctx)
}

// Divide divides an undivided Set, if there are hash bits left, and moves the
// writer's rows to their partitions. Errors: 53200, 57014.
func (w *Writer) Divide(ctx context.Context) error {
	w.s.raise(w.bytes/max(w.rows, 1), true)
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

// tooFat reports that another writer needs memory of which this one has more
// than its part.
func (w *Writer) tooFat() bool {
	o := w.s.starved.Load()
	return o != nil && o != w && w.bytes > w.s.fairPart()
}

// starves reports that this writer, which was refused, has so little that it may
// take memory beyond the share: others will soon give some back.
func (w *Writer) starves() bool {
	if w.s.cfg.Writers < 2 || w.bytes > w.s.fairPart()/2 {
		return false
	}
	w.s.starved.Store(w)
	return true
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
	if !force && w.tooFat() {
		return false, nil
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
	var ok bool
	var err error
	switch {
	case heapBytes == 0:
		ok, err = w.placeRows(rows, force)
	case w.s.l.HasStateRefs:
		if ok, err = w.placeRows(rows, force); ok && err == nil {
			ok, err = w.placeHeap(n, force)
		}
	default:
		ok, err = w.placeBoth(rows, force)
	}
	if !ok || err != nil {
		w.stepBack()
		return false, err
	}
	return true, nil
}

func (w *Writer) save() {
	w.saved = w.saved[:0]
	for i := range w.parts {
		p := &w.parts[i]
		w.saved = append(w.saved, mark{p.cursor, len(p.rows.list), len(p.fragment.heap.list)})
	}
}

// settle records how full the pages are that are being filled.
func (p *writerPart) settle(width uintptr) {
	if k := len(p.rows.list); k > 0 && p.row != 0 {
		pg := &p.rows.list[k-1]
		pg.n = int(p.row-p.base) / int(width)
		pg.mem.back = len(pg.mem.b) - int(p.back-p.base)
	}
	if p.cursor.heap != 0 {
		h := &p.fragment.heap.list[p.heapPage]
		h.n = len(h.mem.b) - p.heapLeft
	}
}

func (w *Writer) stepBack() {
	for i := range w.parts {
		p, m := &w.parts[i], &w.saved[i]
		for k := m.rows; k < len(p.rows.list); k++ {
			w.forgetPage(p, &p.rows.list[k])
		}
		heap := &p.fragment.heap
		for k := m.heap; k < len(heap.list); k++ {
			w.forgetPage(p, &heap.list[k])
		}
		p.rows.list, heap.list = p.rows.list[:m.rows], heap.list[:m.heap]
		p.cursor = m.cursor
	}
}

// placeRows finds room for rows that have no heap bytes, or elsewhere.
func (w *Writer) placeRows(rows []raw.Addr, force bool) (bool, error) {
	width := int(w.s.l.Width)
	if w.bits == 0 {
		p := &w.parts[0]
		for len(rows) > 0 {
			if p.room < width {
				if ok, err := w.addRowPage(p, width, force); !ok {
					return false, err
				}
			}
			k := min(len(rows), p.room/width)
			a := p.row
			for i := range rows[:k] {
				rows[i] = a
				a += raw.Addr(width)
			}
			p.row = a
			p.room -= k * width
			rows = rows[k:]
		}
		return true, nil
	}
	for i, part := range w.of[:len(rows)] {
		p := &w.parts[part]
		if p.room < width {
			if ok, err := w.addRowPage(p, width, force); !ok {
				return false, err
			}
		}
		rows[i] = p.row
		p.row += raw.Addr(width)
		p.room -= width
	}
	return true, nil
}

// placeBoth finds room for rows together with their heap bytes.
func (w *Writer) placeBoth(rows []raw.Addr, force bool) (bool, error) {
	width := int(w.s.l.Width)
	p := &w.parts[0]
	sizes, addr, ref := w.sizes[:len(rows)], w.heap.Addr[:len(rows)], w.heap.Ref[:len(rows)]
	for i, size := range sizes {
		if w.bits > 0 {
			p = &w.parts[w.of[i]]
		}
		need := width + int(size)
		if p.room < need {
			if ok, err := w.addRowPage(p, need, force); !ok {
				return false, err
			}
		}
		rows[i] = p.row
		p.row += raw.Addr(width)
		p.back -= raw.Addr(size)
		p.room -= need
		addr[i] = p.back
		ref[i] = p.num | uint64(p.back-p.base)<<32
	}
	return true, nil
}

// placeHeap finds room for heap bytes in heap pages.
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

func (w *Writer) tooLong() error {
	return sqlerr.New(sqlerr.CodeLimitExceeded, "%s: the values of a row take more than 2 GiB", w.s.cfg.Tag)
}

// addRowPage begins a row page with room for least bytes.
func (w *Writer) addRowPage(p *writerPart, least int, force bool) (bool, error) {
	if least > 1<<31 {
		return false, w.tooLong()
	}
	pg, err := w.newPage(p, least, w.s.ownStrings(), force)
	if pg.mem == nil {
		return false, err
	}
	p.settle(w.s.l.Width)
	p.rows.list = append(p.rows.list, pg)
	p.base = raw.Of(pg.mem.b)
	p.row, p.back = p.base, p.base+raw.Addr(len(pg.mem.b))
	p.num, p.room = uint64(pg.num), len(pg.mem.b)
	return true, nil
}

// allocHeap finds size > 0 bytes in a heap page; the address is 0 when memory
// was refused.
func (w *Writer) allocHeap(p *writerPart, size uint32, force bool) (addr raw.Addr, ref uint64, err error) {
	heap := &p.fragment.heap
	if int(size) > p.heapLeft {
		if size > 1<<31 {
			return 0, 0, w.tooLong()
		}
		pg, err := w.newPage(p, int(size), true, force)
		if pg.mem == nil {
			return 0, 0, err
		}
		heap.list = append(heap.list, pg)
		k := len(heap.list) - 1
		if size >= block.Size {
			// A page of its own; the one being filled goes on.
			heap.list[k].n = int(size)
			return raw.Of(pg.mem.b), uint64(pg.num), nil
		}
		if p.cursor.heap != 0 {
			old := &heap.list[p.heapPage]
			old.n = len(old.mem.b) - p.heapLeft
		}
		p.cursor.heap, p.heapLeft, p.heapPage = raw.Of(pg.mem.b), len(pg.mem.b), k
	}
	pg := &heap.list[p.heapPage]
	used := len(pg.mem.b) - p.heapLeft
	addr = p.cursor.heap
	ref = uint64(pg.num) | uint64(used)<<32
	p.cursor.heap += raw.Addr(size)
	p.heapLeft -= int(size)
	return addr, ref, nil
}

// newPage returns a page of at least so many bytes: of a quarter of what the
// partition has, so that the page being filled is never most of it, but of one
// block at most unless a single row takes more. numbered: references will lead to
// it. Without memory it was refused.
func (w *Writer) newPage(p *writerPart, least int, numbered, force bool) (pg page, err error) {
	size := leastPage
	for size < least && size < block.Size {
		size *= 2
	}
	if size < least {
		size = (least + 7) &^ 7
	}
	if large := min(1<<(bits.Len64(uint64(p.bytes)/4|1)-1), block.Size); large > size && !force {
		pg, err = w.pageOf(large, w.s.cfg.Mem, false)
	}
	if pg.mem == nil && err == nil {
		pg, err = w.pageOf(size, w.s.cfg.Mem, force) // there may be room in a slab
		switch {
		case err != nil:
		case pg.mem == nil && w.starves():
			if mem := w.s.extra(); mem != nil {
				pg, err = w.pageOf(size, mem, false)
			}
		case w.s.starved.Load() == w && w.bytes > w.s.fairPart()/2:
			w.s.starved.CompareAndSwap(w, nil)
		}
	}
	if pg.mem == nil {
		return page{}, err
	}
	pg.size = len(pg.mem.b)
	pg.num = unnumbered
	if numbered {
		pg.num = w.s.number()
		w.setBuf(pg.num, pg.mem.b)
	}
	n := pg.held()
	w.bytes += n
	p.bytes += n
	return pg, nil
}

// pageOf returns a page of n bytes: a block, more for a single row, or a part of
// one; without memory when mem refused it.
func (w *Writer) pageOf(n int, mem *budget.Reservation, force bool) (pg page, err error) {
	pool := w.s.cfg.Pool
	if n >= block.Size {
		b, err := getBlock(pool, mem, int64(n), force, w.onWait)
		if b != nil {
			pg.mem = &memory{blk: b, b: b.Bytes}
		}
		return pg, err
	}
	units := n / leastPage
	for i := len(w.slabs) - 1; i >= 0; i-- {
		if unit, ok := w.slabs[i].take(units); ok {
			return w.slabs[i].page(unit, n), nil
		}
	}
	b, ok := pool.Get(mem)
	if !ok {
		if !force {
			return pg, nil
		}
		// For writers that have nothing to spill: no more than it must be.
		if b, err = pool.MustGetSized(mem, int64(n), w.onWait); err != nil {
			return pg, err
		}
	}
	all := uint32(1)<<(len(b.Bytes)/leastPage) - 1
	s := &slab{w: w, blk: b, all: all, free: all}
	w.slabs = append(w.slabs, s)
	unit, _ := s.take(units)
	return s.page(unit, n), nil
}

// page cuts a page that take has found room for.
func (s *slab) page(unit, n int) page {
	s.blk.Retain()
	at := unit * leastPage
	return page{mem: &memory{blk: s.blk, b: s.blk.Bytes[at : at+n : at+n], slab: s, unit: unit}}
}

// forgetPage gives up a page of p, whose memory other pages may then have, and
// returns how much that is.
func (w *Writer) forgetPage(p *writerPart, pg *page) int64 {
	m := pg.mem
	n := pg.held()
	w.bytes -= n
	if p != nil {
		p.bytes -= n
	}
	if pg.num != unnumbered {
		w.bufs[pg.num] = nil
		w.s.freeNumber(pg.num)
	}
	pg.release()
	if s := m.slab; s != nil && s.w == w {
		if s.put(m.unit, len(m.b)/leastPage); s.free == s.all {
			w.dropSlab(s)
		}
	}
	return n
}

// dropSlab gives up a slab of which nothing is in use.
func (w *Writer) dropSlab(s *slab) {
	k := slices.Index(w.slabs, s)
	w.slabs = append(w.slabs[:k], w.slabs[k+1:]...)
	s.w = nil
	s.blk.Release()
}

// getBlock gives a block of n bytes; nil when mem refused it. With force it waits for
// memory, and calls relieve meanwhile.
func getBlock(pool *block.Pool, mem *budget.Reservation, n int64, force bool, relieve func() error) (b *block.Block, err error) {
	switch {
	case n <= block.Size && force:
		return pool.MustGet(mem, relieve)
	case n <= block.Size:
		b, _ = pool.Get(mem)
	case force:
		return pool.MustGetSized(mem, n, relieve)
	default:
		b, _ = pool.GetSized(mem, n)
	}
	return b, nil
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
		p.settle(w.s.l.Width)
		for k := range p.rows.list {
			if pg := &p.rows.list[k]; pg.n > 0 {
				pages = append(pages, PageRows{raw.Of(pg.mem.b), pg.n})
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
	ref, place, err := w.Reserve(row, len(b))
	if err == nil {
		copy(place, b)
		hi := ref.Hi
		ref = types.LongRef(b, 0, 0)
		ref.Hi = hi
	}
	return ref, err
}

// Reserve is PutHeap of n bytes, more than types.MaxInline, that the caller fills
// in: nobody else has place.
func (w *Writer) Reserve(row raw.Addr, n int) (ref types.StringRef, place []byte, err error) {
	if n > 1<<31-1 {
		return ref, nil, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: a value takes more than 2 GiB", w.s.cfg.Tag)
	}
	p := &w.parts[0]
	if w.bits > 0 {
		p = &w.parts[partitionOf(*raw.At[uint64](row, w.s.l.HashOffset()), w.s.cfg.Shift, w.bits)]
	}
	addr, hi, err := w.allocHeap(p, uint32(n), true)
	if err != nil {
		return ref, nil, err
	}
	place = raw.Slice(addr, 0, n)
	ref = types.LongRef(place, 0, 0)
	ref.Hi = hi
	return ref, place, nil
}

// Put is PutHeap, under the name that function.StateHeap wants.
func (w *Writer) Put(row raw.Addr, b []byte) (types.StringRef, error) { return w.PutHeap(row, b) }

// Close releases everything the writer holds. Idempotent; after Combine there
// is nothing left.
func (w *Writer) Close() {
	for i := range w.parts {
		w.parts[i].release(nil)
	}
	for i := range w.moving {
		w.moving[i].release(nil)
	}
	w.moving = nil
	w.reset()
}

// reset forgets all pages, which have another owner now or none.
func (w *Writer) reset() {
	w.s.starved.CompareAndSwap(w, nil)
	for _, s := range w.slabs {
		s.w = nil
		s.blk.Release()
	}
	clear(w.slabs)
	w.slabs = w.slabs[:0]
	clear(w.parts)
	clear(w.bufs)
	w.bufs = w.bufs[:0]
	w.bytes, w.rows = 0, 0
	w.generation++
}
