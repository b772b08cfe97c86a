package parquet

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// A row group with more rows than splitRows may be read in parts, none
// smaller than half of it, when there are fewer row groups than workers.
// Reading a part decompresses pages that others read too, so it is only worth
// it for workers that would have nothing to do.
const splitRows = 64 << 10

// morsel is a range of rows of a row group.
type morsel struct {
	group       int
	part        int
	first, rows int64
}

// batch is the morsel's place in the file's row order.
func (m morsel) batch() int64 { return int64(m.group)<<12 | int64(m.part) }

// Scanner is a scan of one file. It is safe for concurrent use.
type Scanner struct {
	file    *File
	handle  storage.File
	spec    storage.ScanSpec
	columns []scanColumn // those that predicates use first, in their order
	filters int          // how many of columns those are
	out     []int        // index into columns of each output column
	morsels []morsel
	next    atomic.Int64
	skipped int // rows groups refuted, for tests

	readerBytes int64 // what a reader that need not spool takes
	keptBytes   int64 // and what one that does cannot do without

	ahead  storage.Prefetcher // handle, when it can; else nil
	leaves []int              // of all columns, as they lie in the file
}

// scanColumn is a column that the scan decodes.
type scanColumn struct {
	ordinal int
	leaf    int // -1: a nested column
	preds   []*storage.Predicate
}

var _ storage.Scanner = (*Scanner)(nil)

// Scan implements storage.Table: it opens the file and decides by statistics
// which row groups are read.
func (f *File) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	s := &Scanner{file: f, spec: *spec}
	if s.spec.ChunkRows <= 0 || s.spec.ChunkRows > vector.Capacity {
		s.spec.ChunkRows = vector.Capacity
	}
	if err := s.resolve(); err != nil {
		return nil, err
	}
	s.plan()
	var ordinals []int
	for i := range s.columns {
		ordinals = append(ordinals, s.columns[i].ordinal)
	}
	s.readerBytes = f.ReaderBytes(ordinals)
	s.keptBytes = min(f.keptBytes(f.leavesOf(ordinals)), s.readerBytes)
	if len(s.columns) > 0 && len(s.morsels) > 0 {
		h, err := f.fs.Open(ctx, f.path)
		if err != nil {
			return nil, err
		}
		i := h.Info()
		if h.Size() != f.info.Size || !i.ModTime.Equal(f.info.ModTime) || i.Ino != f.info.Ino || i.Dev != f.info.Dev {
			h.Close()
			return nil, sqlerr.New(sqlerr.CodeInvalidState, "file changed since its footer was read").WithFile(f.path, 0)
		}
		s.handle = h
		if p, ok := h.(storage.Prefetcher); ok {
			s.ahead, s.leaves = p, s.leavesRead()
		}
		if c := spec.Counters; c != nil {
			c.FilesOpened.Add(1)
		}
	}
	return s, nil
}

// leavesRead returns the leaves of the scan's columns, ascending, which is the
// order that writers put them in.
func (s *Scanner) leavesRead() (leaves []int) {
	for _, c := range s.columns {
		if c.leaf >= 0 {
			leaves = append(leaves, c.leaf)
			continue
		}
		f := s.file.schema.columns[c.ordinal].nested
		for i := range f.leaves {
			leaves = append(leaves, f.first+i)
		}
	}
	slices.Sort(leaves)
	return leaves
}

// resolve maps the columns wanted to leaves.
func (s *Scanner) resolve() error {
	at := map[int]int{}
	use := func(ordinal int) (int, error) {
		if i, ok := at[ordinal]; ok {
			return i, nil
		}
		if ordinal < 0 || ordinal >= len(s.file.schema.columns) {
			return 0, sqlerr.New(sqlerr.CodeInternal, "scan of column %d of %d", ordinal, len(s.file.schema.columns))
		}
		c := &s.file.schema.columns[ordinal]
		if c.reason != "" {
			return 0, sqlerr.New(sqlerr.CodeUnsupported, "column %q: %s are not supported", c.Name, c.reason).WithFile(s.file.path, 0)
		}
		at[ordinal] = len(s.columns)
		s.columns = append(s.columns, scanColumn{ordinal: ordinal, leaf: c.leaf})
		return len(s.columns) - 1, nil
	}
	for i := range s.spec.Predicates {
		p := &s.spec.Predicates[i]
		k, err := use(p.Column)
		if err != nil {
			return err
		}
		s.columns[k].preds = append(s.columns[k].preds, p)
	}
	s.filters = len(s.columns)
	for _, ordinal := range s.spec.Columns {
		k, err := use(ordinal)
		if err != nil {
			return err
		}
		s.out = append(s.out, k)
	}
	return nil
}

// plan makes the morsels of the row groups that statistics do not refute.
func (s *Scanner) plan() {
	refuted := 0
	for g := range s.file.groups {
		rows := s.file.groups[g].numRows
		if rows == 0 {
			continue
		}
		if s.refuted(g) {
			refuted++
			continue
		}
		s.morsels = append(s.morsels, morsel{group: g, rows: rows})
	}
	if c := s.spec.Counters; c != nil {
		c.RowGroupsRead.Add(int64(len(s.morsels)))
		c.RowGroupsSkipped.Add(int64(refuted))
	}
	s.skipped = refuted
	workers := s.spec.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if n := len(s.morsels); n > 0 && n < workers && len(s.columns) > 0 {
		s.split((workers + n - 1) / n)
	}
}

// split cuts every morsel into at most parts ones of whole vectors.
func (s *Scanner) split(parts int) {
	whole := s.morsels
	s.morsels = nil
	for _, m := range whole {
		n := min(int64(parts), m.rows/(splitRows/2), 1<<12)
		if n < 2 {
			s.morsels = append(s.morsels, m)
			continue
		}
		step := (m.rows/n + vector.Capacity - 1) / vector.Capacity * vector.Capacity
		for first, part := int64(0), 0; first < m.rows; part++ {
			rows := min(step, m.rows-first)
			s.morsels = append(s.morsels, morsel{group: m.group, part: part, first: first, rows: rows})
			first += rows
		}
	}
}

// refuted reports whether some predicate passes no row of row group g.
func (s *Scanner) refuted(g int) bool {
	group := &s.file.groups[g]
	for _, c := range s.columns[:s.filters] {
		if c.leaf < 0 {
			continue
		}
		leaf := &s.file.schema.leaves[c.leaf]
		var stats storage.ColumnStats
		have := false
		for _, p := range c.preds {
			if p.Op == storage.None {
				continue
			}
			if !have {
				stats, have = leaf.chunkStats(&group.columns[c.leaf], group.numRows), true
			}
			if !slices.ContainsFunc(p.Values, wrongType(leaf)) && p.Refuted(&stats, group.numRows) {
				return true
			}
		}
	}
	return false
}

// wrongType reports values that statistics of the leaf cannot be compared to.
func wrongType(leaf *leafColumn) func(types.Value) bool {
	return func(v types.Value) bool { return !v.IsNull && !v.Type.Equal(leaf.kind.typ) }
}

// Morsels implements storage.Scanner.
func (s *Scanner) Morsels() int { return len(s.morsels) }

// MostRows implements storage.Bounded.
func (s *Scanner) MostRows(from, to int64) int64 {
	at, _ := slices.BinarySearchFunc(s.morsels, from, func(m morsel, batch int64) int {
		return cmp.Compare(m.batch(), batch)
	})
	n := int64(0)
	for ; at < len(s.morsels) && s.morsels[at].batch() <= to; at++ {
		n += s.morsels[at].rows
	}
	return n
}

// claim returns the next morsel.
func (s *Scanner) claim() (morsel, bool) {
	for {
		i := s.next.Load()
		if i >= int64(len(s.morsels)) {
			return morsel{}, false
		}
		if s.next.CompareAndSwap(i, i+1) {
			return s.morsels[i], true
		}
	}
}

// NewReader implements storage.Scanner.
func (s *Scanner) NewReader() (storage.Reader, error) { return newReader(s) }

// Close implements storage.Scanner.
func (s *Scanner) Close() error {
	if s.handle == nil {
		return nil
	}
	h := s.handle
	s.handle = nil
	return h.Close()
}
