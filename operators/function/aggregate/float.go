package aggregate

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var product = &function.Aggregate{
	Name:        "product",
	Overloads:   overloads(bindProduct, types.Double),
	Description: "the product of all values that are not NULL, as DOUBLE",
	Example:     "SELECT product(x) FROM (VALUES (2), (3), (7)) t(x)",
	Result:      "42.0",
	Category:    "aggregate",
}

var fsum = &function.Aggregate{
	Name:        "fsum",
	Aliases:     []string{"kahan_sum", "sumkahan"},
	Overloads:   overloads(bindKahanSum, types.Double),
	Description: "the sum of floats with compensation of rounding errors (Kahan)",
	Example:     "SELECT fsum(x) FROM (VALUES (0.5), (0.25)) t(x)",
	Result:      "0.75",
	Category:    "aggregate",
}

var favg = &function.Aggregate{
	Name:        "favg",
	Overloads:   overloads(bindKahanAvg, types.Double),
	Description: "the average of floats with compensation of rounding errors (Kahan)",
	Example:     "SELECT favg(x) FROM (VALUES (0.5), (0.25)) t(x)",
	Result:      "0.375",
	Category:    "aggregate",
}

// productState begins at the factor 1, kept as 0 so that zeroed is right: val
// is the product with its bits exclusive-or those of 1.0.
type productState struct {
	bits uint64
	n    int64
}

var oneBits = math.Float64bits(1)

func bindProduct(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	b := &function.BoundAgg{Name: "product", Params: []types.Type{types.Of(types.Double)}, Return: types.Of(types.Double), Size: 16}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[float64](w.Data)
		for i, e := range at {
			raw.At[productState](rs[i], off).times(vals[e], 1)
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[float64](w.Data)
		s := raw.At[productState](row, off)
		for _, e := range at {
			s.times(vals[e], 1)
		}
		return nil
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s := raw.At[productState](r, off)
			raw.At[productState](dst[i], off).times(s.val(), s.n)
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[float64](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[productState](r, off)
			if vals[i] = s.val(); s.n == 0 {
				out.SetNull(from + i)
			}
		}
		return nil
	}
	return b, nil
}

func (s *productState) val() float64 { return math.Float64frombits(s.bits ^ oneBits) }

func (s *productState) times(x float64, n int64) {
	s.bits = math.Float64bits(s.val()*x) ^ oneBits
	s.n += n
}

// kahanState is a sum and what rounding took from it (W. Kahan, "Further
// remarks on reducing truncation errors", CACM 1965).
type kahanState struct {
	sum, err float64
	n        int64
}

func (s *kahanState) add(x float64) {
	y := x - s.err
	t := s.sum + y
	if s.err = t - s.sum - y; s.err != s.err {
		s.err = 0 // an infinity is exact
	}
	s.sum = t
}

func bindKahanSum(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindKahan("fsum", false), nil
}

func bindKahanAvg(_ []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindKahan("favg", true), nil
}

func bindKahan(name string, average bool) *function.BoundAgg {
	b := &function.BoundAgg{Name: name, Params: []types.Type{types.Of(types.Double)}, Return: types.Of(types.Double), Size: 24}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[float64](w.Data)
		for i, e := range at {
			s := raw.At[kahanState](rs[i], off)
			s.add(vals[e])
			s.n++
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[float64](w.Data)
		s := *raw.At[kahanState](row, off)
		for _, e := range at {
			s.add(vals[e])
		}
		s.n += int64(len(at))
		*raw.At[kahanState](row, off) = s
		return nil
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[kahanState](r, off), raw.At[kahanState](dst[i], off)
			d.add(s.sum)
			d.add(-s.err)
			d.n += s.n
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[float64](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[kahanState](r, off)
			vals[i] = s.sum
			if average && s.n > 0 {
				vals[i] /= float64(s.n)
			}
			if s.n == 0 {
				out.SetNull(from + i)
			}
		}
		return nil
	}
	return b
}

// spread is one of the measures of variance.
type spread struct {
	name, alias string
	describe    string
	sample      bool // divide by n-1, NULL for one value
	root        bool // standard deviation
	byRoot      bool // divide by the root of n: standard error
	result      string
}

var spreads = []spread{
	{"stddev_samp", "stddev", "the sample standard deviation", true, true, false, "1.0"},
	{"stddev_pop", "", "the population standard deviation", false, true, false, "0.816496580927726"},
	{"var_samp", "variance", "the sample variance", true, false, false, "1.0"},
	{"var_pop", "", "the population variance", false, false, false, "0.6666666666666666"},
	{"sem", "", "the standard error of the mean", false, true, true, "0.4714045207910317"},
}

func spreadFunctions() []*function.Aggregate {
	var out []*function.Aggregate
	for _, s := range spreads {
		a := &function.Aggregate{
			Name:        s.name,
			Description: s.describe,
			Example:     "SELECT " + s.name + "(x) FROM (VALUES (1), (2), (3)) t(x)",
			Result:      s.result,
			Category:    "aggregate",
		}
		if s.alias != "" {
			a.Aliases = []string{s.alias}
		}
		a.Overloads = overloads(func([]types.Type, []*types.Value) (*function.BoundAgg, error) { return bindSpread(s), nil }, types.Double)
		out = append(out, a)
	}
	return out
}

// momentState is the running mean and sum of squared distances (B. P.
// Welford, "Note on a method for calculating corrected sums of squares and
// products", Technometrics 1962).
type momentState struct {
	n        int64
	mean, m2 float64
}

func (s *momentState) add(x float64) {
	s.n++
	d := x - s.mean
	s.mean += d / float64(s.n)
	s.m2 += d * (x - s.mean)
}

func bindSpread(m spread) *function.BoundAgg {
	b := &function.BoundAgg{Name: m.name, Params: []types.Type{types.Of(types.Double)}, Return: types.Of(types.Double), Size: 24}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[float64](w.Data)
		for i, e := range at {
			raw.At[momentState](rs[i], off).add(vals[e])
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[float64](w.Data)
		s := *raw.At[momentState](row, off)
		for _, e := range at {
			s.add(vals[e])
		}
		*raw.At[momentState](row, off) = s
		return nil
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[momentState](r, off), raw.At[momentState](dst[i], off)
			if d.n == 0 {
				*d = *s
				continue
			}
			if s.n == 0 {
				continue
			}
			// T. F. Chan, G. H. Golub and R. J. LeVeque, 1979.
			n := float64(s.n + d.n)
			delta := s.mean - d.mean
			d.m2 += s.m2 + delta*delta*float64(s.n)*float64(d.n)/n
			d.mean = (float64(s.n)*s.mean + float64(d.n)*d.mean) / n
			d.n += s.n
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[float64](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[momentState](r, off)
			if s.n == 0 || m.sample && s.n == 1 {
				vals[i] = 0
				out.SetNull(from + i)
				continue
			}
			n := float64(s.n)
			if m.sample {
				n--
			}
			x := s.m2 / n
			if m.root {
				x = math.Sqrt(x)
			}
			if m.byRoot {
				x /= math.Sqrt(float64(s.n))
			}
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "%s is out of range", m.name)
			}
			vals[i] = x
		}
		return nil
	}
	return b
}
