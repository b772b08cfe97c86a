package catalog

import (
	"context"
	"sync/atomic"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Series is the table of the integers start, start+step, ...: what range() and
// generate_series() in FROM read. It has one BIGINT column and holds no rows.
type Series struct {
	cols        []storage.Column
	start, step int64
	rows        int64
}

// NewSeries returns the series of rows values whose column is called name. The
// last value must be a BIGINT.
func NewSeries(name string, start, step, rows int64) *Series {
	return &Series{cols: []storage.Column{{Name: name, Type: types.Of(types.BigInt), NotNull: true}}, start: start, step: step, rows: rows}
}

// Columns implements storage.Table.
func (s *Series) Columns() []storage.Column { return s.cols }

// Stats implements storage.Table; they are exact.
func (s *Series) Stats(context.Context) (*storage.TableStats, error) {
	st := &storage.TableStats{NumRows: float64(s.rows), Exact: true, Columns: make([]storage.ColumnStats, 1)}
	if s.rows > 0 {
		lo, hi := s.start, s.start+s.step*(s.rows-1)
		if lo > hi {
			lo, hi = hi, lo
		}
		t := types.Of(types.BigInt)
		st.Columns[0] = storage.ColumnStats{HasMinMax: true, Min: types.IntValue(t, lo), Max: types.IntValue(t, hi), Distinct: float64(s.rows)}
	}
	return st, nil
}

// seriesMorsel is the rows of one morsel.
const seriesMorsel = 60 * vector.Capacity

// Scan implements storage.Table.
func (s *Series) Scan(_ context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	for _, c := range spec.Columns {
		if c != 0 {
			return nil, sqlerr.New(sqlerr.CodeInternal, "series has no column %d", c)
		}
	}
	return &seriesScanner{table: s, spec: spec}, nil
}

type seriesScanner struct {
	table *Series
	spec  *storage.ScanSpec
	next  atomic.Int64 // morsel to hand out
}

func (s *seriesScanner) Morsels() int {
	n := s.table.rows / seriesMorsel
	if s.table.rows%seriesMorsel != 0 {
		n++
	}
	return int(n)
}

func (s *seriesScanner) NewReader() (storage.Reader, error) {
	r := &seriesReader{scan: s, fill: int64(vector.Capacity), col: vector.New(types.Of(types.BigInt))}
	if c := s.spec.ChunkRows; c > 0 && c < vector.Capacity {
		r.fill = int64(c)
	}
	for _, p := range s.spec.Predicates {
		r.selectors = append(r.selectors, p.NewSelector())
	}
	return r, nil
}

func (s *seriesScanner) Close() error { return nil }

type seriesReader struct {
	scan      *seriesScanner
	fill      int64
	row, end  int64
	col       *vector.Vector
	selectors []storage.Selector
}

func (r *seriesReader) NextMorsel(ctx context.Context) (int64, bool, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return 0, false, err
	}
	m := r.scan.next.Add(1) - 1
	if m >= int64(r.scan.Morsels()) {
		return 0, false, nil
	}
	r.row = m * seriesMorsel
	r.end = min(r.row+seriesMorsel, r.scan.table.rows)
	if c := r.scan.spec.Counters; c != nil {
		c.RowsScanned.Add(r.end - r.row)
	}
	return m, true, nil
}

// Next implements storage.Reader: a sequence vector, or a selection of one.
func (r *seriesReader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	for r.row < r.end {
		if err := sqlerr.FromContext(ctx); err != nil {
			return false, err
		}
		n := int(min(r.fill, r.end-r.row))
		t := r.scan.table
		r.col.SetSequence(t.start+t.step*r.row, t.step, n)
		r.row += int64(n)
		chunk.Len, chunk.Sel = n, nil
		for _, s := range r.selectors {
			// Selectors take flat, constant or dictionary vectors.
			flat := vector.New(types.Of(types.BigInt))
			flat.Reference(r.col)
			flat.Flatten()
			sel, err := s.Select(flat, chunk.Sel, n, chunk.SelBuf())
			if err != nil {
				return false, err
			}
			chunk.Sel = sel
			if len(sel) == 0 {
				break
			}
		}
		if chunk.Sel != nil && len(chunk.Sel) == 0 {
			continue
		}
		for i := range r.scan.spec.Columns {
			chunk.Cols[i].Reference(r.col)
		}
		if c := r.scan.spec.Counters; c != nil {
			c.RowsOut.Add(int64(chunk.NumRows()))
		}
		return true, nil
	}
	return false, nil
}

func (r *seriesReader) Close() {}

var (
	_ storage.Table   = (*Series)(nil)
	_ storage.Scanner = (*seriesScanner)(nil)
	_ storage.Reader  = (*seriesReader)(nil)
)
