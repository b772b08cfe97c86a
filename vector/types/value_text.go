package types

import (
	"strings"

	"github.com/gannetdb/gannet/vector/raw"
)

// String returns v as a cast to VARCHAR gives it (instants with a zone in
// UTC); "NULL" for NULL.
func (v Value) String() string { return string(AppendValue(nil, v, UTC)) }

// AppendValue appends v as a cast to VARCHAR gives it, instants as seen in
// zone z; "NULL" for NULL.
func AppendValue(dst []byte, v Value, z *Zone) []byte {
	if v.IsNull {
		return append(dst, "NULL"...)
	}
	switch v.Type.ID {
	case Boolean:
		return AppendBool(dst, v.I != 0)
	case TinyInt, SmallInt, Integer, BigInt, UTinyInt, USmallInt, UInteger:
		return AppendInt128(dst, Int128From(v.I))
	case UBigInt:
		return AppendUint128(dst, Uint128From(uint64(v.I)))
	case HugeInt:
		return AppendInt128(dst, v.Int128())
	case UHugeInt:
		return AppendUint128(dst, Uint128{uint64(v.I), uint64(v.Hi)})
	case Float:
		return AppendFloat32(dst, float32(v.F))
	case Double:
		return AppendFloat(dst, v.F)
	case Decimal:
		return AppendDecimal(dst, v.Int128(), int(v.Type.Width), int(v.Type.Scale))
	case Blob:
		return AppendBlob(dst, raw.StringBytes(v.S))
	case Bit:
		return AppendBit(dst, raw.StringBytes(v.S))
	case Date:
		return AppendDate(dst, int32(v.I))
	case Time:
		return AppendTime(dst, v.I)
	case TimeTZ:
		return AppendTimeTZ(dst, v.I)
	case TimestampS, TimestampMS, Timestamp, TimestampNS:
		return AppendTimestamp(dst, v.I, v.Type.Ticks())
	case TimestampTZ:
		return AppendTimestampTZ(dst, v.I, z)
	case IntervalID:
		return AppendInterval(dst, v.Iv)
	case UUID:
		return AppendUUID(dst, v.Int128())
	case Enum:
		if labels := v.Type.Ext.Enum.Labels; v.I >= 0 && int(v.I) < len(labels) {
			return append(dst, labels[v.I]...)
		}
		return append(dst, "NULL"...)
	case List, Array:
		dst = append(dst, '[')
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendNested(dst, c, z)
		}
		return append(dst, ']')
	case Struct:
		unnamed := IsUnnamed(v.Type)
		dst = append(dst, "{("[btoi(unnamed)])
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if !unnamed {
				dst = AppendQuoted(dst, raw.StringBytes(v.Type.Ext.Fields[i].Name))
				dst = append(dst, ": "...)
			}
			dst = appendNested(dst, c, z)
		}
		return append(dst, "})"[btoi(unnamed)])
	case Map:
		dst = append(dst, '{')
		for i, e := range v.Children {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendNested(dst, e.Children[0], z)
			dst = append(dst, '=')
			dst = appendNested(dst, e.Children[1], z)
		}
		return append(dst, '}')
	}
	return append(dst, v.S...)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// IsUnnamed reports whether t is a struct whose fields have no names: ROW(…).
func IsUnnamed(t Type) bool {
	return t.ID == Struct && len(t.Ext.Fields) > 0 && t.Ext.Fields[0].Name == ""
}

// appendNested appends v as an element of a list, struct or map.
func appendNested(dst []byte, v Value, z *Zone) []byte {
	start := len(dst)
	dst = AppendValue(dst, v, z)
	if v.IsNull || v.Type.IsNested() {
		return dst
	}
	return QuoteElement(dst, start)
}

// QuoteElement quotes dst[start:], the text of one element of a nested value,
// where it would be ambiguous without: when it is empty, reads as NULL, has
// white space at an end or one of ( ) [ ] { } " ' , : =.
func QuoteElement(dst []byte, start int) []byte {
	s := dst[start:]
	quote := len(s) == 0 || isSpace(s[0]) || isSpace(s[len(s)-1]) || equalFold(s, "null")
	extra := 2
	for _, c := range s {
		switch c {
		case '\'', '\\':
			quote = quote || c == '\''
			extra++
		case '(', ')', '[', ']', '{', '}', '"', ',', ':', '=':
			quote = true
		}
	}
	if !quote {
		return dst
	}
	n := len(s)
	for range extra {
		dst = append(dst, 0)
	}
	// Move from the back, so that nothing is overwritten before it is read.
	s = dst[start:]
	w := len(s) - 1
	s[w] = '\''
	for r := n - 1; r >= 0; r-- {
		w--
		s[w] = s[r]
		if s[w] == '\'' || s[w] == '\\' {
			w--
			s[w] = '\\'
		}
	}
	s[0] = '\''
	return dst
}

// AppendQuoted appends s in single quotes, ' and \ escaped by a backslash: a
// struct's field name in text.
func AppendQuoted(dst, s []byte) []byte {
	dst = append(dst, '\'')
	for _, c := range s {
		if c == '\'' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}

// AppendBool appends true or false.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}

// SQL returns v as an SQL expression that evaluates to it.
func (v Value) SQL() string {
	var b strings.Builder
	v.writeSQL(&b)
	return b.String()
}

func quoteSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (v Value) writeSQL(b *strings.Builder) {
	if v.IsNull {
		b.WriteString("NULL")
		return
	}
	switch v.Type.ID {
	case Boolean, TinyInt, SmallInt, Integer, BigInt, HugeInt, UTinyInt, USmallInt, UInteger, UBigInt, UHugeInt, Decimal:
		b.WriteString(v.String())
	case Varchar:
		b.WriteString(quoteSQL(v.S))
	case List:
		v.writeChildren(b, "[", "]")
	case Array:
		v.writeChildren(b, "[", "]")
		b.WriteString("::" + v.Type.String())
	case Struct:
		if IsUnnamed(v.Type) {
			v.writeChildren(b, "row(", ")")
			return
		}
		b.WriteByte('{')
		for i, c := range v.Children {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoteSQL(v.Type.Ext.Fields[i].Name) + ": ")
			c.writeSQL(b)
		}
		b.WriteByte('}')
	case Map:
		b.WriteString("MAP {")
		for i, e := range v.Children {
			if i > 0 {
				b.WriteString(", ")
			}
			e.Children[0].writeSQL(b)
			b.WriteString(": ")
			e.Children[1].writeSQL(b)
		}
		b.WriteByte('}')
	case Float, Double, Date, Time, TimeTZ, TimestampS, TimestampMS, Timestamp, TimestampNS, TimestampTZ, IntervalID, UUID, Blob, Bit, Enum:
		b.WriteString(quoteSQL(v.String()) + "::" + v.Type.String())
	default:
		b.WriteString(quoteSQL(v.String()))
	}
}

func (v Value) writeChildren(b *strings.Builder, open, end string) {
	b.WriteString(open)
	for i, c := range v.Children {
		if i > 0 {
			b.WriteString(", ")
		}
		c.writeSQL(b)
	}
	b.WriteString(end)
}
