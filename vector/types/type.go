package types

import (
	"fmt"
	"strings"
)

// ID names a logical type without its parameters.
type ID uint8

// The logical types. Null is the type of an untyped NULL; Unknown that of a
// parameter whose context has not typed it yet; Any occurs only in function
// signatures.
const (
	Invalid ID = iota
	Null
	Unknown
	Any
	Boolean
	TinyInt
	SmallInt
	Integer
	BigInt
	HugeInt
	UTinyInt
	USmallInt
	UInteger
	UBigInt
	UHugeInt
	Float
	Double
	Decimal // Width and Scale; 1 <= Width <= 38
	Varchar // UTF-8
	Blob
	Bit
	Date        // days since 1970-01-01
	Time        // microseconds since midnight
	TimeTZ      // microseconds << 24 | offset, as DuckDB
	TimestampS  // seconds since the epoch
	TimestampMS // milliseconds
	Timestamp   // microseconds
	TimestampNS // nanoseconds
	TimestampTZ // microseconds UTC
	IntervalID  // months, days, microseconds
	UUID
	Enum   // Ext.Enum
	List   // Ext.Child
	Array  // Ext.Child, Ext.Size
	Struct // Ext.Fields
	Map    // Ext.Fields: key, value; stored as a list of structs
	Union  // Ext.Fields
	numIDs
)

// Type is a logical type. The zero Type is invalid. Compare with Equal.
type Type struct {
	ID    ID
	Width uint8 // decimal only: total digits
	Scale uint8 // decimal only: digits behind the point
	// Collation is of VARCHAR only; Equal does not look at it.
	Collation Collation
	Ext       *Ext // nested types and enums only; never changed after creation
}

// Ext holds the parameters of nested types and enums.
type Ext struct {
	Child  *Type     // list and array element
	Fields []Field   // struct fields, map key and value, union members
	Size   int       // array length
	Enum   *EnumDict // enum labels
}

// Field is a named member of a struct, map or union.
type Field struct {
	Name string
	Type Type
}

// EnumDict lists an enum's labels; a value is the index of its label.
type EnumDict struct {
	Name   string
	Labels []string
}

// Of returns the type with the given ID and no parameters.
func Of(id ID) Type { return Type{ID: id} }

// DecimalOf returns DECIMAL(width, scale).
func DecimalOf(width, scale uint8) Type { return Type{ID: Decimal, Width: width, Scale: scale} }

// ListOf returns the list type over child.
func ListOf(child Type) Type { return Type{ID: List, Ext: &Ext{Child: &child}} }

// ArrayOf returns the fixed-size array type of n elements of child.
func ArrayOf(child Type, n int) Type { return Type{ID: Array, Ext: &Ext{Child: &child, Size: n}} }

// StructOf returns the struct type with the given fields.
func StructOf(fields ...Field) Type { return Type{ID: Struct, Ext: &Ext{Fields: fields}} }

// MapOf returns MAP(key, value).
func MapOf(key, value Type) Type {
	return Type{ID: Map, Ext: &Ext{Fields: []Field{{"key", key}, {"value", value}}}}
}

// EnumOf returns the enum type over dict.
func EnumOf(dict *EnumDict) Type { return Type{ID: Enum, Ext: &Ext{Enum: dict}} }

// Equal reports whether t and o are the same type, parameters included, but not
// collations.
func (t Type) Equal(o Type) bool {
	if t.ID != o.ID || t.Width != o.Width || t.Scale != o.Scale {
		return false
	}
	if t.Ext == o.Ext {
		return true
	}
	if t.Ext == nil || o.Ext == nil {
		return false
	}
	return t.Ext.equal(o.Ext)
}

func (e *Ext) equal(o *Ext) bool {
	if e.Size != o.Size || len(e.Fields) != len(o.Fields) || (e.Child == nil) != (o.Child == nil) {
		return false
	}
	if e.Child != nil && !e.Child.Equal(*o.Child) {
		return false
	}
	for i := range e.Fields {
		if e.Fields[i].Name != o.Fields[i].Name || !e.Fields[i].Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	if e.Enum == o.Enum {
		return true
	}
	if e.Enum == nil || o.Enum == nil || len(e.Enum.Labels) != len(o.Enum.Labels) {
		return false
	}
	for i := range e.Enum.Labels {
		if e.Enum.Labels[i] != o.Enum.Labels[i] {
			return false
		}
	}
	return true
}

var names = [numIDs]string{
	Invalid: "INVALID", Null: "\"NULL\"", Unknown: "UNKNOWN", Any: "ANY", Boolean: "BOOLEAN",
	TinyInt: "TINYINT", SmallInt: "SMALLINT", Integer: "INTEGER", BigInt: "BIGINT", HugeInt: "HUGEINT",
	UTinyInt: "UTINYINT", USmallInt: "USMALLINT", UInteger: "UINTEGER", UBigInt: "UBIGINT", UHugeInt: "UHUGEINT",
	Float: "FLOAT", Double: "DOUBLE", Decimal: "DECIMAL", Varchar: "VARCHAR", Blob: "BLOB", Bit: "BIT",
	Date: "DATE", Time: "TIME", TimeTZ: "TIME WITH TIME ZONE", TimestampS: "TIMESTAMP_S", TimestampMS: "TIMESTAMP_MS",
	Timestamp: "TIMESTAMP", TimestampNS: "TIMESTAMP_NS", TimestampTZ: "TIMESTAMP WITH TIME ZONE",
	IntervalID: "INTERVAL", UUID: "UUID", Enum: "ENUM", List: "LIST", Array: "ARRAY", Struct: "STRUCT", Map: "MAP", Union: "UNION",
}

// String returns the type as SQL writes it, in DuckDB's spelling:
// DECIMAL(15,2), INTEGER[], STRUCT(a INTEGER, b VARCHAR), MAP(VARCHAR, INTEGER).
func (t Type) String() string {
	if t.Ext == nil && t.ID >= Enum && t.ID < numIDs {
		return names[t.ID] // stands for all of its kind
	}
	switch t.ID {
	case Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Width, t.Scale)
	case List:
		return t.Ext.Child.String() + "[]"
	case Array:
		return fmt.Sprintf("%s[%d]", t.Ext.Child, t.Ext.Size)
	case Map:
		return fmt.Sprintf("MAP(%s, %s)", t.Ext.Fields[0].Type, t.Ext.Fields[1].Type)
	case Struct, Union:
		var b strings.Builder
		b.WriteString(names[t.ID])
		b.WriteByte('(')
		for i, f := range t.Ext.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			if f.Name != "" {
				b.WriteString(QuoteName(f.Name))
				b.WriteByte(' ')
			}
			b.WriteString(f.Type.String())
		}
		b.WriteByte(')')
		return b.String()
	case Enum:
		var b strings.Builder
		b.WriteString("ENUM(")
		for i, l := range t.Ext.Enum.Labels {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("'" + strings.ReplaceAll(l, "'", "''") + "'")
		}
		b.WriteByte(')')
		return b.String()
	}
	if int(t.ID) < len(names) {
		return names[t.ID]
	}
	return "INVALID"
}

// IsInteger reports whether t is a signed or unsigned integer of any width.
func (t Type) IsInteger() bool { return t.ID >= TinyInt && t.ID <= UHugeInt }

// IsUnsigned reports whether t is an unsigned integer.
func (t Type) IsUnsigned() bool { return t.ID >= UTinyInt && t.ID <= UHugeInt }

// IsFloat reports whether t is FLOAT or DOUBLE.
func (t Type) IsFloat() bool { return t.ID == Float || t.ID == Double }

// IsNumeric reports whether t is an integer, a decimal or a float.
func (t Type) IsNumeric() bool { return t.ID >= TinyInt && t.ID <= Decimal }

// IsTemporal reports whether t is a date, time, timestamp or interval.
func (t Type) IsTemporal() bool { return t.ID >= Date && t.ID <= IntervalID }

// IsTimestamp reports whether t is one of the timestamp types.
func (t Type) IsTimestamp() bool { return t.ID >= TimestampS && t.ID <= TimestampTZ }

// IsNested reports whether values of t have children.
func (t Type) IsNested() bool { return t.ID >= List }

// IsString reports whether t is laid out as StringRef.
func (t Type) IsString() bool { return t.ID == Varchar || t.ID == Blob || t.ID == Bit }
