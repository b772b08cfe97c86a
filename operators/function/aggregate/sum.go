package aggregate

import (
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var sum = &function.Aggregate{
	Name:        "sum",
	Overloads:   overloads(bindSum, sumTypes...),
	Description: "the sum of all values that are not NULL: HUGEINT for integers, DECIMAL(38, s) for decimals, DOUBLE for floats",
	Example:     "SELECT sum(x) FROM (VALUES (1), (NULL), (41)) t(x)",
	Result:      "42",
	Category:    "aggregate",
}

var avg = &function.Aggregate{
	Name:        "avg",
	Aliases:     []string{"mean"},
	Overloads:   overloads(bindAvg, sumTypes[1:]...),
	Description: "the average of all values that are not NULL, as DOUBLE",
	Example:     "SELECT avg(x) FROM (VALUES (1), (NULL), (4)) t(x)",
	Result:      "2.5",
	Category:    "aggregate",
}

var sumTypes = []types.ID{
	types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.UTinyInt, types.USmallInt,
	types.UInteger, types.UBigInt, types.HugeInt, types.UHugeInt, types.Decimal, types.Float, types.Double,
}

// overloads makes one overload a parameter type, all bound by the same
// function.
func overloads(bind func([]types.Type, []*types.Value) (*function.BoundAgg, error), ids ...types.ID) []function.AggOverload {
	out := make([]function.AggOverload, len(ids))
	for i, id := range ids {
		out[i] = function.AggOverload{Params: []types.Type{types.Of(id)}, Bind: bind}
	}
	return out
}

// sumState is an exact sum of 128 bits and the number of values in it.
type sumState struct {
	lo uint64
	hi int64
	n  int64
}

// floatState is a rounded sum and the number of values in it.
type floatState struct {
	sum float64
	n   int64
}

const (
	sumSize   = 24
	floatSize = 16
)

// exactSum is the Data of what keeps a sumState: sum and avg of the same
// argument need one state only.
type exactSum struct{ scale float64 }

// StateKind names the contents of the state; states of equal kinds over equal
// arguments are equal.
func (exactSum) StateKind() string { return "sum of 128 bits" }

// roundedSum is exactSum for floats.
type roundedSum struct{}

// StateKind names the contents of the state.
func (roundedSum) StateKind() string { return "rounded sum" }

type finalize = func(*function.AggCall, []raw.Addr, uintptr, *vector.Vector, int) error

func bindSum(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	switch {
	case t.ID == types.Decimal:
		return sumExact("sum", t, types.DecimalOf(38, t.Scale), finalizeDecimalSum)
	case t.ID == types.UHugeInt || t.IsFloat():
		return sumFloats("sum", t, finalizeFloatSum), nil
	case t.ID == types.Boolean || t.IsInteger():
		return sumExact("sum", t, types.Of(types.HugeInt), finalizeSum)
	case t.ID == types.Null || t.ID == types.Unknown:
		return sumExact("sum", types.Of(types.Integer), types.Of(types.HugeInt), finalizeSum)
	}
	return nil, noSuch("sum", t)
}

func bindAvg(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	double := types.Of(types.Double)
	switch {
	case t.ID == types.Decimal:
		b, err := sumExact("avg", t, double, finalizeAvg)
		if err == nil {
			b.Data = exactSum{types.Pow10Float[t.Scale]}
		}
		return b, err
	case t.ID == types.UHugeInt || t.IsFloat():
		return sumFloats("avg", t, finalizeFloatAvg), nil
	case t.IsInteger():
		b, err := sumExact("avg", t, double, finalizeAvg)
		return b, err
	case t.ID == types.Null || t.ID == types.Unknown:
		return sumFloats("avg", double, finalizeFloatAvg), nil
	}
	return nil, noSuch("avg", t)
}

func noSuch(name string, t types.Type) error {
	return sqlerr.New(sqlerr.CodeUndefinedFunction, "no aggregate %s(%s)", name, t)
}

// sumExact chooses the loops by the layout of t.
func sumExact(name string, t, ret types.Type, fin finalize) (*function.BoundAgg, error) {
	switch t.Physical() {
	case types.PInt8:
		return sumInts[int8](name, t, ret, fin), nil
	case types.PBool, types.PUint8:
		return sumInts[uint8](name, t, ret, fin), nil
	case types.PInt16:
		return sumInts[int16](name, t, ret, fin), nil
	case types.PUint16:
		return sumInts[uint16](name, t, ret, fin), nil
	case types.PInt32:
		return sumInts[int32](name, t, ret, fin), nil
	case types.PUint32:
		return sumInts[uint32](name, t, ret, fin), nil
	}
	b := newSum(name, t, ret, fin)
	switch t.Physical() {
	case types.PInt64:
		b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			sumRows(raw.Cast[int64](w.Data), at, rs, off)
			return nil
		}
		b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, plain := alone(c, 0, args[0], sel, n)
			x := sumInt64(raw.Cast[int64](w.Data), at, plain)
			raw.At[sumState](row, off).add(x, len(at))
			return nil
		}
	case types.PUint64:
		b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[uint64](w.Data)
			for i, e := range at {
				s := raw.At[sumState](rs[i], off)
				lo, carry := bits.Add64(s.lo, vals[e], 0)
				s.lo, s.hi, s.n = lo, s.hi+int64(carry), s.n+1
			}
			return nil
		}
		b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, _ := alone(c, 0, args[0], sel, n)
			vals := raw.Cast[uint64](w.Data)
			var lo, hi uint64
			for _, e := range at {
				x := vals[e]
				lo += x & (1<<32 - 1)
				hi += x >> 32
			}
			x := types.Int128{Lo: hi << 32, Hi: int64(hi >> 32)}.Add(types.Int128{Lo: lo})
			raw.At[sumState](row, off).add(x, len(at))
			return nil
		}
	case types.PInt128:
		b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[types.Int128](w.Data)
			for i, e := range at {
				if !raw.At[sumState](rs[i], off).addChecked(vals[e], 1) {
					return overflow(c)
				}
			}
			return nil
		}
		b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, _ := alone(c, 0, args[0], sel, n)
			x, ok := sumInt128(raw.Cast[types.Int128](w.Data), at)
			if !ok || !raw.At[sumState](row, off).addChecked(x, int64(len(at))) {
				return overflow(c)
			}
			return nil
		}
	default:
		return nil, noSuch(name, t)
	}
	return b, nil
}

func overflow(c *function.AggCall) error {
	name := "sum"
	if c.Bound != nil {
		name = c.Bound.Name
	}
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in %s: the total does not fit 128 bits", name)
}

func newSum(name string, t, ret types.Type, fin finalize) *function.BoundAgg {
	b := &function.BoundAgg{
		Name: name, Params: []types.Type{t}, Return: ret, Size: sumSize,
		Combine: combineSum, Finalize: fin, Data: exactSum{1},
	}
	if t.Physical() != types.PInt128 {
		// Of those, the total may overflow where that of a part does not.
		b.Subtract = subtractSum
	}
	return b
}

// small are the integers of which 2^31 fit into 64 bits.
type small interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32
}

func sumInts[T small](name string, t, ret types.Type, fin finalize) *function.BoundAgg {
	b := newSum(name, t, ret, fin)
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		sumRows(raw.Cast[T](w.Data), at, rs, off)
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, plain := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[T](w.Data)
		var x int64
		if plain {
			for _, v := range vals[:len(at)] {
				x += int64(v)
			}
		} else {
			for _, e := range at {
				x += int64(vals[e])
			}
		}
		raw.At[sumState](row, off).add(types.Int128From(x), len(at))
		return nil
	}
	return b
}

// sumRows adds values of at most 64 bits; a sum of 2^63 of them fits.
func sumRows[T small | int64](vals []T, at []uint32, rows []raw.Addr, off uintptr) {
	rows = rows[:len(at)]
	for i, e := range at {
		x := int64(vals[e])
		s := raw.At[sumState](rows[i], off)
		lo, carry := bits.Add64(s.lo, uint64(x), 0)
		s.lo = lo
		s.hi += x>>63 + int64(carry)
		s.n++
	}
}

// sumInt64 adds up at most 2^31 values, upper and lower halves apart, so that
// no addition waits for a carry.
func sumInt64(vals []int64, at []uint32, plain bool) types.Int128 {
	var lo, hi, lo2, hi2 int64
	if plain {
		vals = vals[:len(at)]
		for len(vals) >= 2 {
			x, y := vals[0], vals[1]
			lo += x & (1<<32 - 1)
			hi += x >> 32
			lo2 += y & (1<<32 - 1)
			hi2 += y >> 32
			vals = vals[2:]
		}
		for _, x := range vals {
			lo += x & (1<<32 - 1)
			hi += x >> 32
		}
	} else {
		for len(at) >= 2 {
			x, y := vals[at[0]], vals[at[1]]
			lo += x & (1<<32 - 1)
			hi += x >> 32
			lo2 += y & (1<<32 - 1)
			hi2 += y >> 32
			at = at[2:]
		}
		for _, e := range at {
			x := vals[e]
			lo += x & (1<<32 - 1)
			hi += x >> 32
		}
	}
	hi += hi2
	return types.Int128{Lo: uint64(hi) << 32, Hi: hi >> 32}.Add(types.Int128From(lo + lo2))
}

// sumInt128 adds in 192 bits and reports whether the sum fits 128.
func sumInt128(vals []types.Int128, at []uint32) (types.Int128, bool) {
	var lo, mid, hi uint64
	for _, e := range at {
		x := &vals[e]
		var carry uint64
		lo, carry = bits.Add64(lo, x.Lo, 0)
		mid, carry = bits.Add64(mid, uint64(x.Hi), carry)
		hi += uint64(x.Hi>>63) + carry
	}
	sum := types.Int128{Lo: lo, Hi: int64(mid)}
	return sum, int64(hi) == sum.Hi>>63
}

func (s *sumState) add(x types.Int128, n int) {
	y := types.Int128{Lo: s.lo, Hi: s.hi}.Add(x)
	s.lo, s.hi, s.n = y.Lo, y.Hi, s.n+int64(n)
}

func (s *sumState) addChecked(x types.Int128, n int64) bool {
	y, ok := types.Int128{Lo: s.lo, Hi: s.hi}.AddOK(x)
	s.lo, s.hi, s.n = y.Lo, y.Hi, s.n+n
	return ok
}

func combineSum(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, r := range src {
		s, d := raw.At[sumState](r, off), raw.At[sumState](dst[i], off)
		if !d.addChecked(types.Int128{Lo: s.lo, Hi: s.hi}, s.n) {
			return overflow(c)
		}
	}
	return nil
}

func subtractSum(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, r := range src {
		s, d := raw.At[sumState](r, off), raw.At[sumState](dst[i], off)
		x := types.Int128{Lo: d.lo, Hi: d.hi}.Sub(types.Int128{Lo: s.lo, Hi: s.hi})
		d.lo, d.hi, d.n = x.Lo, x.Hi, d.n-s.n
	}
	return nil
}

func finalizeSum(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	vals := vector.Values[types.Int128](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[sumState](r, off)
		vals[i] = types.Int128{Lo: s.lo, Hi: s.hi}
		if s.n == 0 {
			out.SetNull(from + i)
		}
	}
	return nil
}

func finalizeDecimalSum(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	vals := vector.Values[types.Int128](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[sumState](r, off)
		x := types.Int128{Lo: s.lo, Hi: s.hi}
		if !types.FitsDecimal(x, 38) {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in sum: the total has more than 38 digits")
		}
		vals[i] = x
		if s.n == 0 {
			out.SetNull(from + i)
		}
	}
	return nil
}

// finalizeAvg divides once, by count times 10^scale; Data is the power of ten.
func finalizeAvg(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	scale := c.Bound.Data.(exactSum).scale
	vals := vector.Values[float64](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[sumState](r, off)
		if s.n == 0 {
			out.SetNull(from + i)
			vals[i] = 0
			continue
		}
		vals[i] = quotient(types.Int128{Lo: s.lo, Hi: s.hi}, float64(s.n), scale)
	}
	return nil
}

// quotient returns x / (n*scale) as if computed with more than 64 bits and
// rounded once, as DuckDB does with its long doubles.
func quotient(x types.Int128, n, scale float64) float64 {
	d := n * scale
	dRest := math.FMA(n, scale, -d)
	s := x.Float64()
	if s > -1<<53 && s < 1<<53 && dRest == 0 { // 2^53 may be what 2^53+1 was rounded to
		return s / d // both are exact
	}
	var sRest float64
	if y, ok := types.Int128FromFloat(s); ok {
		sRest = x.Sub(y).Float64()
	}
	q := s / d
	return q + (math.FMA(-q, d, s)+sRest-q*dRest)/d
}

func sumFloats(name string, t types.Type, fin finalize) *function.BoundAgg {
	b := &function.BoundAgg{
		Name: name, Params: []types.Type{t}, Return: types.Of(types.Double), Size: floatSize,
		Combine: combineFloats, Finalize: fin, Data: roundedSum{},
	}
	if t.ID == types.Float {
		b.Update, b.UpdateOne = floatLoops[float32]()
		return b
	}
	b.Params[0] = types.Of(types.Double) // UHUGEINT is summed as DOUBLE
	b.Update, b.UpdateOne = floatLoops[float64]()
	return b
}

type (
	update    = func(*function.AggCall, []*vector.Vector, []raw.Addr, uintptr, []uint32, int) error
	updateOne = func(*function.AggCall, []*vector.Vector, raw.Addr, uintptr, []uint32, int) error
)

func floatLoops[T float32 | float64]() (update, updateOne) {
	return func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[T](w.Data)
			rs = rs[:len(at)]
			for i, e := range at {
				s := raw.At[floatState](rs[i], off)
				s.sum += float64(vals[e])
				s.n++
			}
			return nil
		}, func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, _ := alone(c, 0, args[0], sel, n)
			vals := raw.Cast[T](w.Data)
			s := raw.At[floatState](row, off)
			// In order, so that one worker's answer does not depend on chunks.
			x := s.sum
			for _, e := range at {
				x += float64(vals[e])
			}
			s.sum, s.n = x, s.n+int64(len(at))
			return nil
		}
}

func combineFloats(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, r := range src {
		s, d := raw.At[floatState](r, off), raw.At[floatState](dst[i], off)
		d.sum += s.sum
		d.n += s.n
	}
	return nil
}

func finalizeFloatSum(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	vals := vector.Values[float64](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[floatState](r, off)
		vals[i] = s.sum
		if s.n == 0 {
			out.SetNull(from + i)
		}
	}
	return nil
}

func finalizeFloatAvg(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	vals := vector.Values[float64](out)[from : from+len(rows)]
	for i, r := range rows {
		s := raw.At[floatState](r, off)
		if s.n == 0 {
			out.SetNull(from + i)
			vals[i] = 0
			continue
		}
		vals[i] = s.sum / float64(s.n)
	}
	return nil
}
