package aggregate

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var minimum = &function.Aggregate{
	Name: "min",
	Overloads: []function.AggOverload{
		{Params: []types.Type{types.Of(types.Any)}, Bind: bindMin},
		{Params: []types.Type{types.Of(types.Any), types.Of(types.BigInt)}, Bind: bindMinN},
	},
	Description: "the smallest value that is not NULL; with a number n, a list of the n smallest ones",
	Example:     "SELECT min(x) FROM (VALUES (3), (NULL), (1)) t(x)",
	Result:      "1",
	Category:    "aggregate",
}

var maximum = &function.Aggregate{
	Name: "max",
	Overloads: []function.AggOverload{
		{Params: []types.Type{types.Of(types.Any)}, Bind: bindMax},
		{Params: []types.Type{types.Of(types.Any), types.Of(types.BigInt)}, Bind: bindMaxN},
	},
	Description: "the greatest value that is not NULL; with a number n, a list of the n greatest ones",
	Example:     "SELECT max(x) FROM (VALUES (3), (NULL), (1)) t(x)",
	Result:      "3",
	Category:    "aggregate",
}

// keyState is the smallest key seen. Init sets key to the greatest one, so
// that the loops need not ask for seen.
type keyState struct{ key, seen int64 }

// wideState is keyState for keys of 128 bits.
type wideState struct {
	lo   uint64
	hi   int64
	seen int64
}

func bindMin(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtreme("min", args[0], 0)
}

func bindMax(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtreme("max", args[0], -1)
}

func bindMinN(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtremes("min", &extremes{val: known(args[0])}), nil
}

func bindMaxN(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindExtremes("max", &extremes{val: known(args[0]), greatest: true}), nil
}

// known is t, or INTEGER for the type of NULL.
func known(t types.Type) types.Type {
	if t.ID == types.Null {
		return types.Of(types.Integer)
	}
	return t
}

// bindExtreme makes min (flip 0) or max (flip -1, which turns the order of
// keys around).
func bindExtreme(name string, t types.Type, flip int64) (*function.BoundAgg, error) {
	b := &function.BoundAgg{Name: name, Params: []types.Type{t}, Return: t, Size: 16, Init: initKeys, Combine: combineKeys}
	switch t.Physical() {
	case types.PBool, types.PUint8:
		keyLoops[uint8](b, flip)
	case types.PInt8:
		keyLoops[int8](b, flip)
	case types.PInt16:
		keyLoops[int16](b, flip)
	case types.PUint16:
		keyLoops[uint16](b, flip)
	case types.PInt32:
		keyLoops[int32](b, flip)
	case types.PUint32:
		keyLoops[uint32](b, flip)
	case types.PInt64:
		if t.ID == types.TimeTZ {
			transformedLoops(b, flip, timeTZKeys, timeTZValues)
		} else {
			keyLoops[int64](b, flip)
		}
	case types.PUint64:
		keyLoops[uint64](b, flip^math.MinInt64)
	case types.PFloat32:
		transformedLoops(b, flip, float32Keys, float32Values)
	case types.PFloat64:
		transformedLoops(b, flip, float64Keys, float64Values)
	case types.PInt128:
		wideLoops(b, flip, flip)
	case types.PUint128:
		wideLoops(b, flip, flip^math.MinInt64)
	case types.PInterval:
		intervalLoops(b, flip)
	case types.PString:
		stringLoops(b, flip)
	case types.PList, types.PArray, types.PStruct:
		blobLoops(b, flip)
	default:
		return nil, noSuch(name, t)
	}
	return b, nil
}

func initKeys(rows []raw.Addr, off uintptr) {
	for _, r := range rows {
		raw.At[keyState](r, off).key = math.MaxInt64
	}
}

func combineKeys(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	dst = dst[:len(src)]
	for i, r := range src {
		s, d := raw.At[keyState](r, off), raw.At[keyState](dst[i], off)
		d.key = min(d.key, s.key)
		d.seen |= s.seen
	}
	return nil
}

type integer interface{ small | ~int64 | ~uint64 }

// keyLoops are for integers: the key is the value with the bits of flip
// inverted.
func keyLoops[T integer](b *function.BoundAgg, flip int64) {
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[T](w.Data)
		rs = rs[:len(at)]
		for i, e := range at {
			s := raw.At[keyState](rs[i], off)
			s.key = min(s.key, int64(vals[e])^flip)
			s.seen = 1
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[T](w.Data)
		key := int64(math.MaxInt64)
		for _, e := range at {
			key = min(key, int64(vals[e])^flip)
		}
		raw.At[keyState](row, off).take(key, len(at))
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[T](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[keyState](r, off)
			if vals[i] = T(s.key ^ flip); s.seen == 0 {
				vals[i] = 0
				out.SetNull(from + i)
			}
		}
		return nil
	}
}

func (s *keyState) take(key int64, n int) {
	if n > 0 {
		s.key = min(s.key, key)
		s.seen = 1
	}
}

// transformedLoops are for types whose keys take a computation: toKeys writes
// the keys of elements at of data, toValues stores the value of key i of keys
// at position i of data.
func transformedLoops(b *function.BoundAgg, flip int64, toKeys func(keys []int64, data []byte, at []uint32), toValues func(data []byte, keys []int64)) {
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		keys := scratchKeys(c, len(at))
		toKeys(keys, w.Data, at)
		rs = rs[:len(keys)]
		for i, key := range keys {
			s := raw.At[keyState](rs[i], off)
			s.key = min(s.key, key^flip)
			s.seen = 1
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		keys := scratchKeys(c, len(at))
		toKeys(keys, w.Data, at)
		least := int64(math.MaxInt64)
		for _, key := range keys {
			least = min(least, key^flip)
		}
		raw.At[keyState](row, off).take(least, len(keys))
		return nil
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		keys := scratchKeys(c, len(rows))
		for i, r := range rows {
			s := raw.At[keyState](r, off)
			if keys[i] = s.key ^ flip; s.seen == 0 {
				keys[i] = 0
				out.SetNull(from + i)
			}
		}
		width := out.Type.Physical().Width()
		toValues(out.Data[from*width:], keys)
		return nil
	}
}

// scratchKeys is beyond the scratch of two arguments.
func scratchKeys(c *function.AggCall, n int) []int64 {
	v := scratch(c, 4)
	v.Type = types.Of(types.BigInt)
	v.Resize(n)
	return vector.Values[int64](v)[:n]
}

// floatKey maps floats to integers of the same order, NaN the greatest and -0
// below 0.
func floatKey(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	x := int64(math.Float64bits(f))
	return x ^ x>>63&math.MaxInt64
}

func keyFloat(key int64) float64 {
	if key == math.MaxInt64 {
		return math.NaN()
	}
	return math.Float64frombits(uint64(key ^ key>>63&math.MaxInt64))
}

func float64Keys(keys []int64, data []byte, at []uint32) {
	vals := raw.Cast[float64](data)
	for i, e := range at {
		keys[i] = floatKey(vals[e])
	}
}

func float64Values(data []byte, keys []int64) {
	vals := raw.Cast[float64](data)
	for i, k := range keys {
		vals[i] = keyFloat(k)
	}
}

func float32Keys(keys []int64, data []byte, at []uint32) {
	vals := raw.Cast[float32](data)
	for i, e := range at {
		keys[i] = floatKey(float64(vals[e]))
	}
}

func float32Values(data []byte, keys []int64) {
	vals := raw.Cast[float32](data)
	for i, k := range keys {
		vals[i] = float32(keyFloat(k))
	}
}

// timeTZKeys order by instant, then by zone: the lower 24 bits of the value
// hold the zone's distance, in seconds, from the easternmost one.
func timeTZKeys(keys []int64, data []byte, at []uint32) {
	vals := raw.Cast[int64](data)
	for i, e := range at {
		x := vals[e]
		keys[i] = x + x&(1<<24-1)*types.MicrosPerSecond<<24
	}
}

func timeTZValues(data []byte, keys []int64) {
	vals := raw.Cast[int64](data)
	for i, k := range keys {
		vals[i] = k - k&(1<<24-1)*types.MicrosPerSecond<<24
	}
}

// wideLoops are for 128-bit integers; flip inverts bits of the lower half,
// flipHi of the upper.
func wideLoops(b *function.BoundAgg, flip, flipHi int64) {
	b.Size = 24
	b.Init = func(rows []raw.Addr, off uintptr) {
		for _, r := range rows {
			s := raw.At[wideState](r, off)
			s.lo, s.hi = math.MaxUint64, math.MaxInt64
		}
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			if s := raw.At[wideState](r, off); s.seen != 0 {
				raw.At[wideState](dst[i], off).take(s.lo, s.hi)
			}
		}
		return nil
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[types.Int128](w.Data)
		for i, e := range at {
			x := vals[e]
			raw.At[wideState](rs[i], off).take(x.Lo^uint64(flip), x.Hi^flipHi)
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[types.Int128](w.Data)
		s := raw.At[wideState](row, off)
		for _, e := range at {
			x := vals[e]
			s.take(x.Lo^uint64(flip), x.Hi^flipHi)
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[types.Int128](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[wideState](r, off)
			vals[i] = types.Int128{Lo: s.lo ^ uint64(flip), Hi: s.hi ^ flipHi}
			if s.seen == 0 {
				vals[i] = types.Int128{}
				out.SetNull(from + i)
			}
		}
		return nil
	}
}

func (s *wideState) take(lo uint64, hi int64) {
	if hi < s.hi || hi == s.hi && lo < s.lo {
		s.lo, s.hi = lo, hi
	}
	s.seen = 1
}

// intervalState keeps the interval itself: equal ones may look different, and
// the first seen stays.
type intervalState struct {
	iv   types.Interval
	seen int64
}

func intervalLoops(b *function.BoundAgg, flip int64) {
	b.Size, b.Init = 24, nil
	sign := 1
	if flip != 0 {
		sign = -1
	}
	take := func(s *intervalState, iv types.Interval) {
		if s.seen == 0 || sign*iv.Cmp(s.iv) < 0 {
			s.iv, s.seen = iv, 1
		}
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			if s := raw.At[intervalState](r, off); s.seen != 0 {
				take(raw.At[intervalState](dst[i], off), s.iv)
			}
		}
		return nil
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, rs := withRows(c, 0, args[0], rows, sel, n)
		vals := raw.Cast[types.Interval](w.Data)
		for i, e := range at {
			s := raw.At[intervalState](rs[i], off)
			if s.seen == 0 || sign*vals[e].Cmp(s.iv) < 0 {
				s.iv, s.seen = vals[e], 1
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		w, at, _ := alone(c, 0, args[0], sel, n)
		vals := raw.Cast[types.Interval](w.Data)
		s := raw.At[intervalState](row, off)
		for _, e := range at {
			if s.seen == 0 || sign*vals[e].Cmp(s.iv) < 0 {
				s.iv, s.seen = vals[e], 1
			}
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[types.Interval](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[intervalState](r, off)
			if vals[i] = s.iv; s.seen == 0 {
				out.SetNull(from + i)
			}
		}
		return nil
	}
}
