package rowset

import (
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// page is one page in memory or on disk. A row page holds rows from its
// beginning and the bytes that belong to them from its end; a heap page, bytes
// that were added to states later.
type page struct {
	mem  *memory // nil: on disk
	size int     // bytes it takes, in memory or in the payload on disk
	n    int     // rows, or bytes used of a heap page
	num  uint32  // what references call it or, on disk, called it; unnumbered without any
}

// unnumbered is the number of pages that no reference leads to.
const unnumbered = math.MaxUint32

// memory is where a page lies: a block, or a part of one that it shares.
type memory struct {
	blk  *block.Block
	b    []byte
	back int   // bytes used at the end of a row page
	slab *slab // that b was cut from; nil: none
	unit int   // where in the slab
}

// held returns the memory that the page takes.
func (p *page) held() int64 {
	switch {
	case p.mem == nil:
		return 0
	case p.mem.slab != nil:
		return int64(len(p.mem.b))
	}
	return p.mem.blk.Charged()
}

// release gives back the page's memory and returns how many bytes that freed.
func (p *page) release() (freed int64) {
	if p.mem != nil {
		freed = p.mem.blk.Release()
		p.mem = nil
	}
	return freed
}

// squeeze closes the gap between the rows of a row page and what belongs to
// them, when it is more than an eighth: pages that are not full take no more
// room on disk than they have to.
func (p *page) squeeze(l *rowfmt.Layout) {
	m := p.mem
	front := p.n * int(l.Width)
	if m.back == 0 {
		p.size = front
		return
	}
	gap := (len(m.b) - m.back - front) &^ 7
	if gap <= len(m.b)/8 {
		return
	}
	copy(m.b[front:], m.b[front+gap:])
	p.size = len(m.b) - gap
	for c, t := range l.Types {
		if hasRef(t) {
			p.moveRefs(l, l.ColOffset(c), gap)
		}
	}
}

// moveRefs makes the references at off of each row, as far as they lead to this
// page, refer to gap bytes further to the front.
func (p *page) moveRefs(l *rowfmt.Layout, off uintptr, gap int) {
	r := raw.Of(p.mem.b)
	for range p.n {
		ref := raw.At[types.StringRef](r, off)
		if !ref.Inline() && uint32(ref.Hi) == p.num {
			ref.Hi -= uint64(gap) << 32
		}
		r += raw.Addr(l.Width)
	}
}

// renumber makes the references in n rows from base on, which lead to the rows'
// own page, call it num.
func renumber(l *rowfmt.Layout, base raw.Addr, n int, num uint32) {
	for c, t := range l.Types {
		if !hasRef(t) {
			continue
		}
		r, off := base, l.ColOffset(c)
		for range n {
			if ref := raw.At[types.StringRef](r, off); !ref.Inline() {
				ref.Hi = ref.Hi&^(1<<32-1) | uint64(num)
			}
			r += raw.Addr(l.Width)
		}
	}
}

// lead makes the references in n rows from base on, which lead to pages of the
// rows' fragment, call them what to has for what they were called on disk.
func lead(l *rowfmt.Layout, base raw.Addr, n int, to []uint32) {
	var buf [16]uintptr
	for _, off := range l.RefPlaces(buf[:0]) {
		r := base
		for range n {
			if ref := raw.At[types.StringRef](r, off); !ref.Inline() {
				ref.Hi = ref.Hi&^(1<<32-1) | uint64(to[uint32(ref.Hi)])
			}
			r += raw.Addr(l.Width)
		}
	}
}

// hasRef reports whether values of the type may lie outside of the row.
func hasRef(t types.Type) bool {
	switch t.Physical() {
	case types.PString, types.PList, types.PArray, types.PStruct:
		return true
	}
	return false
}

// pages is a run of pages. Those on disk are the first ones, in groups that
// were written, and are read, together.
type pages struct {
	list   []page
	stored []group
}

// group is a payload on disk: a number of pages back to back.
type group struct {
	ext   spill.Extent // zero: read and given up
	pages int
}

// bytes returns what the resident pages take, and whether all are resident.
func (ps *pages) bytes() (n int64, resident bool) {
	resident = true
	for i := range ps.list {
		if p := &ps.list[i]; p.mem != nil {
			n += p.held()
		} else if p.n > 0 {
			resident = false
		}
	}
	return n, resident
}

// release gives back memory, and the space in file unless that is nil.
func (ps *pages) release(file *spill.File) {
	for i := range ps.list {
		ps.list[i].release()
	}
	if file != nil {
		for _, g := range ps.stored {
			file.Free(g.ext)
		}
	}
	ps.list, ps.stored = nil, nil
}

// join takes over o's pages; those of both are on disk.
func (ps *pages) join(o *pages) {
	ps.list = append(ps.list, o.list...)
	ps.stored = append(ps.stored, o.stored...)
}

// fragment is a run of row pages and the heap pages that they refer to. Layouts
// without references in states have no heap pages: each row page stands for
// itself, with the bytes that belong to its rows at its end.
type fragment struct {
	rows, heap pages
}

// isStored reports whether all row pages are on disk.
func (f *fragment) isStored() bool {
	k := len(f.rows.list)
	return k > 0 && f.rows.list[k-1].mem == nil
}

func (f *fragment) numRows() int64 {
	var n int64
	for i := range f.rows.list {
		n += int64(f.rows.list[i].n)
	}
	return n
}

// size returns the bytes of all pages, wherever they are.
func (f *fragment) size() (n int64) {
	for i := range f.rows.list {
		if p := &f.rows.list[i]; p.n > 0 {
			n += int64(p.size)
		}
	}
	for i := range f.heap.list {
		n += int64(f.heap.list[i].size)
	}
	return n
}

// bytes returns what the resident pages take, and whether all pages are
// resident.
func (f *fragment) bytes() (n int64, resident bool) {
	rows, a := f.rows.bytes()
	heap, b := f.heap.bytes()
	return rows + heap, a && b
}

// release gives back memory, and the space in file unless that is nil.
func (f *fragment) release(file *spill.File) {
	f.rows.release(file)
	f.heap.release(file)
}

// slab is a block that a writer cuts pages from. Each page has a reference of
// its own; the writer has one as long as it may cut more.
type slab struct {
	w    *Writer // nil: no more is cut
	blk  *block.Block
	all  uint32 // units that there are
	free uint32
}

// take cuts n units, a power of two; ok is false when there are not so many
// in a row.
func (s *slab) take(n int) (unit int, ok bool) {
	run := uint32(1)<<n - 1
	for m := s.free; m != 0; {
		unit = bits.TrailingZeros32(m) &^ (n - 1)
		if s.free>>unit&run == run {
			s.free &^= run << unit
			return unit, true
		}
		m &= ^uint32(0) << (unit + n)
	}
	return 0, false
}

// put takes units back.
func (s *slab) put(unit, n int) { s.free |= (uint32(1)<<n - 1) << unit }
