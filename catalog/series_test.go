package catalog

import (
	"context"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
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
			sc, err := s.Scan(context.Background(), spec)
			if err != nil {
				t.Fatal(err)
			}
			r, _ := sc.NewReader()
			chunk := vector.NewChunk([]types.Type{types.Of(types.BigInt)})
			var rows, sum int64
			for {
				_, ok, err := r.NextMorsel(context.Background())
				if err != nil || !ok {
					break
				}
				for {
					more, err := r.Next(context.Background(), chunk)
					if err != nil {
						t.Fatal(err)
					}
					if !more {
						break
					}
					for i := range chunk.NumRows() {
						rows++
						sum += chunk.Cols[0].Value(chunk.Position(i)).I
					}
				}
			}
			r.Close()
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
