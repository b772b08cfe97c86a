package rowset

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// scarce is how little is free when rows that have moved go to disk to make room for
// those that follow.
const scarce = 8 * leastPage

// follow gives the writer as many partitions as the Set has and moves its rows
// there.
func (w *Writer) follow(ctx context.Context) error {
	bits := int(w.s.bits.Load())
	if w.bits == bits {
		return nil
	}
	for i := range w.parts {
		p := &w.parts[i]
		p.settle(w.s.l.Width)
		w.moving = append(w.moving, p.fragment)
	}
	w.bits = bits
	w.parts = make([]writerPart, 1<<bits)
	w.rows = 0
	w.generation++
	return w.move(ctx, w.moveRows)
}

// Rewrite takes the writer's rows of partition i away and gives them to put page
// by page, which appends those that are to stay (AppendRows); Bufs resolves them.
// What a page took is free afterwards. Addresses become invalid. After an error of
// put the rows that it has not seen are lost.
func (w *Writer) Rewrite(ctx context.Context, i int, put func(ctx context.Context, rows PageRows) error) error {
	p := &w.parts[i]
	p.settle(w.s.l.Width)
	w.rows -= p.fragment.numRows()
	w.moving = append(w.moving, p.fragment)
	*p = writerPart{}
	w.generation++
	return w.move(ctx, put)
}

// Partitions returns how many partitions the writer has.
func (w *Writer) Partitions() int { return len(w.parts) }

// PartRows returns how many rows of partition i the writer holds.
func (w *Writer) PartRows(i int) int64 {
	p := &w.parts[i]
	p.settle(w.s.l.Width)
	return p.fragment.numRows()
}

// countBytes takes over a fragment's memory into the writer's count and its
// pages into bufs.
func (w *Writer) countBytes(f *fragment) {
	n, _ := f.bytes()
	w.bytes += n
	if !w.s.l.HasHeap {
		return
	}
	for _, ps := range [2][]page{f.rows.list, f.heap.list} {
		for i := range ps {
			if ps[i].num != unnumbered {
				w.setBuf(ps[i].num, ps[i].mem.b)
			}
		}
	}
}

// move gives the rows of the resident fragments in w.moving to put and releases
// them, a row page at a time.
func (w *Writer) move(ctx context.Context, put func(context.Context, PageRows) error) error {
	for len(w.moving) > 0 {
		f := &w.moving[0]
		for len(f.rows.list) > 0 {
			p := &f.rows.list[0]
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			if err := put(ctx, PageRows{raw.Of(p.mem.b), p.n}); err != nil {
				return err
			}
			w.forgetPage(nil, p)
			f.rows.list = f.rows.list[1:]
		}
		for i := range f.heap.list {
			w.forgetPage(nil, &f.heap.list[i])
		}
		f.heap.list = nil
		w.moving = w.moving[1:]
	}
	return nil
}

// moveRows copies rows by force. When there is no memory for one more page,
// those that were copied before go to disk.
func (w *Writer) moveRows(ctx context.Context, rows PageRows) error {
	w.scratchRows()
	for rows.Count > 0 {
		k := rows.Take(w.src, w.s.l.Width)
		if err := w.forceRows(ctx, w.src[:k], w.bufs); err != nil {
			return err
		}
	}
	return nil
}

// forceRows appends rows at the cost of those that the writer holds, and in
// small portions if it must. Where they are afterwards nobody asks.
func (w *Writer) forceRows(ctx context.Context, src []raw.Addr, bufs [][]byte) error {
	w.scratchRows()
	if w.rows > 0 && w.s.cfg.Mem.Budget().Free() < scarce {
		// Whoever else wants memory may wait for this writer, which cannot be asked here.
		if _, err := w.spillParts(ctx, math.MaxInt64); err != nil {
			return err
		}
	}
	_, err := w.appendRows(src, bufs, w.dst, true)
	if spilled, serr := w.spillForRoom(ctx, err); spilled || serr != nil {
		if serr != nil {
			return serr
		}
		_, err = w.appendRows(src, bufs, w.dst, true)
	}
	if len(src) == 1 || !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		return err
	}
	half := len(src) / 2
	if err := w.forceRows(ctx, src[:half], bufs); err != nil {
		return err
	}
	return w.forceRows(ctx, src[half:], bufs)
}

func (w *Writer) scratchRows() {
	if w.src == nil {
		w.src = make([]raw.Addr, vector.Capacity)
		w.dst = make([]raw.Addr, vector.Capacity)
	}
}

// Take fills addrs with the addresses of the next rows, takes those off p and
// returns how many there are, 0 at the end.
func (p *PageRows) Take(addrs []raw.Addr, width uintptr) int {
	n := min(len(addrs), p.Count)
	a := p.Base
	for i := range addrs[:n] {
		addrs[i] = a
		a += raw.Addr(width)
	}
	p.Base = a
	p.Count -= n
	return n
}
