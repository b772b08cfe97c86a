package memory

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// snapshot is a Table at one moment.
type snapshot struct {
	t      *Table
	cols   []storage.Column // with IDs, the row ID is the last
	groups []*group
	ids    bool
	stats  atomic.Pointer[storage.TableStats]
}

var (
	_ storage.Table         = (*snapshot)(nil)
	_ storage.RowIdentifier = (*snapshot)(nil)
)

func (s *snapshot) Columns() []storage.Column { return s.cols }

func (s *snapshot) Stats(context.Context) (*storage.TableStats, error) {
	if st := s.stats.Load(); st != nil {
		return st, nil
	}
	if err := s.t.open(s.groups); err != nil {
		return nil, err
	}
	defer s.t.release()
	st := tableStats(s.cols[:len(s.t.cols)], s.groups)
	if s.ids {
		st.Columns = append(st.Columns, idStats(s.groups))
	}
	s.stats.Store(st)
	return st, nil
}

// Hold implements storage.Holder.
func (s *snapshot) Hold() (release func(), err error) {
	if err := s.t.open(s.groups); err != nil {
		return nil, err
	}
	return sync.OnceFunc(s.t.release), nil
}

// ReaderBytes implements storage.ReaderSizer: the columns of the largest row group
// that is on disk.
func (s *snapshot) ReaderBytes(columns []int) int64 {
	if s.t.open(s.groups) != nil {
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
			if c < len(g.cols) {
				n += g.cols[c].diskBytes()
			}
		}
		most = max(most, n)
	}
	return most
}

func (s *snapshot) Scan(_ context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	if err := s.t.open(s.groups); err != nil {
		return nil, err
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
		if p.Column == len(g.cols) {
			cs := idStats([]*group{g})
			if p.Refuted(&cs, int64(g.rows)) {
				return true
			}
			continue
		}
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

// MostRows implements storage.Bounded.
func (s *scanner) MostRows(from, to int64) int64 {
	groups := s.snap.groups
	n := int64(0)
	for i := max(from, 0); i <= to && i < int64(len(groups)); i++ {
		n += int64(groups[i].rows)
	}
	return n
}

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
	cols      []*column   // of g, by ordinal; nil: on disk and not wanted so far
	file      *spill.File // that has g's columns; nil: they are in memory and pinned
	arena     arena       // of columns that were on disk
	from      int
	rows      int // a chunk
	selectors []storage.Selector
	filter    []*vector.Vector
	sel       []uint32
}

// NextMorsel implements storage.Reader. Of a row group on disk the columns are
// loaded when they are first wanted.
func (r *reader) NextMorsel(ctx context.Context) (int64, bool, error) {
	r.drop()
	i := r.s.next.Add(1) - 1
	if i >= int64(len(r.s.morsels)) {
		return 0, false, nil
	}
	m := r.s.morsels[i]
	r.g, r.from = m.g, 0
	r.file = r.g.open()
	if t := r.s.snap.t; r.file != nil && t.worthRestoring(r.g, r.s.wanted) && r.g.restore(ctx, &t.evict) {
		r.file = nil
	}
	if r.file == nil {
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
	if r.file == nil {
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
	c, err := r.g.cols[ord].load(ctx, r.file, &r.arena)
	if err != nil {
		return nil, err
	}
	r.cols[ord] = c
	return c, nil
}

// read points v at rows [from, from+n) of column ord.
func (r *reader) read(ctx context.Context, ord int, v *vector.Vector, from, n int) error {
	if ord == len(r.g.cols) {
		r.g.readIDs(v, from, n)
		return nil
	}
	c, err := r.column(ctx, ord)
	if err == nil {
		c.read(v, from, n)
	}
	return err
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
			err := r.read(ctx, p.Column, r.filter[i], from, n)
			if err != nil {
				return false, err
			}
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
			if err := r.read(ctx, ord, chunk.Cols[k], from, n); err != nil {
				return false, err
			}
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
