package window

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// local collects one worker's rows.
type local struct {
	w    *Window
	task *operators.Task
	out  *rowset.Writer

	batch int64
	next  uint64 // ordinal of the batch's next row

	in     rowfmt.Input
	cols   []*vector.Vector // the input's, then own
	own    []*vector.Vector // the ordinals, groups of top if there is one, the key words
	vals   [][]uint64       // of own
	words  [][]uint64       // the key words among them
	hashes []uint64
	caches []kernel.HashCache
	rows   []raw.Addr
	tmp    *vector.Vector
	top    *top // nil: all rows are kept
	coder  coder

	attends bool // its worker gives memory to those who ask
}

func newLocal(w *Window, t *operators.Task) *local {
	w.mem.Attend()
	l := &local{w: w, task: t, attends: true, out: w.set.NewWriter(), batch: -1, rows: make([]raw.Addr, vector.Capacity)}
	l.out.OnWait(t.OnWait())
	before := 1
	if w.group != 0 {
		before = 2
	}
	for range before + len(w.stored.Words) {
		v := vector.New(types.Of(types.UBigInt))
		v.Resize(vector.Capacity)
		l.own = append(l.own, v)
		l.vals = append(l.vals, vector.Values[uint64](v))
	}
	l.words = l.vals[before:]
	l.cols = make([]*vector.Vector, len(w.plan.Input)+len(l.own))
	copy(l.cols[len(w.plan.Input):], l.own)
	l.tmp = vector.New(types.Of(types.BigInt))
	l.top = newTop(w)
	if w.rows.Layout.HasHash() {
		l.hashes = make([]uint64, vector.Capacity)
	}
	l.caches = make([]kernel.HashCache, len(w.plan.Partition))
	l.coder.words = append(append(l.coder.words, l.words[:len(w.rows.Words)]...), l.vals[0])
	return l
}

// Push implements operators.SinkLocal.
func (l *local) Push(ctx context.Context, in *vector.Chunk) (operators.Status, error) {
	w := l.w
	if n := w.mem.Wanted(); n > 0 && l.out.Bytes() >= roomBytes {
		if err := l.divide(ctx, nil, 0); err != nil {
			return operators.Finished, err
		}
		if _, err := l.out.Spill(ctx, n); err != nil {
			return operators.Finished, err
		}
	}
	sel, n := in.Sel, in.NumRows()
	if l.task.Batch != l.batch {
		l.batch, l.next = l.task.Batch, uint64(l.task.Batch)<<32
	}
	numbers := l.vals[0]
	if sel == nil {
		for i := range numbers[:n] {
			numbers[i] = l.next + uint64(i)
		}
	} else {
		for i, p := range sel[:n] {
			numbers[p] = l.next + uint64(i)
		}
	}
	l.next += uint64(n)
	for i := range w.stored.Keys {
		e := &w.stored.Keys[i]
		e.Encode(in.Cols[e.Col], sel, n, l.words, l.tmp)
	}
	for i, c := range w.plan.Partition {
		kernel.Hash(in.Cols[c], n, sel, w.env.Seed, l.hashes, i > 0, &l.caches[i])
	}
	if w.inRanges {
		if err := l.follow(ctx, sel, n); err != nil {
			return operators.Finished, err
		}
	}
	if l.top != nil {
		hashes := l.hashes
		if w.inRanges {
			hashes = nil
		}
		if sel, n = l.top.filter(in.Cols, numbers, l.vals[1], l.words, hashes, sel, n); n == 0 {
			return operators.NeedInput, nil
		}
		if err := l.top.compact(ctx, l, false); err != nil {
			return operators.Finished, err
		}
	}
	copy(l.cols, in.Cols[:len(w.plan.Input)])
	for _, v := range l.own {
		v.Len = in.Len
		v.Data = v.Data[:in.Len*8]
	}
	l.in.Set(l.cols)
	err := l.append(ctx, sel, n)
	for _, v := range l.own {
		v.Data = v.Data[:vector.Capacity*8]
	}
	return operators.NeedInput, err
}

// append stores rows. What memory is refused for goes to disk.
func (l *local) append(ctx context.Context, sel []uint32, n int) error {
	ok, err := l.out.Append(ctx, &l.in, l.hashes, sel, n, l.rows)
	if ok || err != nil {
		return err
	}
	if err := l.divide(ctx, sel, n); err != nil {
		return err
	}
	freed, err := l.out.Spill(ctx, max(l.out.Bytes()/2, 1))
	if err == nil && freed == 0 {
		_, err = l.w.set.SpillResident(ctx, block.Size)
	}
	if err != nil {
		return err
	}
	if ok, err = l.out.Append(ctx, &l.in, l.hashes, sel, n, l.rows); ok || err != nil {
		return err
	}
	return l.out.AppendForce(ctx, &l.in, l.hashes, sel, n, l.rows)
}

// EndBatch implements operators.SinkLocal.
func (l *local) EndBatch(context.Context) error { return nil }

// leave ends what Attend began.
func (l *local) leave() {
	if l.attends {
		l.attends = false
		l.w.mem.Leave()
	}
}

// Combine implements operators.SinkLocal.
func (l *local) Combine(ctx context.Context) error {
	l.leave()
	if l.top != nil {
		if err := l.top.compact(ctx, l, true); err != nil {
			return err
		}
		l.top.forget()
	}
	if l.w.inRanges && !l.coder.done {
		if l.w.division.leave(l.out) {
			l.out = l.w.set.NewWriter()
			return nil
		}
		if err := l.coder.divide(ctx, l.w, l.out); err != nil {
			return err
		}
	}
	return l.w.set.Combine(ctx, l.out)
}

// Close implements operators.SinkLocal.
func (l *local) Close() {
	l.leave()
	if l.top != nil {
		l.top.forget()
	}
	l.out.Close()
}
