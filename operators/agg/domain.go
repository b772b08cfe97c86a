package agg

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// dim is the domain of one key: the values between bounds, in whatever form they
// come, the entries of one dictionary, or a single value.
type dim struct {
	bounded, coded bool
	size           uint32
	id             uint64 // of the dictionary
	min            int64
	width          uint64 // of bounds: max - min
}

// fits reports whether v has integers whose bounds are known and leave less than
// most values.
func (b *Bounds) fits(v *vector.Vector, most int) bool {
	if !b.Known || b.Max < b.Min || uint64(b.Max)-uint64(b.Min) >= uint64(most-2) {
		return false
	}
	switch v.Type.Physical() {
	case types.PInt8, types.PInt16, types.PInt32, types.PInt64, types.PUint8, types.PUint16, types.PUint32:
		return v.Form != vector.Dictionary || v.Dict.Form == vector.Flat
	}
	return false
}

// addTo folds the dimension into the slots of the positions sel; false when a
// value is outside of the domain.
func (m *dim) addTo(slot []uint32, v *vector.Vector, sel []uint32, first bool) bool {
	if m.coded {
		m.addCodes(slot, v.Codes, sel, first)
		return true
	}
	if !m.bounded {
		return true
	}
	if v.Form == vector.Sequence {
		return m.addSequence(slot, v, sel)
	}
	data := v
	if v.Form == vector.Dictionary {
		data = v.Dict
	}
	switch v.Type.Physical() {
	case types.PInt8:
		return addIntegers(m, slot, raw.Cast[int8](data.Data), v, sel)
	case types.PInt16:
		return addIntegers(m, slot, raw.Cast[int16](data.Data), v, sel)
	case types.PInt32:
		return addIntegers(m, slot, raw.Cast[int32](data.Data), v, sel)
	case types.PInt64:
		return addIntegers(m, slot, raw.Cast[int64](data.Data), v, sel)
	case types.PUint8:
		return addIntegers(m, slot, data.Data, v, sel)
	case types.PUint16:
		return addIntegers(m, slot, raw.Cast[uint16](data.Data), v, sel)
	case types.PUint32:
		return addIntegers(m, slot, raw.Cast[uint32](data.Data), v, sel)
	}
	return false
}

// addCodes is addTo for the codes of a dictionary.
func (m *dim) addCodes(slot, codes, sel []uint32, first bool) {
	switch {
	case sel == nil && first:
		copy(slot, codes[:len(slot)])
	case sel == nil:
		codes = codes[:len(slot)]
		for k, c := range codes {
			slot[k] = slot[k]*m.size + c
		}
	case first:
		for k, p := range sel[:len(slot)] {
			slot[k] = codes[p]
		}
	default:
		for k, p := range sel[:len(slot)] {
			slot[k] = slot[k]*m.size + codes[p]
		}
	}
}

// addSequence is addTo for a sequence, whose values are computed.
func (m *dim) addSequence(slot []uint32, v *vector.Vector, sel []uint32) bool {
	var most uint64
	start := uint64(v.Start) - uint64(m.min)
	for k := range slot {
		p := uint64(k)
		if sel != nil {
			p = uint64(sel[k])
		}
		u := start + uint64(v.Step)*p
		most = max(most, u)
		slot[k] = slot[k]*m.size + uint32(u)
	}
	return most <= m.width
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32
}

// addIntegers is addTo for integers, vals being those of v or of its dictionary.
func addIntegers[T integer](m *dim, slot []uint32, vals []T, v *vector.Vector, sel []uint32) bool {
	valid := v.Valid
	switch v.Form {
	case vector.Constant:
		c := uint32(m.width) + 1
		if valid == nil || valid[0]&1 != 0 {
			u := uint64(int64(vals[0])) - uint64(m.min)
			if u > m.width {
				return false
			}
			c = uint32(u)
		}
		for k := range slot {
			slot[k] = slot[k]*m.size + c
		}
		return true
	case vector.Dictionary:
		valid = v.Dict.Valid
	}
	codes := v.Codes
	if v.Form != vector.Dictionary {
		codes = nil
	}
	var most uint64
	if valid == nil && sel == nil && codes == nil {
		vals = vals[:len(slot)]
		for k, x := range vals {
			u := uint64(int64(x)) - uint64(m.min)
			most = max(most, u)
			slot[k] = slot[k]*m.size + uint32(u)
		}
		return most <= m.width
	}
	for k := range slot {
		p := uint32(k)
		if sel != nil {
			p = sel[k]
		}
		if codes != nil {
			p = codes[p]
		}
		u := uint64(int64(vals[p])) - uint64(m.min)
		if valid != nil && valid[p>>6]>>(p&63)&1 == 0 {
			u = 0
			slot[k] = slot[k]*m.size + uint32(m.width) + 1
		} else {
			slot[k] = slot[k]*m.size + uint32(u)
		}
		most = max(most, u)
	}
	return most <= m.width
}
