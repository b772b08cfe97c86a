package rowset

import (
	"cmp"
	"context"
	"slices"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
)

// groupBytes is how much is written, and read, at once.
const groupBytes = block.Size

// shelf writes pages to disk, several at once. Its memory is taken when it is
// first needed and given back by close.
type shelf struct {
	s    *Set
	w    *Writer // who owns the pages; nil: the Set
	file *spill.File
	buf  *block.Block
	full bool // there is no memory for buf, or none may be asked for

	pieces [][]byte // what is being written, without buf
}

func (s *Set) newShelf(w *Writer) (*shelf, error) {
	file, err := s.spillFile()
	return &shelf{s: s, w: w, file: file}, err
}

func (h *shelf) close() {
	if h.buf != nil {
		h.buf.Release()
		h.buf = nil
	}
}

// fragment moves all pages of f, those of p when the writer owns them, to disk
// and returns how much memory that freed. After an error some are there.
func (h *shelf) fragment(ctx context.Context, p *writerPart, f *fragment) (freed int64, err error) {
	for i := range f.rows.list {
		if pg := &f.rows.list[i]; pg.mem != nil {
			pg.squeeze(h.s.l)
		}
	}
	for i := range f.heap.list {
		if pg := &f.heap.list[i]; pg.mem != nil {
			pg.size = (pg.n + 7) &^ 7
		}
	}
	freed, err = h.pages(ctx, p, &f.rows)
	if err != nil {
		return freed, err
	}
	n, err := h.pages(ctx, p, &f.heap)
	return freed + n, err
}

// pages moves the pages that are in memory to disk, in groups.
func (h *shelf) pages(ctx context.Context, p *writerPart, ps *pages) (freed int64, err error) {
	ps.list = slices.DeleteFunc(ps.list, func(pg page) bool {
		if pg.mem == nil || pg.n > 0 {
			return false
		}
		freed += h.forget(p, &pg)
		return true
	})
	list := ps.list
	for len(list) > 0 && list[0].mem == nil {
		list = list[1:]
	}
	for len(list) > 0 {
		n, k := list[0].size, 1
		for k < len(list) && n+list[k].size <= groupBytes {
			n += list[k].size
			k++
		}
		ext, err := h.write(ctx, list[:k])
		if err != nil {
			return freed, err
		}
		ps.stored = append(ps.stored, group{ext, k})
		h.s.spilled.Add(int64(n))
		for i := range list[:k] {
			freed += h.forget(p, &list[i])
		}
		list = list[k:]
	}
	return freed, nil
}

// write writes pages as one group: from a buffer, for only that is compressed, or, when
// there is no memory for one, from where they are.
func (h *shelf) write(ctx context.Context, list []page) (spill.Extent, error) {
	if len(list) == 1 || !h.hasBuffer() {
		h.pieces = h.pieces[:0]
		for i := range list {
			h.pieces = append(h.pieces, list[i].mem.b[:list[i].size])
		}
		return h.file.Write(ctx, h.pieces...)
	}
	payload := h.buf.Bytes[:0]
	for i := range list {
		payload = append(payload, list[i].mem.b[:list[i].size]...)
	}
	return h.file.Write(ctx, payload)
}

// hasBuffer reports whether there is memory to put pages together in.
func (h *shelf) hasBuffer() bool {
	if h.buf == nil && !h.full {
		if mem := h.s.extra(); mem != nil {
			h.buf, _ = h.s.cfg.Pool.Get(mem)
		}
		h.full = h.buf == nil
	}
	return h.buf != nil
}

func (h *shelf) forget(p *writerPart, pg *page) int64 {
	if h.w != nil {
		return h.w.forgetPage(p, pg)
	}
	h.s.freeNumber(pg.num)
	return pg.release()
}

// goodWrite is how much of a partition that is on disk already is worth writing
// while others may be moved there.
const goodWrite = 128 << 10

// Spill moves rows of this writer to disk until it has want bytes less, or none
// left. First go the full pages of partitions of which parts are on disk already,
// when they are many, so that others may stay in memory for good; then those of
// the largest other partitions; the pages that are being filled last. An
// undivided Set is divided before. It returns how many bytes the writer may use
// otherwise, which is all given back when it has no row left; addresses become
// invalid. Errors: 53100, 53200, 58030, 57014.
func (w *Writer) Spill(ctx context.Context, want int64) (freed int64, err error) {
	if w.bytes == 0 {
		return 0, nil
	}
	if err := w.Divide(ctx); err != nil {
		return 0, err
	}
	return w.spillParts(ctx, want)
}

// spillParts is Spill without dividing.
func (w *Writer) spillParts(ctx context.Context, want int64) (freed int64, err error) {
	h, err := w.s.newShelf(w)
	if err != nil {
		return 0, err
	}
	defer h.close()
	w.generation++
	if want < w.bytes && !w.s.l.HasStateRefs {
		for _, c := range w.victims() {
			if freed >= want {
				return freed, nil
			}
			n, err := w.spillPart(ctx, h, c, c.late)
			freed += n
			if err != nil {
				return freed, err
			}
		}
	}
	all := make([]victim, 0, len(w.parts))
	good := w.goodPart()
	for i := range w.parts {
		if n := w.parts[i].bytes; n > 0 {
			cut := w.s.Partition(i).cut.Load()
			// States keep their heap: then there are no full pages to go first, and
			// the little that came since the last time is no good write either.
			all = append(all, victim{part: i, bytes: n, late: !cut, least: cut && n < good && w.s.l.HasStateRefs})
		}
	}
	slices.SortFunc(all, victim.compare)
	for _, c := range all {
		if freed >= want {
			break
		}
		n, err := w.spillPart(ctx, h, c, true)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// victim is a partition that may go to disk.
type victim struct {
	part  int
	late  bool // after the others
	least bool // after even those
	bytes int64
}

func (v victim) compare(o victim) int {
	rank := func(v victim) int {
		switch {
		case v.least:
			return 2
		case v.late:
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(v), rank(o)), cmp.Compare(o.bytes, v.bytes))
}

// goodPart is goodWrite, or less when partitions are small.
func (w *Writer) goodPart() int64 { return min(goodWrite, max(w.bytes>>(w.bits+1), leastPage)) }

// victims lists the partitions in the order in which they go: of those that are
// on disk the full pages, of others all.
func (w *Writer) victims() []victim {
	good := w.goodPart()
	var out []victim
	for i := range w.parts {
		p := &w.parts[i]
		k := len(p.rows.list)
		switch cut := w.s.Partition(i).cut.Load(); {
		case !cut && p.bytes > 0:
			out = append(out, victim{part: i, bytes: p.bytes, late: true})
		case cut && k > 1:
			n := p.bytes - p.rows.list[k-1].held()
			out = append(out, victim{part: i, bytes: n, least: n < good})
		}
	}
	slices.SortFunc(out, victim.compare)
	return out
}

// spillPart moves the pages of a partition to disk, unless all, without the one
// that is being filled.
func (w *Writer) spillPart(ctx context.Context, h *shelf, v victim, all bool) (int64, error) {
	p := &w.parts[v.part]
	p.settle(w.s.l.Width)
	f := p.fragment
	kept := fragment{}
	if k := len(f.rows.list) - 1; !all {
		kept.rows.list = []page{f.rows.list[k]}
		f.rows.list = f.rows.list[:k:k]
	} else {
		p.cursor = cursor{}
	}
	rows := f.numRows()
	freed, err := h.fragment(ctx, p, &f)
	w.rows -= rows
	// Also after an error somebody has to own the pages.
	w.s.Partition(v.part).add(f)
	p.fragment = kept
	return freed, err
}
