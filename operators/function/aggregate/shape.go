package aggregate

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// shapeState is the first four power sums.
type shapeState struct {
	n          int64
	s1, s2, s3 float64
	s4         float64
}

const shapeSize = 40

var skewness = shapeFunction("skewness", "the skewness of the values that are not NULL, NULL for fewer than three", "1.4430588355316425",
	func(s *shapeState) (float64, bool) {
		if s.n <= 2 {
			return 0, false
		}
		n := float64(s.n)
		t := 1 / n
		p := math.Pow(t*(s.s2-s.s1*s.s1*t), 3)
		if p < 0 {
			p = 0
		}
		d := math.Sqrt(p)
		if d == 0 {
			return math.NaN(), true
		}
		x := math.Sqrt(n*(n-1)) / (n - 2)
		return x * t * (s.s3 - 3*s.s2*s.s1*t + 2*math.Pow(s.s1, 3)*t*t) / d, true
	})

var kurtosis = shapeFunction("kurtosis", "the excess kurtosis (Fisher) with bias correction, NULL for fewer than four values", "-2.038",
	func(s *shapeState) (float64, bool) { return s.kurtosis(true) })

var kurtosisPop = shapeFunction("kurtosis_pop", "the excess kurtosis (Fisher) without bias correction", "-1.51",
	func(s *shapeState) (float64, bool) { return s.kurtosis(false) })

func (s *shapeState) kurtosis(unbiased bool) (float64, bool) {
	n := float64(s.n)
	if s.n <= 1 || unbiased && s.n <= 3 {
		return 0, false
	}
	t := 1 / n
	m4 := t * (s.s4 - 4*s.s3*s.s1*t + 6*s.s2*s.s1*s.s1*t*t - 3*math.Pow(s.s1, 4)*math.Pow(t, 3))
	m2 := t * (s.s2 - s.s1*s.s1*t)
	if m2 <= 0 {
		return 0, false
	}
	if !unbiased {
		return m4/(m2*m2) - 3, true
	}
	return (n - 1) * ((n+1)*m4/(m2*m2) - 3*(n-1)) / ((n - 2) * (n - 3)), true
}

func shapeFunction(name, describe, result string, value func(s *shapeState) (float64, bool)) *function.Aggregate {
	a := &function.Aggregate{Name: name, Description: describe, Result: result, Category: "aggregate",
		Example: "SELECT " + name + "(x) FROM (VALUES (1), (2), (3), (7)) t(x)"}
	if name != "skewness" {
		a.Example = "SELECT round(" + name + "(x), 3) FROM (VALUES (1), (2), (3), (7), (9)) t(x)"
	}
	a.Overloads = overloads(func([]types.Type, []*types.Value) (*function.BoundAgg, error) {
		double := types.Of(types.Double)
		b := &function.BoundAgg{Name: name, Params: []types.Type{double}, Return: double, Size: shapeSize}
		b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[float64](w.Data)
			for i, e := range at {
				raw.At[shapeState](rs[i], off).add(vals[e])
			}
			return nil
		}
		b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, _ := alone(c, 0, args[0], sel, n)
			vals := raw.Cast[float64](w.Data)
			s := *raw.At[shapeState](row, off)
			for _, e := range at {
				s.add(vals[e])
			}
			*raw.At[shapeState](row, off) = s
			return nil
		}
		b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
			for i, r := range src {
				s, d := raw.At[shapeState](r, off), raw.At[shapeState](dst[i], off)
				d.n += s.n
				d.s1 += s.s1
				d.s2 += s.s2
				d.s3 += s.s3
				d.s4 += s.s4
			}
			return nil
		}
		b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
			vals := vector.Values[float64](out)[from : from+len(rows)]
			for i, r := range rows {
				s := raw.At[shapeState](r, off)
				v, ok := value(s)
				if ok && math.IsInf(s.s4, 0) {
					return sqlerr.New(sqlerr.CodeNumericOutOfRange, "%s is out of range", name)
				}
				if vals[i] = v; !ok {
					out.SetNull(from + i)
				}
			}
			return nil
		}
		return b, nil
	}, types.Double)
	return a
}

func (s *shapeState) add(x float64) {
	s.n++
	s.s1 += x
	s.s2 += x * x
	s.s3 += x * x * x
	s.s4 += x * x * x * x
}
