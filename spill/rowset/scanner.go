package rowset

import (
	"context"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
)

// Scanner reads a partition piece by piece, with Next or with Rows. It is for
// one goroutine at a time.
type Scanner struct {
	p       *Partition
	consume bool
	frags   []fragment
	frag    int  // index of the present fragment
	open    bool // its heap pages are in memory
	given   int  // row pages of it that were given up
	row     int  // index of its next row page
	group   int  // index of its next group
	left    int  // pages of the present group that are to come
	rest    []byte
	last    PageRows // what Rows has left of the page taken last

	nums heapNumbers // of the fragment's heap pages
	to   []uint32    // by what rows from disk call them

	buf  arena // the group, when it was on disk
	heap arena // the fragment's heap pages that were on disk
	bufs [][]byte
}

// Scan reads the partition without loading all of it: in memory are, beside
// resident pages, one group of row pages and the heap pages of its fragment,
// charged to mem, beyond its share if need be. With consume, pages are given up
// once they were read: the partition is empty in the end. Close ends it.
func (p *Partition) Scan(mem *budget.Reservation, consume bool) *Scanner {
	sc := &Scanner{p: p, consume: consume, frags: p.pin()}
	sc.buf = arena{pool: p.s.cfg.Pool, mem: mem}
	sc.heap = sc.buf
	return sc
}

// Next returns the next page's rows, which are valid, with what Bufs resolves,
// until the next call. ok is false at the end. Errors: 53200, 58030, XX001,
// 57014.
func (sc *Scanner) Next(ctx context.Context) (rows PageRows, ok bool, err error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return PageRows{}, false, err
	}
	sc.giveUp()
	return sc.advance(ctx, false)
}

// Rows is Next for callers that want many rows at a time: it sets addrs to the
// addresses of the next ones, from as many pages as are in memory at once, and
// returns how many there are, 0 at the end.
func (sc *Scanner) Rows(ctx context.Context, addrs []raw.Addr) (n int, err error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return 0, err
	}
	if sc.last.Count == 0 {
		sc.giveUp()
	}
	width := sc.p.s.l.Width
	for n < len(addrs) {
		if sc.last.Count == 0 {
			page, ok, err := sc.advance(ctx, n > 0)
			if err != nil {
				return 0, err
			}
			if !ok {
				break
			}
			sc.last = page
		}
		n += sc.last.Take(addrs[n:], width)
	}
	return n, nil
}

// advance returns the next page; within: only if it is in memory together with
// those returned since giveUp.
func (sc *Scanner) advance(ctx context.Context, within bool) (PageRows, bool, error) {
	for sc.frag < len(sc.frags) {
		f := &sc.frags[sc.frag]
		if !sc.open {
			if within {
				return PageRows{}, false, nil
			}
			if err := sc.openFragment(ctx, f); err != nil {
				return PageRows{}, false, err
			}
		}
		for sc.row < len(f.rows.list) {
			pg := &f.rows.list[sc.row]
			var b []byte
			switch {
			case pg.mem != nil && within && sc.rest != nil && sc.p.s.ownStrings():
				// A page that comes from disk may have the number of this one.
				return PageRows{}, false, nil
			case pg.mem != nil:
				b = pg.mem.b
			case sc.left == 0 && sc.group == len(f.rows.stored):
				// It was in memory and has been given up.
			default:
				if sc.left == 0 {
					if within {
						return PageRows{}, false, nil
					}
					if skipped, err := sc.readGroup(ctx, f); skipped || err != nil {
						if err != nil {
							return PageRows{}, false, err
						}
						continue
					}
				}
				b, sc.rest = sc.rest[:pg.size:pg.size], sc.rest[pg.size:]
				sc.left--
				if pg.num == unnumbered {
					lead(sc.p.s.l, raw.Of(b), pg.n, sc.to)
				}
			}
			if pg.num != unnumbered {
				sc.bufs = setBuf(sc.bufs, pg.num, b)
			}
			sc.row++
			if pg.n > 0 {
				return PageRows{raw.Of(b), pg.n}, true, nil
			}
		}
		if within {
			return PageRows{}, false, nil
		}
		sc.endFragment(f)
	}
	return PageRows{}, false, nil
}

// readGroup reads the next group of row pages, or skips it when it was given up.
func (sc *Scanner) readGroup(ctx context.Context, f *fragment) (skipped bool, err error) {
	g := &f.rows.stored[sc.group]
	if g.ext.IsZero() {
		sc.row += g.pages
		sc.group++
		return true, nil
	}
	if k := sc.group + aheadGroups; k < len(f.rows.stored) {
		sc.file().ReadAhead(f.rows.stored[k].ext)
	}
	b, err := sc.read(ctx, g.ext, &sc.buf)
	if err != nil {
		return false, err
	}
	sc.rest, sc.left = b, g.pages
	sc.group++
	return false, nil
}

// ahead lets the system read the first groups of the fragment in the background.
func (sc *Scanner) ahead(f *fragment) {
	file := sc.file()
	for _, ps := range [2]*pages{&f.heap, &f.rows} {
		for i := 0; i < min(len(ps.stored), aheadGroups); i++ {
			file.ReadAhead(ps.stored[i].ext)
		}
	}
}

func (sc *Scanner) openFragment(ctx context.Context, f *fragment) error {
	if len(f.rows.stored) > 0 {
		sc.ahead(f)
	}
	if k := sc.frag + aheadGroups; k < len(sc.frags) && len(sc.frags[k].rows.stored) > 0 {
		sc.ahead(&sc.frags[k])
	}
	var jobs []job
	var dst []byte
	if n := f.heap.storedBytes(); n > 0 {
		var err error
		if dst, err = sc.room(n, &sc.heap); err != nil {
			return err
		}
	}
	jobs, _ = f.heap.place(jobs, dst, func(pg *page, b []byte) {
		sc.bufs = setBuf(sc.bufs, sc.nums.of(sc.p.s, pg), b)
	})
	sc.to = sc.nums.table(sc.to)
	if err := sc.p.s.read(ctx, jobs); err != nil {
		return err
	}
	sc.open, sc.row, sc.group, sc.left, sc.given = true, 0, 0, 0, 0
	return nil
}

// room returns n bytes of a, beyond the share if need be.
func (sc *Scanner) room(n int, a *arena) (dst []byte, err error) {
	dst, err = a.alloc(n, false)
	if dst == nil && err == nil {
		dst, err = a.alloc(n, true)
	}
	return dst, err
}

func (sc *Scanner) read(ctx context.Context, ext spill.Extent, a *arena) ([]byte, error) {
	dst, err := sc.room(int(ext.Length), a)
	if err != nil {
		return nil, err
	}
	file, err := sc.p.s.spillFile()
	if err != nil {
		return nil, err
	}
	return file.Read(ctx, ext, dst)
}

// giveUp gives up the row pages returned so far.
func (sc *Scanner) giveUp() {
	sc.last = PageRows{}
	if !sc.open {
		return
	}
	f := &sc.frags[sc.frag]
	if sc.left == 0 {
		sc.buf.reuse()
		sc.rest = nil
	}
	for ; sc.given < sc.row; sc.given++ {
		pg := &f.rows.list[sc.given]
		if pg.num != unnumbered && int(pg.num) < len(sc.bufs) {
			sc.bufs[pg.num] = nil
		}
		if sc.consume {
			pg.release()
			pg.n = 0
		}
	}
	if sc.consume && sc.left == 0 && sc.group > 0 {
		if g := &f.rows.stored[sc.group-1]; !g.ext.IsZero() {
			sc.file().Free(g.ext)
			g.ext = spill.Extent{}
		}
	}
}

func (sc *Scanner) endFragment(f *fragment) {
	sc.forgetHeap()
	sc.heap.release()
	if sc.consume {
		f.release(sc.file())
	}
	sc.frag++
	sc.open = false
}

// forgetHeap gives back the numbers of the fragment's heap pages: there are none
// until the next is opened.
func (sc *Scanner) forgetHeap() {
	for _, num := range sc.nums.is {
		sc.bufs[num] = nil
	}
	for _, num := range sc.nums.fresh {
		sc.p.s.freeNumber(num)
	}
	n := &sc.nums
	n.was, n.is, n.fresh = n.was[:0], n.is[:0], n.fresh[:0]
}

func (sc *Scanner) file() *spill.File {
	sc.p.s.mu.Lock()
	defer sc.p.s.mu.Unlock()
	return sc.p.s.file
}

// Bufs returns the pages by number.
func (sc *Scanner) Bufs() [][]byte { return sc.bufs }

// Close gives back what the scanner holds. Pages that were not consumed stay
// in the partition. Idempotent.
func (sc *Scanner) Close() {
	if sc.p == nil {
		return
	}
	sc.forgetHeap()
	sc.buf.release()
	sc.heap.release()
	sc.p.unpin()
	sc.p, sc.frags, sc.bufs, sc.to = nil, nil, nil, nil
	sc.frag, sc.open = 0, false
}

// reuse makes the one block that the arena has, if it has just one, empty.
func (a *arena) reuse() {
	if len(a.blocks) == 1 && len(a.blocks[0].Bytes) == block.Size {
		a.rest = a.blocks[0].Bytes
		return
	}
	a.release()
}
