package join

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

// buildLocal stores one worker's build rows.
type buildLocal struct {
	b      *Build
	w      *rowset.Writer
	nulls  *rowset.Writer // rows with a NULL key, if they are kept
	in     rowfmt.Input
	vecs   []*vector.Vector
	caches []kernel.HashCache
	hashes []uint64
	rows   []raw.Addr
	valid  []uint32
	other  []uint32
	keys   keyRange
	tmp    *vector.Vector

	attends attendant
}

// NewLocal implements operators.Sink.
func (b *Build) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	if err := b.open(); err != nil {
		return nil, err
	}
	l := &buildLocal{
		b: b, w: b.set.NewWriter(),
		caches: make([]kernel.HashCache, b.nkeys),
		hashes: make([]uint64, vector.Capacity),
		rows:   make([]raw.Addr, vector.Capacity),
		valid:  make([]uint32, vector.Capacity),
		other:  make([]uint32, vector.Capacity),
	}
	l.w.OnWait(t.OnWait())
	if b.keepNulls {
		l.nulls = b.nulls.NewWriter()
		l.nulls.OnWait(t.OnWait())
	}
	l.attends.begin(b.mem)
	if b.integer {
		l.tmp = vector.New(b.spec.BuildTypes[b.spec.BuildKeys[0]])
	}
	return l, nil
}

// Push implements operators.SinkLocal.
func (l *buildLocal) Push(ctx context.Context, in *vector.Chunk) (operators.Status, error) {
	b := l.b
	if err := l.attends.look(ctx, l.w); err != nil {
		return 0, err
	}
	sel, n := in.Sel, in.NumRows()
	b.total.Add(int64(n))
	l.vecs = b.build.vectors(in, l.vecs)
	l.in.Set(l.vecs)
	if valid, ok := withoutNulls(l.vecs, b.strict, sel, n, l.valid); ok {
		if !b.hasNull.Load() {
			b.hasNull.Store(true)
		}
		switch {
		case b.kind.keepsBuild():
			// They come out in the end, without a match.
		case b.keepNulls:
			null := kernel.Difference(sel, n, valid, l.other)
			l.hash(null, len(null))
			if err := store(ctx, l.nulls, &l.in, l.hashes, null, len(null), l.rows); err != nil {
				return 0, err
			}
			sel, n = valid, len(valid)
		default:
			sel, n = valid, len(valid)
		}
	}
	if len(b.drop) > 0 {
		if valid, ok := withoutNulls(l.vecs, b.drop, sel, n, l.other); ok {
			sel, n = valid, len(valid)
		}
	}
	if n == 0 {
		return operators.NeedInput, nil
	}
	if b.nkeys > 0 {
		l.hash(sel, n)
	}
	if b.integer {
		l.keys.add(l.vecs[0], sel, n, l.tmp)
	}
	return operators.NeedInput, store(ctx, l.w, &l.in, l.hashes, sel, n, l.rows)
}

// hash computes the hashes of the keys.
func (l *buildLocal) hash(sel []uint32, n int) {
	hashKeys(l.vecs[:l.b.nkeys], sel, n, l.b.env.Seed, l.hashes, l.caches)
}

func hashKeys(keys []*vector.Vector, sel []uint32, n int, seed uint64, hashes []uint64, caches []kernel.HashCache) {
	for k, v := range keys {
		kernel.Hash(v, n, sel, seed, hashes, k > 0, &caches[k])
	}
}

// withoutNulls narrows (sel, n) to the positions where none of the given
// vectors is NULL; ok tells that there are fewer.
func withoutNulls(vecs []*vector.Vector, which []int, sel []uint32, n int, out []uint32) (valid []uint32, ok bool) {
	m := n
	for _, k := range which {
		if vecs[k].MayHaveNulls() {
			if got := kernel.SelectValid(vecs[k], sel, m, out); len(got) < m {
				sel, m = got, len(got)
			}
		}
	}
	return sel, m < n
}

// store appends rows and spills when memory is refused.
func store(ctx context.Context, w *rowset.Writer, in *rowfmt.Input, hashes []uint64, sel []uint32, n int, rows []raw.Addr) error {
	ok, err := w.Append(ctx, in, hashes, sel, n, rows)
	if ok || err != nil {
		return err
	}
	freed, err := w.Spill(ctx, rowset.SpillStep(w.Bytes()))
	if err != nil {
		return err
	}
	if freed > 0 {
		if ok, err := w.Append(ctx, in, hashes, sel, n, rows); ok || err != nil {
			return err
		}
	}
	err = w.AppendForce(ctx, in, hashes, sel, n, rows)
	if n == 1 || !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		return err
	}
	// So many rows at once are too much; half as many may not be.
	if sel == nil {
		sel = identity[:n]
	}
	if err := store(ctx, w, in, hashes, sel[:n/2], n/2, rows); err != nil {
		return err
	}
	return store(ctx, w, in, hashes, sel[n/2:], n-n/2, rows)
}

// EndBatch implements operators.SinkLocal.
func (l *buildLocal) EndBatch(context.Context) error { return nil }

// Combine implements operators.SinkLocal.
func (l *buildLocal) Combine(ctx context.Context) error {
	b := l.b
	l.attends.end()
	b.mu.Lock()
	b.keys.merge(&l.keys)
	b.mu.Unlock()
	if l.nulls != nil {
		if err := b.nulls.Combine(ctx, l.nulls); err != nil {
			return err
		}
	}
	return b.set.Combine(ctx, l.w)
}

// Close implements operators.SinkLocal.
func (l *buildLocal) Close() {
	l.attends.end()
	l.w.Close()
	if l.nulls != nil {
		l.nulls.Close()
	}
}
