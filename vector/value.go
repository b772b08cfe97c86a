package vector

import (
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Value returns the value at position i, boxed, with copies of its bytes. It
// is for edges and tests, not for rows in a query's path.
func (v *Vector) Value(i int) types.Value {
	switch v.Form {
	case Sequence:
		return types.IntValue(v.Type, v.Start+int64(i)*v.Step)
	case Dictionary:
		return v.Dict.Value(int(v.Codes[i]))
	case Constant:
		i = 0
	}
	if v.Valid != nil && !v.Valid.Get(i) {
		return types.NullOf(v.Type)
	}
	out := types.Value{Type: v.Type}
	switch v.Type.Physical() {
	case types.PBool, types.PUint8:
		out.I = int64(v.Data[i])
	case types.PInt8:
		out.I = int64(int8(v.Data[i]))
	case types.PInt16:
		out.I = int64(Values[int16](v)[i])
	case types.PUint16:
		out.I = int64(Values[uint16](v)[i])
	case types.PInt32:
		out.I = int64(Values[int32](v)[i])
	case types.PUint32:
		out.I = int64(Values[uint32](v)[i])
	case types.PInt64:
		out.I = Values[int64](v)[i]
	case types.PUint64:
		out.I = Values[int64](v)[i]
		return out
	case types.PInt128, types.PUint128:
		x := Values[types.Int128](v)[i]
		out.I, out.Hi = int64(x.Lo), x.Hi
		return out
	case types.PFloat32:
		out.F = float64(Values[float32](v)[i])
	case types.PFloat64:
		out.F = Values[float64](v)[i]
	case types.PString:
		out.S = string(Str(&Values[types.StringRef](v)[i], v.Bufs))
	case types.PInterval:
		out.Iv = Values[types.Interval](v)[i]
	case types.PList:
		e := Values[types.ListEntry](v)[i]
		out.Children = make([]types.Value, e.Length)
		for k := range out.Children {
			out.Children[k] = v.Children[0].Value(int(e.Offset) + k)
		}
	case types.PArray:
		n := v.Type.Ext.Size
		out.Children = make([]types.Value, n)
		for k := range out.Children {
			out.Children[k] = v.Children[0].Value(i*n + k)
		}
	case types.PStruct:
		out.Children = make([]types.Value, len(v.Children))
		for k, c := range v.Children {
			out.Children[k] = c.Value(i)
		}
	}
	out.Hi = out.I >> 63
	return out
}

// SetValue stores val, which must be of v's type or NULL, at position i of a
// flat vector that owns its buffers. For edges and tests.
func (v *Vector) SetValue(i int, val types.Value) {
	if val.IsNull {
		v.SetNull(i)
		return
	}
	if v.Valid != nil {
		v.Valid.Set(i)
	}
	switch v.Type.Physical() {
	case types.PBool, types.PUint8, types.PInt8:
		v.Data[i] = byte(val.I)
	case types.PInt16, types.PUint16:
		Values[int16](v)[i] = int16(val.I)
	case types.PInt32, types.PUint32:
		Values[int32](v)[i] = int32(val.I)
	case types.PInt64, types.PUint64:
		Values[int64](v)[i] = val.I
	case types.PInt128, types.PUint128:
		Values[types.Int128](v)[i] = val.Int128()
	case types.PFloat32:
		Values[float32](v)[i] = float32(val.F)
	case types.PFloat64:
		Values[float64](v)[i] = val.F
	case types.PString:
		v.PutString(i, raw.StringBytes(val.S))
	case types.PInterval:
		Values[types.Interval](v)[i] = val.Iv
	case types.PList:
		c := v.Children[0]
		off := c.Len
		c.Grow(len(val.Children))
		for k, x := range val.Children {
			c.SetValue(off+k, x)
		}
		Values[types.ListEntry](v)[i] = types.ListEntry{Offset: uint32(off), Length: uint32(len(val.Children))}
	case types.PArray:
		for k, x := range val.Children {
			v.Children[0].SetValue(i*v.Type.Ext.Size+k, x)
		}
	case types.PStruct:
		for k, x := range val.Children {
			v.Children[k].SetValue(i, x)
		}
	}
}

// Grow appends n valid positions with zero values to a flat vector that owns
// its buffers, keeping those it has. Room is at least doubled, so that growing
// step by step costs a constant time a position.
func (v *Vector) Grow(n int) {
	w := v.Type.Physical().Width()
	old, total := v.Len, v.Len+n
	if need := total * w; cap(v.own.data) < need {
		size := max(need, 2*cap(v.own.data))
		v.own.buffers.add(size - cap(v.own.data))
		data := make([]byte, need, size)
		copy(data, v.Data)
		v.own.data = data
	}
	v.Data = v.own.data[:total*w]
	clear(v.Data[old*w:])
	if v.Valid != nil {
		words := (total + 63) / 64
		for len(v.own.valid) < words {
			v.own.valid = append(v.own.valid, ^uint64(0))
		}
		v.Valid = v.own.valid[:words]
		for i := old; i < total; i++ {
			v.Valid.Set(i)
		}
	}
	v.Len = total
	switch v.Type.Physical() {
	case types.PStruct:
		for _, c := range v.Children {
			c.Grow(n)
		}
	case types.PArray:
		v.Children[0].Grow(n * v.Type.Ext.Size)
	}
}
