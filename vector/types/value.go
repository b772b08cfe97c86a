package types

// Value is one value of any type, boxed: a literal, a parameter, a statistic,
// a setting. It is not for per-row use.
//
// The payload by physical layout: Bool and integers up to 64 bits in I (as
// their bit pattern; uint64 reinterpreted), 128-bit in Lo=uint64(I) and Hi,
// floats in F, strings and blobs in S, intervals in Iv, lists, arrays and
// structs in Children, maps as Children of two-field structs. The zero Value
// is an untyped NULL once Type is set to Null; IsNull wins over any payload.
type Value struct {
	Type     Type
	IsNull   bool
	I        int64
	Hi       int64
	F        float64
	S        string
	Iv       Interval
	Children []Value
}

// NullOf returns the NULL of type t.
func NullOf(t Type) Value { return Value{Type: t, IsNull: true} }

// BoolValue returns a BOOLEAN.
func BoolValue(b bool) Value {
	v := Value{Type: Of(Boolean)}
	if b {
		v.I = 1
	}
	return v
}

// IntValue returns a value of the integer, date, time or timestamp type t
// whose payload is i (sign-extended to 128 bits for HUGEINT).
func IntValue(t Type, i int64) Value { return Value{Type: t, I: i, Hi: i >> 63} }

// FloatValue returns a DOUBLE.
func FloatValue(f float64) Value { return Value{Type: Of(Double), F: f} }

// StringValue returns a VARCHAR.
func StringValue(s string) Value { return Value{Type: Of(Varchar), S: s} }

// Int128Value returns a value of type t (HUGEINT, UHUGEINT, UUID, wide
// DECIMAL) whose payload is i.
func Int128Value(t Type, i Int128) Value { return Value{Type: t, I: int64(i.Lo), Hi: i.Hi} }

// Int128 returns the payload as 128 bits; meaningful for integers and decimals
// of every width (narrow ones keep their sign in Hi).
func (v Value) Int128() Int128 { return Int128{Lo: uint64(v.I), Hi: v.Hi} }
