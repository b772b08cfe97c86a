package aggregate

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// pairState is the running moments of pairs (y, x), of which neither is NULL
// (T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise
// algorithm for computing sample variances", 1979).
type pairState struct {
	n                  int64
	meanX, meanY       float64
	m2X, m2Y, comoment float64
}

const pairSize = 48

func (s *pairState) add(y, x float64) {
	s.n++
	n := float64(s.n)
	dx, dy := x-s.meanX, y-s.meanY
	s.meanX += dx / n
	s.meanY += dy / n
	s.m2X += dx * (x - s.meanX)
	s.m2Y += dy * (y - s.meanY)
	s.comoment += dx * (y - s.meanY)
}

func (s *pairState) merge(o *pairState) {
	if o.n == 0 {
		return
	}
	if s.n == 0 {
		*s = *o
		return
	}
	a, b := float64(s.n), float64(o.n)
	dx, dy := o.meanX-s.meanX, o.meanY-s.meanY
	f := a * b / (a + b)
	s.m2X += o.m2X + dx*dx*f
	s.m2Y += o.m2Y + dy*dy*f
	s.comoment += o.comoment + dx*dy*f
	s.meanX += dx * b / (a + b)
	s.meanY += dy * b / (a + b)
	s.n += o.n
}

// pairFunction is one of the statistics of pairs; value gives ok false for
// NULL.
type pairFunction struct {
	name, describe, result string
	value                  func(s *pairState) (v float64, ok bool)
	// spread: the squares of both must be finite.
	spread bool
}

func (s *pairState) slope() float64 { return s.comoment / s.m2X }

var pairFunctionTable = []pairFunction{
	{"corr", "the correlation coefficient of pairs", "1.0", func(s *pairState) (float64, bool) {
		d := math.Sqrt(s.m2X) * math.Sqrt(s.m2Y)
		return s.comoment / d, true
	}, true},
	{"covar_pop", "the population covariance of pairs", "1.3333333333333333", func(s *pairState) (float64, bool) {
		return s.comoment / float64(s.n), true
	}, false},
	{"covar_samp", "the sample covariance of pairs, NULL for fewer than two", "2.0", func(s *pairState) (float64, bool) {
		return s.comoment / float64(s.n-1), s.n > 1
	}, false},
	{"regr_avgx", "the average of the second arguments of pairs", "2.0", func(s *pairState) (float64, bool) { return s.meanX, true }, false},
	{"regr_avgy", "the average of the first arguments of pairs", "5.0", func(s *pairState) (float64, bool) { return s.meanY, true }, false},
	{"regr_intercept", "where the regression line of pairs (y, x) crosses x = 0", "1.0", func(s *pairState) (float64, bool) {
		return s.meanY - s.slope()*s.meanX, s.m2X != 0
	}, true},
	{"regr_r2", "the coefficient of determination of pairs (y, x)", "1.0", func(s *pairState) (float64, bool) {
		if s.m2X == 0 {
			return 0, false
		}
		if s.m2Y == 0 {
			return 1, true
		}
		r := s.comoment / (math.Sqrt(s.m2X) * math.Sqrt(s.m2Y))
		return r * r, true
	}, true},
	{"regr_slope", "the slope of the regression line of pairs (y, x)", "2.0", func(s *pairState) (float64, bool) { return s.slope(), s.m2X != 0 }, true},
	{"regr_sxx", "the sum of squares of the second arguments of pairs, less their mean", "2.0", func(s *pairState) (float64, bool) { return s.m2X, true }, true},
	{"regr_sxy", "the sum of products of pairs, less their means", "4.0", func(s *pairState) (float64, bool) { return s.comoment, true }, false},
	{"regr_syy", "the sum of squares of the first arguments of pairs, less their mean", "8.0", func(s *pairState) (float64, bool) { return s.m2Y, true }, true},
}

func finite(f float64) bool { return f-f == 0 }

// pairFunctions are the aggregates over pairs of numbers.
func pairFunctions() []*function.Aggregate {
	double := types.Of(types.Double)
	var out []*function.Aggregate
	for _, f := range pairFunctionTable {
		out = append(out, pairAggregate(f.name, f.describe, f.result, func() *function.BoundAgg {
			b := bindPairs(f.name, double)
			b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
				vals := vector.Values[float64](out)[from : from+len(rows)]
				for i, r := range rows {
					s := raw.At[pairState](r, off)
					v, ok := 0.0, false
					if s.n > 0 {
						if f.spread && !(finite(s.m2X) && finite(s.m2Y)) {
							return sqlerr.New(sqlerr.CodeNumericOutOfRange, "%s is out of range", f.name)
						}
						v, ok = f.value(s)
					}
					if vals[i] = v; !ok {
						out.SetNull(from + i)
					}
				}
				return nil
			}
			return b
		}))
	}
	return append(out, pairAggregate("regr_count", "the number of pairs of which neither is NULL", "3", func() *function.BoundAgg {
		b := bindPairs("regr_count", types.Of(types.UInteger))
		b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
			vals := vector.Values[uint32](out)[from : from+len(rows)]
			for i, r := range rows {
				vals[i] = uint32(raw.At[pairState](r, off).n)
			}
			return nil
		}
		return b
	}))
}

func pairAggregate(name, describe, result string, bind func() *function.BoundAgg) *function.Aggregate {
	double := types.Of(types.Double)
	return &function.Aggregate{
		Name: name,
		Overloads: []function.AggOverload{{Params: []types.Type{double, double},
			Bind: func([]types.Type, []*types.Value) (*function.BoundAgg, error) { return bind(), nil }}},
		Description: describe,
		Example:     "SELECT " + name + "(y, x) FROM (VALUES (3, 1), (5, 2), (7, 3)) t(y, x)",
		Result:      result,
		Category:    "aggregate",
	}
}

func bindPairs(name string, ret types.Type) *function.BoundAgg {
	double := types.Of(types.Double)
	b := &function.BoundAgg{Name: name, Params: []types.Type{double, double}, Return: ret, Size: pairSize}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		y, x := view(c, 0, args[0]), view(c, 1, args[1])
		ys, xs := raw.Cast[float64](y.Data), raw.Cast[float64](x.Data)
		for i := range n {
			p := position(sel, i)
			if y.IsNull(p) || x.IsNull(p) {
				continue
			}
			raw.At[pairState](rows[i], off).add(ys[y.Index(p)], xs[x.Index(p)])
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		y, x := view(c, 0, args[0]), view(c, 1, args[1])
		ys, xs := raw.Cast[float64](y.Data), raw.Cast[float64](x.Data)
		s := *raw.At[pairState](row, off)
		for i := range n {
			p := position(sel, i)
			if y.IsNull(p) || x.IsNull(p) {
				continue
			}
			s.add(ys[y.Index(p)], xs[x.Index(p)])
		}
		*raw.At[pairState](row, off) = s
		return nil
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			raw.At[pairState](dst[i], off).merge(raw.At[pairState](r, off))
		}
		return nil
	}
	return b
}
