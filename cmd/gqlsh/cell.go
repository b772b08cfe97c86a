package main

import (
	"strconv"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// appendCell appends the text of the value at position i, which is not NULL,
// as a cast to VARCHAR gives it. Common types take no boxed value.
func appendCell(dst []byte, v *vector.Vector, i int, z *types.Zone) []byte {
	if v.Form != vector.Flat {
		return types.AppendValue(dst, v.Value(i), z)
	}
	switch v.Type.ID {
	case types.Varchar:
		return append(dst, vector.Str(&vector.Values[types.StringRef](v)[i], v.Bufs)...)
	case types.BigInt:
		return strconv.AppendInt(dst, vector.Values[int64](v)[i], 10)
	case types.Integer:
		return strconv.AppendInt(dst, int64(vector.Values[int32](v)[i]), 10)
	case types.SmallInt:
		return strconv.AppendInt(dst, int64(vector.Values[int16](v)[i]), 10)
	case types.TinyInt:
		return strconv.AppendInt(dst, int64(vector.Values[int8](v)[i]), 10)
	case types.UBigInt:
		return strconv.AppendUint(dst, vector.Values[uint64](v)[i], 10)
	case types.UInteger:
		return strconv.AppendUint(dst, uint64(vector.Values[uint32](v)[i]), 10)
	case types.USmallInt:
		return strconv.AppendUint(dst, uint64(vector.Values[uint16](v)[i]), 10)
	case types.UTinyInt:
		return strconv.AppendUint(dst, uint64(v.Data[i]), 10)
	case types.Double:
		return types.AppendFloat(dst, vector.Values[float64](v)[i])
	case types.Float:
		return types.AppendFloat32(dst, vector.Values[float32](v)[i])
	case types.Boolean:
		return types.AppendBool(dst, v.Data[i] != 0)
	case types.Date:
		return types.AppendDate(dst, vector.Values[int32](v)[i])
	case types.Time:
		return types.AppendTime(dst, vector.Values[int64](v)[i])
	case types.Timestamp:
		return types.AppendTimestamp(dst, vector.Values[int64](v)[i], v.Type.Ticks())
	case types.TimestampTZ:
		return types.AppendTimestampTZ(dst, vector.Values[int64](v)[i], z)
	case types.HugeInt:
		return types.AppendInt128(dst, vector.Values[types.Int128](v)[i])
	case types.Decimal:
		return types.AppendDecimal(dst, decimalAt(v, i), int(v.Type.Width), int(v.Type.Scale))
	}
	return types.AppendValue(dst, v.Value(i), z)
}

func decimalAt(v *vector.Vector, i int) types.Int128 {
	switch v.Type.Physical() {
	case types.PInt16:
		return types.Int128From(int64(vector.Values[int16](v)[i]))
	case types.PInt32:
		return types.Int128From(int64(vector.Values[int32](v)[i]))
	case types.PInt64:
		return types.Int128From(vector.Values[int64](v)[i])
	}
	return vector.Values[types.Int128](v)[i]
}

// rightAligned reports whether values of type t are set to the right.
func rightAligned(t types.Type) bool {
	return t.IsInteger() || t.IsFloat() || t.ID == types.Decimal
}
