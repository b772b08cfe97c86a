package arrowconv

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// uuidMark is the field metadata by which Arrow knows UUIDs.
var uuidMark = arrow.NewMetadata([]string{"ARROW:extension:name", "ARROW:extension:metadata"}, []string{"arrow.uuid", ""})

// Schema returns the Arrow schema of columns with the given names and types.
// It fails with 0A000 for a type that Arrow has no counterpart of.
func Schema(names []string, ts []types.Type) (*arrow.Schema, error) {
	fields := make([]arrow.Field, len(ts))
	for i, t := range ts {
		f, err := field(names[i], t)
		if err != nil {
			return nil, err
		}
		fields[i] = f
	}
	return arrow.NewSchema(fields, nil), nil
}

func field(name string, t types.Type) (arrow.Field, error) {
	dt, err := DataType(t)
	f := arrow.Field{Name: name, Type: dt, Nullable: true}
	if t.ID == types.UUID {
		f.Metadata = uuidMark
	}
	return f, err
}

var plainTypes = map[types.ID]arrow.DataType{
	types.Null: arrow.Null, types.Unknown: arrow.Null, types.Boolean: arrow.FixedWidthTypes.Boolean,
	types.TinyInt: arrow.PrimitiveTypes.Int8, types.SmallInt: arrow.PrimitiveTypes.Int16,
	types.Integer: arrow.PrimitiveTypes.Int32, types.BigInt: arrow.PrimitiveTypes.Int64,
	types.UTinyInt: arrow.PrimitiveTypes.Uint8, types.USmallInt: arrow.PrimitiveTypes.Uint16,
	types.UInteger: arrow.PrimitiveTypes.Uint32, types.UBigInt: arrow.PrimitiveTypes.Uint64,
	types.HugeInt: &arrow.Decimal128Type{Precision: 38}, types.UHugeInt: &arrow.Decimal256Type{Precision: 39},
	types.Float: arrow.PrimitiveTypes.Float32, types.Double: arrow.PrimitiveTypes.Float64,
	types.Varchar: arrow.BinaryTypes.StringView, types.Blob: arrow.BinaryTypes.BinaryView,
	types.Date: arrow.FixedWidthTypes.Date32, types.Time: arrow.FixedWidthTypes.Time64us,
	types.TimestampS:  &arrow.TimestampType{Unit: arrow.Second},
	types.TimestampMS: &arrow.TimestampType{Unit: arrow.Millisecond},
	types.Timestamp:   &arrow.TimestampType{Unit: arrow.Microsecond},
	types.TimestampNS: &arrow.TimestampType{Unit: arrow.Nanosecond},
	types.TimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	types.IntervalID:  arrow.FixedWidthTypes.MonthDayNanoInterval,
	types.UUID:        &arrow.FixedSizeBinaryType{ByteWidth: 16},
}

// DataType returns the Arrow type that vectors of t become; 0A000 when there
// is none (BIT, TIME WITH TIME ZONE, UNION).
func DataType(t types.Type) (arrow.DataType, error) {
	if dt := plainTypes[t.ID]; dt != nil {
		return dt, nil
	}
	switch t.ID {
	case types.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Width), Scale: int32(t.Scale)}, nil
	case types.Enum:
		index := map[types.Physical]arrow.DataType{
			types.PUint8: arrow.PrimitiveTypes.Uint8, types.PUint16: arrow.PrimitiveTypes.Uint16, types.PUint32: arrow.PrimitiveTypes.Uint32,
		}[t.Physical()]
		return &arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String, Ordered: true}, nil
	case types.List, types.Array:
		f, err := field("item", *t.Ext.Child)
		if err != nil {
			return nil, err
		}
		if t.ID == types.Array {
			return arrow.FixedSizeListOfField(int32(t.Ext.Size), f), nil
		}
		return arrow.ListOfField(f), nil
	case types.Struct, types.Map:
		fields := make([]arrow.Field, len(t.Ext.Fields))
		for i, x := range t.Ext.Fields {
			f, err := field(x.Name, x.Type)
			if err != nil {
				return nil, err
			}
			fields[i] = f
		}
		if t.ID == types.Map {
			fields[0].Nullable = false
			return arrow.MapOfFields(fields[0], fields[1]), nil
		}
		return arrow.StructOf(fields...), nil
	}
	return nil, sqlerr.New(sqlerr.CodeUnsupported, "%s has no counterpart in Arrow", t)
}

// Type returns the type of vectors that arrays of dt become; 0A000 when there
// is none.
func Type(dt arrow.DataType) (types.Type, error) {
	switch dt := dt.(type) {
	case arrow.ExtensionType:
		if dt.ExtensionName() == "arrow.uuid" {
			return types.Of(types.UUID), nil
		}
		return Type(dt.StorageType())
	case *arrow.DictionaryType:
		return Type(dt.ValueType)
	case *arrow.TimestampType:
		if dt.TimeZone != "" {
			return types.Of(types.TimestampTZ), nil
		}
		return types.Of([...]types.ID{arrow.Second: types.TimestampS, arrow.Millisecond: types.TimestampMS, arrow.Microsecond: types.Timestamp, arrow.Nanosecond: types.TimestampNS}[dt.Unit]), nil
	case arrow.DecimalType:
		p, s := dt.GetPrecision(), dt.GetScale()
		if dt.ID() != arrow.DECIMAL128 && dt.ID() != arrow.DECIMAL256 || p < 1 || p > 38 || s < 0 || s > p {
			break
		}
		return types.DecimalOf(uint8(p), uint8(s)), nil
	case *arrow.MapType:
		k, err := Type(dt.KeyType())
		if err != nil {
			return k, err
		}
		v, err := Type(dt.ItemType())
		return types.MapOf(k, v), err
	case *arrow.FixedSizeListType:
		c, err := Type(dt.Elem())
		return types.ArrayOf(c, int(dt.Len())), err
	case *arrow.ListType:
		c, err := Type(dt.Elem())
		return types.ListOf(c), err
	case *arrow.LargeListType:
		c, err := Type(dt.Elem())
		return types.ListOf(c), err
	case *arrow.StructType:
		var fs []types.Field
		for _, f := range dt.Fields() {
			t, err := Type(f.Type)
			if err != nil {
				return t, err
			}
			fs = append(fs, types.Field{Name: f.Name, Type: t})
		}
		if len(fs) > 0 {
			return types.StructOf(fs...), nil
		}
	}
	if id := plainIDs[dt.ID()]; id != types.Invalid {
		return types.Of(id), nil
	}
	return types.Type{}, sqlerr.New(sqlerr.CodeUnsupported, "the Arrow type %s is not supported", dt)
}

var plainIDs = map[arrow.Type]types.ID{
	arrow.NULL: types.Null, arrow.BOOL: types.Boolean,
	arrow.INT8: types.TinyInt, arrow.INT16: types.SmallInt, arrow.INT32: types.Integer, arrow.INT64: types.BigInt,
	arrow.UINT8: types.UTinyInt, arrow.UINT16: types.USmallInt, arrow.UINT32: types.UInteger, arrow.UINT64: types.UBigInt,
	arrow.FLOAT32: types.Float, arrow.FLOAT64: types.Double,
	arrow.STRING: types.Varchar, arrow.LARGE_STRING: types.Varchar, arrow.STRING_VIEW: types.Varchar,
	arrow.BINARY: types.Blob, arrow.LARGE_BINARY: types.Blob, arrow.BINARY_VIEW: types.Blob, arrow.FIXED_SIZE_BINARY: types.Blob,
	arrow.DATE32: types.Date, arrow.DATE64: types.Date, arrow.TIME32: types.Time, arrow.TIME64: types.Time,
	arrow.INTERVAL_MONTH_DAY_NANO: types.IntervalID, arrow.DURATION: types.IntervalID,
}

// maxLen bounds what 32-bit positions can name.
const maxLen = math.MaxInt32
