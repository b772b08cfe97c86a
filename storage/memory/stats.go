package memory

import (
	"bytes"
	"math"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sketch"
	"github.com/gannetdb/gannet/vector/types"
)

// colStats summarises one column of a row group.
type colStats struct {
	has      bool
	min, max types.Value
	distinct sketch.HLL
}

// sketchSeed is the seed of the hashes in distinct sketches; any fixed value.
const sketchSeed = 0x6b84

// observe adds the rows of v at positions sel to the statistics.
func (s *colStats) observe(v *vector.Vector, sel []uint32, n int, hashes []uint64) {
	if v.Type.IsNested() || n == 0 {
		return
	}
	kernel.Hash(v, n, sel, sketchSeed, hashes, false, nil)
	if !v.MayHaveNulls() {
		s.distinct.Add(hashes, sel, n)
	} else {
		for i := range n {
			if p := position(sel, i); !v.IsNull(p) {
				s.distinct.Add(hashes[p:p+1], nil, 1)
			}
		}
	}
	if !ordered(v.Type) {
		return
	}
	w := v.View(nil)
	switch v.Type.Physical() {
	case types.PInt8:
		boundInts[int8](s, v.Type, &w, sel, n)
	case types.PInt16:
		boundInts[int16](s, v.Type, &w, sel, n)
	case types.PInt32:
		boundInts[int32](s, v.Type, &w, sel, n)
	case types.PInt64:
		boundInts[int64](s, v.Type, &w, sel, n)
	case types.PBool, types.PUint8:
		boundInts[uint8](s, v.Type, &w, sel, n)
	case types.PUint16:
		boundInts[uint16](s, v.Type, &w, sel, n)
	case types.PUint32:
		boundInts[uint32](s, v.Type, &w, sel, n)
	case types.PFloat32:
		boundFloats[float32](s, v.Type, &w, sel, n)
	case types.PFloat64:
		boundFloats[float64](s, v.Type, &w, sel, n)
	case types.PString:
		boundStrings(s, v.Type, &w, sel, n)
	case types.PInt128:
		bound128(s, v.Type, &w, sel, n)
	}
}

// ordered reports whether values of t are in the order of their representation.
// A TIMETZ is ordered by its moment, a BIT by its bits behind the padding.
func ordered(t types.Type) bool { return t.ID != types.TimeTZ && t.ID != types.Bit }

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32
}

// boundInts widens the bounds by the integers of w.
func boundInts[T integer](s *colStats, t types.Type, w *vector.View, sel []uint32, n int) {
	vals := viewValues[T](w)
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range n {
		p := position(sel, i)
		k := w.Index(p)
		if w.Valid != nil && !w.Valid.Get(k) {
			continue
		}
		x := int64(vals[k])
		lo, hi = min(lo, x), max(hi, x)
	}
	if lo > hi {
		return
	}
	if s.has {
		lo, hi = min(lo, s.min.I), max(hi, s.max.I)
	}
	s.has, s.min, s.max = true, types.IntValue(t, lo), types.IntValue(t, hi)
}

// boundFloats widens the bounds by the floats of w; NaN is above all others.
func boundFloats[T float32 | float64](s *colStats, t types.Type, w *vector.View, sel []uint32, n int) {
	vals := viewValues[T](w)
	var lo, hi types.Value
	any := false
	for i := range n {
		k := w.Index(position(sel, i))
		if w.Valid != nil && !w.Valid.Get(k) {
			continue
		}
		x := types.Value{Type: t, F: float64(vals[k])}
		if !any || x.F < lo.F || lo.F != lo.F {
			lo = x
		}
		if !any || x.F > hi.F || x.F != x.F {
			hi = x
		}
		any = true
	}
	if any {
		s.widen(lo, hi)
	}
}

// boundStrings widens the bounds by the strings of w.
func boundStrings(s *colStats, t types.Type, w *vector.View, sel []uint32, n int) {
	refs := viewValues[types.StringRef](w)
	var lo, hi []byte
	any := false
	for i := range n {
		k := w.Index(position(sel, i))
		if w.Valid != nil && !w.Valid.Get(k) {
			continue
		}
		x := vector.Str(&refs[k], w.Bufs)
		if !any || bytes.Compare(x, lo) < 0 {
			lo = x
		}
		if !any || bytes.Compare(x, hi) > 0 {
			hi = x
		}
		any = true
	}
	if any {
		s.widen(types.Value{Type: t, S: string(lo)}, types.Value{Type: t, S: string(hi)})
	}
}

// bound128 widens the bounds by the 128-bit integers of w.
func bound128(s *colStats, t types.Type, w *vector.View, sel []uint32, n int) {
	vals := viewValues[types.Int128](w)
	var lo, hi types.Int128
	any := false
	for i := range n {
		k := w.Index(position(sel, i))
		if w.Valid != nil && !w.Valid.Get(k) {
			continue
		}
		x := vals[k]
		if !any || less128(x, lo) {
			lo = x
		}
		if !any || less128(hi, x) {
			hi = x
		}
		any = true
	}
	if any {
		s.widen(types.Int128Value(t, lo), types.Int128Value(t, hi))
	}
}

func less128(a, b types.Int128) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

func (s *colStats) widen(lo, hi types.Value) {
	if !s.has || types.Compare(lo, s.min) < 0 {
		s.min = lo
	}
	if !s.has || types.Compare(hi, s.max) > 0 {
		s.max = hi
	}
	s.has = true
}

func viewValues[T any](w *vector.View) []T { return raw.Cast[T](w.Data) }

// tableStats merges the statistics of row groups.
func tableStats(cols []storage.Column, groups []*group) *storage.TableStats {
	out := &storage.TableStats{Exact: true, Columns: make([]storage.ColumnStats, len(cols))}
	for _, g := range groups {
		out.NumRows += float64(g.rows)
	}
	for c := range cols {
		var all sketch.HLL
		cs := &out.Columns[c]
		var heap, values int64
		for _, g := range groups {
			st := &g.stats[c]
			all.Merge(&st.distinct)
			cs.NullCount += int64(g.cols[c].nulls)
			heap += g.cols[c].heapSum
			values += int64(g.rows - g.cols[c].nulls)
			if !st.has {
				continue
			}
			if !cs.HasMinMax || types.Compare(st.min, cs.Min) < 0 {
				cs.Min = st.min
			}
			if !cs.HasMinMax || types.Compare(st.max, cs.Max) > 0 {
				cs.Max = st.max
			}
			cs.HasMinMax = true
		}
		if !cols[c].Type.IsNested() {
			cs.Distinct = math.Min(all.Estimate(), math.Max(1, float64(values)))
		}
		if cols[c].Type.IsString() && values > 0 {
			cs.AvgBytes = float64(heap) / float64(values)
		}
	}
	return out
}
