package dataset

import (
	"context"
	"math"
	"slices"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// statsFiles is of how many files at most the statistics are read; of
	// more, as many evenly among them, and the rest is extrapolated by size.
	statsFiles   = 2000
	statsWorkers = 4
)

// Stats implements storage.Table: it reads footers the first time, several at
// a time.
func (t *Table) Stats(ctx context.Context) (*storage.TableStats, error) {
	t.mu.Lock()
	st := t.stats
	t.mu.Unlock()
	if st != nil {
		return st, nil
	}
	picked := make([]int, min(len(t.files), statsFiles))
	for i := range picked {
		picked[i] = i * len(t.files) / len(picked)
	}
	each := make([]*storage.TableStats, len(picked))
	maps := make([][]int, len(picked))
	var next atomic.Int64
	work := func(ctx context.Context) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(picked) {
				return nil
			}
			f, err := t.openFile(ctx, picked[i])
			if err != nil {
				return err
			}
			if maps[i], err = t.mapping(picked[i], f); err != nil {
				return err
			}
			if each[i], err = f.Stats(ctx); err != nil {
				return err
			}
		}
	}
	if len(picked) < 8 {
		if err := work(ctx); err != nil {
			return nil, err
		}
	} else {
		g, _ := spawn.NewGroup(ctx)
		for range statsWorkers {
			g.Go("read footers", work)
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
	}
	st = t.merge(picked, each, maps)
	t.mu.Lock()
	t.stats = st
	t.mu.Unlock()
	return st, nil
}

// merge combines the statistics of the files picked.
func (t *Table) merge(picked []int, each []*storage.TableStats, maps [][]int) *storage.TableStats {
	out := &storage.TableStats{Exact: len(picked) == len(t.files), Columns: make([]storage.ColumnStats, len(t.columns))}
	var seen int64
	for i, f := range picked {
		out.NumRows += each[i].NumRows
		out.Exact = out.Exact && each[i].Exact
		seen += t.files[f].info.Size
	}
	for _, f := range t.files {
		out.Bytes += f.info.Size
	}
	scale := 1.0
	if len(picked) < len(t.files) {
		scale = float64(len(t.files)) / float64(len(picked))
		if seen > 0 {
			scale = max(1, float64(out.Bytes)/float64(seen))
		}
	}
	for c := range t.columns {
		if t.sources[c].from != fromFile {
			out.Columns[c] = t.constantStats(c)
			continue
		}
		m := merger{complete: scale == 1}
		for i, st := range each {
			o := maps[i][c]
			if o >= 0 && st.Columns != nil {
				s := st.Columns[o]
				if s.HasMinMax && !s.Min.Type.Equal(t.columns[c].Type) {
					s.HasMinMax = false // the file's values are cast
				}
				m.add(&s, st.NumRows)
			} else if o >= 0 {
				m.add(&storage.ColumnStats{NullCount: -1}, st.NumRows)
			} else {
				m.add(&storage.ColumnStats{NullCount: int64(st.NumRows)}, st.NumRows)
			}
		}
		out.Columns[c] = m.result(out.NumRows)
	}
	out.NumRows = math.Round(out.NumRows * scale)
	return out
}

// constantStats describes a column that is constant in each file.
func (t *Table) constantStats(c int) storage.ColumnStats {
	s := storage.ColumnStats{NullCount: -1}
	values := make([]types.Value, 0, len(t.files))
	bytes := 0.0
	for i := range t.files {
		if v := t.constant(c, i); !v.IsNull {
			values = append(values, v)
			bytes += float64(len(v.S))
		}
	}
	if len(values) == len(t.files) {
		s.NullCount = 0
	}
	if len(values) == 0 {
		return s
	}
	slices.SortFunc(values, types.Compare)
	s.HasMinMax, s.Min, s.Max = true, values[0], values[len(values)-1]
	s.AvgBytes = bytes / float64(len(values))
	values = slices.CompactFunc(values, func(a, b types.Value) bool { return types.Compare(a, b) == 0 })
	s.Distinct = float64(len(values))
	return s
}

// merger adds up the statistics of a column over files.
type merger struct {
	complete bool // all files are seen: bounds bound
	s        storage.ColumnStats
	started  bool // a file with rows was seen
	bounded  bool
	nulls    int64
	bytes    float64
	rows     float64
	sum      float64
	most     float64
	unknown  bool // some file does not tell how many values differ
	upper    bool
}

func (m *merger) add(s *storage.ColumnStats, rows float64) {
	if rows == 0 {
		return
	}
	if !m.started {
		m.started, m.bounded = true, true
	}
	if s.NullCount < 0 || m.nulls < 0 {
		m.nulls = -1
	} else {
		m.nulls += s.NullCount
	}
	m.bytes += s.AvgBytes * rows
	m.rows += rows
	if s.NullCount >= 0 && float64(s.NullCount) >= rows {
		return // nothing but NULL
	}
	m.sum += s.Distinct
	m.most = max(m.most, s.Distinct)
	m.unknown = m.unknown || s.Distinct == 0
	m.upper = m.upper || s.DistinctMax
	switch {
	case !s.HasMinMax:
		m.bounded = false
	case !m.s.HasMinMax:
		m.s.HasMinMax, m.s.Min, m.s.Max = true, s.Min, s.Max
	default:
		if types.Compare(s.Min, m.s.Min) < 0 {
			m.s.Min = s.Min
		}
		if types.Compare(s.Max, m.s.Max) > 0 {
			m.s.Max = s.Max
		}
	}
}

func (m *merger) result(rows float64) storage.ColumnStats {
	s := m.s
	s.HasMinMax = s.HasMinMax && m.bounded && m.complete
	s.NullCount = m.nulls
	if !m.complete {
		s.NullCount = -1
	}
	if m.rows > 0 {
		s.AvgBytes = m.bytes / m.rows
	}
	if !m.unknown && m.most > 0 {
		// Between all files having the same values and none sharing any; files
		// with disjoint ranges are nearer to the latter.
		if s.Distinct, s.DistinctMax = math.Sqrt(m.most*m.sum), m.upper; m.upper {
			s.Distinct = m.sum
		}
		if s.HasMinMax {
			if w, ok := width(&s); ok {
				s.Distinct = min(s.Distinct, w)
			}
		}
		s.Distinct = min(s.Distinct, rows)
	}
	return s
}

// width returns how many integers lie between the bounds.
func width(s *storage.ColumnStats) (float64, bool) {
	switch t := s.Min.Type; {
	case t.ID == types.UBigInt || t.ID == types.UHugeInt || t.ID == types.HugeInt:
		return 0, false
	case t.IsInteger() || t.ID == types.Date:
		return float64(s.Max.I) - float64(s.Min.I) + 1, true
	}
	return 0, false
}
