package aggregate

import (
	"fmt"
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var anyType = types.Of(types.Any)

var median = &function.Aggregate{
	Name:        "median",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType}, Bind: bindMedian}},
	Description: "the middle value, between the two middle ones where there are as many numbers below as above",
	Example:     "SELECT median(x) FROM (VALUES (4), (1), (2), (9)) t(x)",
	Result:      "3.0",
	Category:    "aggregate",
}

var quantileCont = &function.Aggregate{
	Name:        "quantile_cont",
	Aliases:     []string{"percentile_cont"},
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType, anyType}, Bind: bindQuantileCont}},
	Description: "the value below which the given share of the values lies, interpolated; a list of them for a list of shares",
	Example:     "SELECT quantile_cont(x, 0.25) FROM (VALUES (4), (1), (2), (9)) t(x)",
	Result:      "1.75",
	Category:    "aggregate",
}

var quantileDisc = &function.Aggregate{
	Name:    "quantile_disc",
	Aliases: []string{"percentile_disc", "quantile"},
	Overloads: []function.AggOverload{
		{Params: []types.Type{anyType, anyType}, Bind: bindQuantileDisc},
		{Params: []types.Type{anyType}, Bind: bindMiddle},
	},
	Description: "the first value up to which the given share of the values lies; a list of them for a list of shares",
	Example:     "SELECT quantile_disc(x, 0.5) FROM (VALUES (4), (1), (2), (9)) t(x)",
	Result:      "2",
	Category:    "aggregate",
}

var approxQuantile = &function.Aggregate{
	Name:        "approx_quantile",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType, anyType}, Bind: bindApproxQuantile}},
	Description: "quantile_cont in the type of the values",
	Example:     "SELECT approx_quantile(x, 0.5) FROM (VALUES (4), (1), (3)) t(x)",
	Result:      "3",
	Category:    "aggregate",
}

var reservoirQuantile = &function.Aggregate{
	Name: "reservoir_quantile",
	Overloads: []function.AggOverload{
		{Params: []types.Type{anyType, anyType}, Bind: bindReservoir},
		{Params: []types.Type{anyType, anyType, types.Of(types.Integer)}, Bind: bindReservoir},
	},
	Description: "quantile_disc of a sample; the sample is everything, the third argument, its size, is of no account",
	Example:     "SELECT reservoir_quantile(x, 0.5) FROM (VALUES (4), (1), (2)) t(x)",
	Result:      "2",
	Category:    "aggregate",
}

// quantile is a bound quantile: shares of the values, negative ones counted
// from the greatest. The shares are no argument of the bound aggregate, but part
// of its name, by which equal calls are found.
type quantile struct {
	shares []float64
	list   bool // of results
	cont   bool
	sample bool // places are rounded down, as reservoir_quantile does
}

// shares reads the constant shares of a quantile.
func newQuantile(name string, consts []*types.Value, cont bool) (*quantile, error) {
	q := &quantile{cont: cont}
	if len(consts) < 2 || consts[1] == nil {
		return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the shares of %s must be constants", name)
	}
	vals := []types.Value{*consts[1]}
	if q.list = vals[0].Type.ID == types.List; q.list {
		vals = vals[0].Children
	}
	for _, v := range vals {
		if v.IsNull {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the shares of %s must not be NULL", name)
		}
		var f float64
		switch {
		case v.Type.IsFloat():
			f = v.F
		case v.Type.ID == types.Decimal:
			f = types.DecimalFloat64(v.Int128(), int(v.Type.Scale))
		case v.Type.IsInteger() && v.Type.ID != types.HugeInt && v.Type.ID != types.UHugeInt:
			f = float64(v.I)
		default:
			return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "the shares of %s are numbers, not %s", name, v.Type)
		}
		if !(f >= -1 && f <= 1) {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the shares of %s are between -1 and 1", name)
		}
		q.shares = append(q.shares, f)
	}
	var below, above bool
	for _, f := range q.shares {
		below, above = below || f < 0, above || f > 0
	}
	if below && above {
		return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the shares of %s are all positive or all negative", name)
	}
	return q, nil
}

// positive refuses shares below 0.
func (q *quantile) positive(name string) error {
	for _, f := range q.shares {
		if f < 0 {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "the shares of %s are between 0 and 1", name)
		}
	}
	return nil
}

func bindMedian(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	q := &quantile{shares: []float64{0.5}, cont: true}
	if continuous(args[0]).ID == types.Invalid {
		q.cont = false
	}
	return q.bind("median", args[0], args[:1])
}

func bindQuantileCont(args []types.Type, consts []*types.Value) (*function.BoundAgg, error) {
	q, err := newQuantile("quantile_cont", consts, true)
	if err != nil {
		return nil, err
	}
	return q.bind(fmt.Sprint("quantile_cont", q.shares), args[0], args[:1])
}

func bindQuantileDisc(args []types.Type, consts []*types.Value) (*function.BoundAgg, error) {
	q, err := newQuantile("quantile_disc", consts, false)
	if err != nil {
		return nil, err
	}
	return q.bind(fmt.Sprint("quantile_disc", q.shares), args[0], args[:1])
}

// bindMiddle is quantile without a share: of WITHIN GROUP only; DuckDB has it as
// an error, which this is too.
func bindMiddle(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "quantile_disc needs a share between 0 and 1")
}

func bindReservoir(args []types.Type, consts []*types.Value) (*function.BoundAgg, error) {
	q, err := newQuantile("reservoir_quantile", consts, false)
	if err == nil {
		err = q.positive("reservoir_quantile")
	}
	if err != nil {
		return nil, err
	}
	if len(args) > 2 {
		switch n := consts[2]; {
		case n == nil || n.IsNull:
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the sample size of reservoir_quantile must be a constant")
		case n.I <= 0:
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the sample size of reservoir_quantile must be greater than 0")
		}
	}
	q.sample = true
	return q.bind(fmt.Sprint("reservoir_quantile", q.shares), args[0], args[:1])
}

func bindApproxQuantile(args []types.Type, consts []*types.Value) (*function.BoundAgg, error) {
	q, err := newQuantile("approx_quantile", consts, false)
	if err == nil {
		err = q.positive("approx_quantile")
	}
	if err != nil {
		return nil, err
	}
	return q.bind(fmt.Sprint("approx_quantile", q.shares), args[0], args[:1])
}

// continuous is the type of values between those of t, Invalid when there are
// none.
func continuous(t types.Type) types.Type {
	switch t.ID {
	case types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.UTinyInt, types.USmallInt, types.UInteger, types.UBigInt,
		types.HugeInt, types.UHugeInt, types.Double:
		return types.Of(types.Double)
	case types.Date:
		return types.Of(types.Timestamp)
	case types.Float, types.Decimal, types.Timestamp, types.TimestampTZ, types.Time, types.TimeTZ:
		return t
	case types.Null:
		return types.Of(types.Double)
	}
	return types.Type{}
}

func (q *quantile) bind(name string, t types.Type, params []types.Type) (*function.BoundAgg, error) {
	ret := t
	if q.cont {
		if ret = continuous(t); ret.ID == types.Invalid {
			return nil, noSuch(name, t)
		}
	}
	if t.ID == types.Null {
		t = known(t)
		if !q.cont {
			ret = t
		}
		params = []types.Type{t}
	}
	elem := ret
	if q.list {
		ret = types.ListOf(ret)
	}
	b := &function.BoundAgg{Name: name, Params: params, Return: ret, Data: bagKind{}}
	valuesOf(b, t, nil)
	mix := mixer(t, elem)
	b.Ranked = q.ranked(mix)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		f := newFinish(c, len(rows))
		defer f.release()
		k := newRanks(c, t)
		defer k.release()
		var places []int64
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if s.items == 0 {
				continue
			}
			places = q.places(places[:0], s.items)
			vals, err := k.of(s, places)
			if err != nil {
				return err
			}
			f.begin()
			q.append(f, s.items, vals, mix)
			if err := f.end(i); err != nil {
				return err
			}
		}
		return f.write(out, from)
	}
	return b, nil
}

// places appends the places of the values that a result for n of them is made of.
func (q *quantile) places(dst []int64, n int64) []int64 {
	for _, share := range q.shares {
		if !q.cont {
			dst = append(dst, int64(q.discrete(share, int(n))))
			continue
		}
		lo, hi, _ := between(share, int(n))
		dst = append(dst, int64(lo), int64(hi))
	}
	return dst
}

// append appends the result for n values to f, of which vals are those at the
// places.
func (q *quantile) append(f *finish, n int64, vals [][]byte, mix mixing) {
	if q.list {
		f.buf = listBlob(f.buf, len(q.shares))
	}
	for _, share := range q.shares {
		if q.list {
			f.buf = append(f.buf, 1)
		}
		if !q.cont {
			f.buf = append(f.buf, vals[0]...)
			vals = vals[1:]
			continue
		}
		_, _, part := between(share, int(n))
		f.buf = mix(f.buf, vals[0], vals[1], part)
		vals = vals[2:]
	}
}

// discrete is the index of the value that a share of n sorted values ends in.
func (q *quantile) discrete(share float64, n int) int {
	if q.sample {
		return int(share * float64(n-1))
	}
	if share < 0 {
		return n - 1 - q.discrete(-share, n)
	}
	f := float64(n)
	return int(max(1, f-math.Floor(f-share*f))) - 1
}

// between are the indexes of the values around a share of n sorted values, and
// how far the share is from the first to the second.
func between(share float64, n int) (lo, hi int, f float64) {
	if share < 0 {
		lo, hi, f = between(-share, n)
		return n - 1 - lo, n - 1 - hi, f
	}
	at := float64(n-1) * share
	lo, hi = int(math.Floor(at)), int(math.Ceil(at))
	return lo, hi, at - math.Floor(at)
}

type ordered interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

const microsPerDay = 86_400_000_000

// interpolate appends the value of type elem that is the share f from lo to hi.
func interpolate[T ordered](dst []byte, lo, hi T, f float64, elem types.Type) []byte {
	switch elem.Physical() {
	case types.PFloat64:
		x := float64(lo)
		if lo != hi && f != 0 {
			x = float64(lo)*(1-f) + float64(hi)*f
		}
		return append(dst, raw.Bytes([]float64{x})...)
	case types.PFloat32:
		x := float64(lo)
		if lo != hi && f != 0 {
			x = float64(lo)*(1-f) + float64(hi)*f
		}
		return append(dst, raw.Bytes([]float32{float32(x)})...)
	case types.PInt64:
		a, b := int64(lo), int64(hi)
		if _, isDate := any(lo).(int32); isDate && elem.ID == types.Timestamp {
			a, b = a*microsPerDay, b*microsPerDay
		}
		if elem.ID == types.Decimal {
			return append(dst, raw.Bytes([]int64{a + int64(float64(b-a)*f)})...)
		}
		return append(dst, raw.Bytes([]int64{a + int64(math.Round(float64(b-a)*f))})...)
	case types.PInt32:
		return append(dst, raw.Bytes([]int32{int32(int64(lo) + int64(float64(int64(hi)-int64(lo))*f))})...)
	}
	return append(dst, raw.Bytes([]int16{int16(int64(lo) + int64(float64(int64(hi)-int64(lo))*f))})...)
}

// interpolateWide is interpolate for values of 128 bits.
func interpolateWide(dst []byte, t types.Type, lo, hi []byte, f float64, elem types.Type) []byte {
	a, b := make([]types.Int128, 1), make([]types.Int128, 1)
	copy(raw.Bytes(a), lo)
	copy(raw.Bytes(b), hi)
	if elem.Physical() == types.PFloat64 {
		x, y := types.DecimalFloat64(a[0], 0), types.DecimalFloat64(b[0], 0)
		if t.ID == types.UHugeInt {
			x, y = unsigned(a[0]), unsigned(b[0])
		}
		return append(dst, raw.Bytes([]float64{x*(1-f) + y*f})...)
	}
	if f == 0 {
		return append(dst, lo...)
	}
	// As for narrower decimals, rounded towards the lower value.
	d := b[0].Sub(a[0])
	step, ok := types.DecimalFromFloat(math.Trunc(types.DecimalFloat64(d, 0)*f), 38, 0)
	if !ok {
		return append(dst, lo...)
	}
	return append(dst, raw.Bytes([]types.Int128{a[0].Add(step)})...)
}

func unsigned(v types.Int128) float64 { return float64(uint64(v.Hi))*(1<<64) + float64(v.Lo) }
