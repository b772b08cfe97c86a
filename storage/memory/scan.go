package memory

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// snapshot is a Table at one moment.
type snapshot struct {
	t      *Table
	cols   []storage.Column
	groups []*group
	stats  atomic.Pointer[storage.TableStats]
}

var _ storage.Table = (*snapshot)(nil)

func (s *snapshot) Columns() []storage.Column { return s.cols }

func (s *snapshot) Stats(context.Context) (*storage.TableStats, error) {
	if st := s.stats.Load(); st != nil {
		return st, nil
	}
	if !s.t.open() {
		return nil, errDropped() // the row groups may be gone
	}
	defer s.t.release()
	st := tableStats(s.cols, s.groups)
	s.stats.Store(st)
	return st, nil
}

func errDropped() error {
	return sqlerr.New(sqlerr.CodeUndefinedTable, "the table was dropped while the statement was prepared")
}

// Hold implements storage.Holder.
func (s *snapshot) Hold() (release func(), err error) {
	if !s.t.open() {
		return nil, errDropped()
	}
	return sync.OnceFunc(s.t.release), nil
}

// ReaderBytes implements storage.ReaderSizer: the columns of the largest row group
// that is on disk.
func (s *snapshot) ReaderBytes(columns []int) int64 {
	if !s.t.open() {
		return 0
	}
	defer s.t.release()
	most := int64(0)
	for _, g := range s.groups {
		if !g.onDisk() {
			continue
		}
		n := int64(0)
		for _, c := range columns {
			n += g.cols[c].diskBytes()
		}
		most = max(most, n)
	}
	return most
}

func (s *snapshot) Scan(_ context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	if !s.t.open() {
		return nil, errDropped()
	}
	sc := &scanner{snap: s, spec: spec, wanted: slices.Clone(spec.Columns)}
	for i := range spec.Predicates {
		sc.wanted = append(sc.wanted, spec.Predicates[i].Column)
	}
	slices.Sort(sc.wanted)
	sc.wanted = slices.Compact(sc.wanted)
	counters := spec.Counters
	for i, g := range s.groups {
		if g.refuted(spec.Predicates) {
			if counters != nil {
				counters.RowGroupsSkipped.Add(1)
			}
			continue
		}
		sc.morsels = append(sc.morsels, morsel{batch: int64(i), g: g})
	}
	return sc, nil
}

// refuted reports whether the statistics prove that no row passes.
func (g *group) refuted(preds []storage.Predicate) bool {
	for i := range preds {
		p := &preds[i]
		st := &g.stats[p.Column]
		cs := storage.ColumnStats{HasMinMax: st.has, Min: st.min, Max: st.max, NullCount: int64(g.cols[p.Column].nulls)}
		if p.Refuted(&cs, int64(g.rows)) {
			return true
		}
	}
	return false
}

type morsel struct {
	batch int64
	g     *group
}

type scanner struct {
	snap    *snapshot
	spec    *storage.ScanSpec
	morsels []morsel
	wanted  []int // ordinals of the columns that readers want
	next    atomic.Int64
	closed  atomic.Bool
}

func (s *scanner) Morsels() int { return len(s.morsels) }

func (s *scanner) Close() error {
	if !s.closed.Swap(true) {
		s.snap.t.release()
	}
	return nil
}

func (s *scanner) NewReader() (storage.Reader, error) {
	t := s.snap.t
	r := &reader{s: s, sel: make([]uint32, vector.Capacity), cols: make([]*column, len(s.snap.cols))}
	r.arena = arena{pool: t.store.pool, res: s.spec.Mem}
	if s.spec.Mem == nil {
		r.arena.res = t.store.res
	}
	for _, p := range s.spec.Predicates {
		r.selectors = append(r.selectors, p.NewSelector())
		r.filter = append(r.filter, vector.New(s.snap.cols[p.Column].Type))
	}
	r.rows = s.spec.ChunkRows
	if r.rows == 0 {
		r.rows = vector.Capacity
	}
	return r, nil
}

type reader struct {
	s         *scanner
	g         *group
	cols      []*column // of g, by ordinal; nil: on disk and not wanted so far
	pinned    bool      // cols are g's own
	arena     arena     // of columns that were on disk
	from      int
	rows      int // a chunk
	selectors []storage.Selector
	filter    []*vector.Vector
	sel       []uint32
}

// NextMorsel implements storage.Reader. Of a row group on disk the columns are
// loaded when they are first wanted.
func (r *reader) NextMorsel(context.Context) (int64, bool, error) {
	r.drop()
	i := r.s.next.Add(1) - 1
	if i >= int64(len(r.s.morsels)) {
		return 0, false, nil
	}
	m := r.s.morsels[i]
	r.g, r.from = m.g, 0
	if r.pinned = r.g.pin(); r.pinned {
		copy(r.cols, r.g.cols)
	}
	if next := r.s.next.Load(); next < int64(len(r.s.morsels)) {
		r.s.morsels[next].g.readAhead(r.s.wanted)
	}
	if c := r.s.spec.Counters; c != nil {
		c.RowGroupsRead.Add(1)
		c.RowsScanned.Add(int64(m.g.rows))
	}
	return m.batch, true, nil
}

// drop gives back the row group that was read last.
func (r *reader) drop() {
	if r.g == nil {
		return
	}
	if r.pinned {
		r.g.unpin()
	} else {
		r.arena.reset()
	}
	clear(r.cols)
	r.g = nil
}

// column returns column ord of the row group, in memory. Errors as column.load.
func (r *reader) column(ctx context.Context, ord int) (*column, error) {
	if c := r.cols[ord]; c != nil {
		return c, nil
	}
	c, err := r.g.cols[ord].load(ctx, r.g.file, &r.arena)
	if err != nil {
		return nil, err
	}
	r.cols[ord] = c
	return c, nil
}

// Next implements storage.Reader.
func (r *reader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	for r.g != nil && r.from < r.g.rows {
		if ctx.Err() != nil {
			return false, sqlerr.FromContext(ctx)
		}
		n := min(r.rows, r.g.rows-r.from)
		from := r.from
		r.from += n
		var sel []uint32
		for i, p := range r.s.spec.Predicates {
			c, err := r.column(ctx, p.Column)
			if err != nil {
				return false, err
			}
			c.read(r.filter[i], from, n)
			if sel, err = r.selectors[i].Select(r.filter[i], sel, n, r.sel); err != nil {
				return false, err
			}
			if len(sel) == 0 {
				break
			}
		}
		out := n
		if len(r.selectors) > 0 {
			if len(sel) == 0 {
				continue
			}
			out = len(sel)
			if out == n {
				sel = nil
			}
		}
		for k, ord := range r.s.spec.Columns {
			c, err := r.column(ctx, ord)
			if err != nil {
				return false, err
			}
			c.read(chunk.Cols[k], from, n)
		}
		chunk.Len, chunk.Sel = n, sel
		if c := r.s.spec.Counters; c != nil {
			c.RowsOut.Add(int64(out))
		}
		return true, nil
	}
	return false, nil
}

// Close implements storage.Reader.
func (r *reader) Close() {
	r.drop()
	r.arena.release()
}
