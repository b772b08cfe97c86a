package types

import (
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// aliases maps lower-case SQL names to types without parameters.
var aliases = map[string]ID{
	"null": Null, `"null"`: Null, "bool": Boolean, "boolean": Boolean, "logical": Boolean,
	"tinyint": TinyInt, "int1": TinyInt,
	"smallint": SmallInt, "int2": SmallInt, "int16": SmallInt, "short": SmallInt,
	"integer": Integer, "int": Integer, "int4": Integer, "int32": Integer, "integral": Integer, "signed": Integer,
	"bigint": BigInt, "int8": BigInt, "int64": BigInt, "long": BigInt, "oid": BigInt,
	"hugeint": HugeInt, "int128": HugeInt,
	"utinyint": UTinyInt, "uint8": UTinyInt, "usmallint": USmallInt, "uint16": USmallInt,
	"uinteger": UInteger, "uint32": UInteger, "ubigint": UBigInt, "uint64": UBigInt,
	"uhugeint": UHugeInt, "uint128": UHugeInt,
	"float": Float, "float4": Float, "real": Float, "double": Double, "float8": Double, "double precision": Double,
	"decimal": Decimal, "dec": Decimal, "numeric": Decimal,
	"varchar": Varchar, "char": Varchar, "bpchar": Varchar, "text": Varchar, "string": Varchar, "nvarchar": Varchar,
	"character": Varchar, "character varying": Varchar, "char varying": Varchar,
	"blob": Blob, "bytea": Blob, "binary": Blob, "varbinary": Blob,
	"bit": Bit, "bitstring": Bit,
	"date": Date, "time": Time, "time without time zone": Time, "timetz": TimeTZ, "time with time zone": TimeTZ,
	"timestamp": Timestamp, "datetime": Timestamp, "timestamp_us": Timestamp, "timestamp without time zone": Timestamp,
	"timestamp_s": TimestampS, "timestamp_ms": TimestampMS, "timestamp_ns": TimestampNS,
	"timestamptz": TimestampTZ, "timestamp with time zone": TimestampTZ,
	"interval": IntervalID, "uuid": UUID, "guid": UUID,
}

// Lookup returns the type called name (any case, DuckDB's aliases) with the
// modifiers in parentheses: DECIMAL(15,2), VARCHAR(10) (whose length is
// ignored), TIMESTAMP(3), FLOAT(24). Nested types and enums are not names. An
// unknown name is error 42704, wrong modifiers 42601.
func Lookup(name string, mods []int) (Type, error) {
	key := strings.ToLower(name)
	id, ok := aliases[key]
	if !ok {
		err := sqlerr.New(sqlerr.CodeUndefinedObject, "type with name %s does not exist", name)
		if hint := sqlerr.DidYouMean(name, TypeNames()); hint != "" {
			return Type{}, err.WithHint("%s", hint)
		}
		return Type{}, err
	}
	bad := func(what string) (Type, error) {
		return Type{}, sqlerr.New(sqlerr.CodeSyntax, "%s", what)
	}
	switch {
	case id == Decimal:
		width, scale := 18, 3
		if len(mods) > 2 {
			return bad("a decimal takes at most width and scale")
		}
		if len(mods) > 0 {
			width, scale = mods[0], 0
		}
		if len(mods) > 1 {
			scale = mods[1]
		}
		if width < 1 || width > MaxDecimalWidth {
			return bad("the width of a decimal must be between 1 and 38")
		}
		if scale < 0 || scale > width {
			return bad("the scale of a decimal must be between 0 and its width")
		}
		return DecimalOf(uint8(width), uint8(scale)), nil
	case len(mods) == 0, id == Varchar && len(mods) == 1, id == Blob && len(mods) == 1, id == Bit && len(mods) == 1:
		return Of(id), nil
	case id == Timestamp && len(mods) == 1:
		switch p := mods[0]; {
		case p < 0 || p > 9:
			return bad("the precision of a timestamp must be between 0 and 9")
		case p == 0:
			return Of(TimestampS), nil
		case p <= 3:
			return Of(TimestampMS), nil
		case p <= 6:
			return Of(Timestamp), nil
		}
		return Of(TimestampNS), nil
	case id == Float && len(mods) == 1:
		if mods[0] < 1 || mods[0] > 53 {
			return bad("the precision of a float must be between 1 and 53")
		}
		if mods[0] > 24 {
			return Of(Double), nil
		}
		return Of(Float), nil
	case len(mods) == 1 && (id == TimestampTZ || id == Time || id == TimeTZ || id == IntervalID):
		return Of(id), nil
	}
	return Type{}, sqlerr.New(sqlerr.CodeSyntax, "type %s takes no modifiers", names[id])
}

// TypeNames lists the names that Lookup knows, unsorted.
func TypeNames() []string {
	out := make([]string, 0, len(aliases))
	for n := range aliases {
		out = append(out, n)
	}
	return out
}
