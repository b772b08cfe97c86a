package gannet

import (
	"database/sql/driver"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// value is the engine's boxed value.
type value = types.Value

var scanTypes = map[types.ID]reflect.Type{
	types.Boolean: reflect.TypeFor[bool](),
	types.UBigInt: reflect.TypeFor[uint64](),
	types.Float:   reflect.TypeFor[float64](), types.Double: reflect.TypeFor[float64](),
	types.Blob: reflect.TypeFor[[]byte](),
	types.List: reflect.TypeFor[[]any](), types.Array: reflect.TypeFor[[]any](), types.Map: reflect.TypeFor[Map](),
	types.Struct: reflect.TypeFor[Struct](), types.Union: reflect.TypeFor[any](),
}

func scanType(t types.Type) reflect.Type {
	if types.IsUnnamed(t) {
		return reflect.TypeFor[Row]()
	}
	if g, ok := scanTypes[t.ID]; ok {
		return g
	}
	switch {
	case t.IsInteger() && t.ID != types.HugeInt && t.ID != types.UHugeInt:
		return reflect.TypeFor[int64]()
	case t.IsTemporal() && t.ID != types.IntervalID:
		return reflect.TypeFor[time.Time]()
	}
	return reflect.TypeFor[string]()
}

// goValue turns a boxed value into a Go value.
func goValue(v value, zone *time.Location) any {
	if v.IsNull {
		return nil
	}
	if v.Type.IsTimestamp() && !types.TimestampFinite(v.I) {
		return v.String()
	}
	switch v.Type.ID {
	case types.Boolean:
		return v.I != 0
	case types.UBigInt:
		return uint64(v.I)
	case types.Float, types.Double:
		return v.F
	case types.Blob:
		return []byte(v.S)
	case types.Varchar:
		return v.S
	case types.Date:
		if !types.DateFinite(int32(v.I)) {
			return v.String()
		}
		return time.Unix(v.I*86400, 0).UTC()
	case types.Time, types.Timestamp:
		return time.UnixMicro(v.I).UTC()
	case types.TimeTZ:
		micros, offset := types.SplitTimeTZ(v.I)
		return time.UnixMicro(micros - int64(offset)*1e6).In(time.FixedZone("", offset))
	case types.TimestampS:
		return time.Unix(v.I, 0).UTC()
	case types.TimestampMS:
		return time.UnixMilli(v.I).UTC()
	case types.TimestampNS:
		return time.Unix(0, v.I).UTC()
	case types.TimestampTZ:
		return time.UnixMicro(v.I).In(zone)
	case types.Map:
		return Map{v: v, zone: zone}
	case types.List, types.Array:
		out := make([]any, len(v.Children))
		for i, c := range v.Children {
			out[i] = goValue(c, zone)
		}
		return out
	case types.Struct:
		if types.IsUnnamed(v.Type) {
			return Row{v: v, zone: zone}
		}
		return Struct{v: v, zone: zone}
	case types.HugeInt, types.UHugeInt:
		return v.String()
	}
	if v.Type.IsInteger() {
		return v.I
	}
	return v.String()
}

// valueArg takes what CheckNamedValue made.
func valueArg(a any) (value, error) {
	if v, ok := a.(value); ok {
		return v, nil
	}
	return toValue(a)
}

// toValue turns a Go value into a typed SQL value. Error 22023.
func toValue(a any) (value, error) {
	switch x := a.(type) {
	case value:
		return x, nil
	case Map:
		return nestedArg(a, x.v)
	case Row:
		return nestedArg(a, x.v)
	case Struct:
		return nestedArg(a, x.v)
	case nil:
		return types.NullOf(types.Of(types.Null)), nil
	case bool:
		return types.BoolValue(x), nil
	case string:
		return types.StringValue(x), nil
	case []byte:
		if x == nil {
			return types.NullOf(types.Of(types.Blob)), nil
		}
		return value{Type: types.Of(types.Blob), S: string(x)}, nil
	case time.Time:
		return types.IntValue(types.Of(types.TimestampTZ), x.UnixMicro()), nil
	case *big.Int:
		if x == nil {
			return types.NullOf(types.Of(types.HugeInt)), nil
		}
		return bigValue(x)
	case []any:
		return listValue(x)
	case driver.Valuer:
		if r := reflect.ValueOf(a); r.Kind() == reflect.Pointer && r.IsNil() {
			return types.NullOf(types.Of(types.Null)), nil
		}
		v, err := x.Value()
		if err != nil {
			return value{}, err
		}
		if _, again := v.(driver.Valuer); again {
			return value{}, sqlerr.New(sqlerr.CodeInvalidArgument, "the Value method of a %T returns a %T", a, v)
		}
		return toValue(v)
	}
	r := reflect.ValueOf(a)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return types.NullOf(types.Of(types.Null)), nil
		}
		return toValue(r.Elem().Interface())
	case reflect.Bool:
		return types.BoolValue(r.Bool()), nil
	case reflect.Int8:
		return types.IntValue(types.Of(types.TinyInt), r.Int()), nil
	case reflect.Int16:
		return types.IntValue(types.Of(types.SmallInt), r.Int()), nil
	case reflect.Int32:
		return types.IntValue(types.Of(types.Integer), r.Int()), nil
	case reflect.Int, reflect.Int64:
		return types.IntValue(types.Of(types.BigInt), r.Int()), nil
	case reflect.Uint8:
		return types.IntValue(types.Of(types.UTinyInt), int64(r.Uint())), nil
	case reflect.Uint16:
		return types.IntValue(types.Of(types.USmallInt), int64(r.Uint())), nil
	case reflect.Uint32:
		return types.IntValue(types.Of(types.UInteger), int64(r.Uint())), nil
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return value{Type: types.Of(types.UBigInt), I: int64(r.Uint())}, nil
	case reflect.Float32:
		return value{Type: types.Of(types.Float), F: r.Float()}, nil
	case reflect.Float64:
		return types.FloatValue(r.Float()), nil
	case reflect.String:
		return types.StringValue(r.String()), nil
	case reflect.Slice, reflect.Array:
		if r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
			return value{Type: types.Of(types.Blob), S: string(r.Bytes())}, nil
		}
		items := make([]any, r.Len())
		for i := range items {
			items[i] = r.Index(i).Interface()
		}
		return listValue(items)
	}
	return value{}, sqlerr.New(sqlerr.CodeInvalidArgument, "a Go value of type %T cannot be a parameter", a)
}

// nestedArg takes the value of a Map, Row or Struct; the zero ones have no type.
func nestedArg(a any, v value) (value, error) {
	if v.Type.ID == types.Invalid {
		return value{}, sqlerr.New(sqlerr.CodeInvalidArgument, "the zero value of a %T cannot be a parameter", a)
	}
	return v, nil
}

func bigValue(x *big.Int) (value, error) {
	if x.BitLen() > 127 {
		return value{}, sqlerr.New(sqlerr.CodeNumericOutOfRange, "%s does not fit into HUGEINT", x)
	}
	m := new(big.Int).Set(x)
	if x.Sign() < 0 {
		m.Add(m, new(big.Int).Lsh(big.NewInt(1), 128)) // two's complement
	}
	lo := new(big.Int).And(m, new(big.Int).SetUint64(^uint64(0))).Uint64()
	hi := new(big.Int).Rsh(m, 64).Uint64()
	return types.Int128Value(types.Of(types.HugeInt), types.Int128{Lo: lo, Hi: int64(hi)}), nil
}

// listValue makes a list; its elements take the type that all have in common.
func listValue(items []any) (value, error) {
	elem := types.Of(types.Null)
	out := value{}
	for i, it := range items {
		v, err := toValue(it)
		if err != nil {
			return value{}, sqlerr.Wrap(err, sqlerr.Code(err), "element %d: %s", i, err)
		}
		t, ok := types.CommonType(elem, v.Type)
		if !ok {
			return value{}, sqlerr.New(sqlerr.CodeDatatypeMismatch, "list element %d is a %s among values of type %s", i, v.Type, elem)
		}
		elem = t
		out.Children = append(out.Children, v)
	}
	for i, v := range out.Children {
		if !v.Type.Equal(elem) && !v.IsNull {
			return value{}, sqlerr.New(sqlerr.CodeDatatypeMismatch, "list element %d is a %s, others are %s", i, v.Type, elem).
				WithHint("give all elements the same Go type, here %s", fmt.Sprintf("%T", items[0]))
		}
		if v.IsNull {
			out.Children[i] = types.NullOf(elem)
		}
	}
	out.Type = types.ListOf(elem)
	return out, nil
}
