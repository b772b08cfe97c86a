package catalog

import (
	"context"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
)

// even keeps even numbers.
type even struct{}

func (even) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	out = out[:0]
	for i := range n {
		if v.Value(i).I%2 == 0 {
			out = append(out, uint32(i))
		}
	}
	return out, nil
}

func TestSeries(t *testing.T) {
	for _, c := range []struct{ start, step, rows int64 }{{0, 1, 0}, {5, -2, 1}, {1, 3, 5000}, {0, 1, 2*seriesMorsel + 7}} {
		for _, filtered := range []bool{false, true} {
			s := NewSeries("r", c.start, c.step, c.rows)
			spec := &storage.ScanSpec{Columns: []int{0}, ChunkRows: 1000}
			if filtered {
				spec.Predicates = []storage.Predicate{{NewSelector: func() storage.Selector { return even{} }}}
			}
			var rows, sum int64
			err := scans.Each(context.Background(), s, spec, func(_ int64, c *vector.Chunk) error {
				for i := range c.NumRows() {
					rows++
					sum += c.Cols[0].Value(c.Position(i)).I
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var wantRows, wantSum int64
			for i := range c.rows {
				if x := c.start + i*c.step; !filtered || x%2 == 0 {
					wantRows++
					wantSum += x
				}
			}
			if rows != wantRows || sum != wantSum {
				t.Errorf("%+v filtered %v: %d rows, sum %d, want %d, %d", c, filtered, rows, sum, wantRows, wantSum)
			}
		}
	}
}
