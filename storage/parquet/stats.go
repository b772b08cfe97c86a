package parquet

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// chunkStats returns what the footer says of a column chunk of rows rows,
// after removing what cannot be true or relied upon.
func (l *leafColumn) chunkStats(m *columnMeta, rows int64) storage.ColumnStats {
	st := &m.stats
	s := storage.ColumnStats{NullCount: st.nullCount}
	if l.node.maxDef == 0 {
		s.NullCount = 0
	}
	if s.NullCount < -1 || s.NullCount > rows {
		s.NullCount = -1
	}
	if st.distinct > 0 {
		s.Distinct = float64(min(st.distinct, rows))
	} else {
		s.Distinct = min(l.dictionaryDistinct(m), float64(rows))
	}
	if l.kind.isString() && rows > 0 && m.uncompressedSize > 0 && m.uncompressedSize < maxPageSize*64 {
		s.AvgBytes = float64(m.uncompressedSize) / float64(rows)
	}
	lo, hi := st.min, st.max
	if lo == nil || hi == nil || !l.order {
		// The deprecated bounds were compared as signed, whatever the type.
		lo, hi = nil, nil
		if l.signedOrder() && st.oldMin != nil && st.oldMax != nil {
			lo, hi = st.oldMin, st.oldMax
		} else if st.min != nil && st.max != nil && l.signedOrder() {
			lo, hi = st.min, st.max // a writer that forgot to declare the order
		}
	}
	if lo != nil && hi != nil {
		l.setBounds(&s, lo, hi)
	}
	return s
}

// setBounds decodes bounds, unless they cannot serve as such.
func (l *leafColumn) setBounds(s *storage.ColumnStats, lo, hi []byte) {
	minV, ok1 := l.kind.statValue(lo)
	maxV, ok2 := l.kind.statValue(hi)
	if !ok1 || !ok2 || types.Compare(minV, maxV) > 0 {
		return
	}
	s.HasMinMax, s.Min, s.Max = true, minV, maxV
}

// signedOrder reports whether signed comparison of the stored values, which
// old writers always used, is the order of the column's type.
func (l *leafColumn) signedOrder() bool {
	switch l.kind.physical {
	case ptBoolean, ptFloat, ptDouble:
		return true
	case ptInt32, ptInt64:
		return !l.kind.typ.IsUnsigned()
	}
	return false
}

// statValue decodes a bound of a column chunk. ok is false when it cannot
// serve as one.
func (k *leafKind) statValue(b []byte) (v types.Value, ok bool) {
	v.Type = k.typ
	switch {
	case k.convert == convString:
		if len(b) > 1<<16 {
			return v, false
		}
		v.S = string(b)
		return v, true
	case k.physical == ptBoolean:
		if len(b) != 1 || b[0] > 1 {
			return v, false
		}
		v.I = int64(b[0])
		return v, true
	case k.convert == convInt96 || k.convert == convInterval || k.convert == convBigDouble:
		return v, false // their order is not defined, or not ours
	case k.width > 0 && len(b) != k.width:
		return v, false
	}
	var dst [2]uint64
	d := raw.Bytes(dst[:])
	if k.convert == convBigEndian {
		if len(b) == 0 || k.putBig(d, 0, b) != nil {
			return v, false
		}
	} else if k.convertFixed(d, b, 1) != nil {
		return v, false
	}
	switch k.typ.Physical() {
	case types.PFloat32:
		v.F = float64(math.Float32frombits(binary.LittleEndian.Uint32(d)))
	case types.PFloat64:
		v.F = math.Float64frombits(dst[0])
	case types.PInt128, types.PUint128:
		v.I, v.Hi = int64(dst[0]), int64(dst[1])
		return v, true
	case types.PInt8:
		v.I = int64(int8(d[0]))
	case types.PUint8:
		v.I = int64(d[0])
	case types.PInt16:
		v.I = int64(int16(dst[0]))
	case types.PUint16:
		v.I = int64(uint16(dst[0]))
	case types.PInt32:
		v.I = int64(int32(dst[0]))
	case types.PUint32:
		v.I = int64(uint32(dst[0]))
	case types.PUint64:
		v.I = int64(dst[0])
		return v, true
	default:
		v.I = int64(dst[0])
	}
	if k.typ.IsFloat() {
		return v, !math.IsNaN(v.F)
	}
	v.Hi = v.I >> 63
	return v, true
}

// widen makes sum's bounds cover those of s as well.
func widen(sum, s *storage.ColumnStats) {
	if types.Compare(s.Min, sum.Min) < 0 {
		sum.Min = s.Min
	}
	if types.Compare(s.Max, sum.Max) > 0 {
		sum.Max = s.Max
	}
}

// tableStats merges the statistics of all row groups.
func (f *File) tableStats() *storage.TableStats {
	st := &storage.TableStats{NumRows: float64(f.numRows), Exact: true, Bytes: f.info.Size}
	st.Columns = make([]storage.ColumnStats, len(f.schema.columns))
	for i := range f.schema.columns {
		c := &f.schema.columns[i]
		st.Columns[i].NullCount = -1
		if c.leaf < 0 {
			continue
		}
		leaf := &f.schema.leaves[c.leaf]
		sum := &st.Columns[i]
		bytes, distinct, known := 0.0, distinctSum{}, true
		bounded, merged, groups := true, false, 0
		sum.NullCount = 0
		for g := range f.groups {
			rows := f.groups[g].numRows
			if rows == 0 {
				continue
			}
			groups++
			s := leaf.chunkStats(&f.groups[g].columns[c.leaf], rows)
			bytes += s.AvgBytes * float64(rows)
			known = known && s.Distinct > 0
			distinct.add(&s, rows)
			if s.NullCount < 0 || sum.NullCount < 0 {
				sum.NullCount = -1
			} else {
				sum.NullCount += s.NullCount
			}
			switch {
			case s.NullCount == rows: // nothing but NULL: no bounds, and none needed
			case !s.HasMinMax:
				bounded = false
			case !merged:
				sum.HasMinMax, sum.Min, sum.Max, merged = true, s.Min, s.Max, true
			default:
				widen(sum, &s)
			}
		}
		sum.HasMinMax = merged && bounded
		if f.numRows == 0 {
			continue
		}
		if leaf.kind.isString() {
			sum.AvgBytes = bytes / float64(f.numRows)
		}
		nonNull := float64(f.numRows)
		if sum.NullCount >= 0 {
			nonNull -= float64(sum.NullCount)
		}
		bound, exactBound := valueRange(sum)
		switch {
		case known:
			sum.Distinct = min(distinct.estimate(nonNull, groups), bound, nonNull)
		case exactBound:
			sum.Distinct, sum.DistinctMax = min(bound, nonNull), true
		}
	}
	return st
}

// valueRange returns how many different values lie between the bounds, +Inf
// when that says nothing.
func valueRange(s *storage.ColumnStats) (n float64, ok bool) {
	if !s.HasMinMax {
		return math.Inf(1), false
	}
	switch t := s.Min.Type; t.Physical() {
	case types.PBool:
		return float64(s.Max.I-s.Min.I) + 1, true
	case types.PInt8, types.PInt16, types.PInt32, types.PInt64, types.PUint8, types.PUint16, types.PUint32:
		return float64(s.Max.I) - float64(s.Min.I) + 1, true
	case types.PUint64:
		return float64(uint64(s.Max.I)) - float64(uint64(s.Min.I)) + 1, true
	}
	return math.Inf(1), false
}

// distinctSum estimates the distinct values of a file from those of its row
// groups.
type distinctSum struct {
	most, sum float64
	rowsMost  int64
	ranges    []interval
}

// interval is the values of a row group, as numbers.
type interval struct{ lo, hi float64 }

func (d *distinctSum) add(s *storage.ColumnStats, rows int64) {
	d.sum += s.Distinct
	if s.Distinct > d.most {
		d.most, d.rowsMost = s.Distinct, rows
	}
	if _, ok := valueRange(s); ok {
		d.ranges = append(d.ranges, interval{float64(s.Min.I), float64(s.Max.I) + 1})
	}
}

// overlap returns in how many row groups a value of the column's whole range
// lies, on average; 0 when not all row groups have integer bounds.
func (d *distinctSum) overlap(groups int) float64 {
	if len(d.ranges) < groups || groups == 0 {
		return 0
	}
	slices.SortFunc(d.ranges, func(a, b interval) int { return cmp.Compare(a.lo, b.lo) })
	covered, total, end := 0.0, 0.0, math.Inf(-1)
	for _, r := range d.ranges {
		total += r.hi - r.lo
		if r.hi > end {
			covered += r.hi - max(r.lo, end)
			end = r.hi
		}
	}
	if covered <= 0 {
		return 0 // of unsigned numbers beyond the signed ones
	}
	return total / covered
}

// estimate assumes that values are spread over the row groups at random. With
// d values in a group of r rows out of D in all, d = D (1 - exp(-r/D)): solved
// for D from the group with the most. Sorted columns have more, at most the
// sum: as many as their row groups' bounds overlap little.
func (d *distinctSum) estimate(rows float64, groups int) float64 {
	r, m := float64(d.rowsMost), d.most
	if m <= 0 || r <= 0 {
		return 0
	}
	if m > 0.98*r {
		return d.sum // nearly unique in a group: so they are probably everywhere
	}
	lo, hi := m, 64*m
	for range 40 {
		mid := (lo + hi) / 2
		if mid*(1-math.Exp(-r/mid)) < m {
			lo = mid
		} else {
			hi = mid
		}
	}
	n := math.Round(hi)
	if times := d.overlap(groups); times > 0 {
		n = max(n, math.Round(d.sum/times))
	}
	return max(m, min(d.sum, n, rows))
}
