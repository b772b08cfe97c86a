package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// bindMad makes the median absolute deviation: of floats in floats, of decimals
// in units of their last digit, of dates and times in microseconds.
func bindMad(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	switch t.ID {
	case types.Double, types.Float:
		return madOf(t, t, func(vals []float64, out *vector.Vector, i int) {
			m := absoluteDeviation(vals)
			if t.ID == types.Float {
				vector.Values[float32](out)[i] = float32(m)
			} else {
				vector.Values[float64](out)[i] = m
			}
		}, floatsOf), nil
	case types.Decimal:
		return madOf(t, t, func(vals []types.Int128, out *vector.Vector, i int) {
			m := wideDeviation(vals, 0)
			switch t.Physical() {
			case types.PInt16:
				vector.Values[int16](out)[i] = int16(m.Lo)
			case types.PInt32:
				vector.Values[int32](out)[i] = int32(m.Lo)
			case types.PInt64:
				vector.Values[int64](out)[i] = int64(m.Lo)
			default:
				vector.Values[types.Int128](out)[i] = m
			}
		}, wideOf), nil
	case types.Date, types.Time, types.TimeTZ, types.Timestamp, types.TimestampTZ:
		return madOf(t, types.Of(types.IntervalID), func(vals []types.Int128, out *vector.Vector, i int) {
			m := int64(wideDeviation(vals, 1).Lo)
			vector.Values[types.Interval](out)[i] = types.Interval{Days: int32(m / microsPerDay), Micros: m % microsPerDay}
		}, wideOf), nil
	}
	return madOf(types.Of(types.Double), types.Of(types.Double), func(vals []float64, out *vector.Vector, i int) {
		vector.Values[float64](out)[i] = absoluteDeviation(vals)
	}, floatsOf), nil
}

// madOf collects the values of type t; put stores the result for those that
// read takes from a state's bytes.
func madOf[T any](t, ret types.Type, put func(vals []T, out *vector.Vector, i int), read func(t types.Type, vals []T, b []byte)) *function.BoundAgg {
	b := &function.BoundAgg{Name: "mad", Params: []types.Type{t}, Return: ret}
	bagOf(b, putValue)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if s.items == 0 {
				out.SetNull(from + i)
				continue
			}
			if err := c.Grow(16 * s.items); err != nil {
				return err
			}
			vals := make([]T, s.items)
			read(t, vals, s.bytes(bufs))
			put(vals, out, from+i)
			c.Shrink(16 * s.items)
		}
		return nil
	}
	return b
}

func floatsOf(t types.Type, vals []float64, b []byte) {
	if t.ID == types.Float {
		for i, x := range raw.Cast[float32](b) {
			vals[i] = float64(x)
		}
		return
	}
	copy(raw.Bytes(vals), b)
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

func absoluteDeviation(vals []float64) float64 {
	middle := func() float64 {
		sortValues(vals)
		lo, hi, f := between(0.5, len(vals))
		if f == 0 {
			return vals[lo]
		}
		return vals[lo]*(1-f) + vals[hi]*f
	}
	m := middle()
	for k := range vals {
		vals[k] = math.Abs(vals[k] - m)
	}
	return middle()
}

// wideDeviation rounds what is between two values down, or with up 1 up.
func wideDeviation(vals []types.Int128, up int64) types.Int128 {
	middle := func() types.Int128 {
		slices.SortFunc(vals, types.Int128.Cmp)
		lo, hi, f := between(0.5, len(vals))
		if f == 0 {
			return vals[lo]
		}
		half, _ := vals[hi].Sub(vals[lo]).Add(types.Int128From(up)).DivMod(types.Int128From(2))
		return vals[lo].Add(half)
	}
	m := middle()
	for k := range vals {
		if d := vals[k].Sub(m); d.IsNeg() {
			vals[k] = d.Neg()
		} else {
			vals[k] = d
		}
	}
	return middle()
}
