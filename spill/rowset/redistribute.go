package rowset

import (
	"context"
	"sort"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// follow gives the writer as many partitions as the Set has and moves its rows
// there.
func (w *Writer) follow(ctx context.Context) error {
	bits := int(w.s.bits.Load())
	if w.bits == bits {
		return nil
	}
	for i := range w.parts {
		p := &w.parts[i]
		p.settle()
		w.moving = append(w.moving, p.frags...)
	}
	w.bits = bits
	w.parts = make([]writerPart, 1<<bits)
	w.rows = 0
	w.generation++
	return w.move(ctx)
}

// countBytes takes over a fragment's memory into the writer's count and its
// heap pages into bufs.
func (w *Writer) countBytes(f *fragment) {
	n, _ := f.bytes()
	w.bytes += n
	for i := range f.heap {
		w.setBuf(f.heap[i].num, f.heap[i].b)
	}
}

// move copies the resident fragments in w.moving to their partitions and
// releases them, a row page at a time.
func (w *Writer) move(ctx context.Context) error {
	for len(w.moving) > 0 {
		f := &w.moving[0]
		for i := range f.rows {
			p := &f.rows[i]
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			if err := w.moveRows(ctx, PageRows{raw.Of(p.b), p.n}); err != nil {
				return err
			}
			w.forgetPage(p)
		}
		f.rows = nil
		for i := range f.heap {
			w.bufs[f.heap[i].num] = nil
			w.forgetPage(&f.heap[i])
		}
		f.heap = nil
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

// Spill moves whole partitions of this writer to disk until want bytes are
// free, or all it has: first those of which parts are on disk already, so that
// others may stay in memory for good, then the largest. An undivided Set is
// divided before. It returns how many bytes it freed; addresses become
// invalid. Errors: 53100, 53200, 58030, 57014.
func (w *Writer) Spill(ctx context.Context, want int64) (freed int64, err error) {
	if w.bytes == 0 {
		return w.dropCut(), nil
	}
	if err := w.Divide(ctx); err != nil {
		return 0, err
	}
	return w.spillParts(ctx, want)
}

// spillParts is Spill without dividing.
func (w *Writer) spillParts(ctx context.Context, want int64) (freed int64, err error) {
	type candidate struct {
		part   int
		bytes  int64
		onDisk bool
	}
	var cands []candidate
	for i := range w.parts {
		var n int64
		for k := range w.parts[i].frags {
			b, _ := w.parts[i].frags[k].bytes()
			n += b
		}
		if n > 0 {
			cands = append(cands, candidate{part: i, bytes: n, onDisk: w.s.Partition(i).onDisk()})
		}
	}
	sort.Slice(cands, func(i, j int) bool {
		a, b := cands[i], cands[j]
		if a.onDisk != b.onDisk {
			return a.onDisk
		}
		return a.bytes > b.bytes
	})
	file, err := w.s.spillFile()
	if err != nil {
		return 0, err
	}
	w.generation++
	for _, c := range cands {
		if freed >= want {
			break
		}
		n, err := w.spillPart(ctx, file, c.part)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	if w.bytes == 0 {
		freed += w.dropCut()
	}
	return freed, nil
}

func (w *Writer) spillPart(ctx context.Context, file *spill.File, i int) (int64, error) {
	p := &w.parts[i]
	p.settle()
	var freed int64
	for k := range p.frags {
		f := &p.frags[k]
		for h := range f.heap {
			w.bufs[f.heap[h].num] = nil
		}
		held, _ := f.bytes()
		n, err := w.s.writeFragment(ctx, file, f)
		left, _ := f.bytes()
		freed += n
		w.bytes -= held - left
		if err != nil {
			return freed, err
		}
	}
	part := w.s.Partition(i)
	for k := range p.frags {
		w.rows -= p.frags[k].numRows()
		part.add(p.frags[k])
	}
	*p = writerPart{}
	return freed, nil
}
