package order

import (
	"context"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// Source returns the source of the ordered rows, valid after Finalize: those of
// its batches in order.
func (s *Sort) Source() operators.Source { return &source{s: s} }

// source reads a finished sort: a worker sorts or merges a range of the order at a
// time.
type source struct {
	s    *Sort
	next atomic.Int64 // range
}

// Types implements operators.Source.
func (src *source) Types() []types.Type { return src.s.types }

// Workers implements operators.Source.
func (src *source) Workers() int { return max(src.s.width, 1) }

// Close implements operators.Source.
func (src *source) Close() {}

// NewLocal implements operators.Source.
func (src *source) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return &sourceLocal{src: src, skip: src.s.offset, left: src.s.limit}, nil
}

// A range is given out in batches of about so many rows, so that those who need
// the rows in order know early of some that are complete. They are numbered from
// rangeBatches times the range on.
const (
	morselRows   = 32 * vector.Capacity
	rangeBatches = 1 << 20
)

// sourceLocal emits rows chunk by chunk.
type sourceLocal struct {
	src        *source
	m          *merger        // of the present range; nil: there is none, or
	rest       []sortkey.Pair // what is left of it, when it is in memory
	open       bool           // there is a present range
	batch      int64
	rows       int // of the batch
	skip, left int64

	p     picks
	order []int32    // the picks by cursor
	ends  []int32    // of each cursor, behind its picks in order
	some  []raw.Addr // of one cursor
	perm  []uint32   // where each pick lies in order
	part  *vector.Vector
	whole *vector.Vector
	bytes [][]byte // of each column, of its strings
}

// NextMorsel implements operators.SourceLocal.
func (l *sourceLocal) NextMorsel(ctx context.Context) (int64, bool, error) {
	l.rows = 0
	if l.open {
		l.batch++
		return l.batch, true, nil
	}
	s := l.src.s
	k := l.src.next.Add(1) - 1
	if k >= int64(s.ranges()) {
		return 0, false, nil
	}
	var err error
	if s.whole != nil {
		l.rest, err = s.whole.take(ctx, int(k))
	} else {
		l.m, err = newMerger(ctx, &s.space, s.runs, int(k), s.cuts, s.space.mem)
	}
	if err != nil {
		return 0, false, err
	}
	l.batch, l.open = k*rangeBatches, true
	return l.batch, true, nil
}

// Next implements operators.SourceLocal.
func (l *sourceLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	if !l.open || l.rows >= morselRows {
		return false, nil
	}
	if l.m == nil {
		return l.nextWhole(ctx, out)
	}
	m := l.m
	for l.skip > 0 {
		if _, c := m.top(); c == nil {
			break
		}
		l.skip--
		if err := m.pop(ctx); err != nil {
			return false, err
		}
		if l.skip%vector.Capacity == 0 && ctx.Err() != nil {
			return false, cancelled(ctx)
		}
	}
	most := int64(l.src.s.env.FillLimit)
	if l.left >= 0 {
		most = min(most, l.left)
	}
	// The last chunk's strings were copied: its pages may go.
	if err := l.p.take(ctx, m, int(most)); err != nil {
		return false, err
	}
	n := len(l.p.rows)
	if n == 0 {
		m.close()
		l.m, l.open = nil, false
		return false, nil
	}
	if l.left >= 0 {
		l.left -= int64(n)
	}
	l.rows += n
	l.gather(out)
	out.Len = n
	return true, nil
}

// nextWhole is Next in a range that is in memory.
func (l *sourceLocal) nextWhole(ctx context.Context, out *vector.Chunk) (bool, error) {
	n := min(len(l.rest), l.src.s.env.FillLimit)
	if n == 0 {
		l.rest, l.open = nil, false
		return false, nil
	}
	if ctx.Err() != nil {
		return false, cancelled(ctx)
	}
	rows := l.p.rows[:0]
	for i := range l.rest[:n] {
		rows = append(rows, l.rest[i].Row)
	}
	l.p.rows, l.rest = rows, l.rest[n:]
	for k, v := range out.Cols {
		v.Resize(n)
		l.src.s.rows.Layout.Gather(k, rows, l.src.s.whole.bufs, v, nil)
	}
	l.rows += n
	out.Len = n
	return true, nil
}

// gather fills out with the picked rows.
func (l *sourceLocal) gather(out *vector.Chunk) {
	s, m, rows := l.src.s, l.m, l.p.rows
	n := len(rows)
	if l.bytes == nil {
		l.bytes = make([][]byte, len(out.Cols))
	}
	single := len(m.all) == 1 && m.all[0].scan == nil
	sorted := false
	for k, v := range out.Cols {
		v.Resize(n)
		switch {
		case single:
			s.rows.Layout.Gather(k, rows, m.all[0].bufs, v, nil)
		case v.Type.IsNested():
			if !sorted {
				l.sort()
				sorted = true
			}
			l.gatherByRun(k, v)
		case v.Type.Physical() == types.PString:
			s.rows.Layout.Gather(k, rows, nil, v, nil)
			l.ownBytes(k, v)
		default:
			s.rows.Layout.Gather(k, rows, nil, v, nil)
		}
	}
}

// ownBytes copies the bytes that the strings of column k refer to, whose pages
// have numbers of their own in each run.
func (l *sourceLocal) ownBytes(k int, v *vector.Vector) {
	refs := vector.Values[types.StringRef](v)
	buf := l.bytes[k][:0]
	for i := range refs {
		ref := &refs[i]
		if ref.Inline() || v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		text := vector.Str(ref, l.m.all[l.p.from[i]].bufs)
		at := len(buf)
		buf = append(buf, text...)
		*ref = types.LongRef(text, 0, at)
	}
	l.bytes[k] = buf
	v.Bufs = [][]byte{buf}
	if cap(buf) > keepBytes {
		l.bytes[k] = nil
	}
}

// keepBytes is how long a buffer for strings may be that is used again.
const keepBytes = 1 << 20

// sort finds the picks of each cursor.
func (l *sourceLocal) sort() {
	n := len(l.p.rows)
	if cap(l.order) < n {
		l.order, l.perm = make([]int32, vector.Capacity), make([]uint32, vector.Capacity)
	}
	l.order, l.perm = l.order[:n], l.perm[:n]
	if len(l.ends) < len(l.m.all) {
		l.ends = make([]int32, len(l.m.all))
	}
	ends := l.ends[:len(l.m.all)]
	clear(ends)
	for _, c := range l.p.from {
		ends[c]++
	}
	at := int32(0)
	for c, k := range ends {
		ends[c] = at
		at += k
	}
	for i, c := range l.p.from {
		l.order[ends[c]], l.perm[i] = int32(i), uint32(ends[c])
		ends[c]++
	}
}

// gatherByRun gathers column k run by run, each of which has heap pages of its
// own, and puts it into order then.
func (l *sourceLocal) gatherByRun(k int, v *vector.Vector) {
	s := l.src.s
	t := s.types[k]
	if l.part == nil || !l.part.Type.Equal(t) {
		l.part, l.whole = vector.New(t), vector.New(t)
	}
	n := len(l.p.rows)
	l.whole.Resize(n)
	from := 0
	for c, end := range l.ends[:len(l.m.all)] {
		l.some = l.some[:0]
		for _, i := range l.order[from:end] {
			l.some = append(l.some, l.p.rows[i])
		}
		if len(l.some) > 0 {
			l.part.Resize(len(l.some))
			s.rows.Layout.Gather(k, l.some, l.m.all[c].bufs, l.part, nil)
			kernel.Copy(l.whole, from, l.part, nil, len(l.some))
		}
		from = int(end)
	}
	// whole is reused for the next column: v gets copies of its own.
	kernel.Copy(v, 0, l.whole, l.perm, n)
}

// Close implements operators.SourceLocal.
func (l *sourceLocal) Close() {
	if l.m != nil {
		l.m.close()
		l.m = nil
	}
}
