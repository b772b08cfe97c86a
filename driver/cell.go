package gannet

import (
	"database/sql/driver"
	"time"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// cell returns what Next delivers of the value at position i, which is not NULL,
// of a vector of a result, which is flat. Types of every day take no boxed value.
func cell(v *vector.Vector, i int, zone *time.Location) driver.Value {
	switch v.Type.ID {
	case types.Boolean:
		return v.Data[i] != 0
	case types.BigInt:
		return vector.Values[int64](v)[i]
	case types.Integer:
		return int64(vector.Values[int32](v)[i])
	case types.SmallInt:
		return int64(vector.Values[int16](v)[i])
	case types.TinyInt:
		return int64(vector.Values[int8](v)[i])
	case types.UBigInt:
		return vector.Values[uint64](v)[i]
	case types.UInteger:
		return int64(vector.Values[uint32](v)[i])
	case types.USmallInt:
		return int64(vector.Values[uint16](v)[i])
	case types.UTinyInt:
		return int64(v.Data[i])
	case types.Double:
		return vector.Values[float64](v)[i]
	case types.Float:
		return float64(vector.Values[float32](v)[i])
	case types.Varchar:
		return string(vector.Str(&vector.Values[types.StringRef](v)[i], v.Bufs))
	case types.Date:
		if d := vector.Values[int32](v)[i]; types.DateFinite(d) {
			return time.Unix(int64(d)*86400, 0).UTC()
		}
	case types.Timestamp:
		if t := vector.Values[int64](v)[i]; types.TimestampFinite(t) {
			return time.UnixMicro(t).UTC()
		}
	case types.Decimal:
		var buf [48]byte // 38 digits, sign, point and more
		t := &v.Type
		switch t.Physical() {
		case types.PInt16:
			return string(types.AppendDecimal(buf[:0], types.Int128From(int64(vector.Values[int16](v)[i])), int(t.Width), int(t.Scale)))
		case types.PInt32:
			return string(types.AppendDecimal(buf[:0], types.Int128From(int64(vector.Values[int32](v)[i])), int(t.Width), int(t.Scale)))
		case types.PInt64:
			return string(types.AppendDecimal(buf[:0], types.Int128From(vector.Values[int64](v)[i]), int(t.Width), int(t.Scale)))
		}
		return string(types.AppendDecimal(buf[:0], vector.Values[types.Int128](v)[i], int(t.Width), int(t.Scale)))
	}
	return goValue(v.Value(i), zone)
}
