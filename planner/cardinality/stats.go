package cardinality

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Stats is the estimate of a node's output.
type Stats struct {
	// Rows is at least 1, unless the node is known to be empty.
	Rows float64
	// Base is how many rows there were before filters: the population from
	// which a join's key combinations come.
	Base float64
	// Cols has the columns produced, and may have more.
	Cols map[logical.ColID]Column
}

// Column is the estimate of a column.
type Column struct {
	// NDV counts the distinct values of the column's domain: of its table, cut
	// down by conditions on the column itself. At most min(NDV, Rows) occur.
	NDV float64
	// Lo and Hi bound the values as numbers (see number), when Bounded.
	Bounded bool
	Lo, Hi  float64
	// Nulls is the fraction of NULLs.
	Nulls float64
	// Bytes is the mean width of a value in memory.
	Bytes float64
	// Table tells apart the tables that columns come from, 0: none. Columns of
	// one table have no more combinations of values than it has rows.
	Table     int
	TableRows float64
}

// Width is the mean bytes of a row of the given columns.
func (s *Stats) Width(cols []logical.Column) float64 {
	w := 0.0
	for _, c := range cols {
		if k, ok := s.Cols[c.ID]; ok && k.Bytes > 0 {
			w += k.Bytes
		} else {
			w += typeBytes(c.Typ)
		}
	}
	return max(w, 1)
}

// Distinct is how many distinct values of a column are expected among the
// rows.
func (s *Stats) Distinct(id logical.ColID) float64 {
	c, ok := s.Cols[id]
	if !ok || c.NDV <= 0 {
		return max(1, s.Rows/10)
	}
	return max(1, min(c.NDV, s.Rows))
}

// domain is the distinct values of the column's domain.
func (s *Stats) domain(id logical.ColID) float64 {
	c, ok := s.Cols[id]
	if !ok || c.NDV <= 0 {
		return max(1, s.Rows/10)
	}
	return max(1, c.NDV)
}

// Estimator estimates nodes; it remembers them by identity. It is not safe for
// concurrent use.
type Estimator struct {
	ctx   context.Context
	nodes map[logical.Node]*Stats
	ctes  map[int]*Stats
	out   map[int][]logical.ColID
	// tables is the last Column.Table given away.
	tables int
}

// New returns an estimator; ctx bounds the reading of file footers.
func New(ctx context.Context) *Estimator {
	return &Estimator{ctx: ctx, nodes: map[logical.Node]*Stats{}, ctes: map[int]*Stats{}, out: map[int][]logical.ColID{}}
}

// Node returns the estimate of n. It must not be changed.
func (e *Estimator) Node(n logical.Node) *Stats {
	if s := e.nodes[n]; s != nil {
		return s
	}
	s := e.estimate(n)
	e.nodes[n] = s
	return s
}

// Bytes is the estimated size of n's output in memory.
func (e *Estimator) Bytes(n logical.Node) float64 {
	s := e.Node(n)
	return s.Rows * s.Width(n.Columns())
}

// typeBytes is the mean width of values of a type of which nothing is known.
func typeBytes(t types.Type) float64 {
	if w := t.Physical().Width(); w > 0 {
		if t.IsString() {
			return float64(w) + 8
		}
		if t.IsNested() {
			return 48
		}
		return float64(w)
	}
	return 48
}

// Table is the estimated number of rows of a scan's table, before its filters.
func (e *Estimator) Table(n *logical.Scan) float64 {
	st, err := n.Table.Stats(e.ctx)
	if err != nil || st == nil {
		return 1000
	}
	return st.NumRows
}

// scan estimates a table's rows before its filters.
func (e *Estimator) scan(n *logical.Scan) *Stats {
	out := &Stats{Rows: 1000, Cols: map[logical.ColID]Column{}}
	st, err := n.Table.Stats(e.ctx)
	if err == nil && st != nil {
		out.Rows = max(st.NumRows, 0)
	}
	if out.Rows == 0 && (st == nil || !st.Exact) {
		out.Rows = 1
	}
	out.Base = out.Rows
	for i, c := range n.Cols {
		var cs *storage.ColumnStats
		if err == nil && st != nil && n.Ords[i] < len(st.Columns) {
			cs = &st.Columns[n.Ords[i]]
		}
		out.Cols[c.ID] = baseColumn(c.Typ, out.Rows, cs)
	}
	return out
}

// baseColumn is the estimate of a table's column.
func baseColumn(t types.Type, rows float64, s *storage.ColumnStats) Column {
	c := Column{Bytes: typeBytes(t)}
	if s == nil {
		s = &storage.ColumnStats{NullCount: -1}
	}
	if s.NullCount > 0 && rows > 0 {
		c.Nulls = min(1, float64(s.NullCount)/rows)
	}
	if s.AvgBytes > 0 && t.IsString() {
		c.Bytes = 16
		if s.AvgBytes > types.MaxInline {
			c.Bytes += s.AvgBytes
		}
	}
	if s.HasMinMax && !s.Min.IsNull && !s.Max.IsNull {
		lo, ok1 := number(s.Min)
		hi, ok2 := number(s.Max)
		if ok1 && ok2 && lo <= hi {
			c.Bounded, c.Lo, c.Hi = true, lo, hi
		}
	}
	switch {
	case s.Distinct > 0:
		c.NDV = s.Distinct
	default:
		c.NDV = guessDistinct(t, rows, c)
	}
	c.NDV = max(1, min(c.NDV, rows))
	return c
}

// guessDistinct guesses the distinct values of a column without a count: as
// many as its bounds allow, if they are integers; keys are mostly so.
func guessDistinct(t types.Type, rows float64, c Column) float64 {
	switch {
	case t.ID == types.Boolean:
		return 2
	case t.ID == types.Enum:
		return float64(len(t.Ext.Enum.Labels))
	case c.Bounded && c.Lo == c.Hi:
		return 1
	case c.Bounded && (t.IsInteger() || t.ID == types.Date):
		return min(rows, c.Hi-c.Lo+1)
	case c.Bounded && t.ID == types.Decimal:
		return min(rows, (c.Hi-c.Lo)*math.Pow10(int(t.Scale))+1)
	case t.IsFloat(), t.IsTimestamp():
		return rows * 0.8
	case t.IsString():
		return max(min(rows, 200), rows/4)
	}
	return max(min(rows, 200), rows/10)
}

// number maps a value to a number whose order is the value's; strings by their
// first bytes.
func number(v types.Value) (float64, bool) {
	t := v.Type
	switch {
	case v.IsNull:
		return 0, false
	case t.ID == types.Boolean:
		return float64(v.I), true
	case t.ID == types.UBigInt:
		return float64(uint64(v.I)), true
	case t.ID == types.HugeInt:
		return v.Int128().Float64(), true
	case t.ID == types.Decimal:
		return types.DecimalFloat64(v.Int128(), int(t.Scale)), true
	case t.IsInteger(), t.ID == types.Date, t.IsTimestamp(), t.ID == types.Time:
		return float64(v.I), true
	case t.IsFloat():
		return v.F, !math.IsNaN(v.F)
	case t.ID == types.Varchar, t.ID == types.Blob:
		x, scale := 0.0, 1.0
		for i := 0; i < 7; i++ {
			scale *= 256
			if i < len(v.S) {
				x += float64(v.S[i]) / scale
			}
		}
		return x, true
	}
	return 0, false
}
