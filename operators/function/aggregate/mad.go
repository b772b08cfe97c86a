package aggregate

import (
	"encoding/binary"
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var mad = &function.Aggregate{
	Name: "mad",
	Overloads: overloads(bindMad, types.Double, types.Float, types.Decimal, types.Date, types.Time, types.TimeTZ,
		types.Timestamp, types.TimestampTZ),
	Description: "the median of the distances from the median, INTERVAL for dates and times",
	Example:     "SELECT mad(x) FROM (VALUES (1), (2), (3), (9)) t(x)",
	Result:      "1.0",
	Category:    "aggregate",
}

// bindMad makes the median absolute deviation: of floats in floats, of decimals
// in units of their last digit, of dates and times in microseconds.
func bindMad(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	switch t.ID {
	case types.Float:
		return madOf(t, t, madFloats, func(m types.Uint128, out *vector.Vector, i int) {
			vector.Values[float32](out)[i] = float32(floatOf(m.Lo))
		}), nil
	case types.Decimal:
		return madOf(t, t, madWide(t, 0), func(m types.Uint128, out *vector.Vector, i int) {
			switch t.Physical() {
			case types.PInt16:
				vector.Values[int16](out)[i] = int16(m.Lo)
			case types.PInt32:
				vector.Values[int32](out)[i] = int32(m.Lo)
			case types.PInt64:
				vector.Values[int64](out)[i] = int64(m.Lo)
			default:
				vector.Values[types.Uint128](out)[i] = m
			}
		}), nil
	case types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ:
		return madOf(t, types.Of(types.IntervalID), madWide(t, 1), func(m types.Uint128, out *vector.Vector, i int) {
			n := int64(m.Lo)
			vector.Values[types.Interval](out)[i] = types.Interval{Days: int32(n / microsPerDay), Micros: n % microsPerDay}
		}), nil
	}
	double := types.Of(types.Double)
	return madOf(double, double, madFloats, func(m types.Uint128, out *vector.Vector, i int) {
		vector.Values[float64](out)[i] = floatOf(m.Lo)
	}), nil
}

// madOf collects the values of type t, computes the result's key and puts it out.
func madOf(t, ret types.Type, compute func(r *ranks, t types.Type, s *bagState) (types.Uint128, error), put func(m types.Uint128, out *vector.Vector, i int)) *function.BoundAgg {
	b := &function.BoundAgg{Name: "mad", Params: []types.Type{t}, Return: ret, Data: bagKind{}}
	valuesOf(b, t, nil)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		k := &ranks{c: c}
		defer k.release()
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if s.items == 0 {
				out.SetNull(from + i)
				continue
			}
			m, err := compute(k, t, s)
			if err != nil {
				return err
			}
			put(m, out, from+i)
		}
		return nil
	}
	return b
}

// middle returns the keys of the values around the median of s, by the keys of
// num, and how far it is from the first to the second.
func (r *ranks) middle(s *bagState, num *number) (lo, hi types.Uint128, f float64, err error) {
	from, to, f := between(0.5, int(s.items))
	r.num = num
	r.sorted = append(r.sorted[:0], int64(from))
	if to != from {
		r.sorted = append(r.sorted, int64(to))
	}
	if err := r.keys(s); err != nil {
		return lo, hi, f, err
	}
	return r.found[0], r.found[len(r.found)-1], f, nil
}

// madFloats returns the key of a float.
func madFloats(r *ranks, t types.Type, s *bagState) (types.Uint128, error) {
	num := numberOf(t)
	m, err := r.middleFloat(s, num)
	if err != nil {
		return types.Uint128{}, err
	}
	away := *num
	away.narrow = func(dst []uint64, b []byte) {
		num.narrow(dst, b)
		for i, k := range dst {
			dst[i] = orderedFloat(math.Abs(floatOf(k) - m))
		}
	}
	d, err := r.middleFloat(s, &away)
	return types.Uint128{Lo: orderedFloat(d)}, err
}

func (r *ranks) middleFloat(s *bagState, num *number) (float64, error) {
	lo, hi, f, err := r.middle(s, num)
	if err != nil || f == 0 {
		return floatOf(lo.Lo), err
	}
	return floatOf(lo.Lo)*(1-f) + floatOf(hi.Lo)*f, nil
}

// madWide returns integers. What is between two values is rounded down, or with
// up 1 up.
func madWide(t types.Type, up int64) func(r *ranks, t types.Type, s *bagState) (types.Uint128, error) {
	half := func(lo, hi types.Int128, f float64) types.Int128 {
		if f == 0 {
			return lo
		}
		d, _ := hi.Sub(lo).Add(types.Int128From(up)).DivMod(types.Int128From(2))
		return lo.Add(d)
	}
	return func(r *ranks, t types.Type, s *bagState) (types.Uint128, error) {
		num := &number{width: t.Physical().Width()}
		num.wide = func(dst []types.Uint128, b []byte) {
			wideOf(t, raw.Cast[types.Int128](raw.Bytes(dst)), b)
			for i := range dst {
				dst[i].Hi ^= 1 << 63
			}
		}
		lo, hi, f, err := r.middle(s, num)
		if err != nil {
			return lo, err
		}
		m := half(keyInt(lo), keyInt(hi), f)
		away := *num
		away.wide = func(dst []types.Uint128, b []byte) {
			vals := raw.Cast[types.Int128](raw.Bytes(dst))
			wideOf(t, vals, b)
			for i, v := range vals {
				dst[i] = v.Sub(m).Abs()
			}
		}
		if lo, hi, f, err = r.middle(s, &away); err != nil {
			return lo, err
		}
		d := half(types.Int128{Lo: lo.Lo, Hi: int64(lo.Hi)}, types.Int128{Lo: hi.Lo, Hi: int64(hi.Hi)}, f)
		return types.Uint128{Lo: d.Lo, Hi: uint64(d.Hi)}, nil
	}
}

// keyInt is the integer of a key that wideKeys makes.
func keyInt(k types.Uint128) types.Int128 {
	return types.Int128{Lo: k.Lo, Hi: int64(k.Hi ^ 1<<63)}
}

func wideOf(t types.Type, vals []types.Int128, b []byte) {
	w := t.Physical().Width()
	for i := range vals {
		v := b[i*w : (i+1)*w]
		switch w {
		case 2:
			vals[i] = types.Int128From(int64(int16(binary.LittleEndian.Uint16(v))))
		case 4:
			vals[i] = types.Int128From(int64(int32(binary.LittleEndian.Uint32(v))))
		case 8:
			vals[i] = types.Int128From(int64(binary.LittleEndian.Uint64(v)))
		default:
			vals[i] = types.Int128{Lo: binary.LittleEndian.Uint64(v), Hi: int64(binary.LittleEndian.Uint64(v[8:]))}
		}
		switch t.ID {
		case types.Date:
			vals[i] = types.Mul64(int64(vals[i].Lo), microsPerDay)
		case types.TimeTZ:
			// The instant: see timeTZKeys.
			x := int64(vals[i].Lo)
			vals[i] = types.Int128From((x + x&(1<<24-1)*types.MicrosPerSecond<<24) >> 24)
		}
	}
}
