package scan

import (
	"context"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Values is a source of constant rows.
type Values struct {
	types   []types.Type
	rows    [][]types.Value
	fill    int
	claimed atomic.Bool
}

var _ operators.Source = (*Values)(nil)

// NewValues returns a source of rows, each with a value per type. Without
// types it produces len(rows) empty rows.
func NewValues(env *operators.Env, ts []types.Type, rows [][]types.Value) *Values {
	return &Values{types: ts, rows: rows, fill: env.FillLimit}
}

// Types implements operators.Source.
func (s *Values) Types() []types.Type { return s.types }

// Workers implements operators.Source.
func (s *Values) Workers() int { return 1 }

// Close implements operators.Source.
func (s *Values) Close() {}

// NewLocal implements operators.Source.
func (s *Values) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return &valuesLocal{src: s}, nil
}

type valuesLocal struct {
	src  *Values
	next int
}

func (l *valuesLocal) NextMorsel(context.Context) (int64, bool, error) {
	return 0, !l.src.claimed.Swap(true), nil
}

func (l *valuesLocal) Next(_ context.Context, out *vector.Chunk) (bool, error) {
	n := min(l.src.fill, len(l.src.rows)-l.next)
	if n == 0 {
		return false, nil
	}
	for c, col := range out.Cols {
		col.Resize(n)
		for i := range n {
			col.SetValue(i, l.src.rows[l.next+i][c])
		}
	}
	out.Len = n
	l.next += n
	return true, nil
}

func (l *valuesLocal) Close() {}
