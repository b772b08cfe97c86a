package types

import (
	"math"
	"unicode/utf8"

	"github.com/gannetdb/gannet/vector/raw"
)

// AppendJSON appends v as JSON, instants as seen in zone z: numbers, also those of
// more than 53 bits, as numbers; lists, arrays and structs without names as
// arrays, other structs and maps as objects; what has no JSON type as the string
// that a cast to VARCHAR gives; NULL as null.
func AppendJSON(dst []byte, v Value, z *Zone) []byte {
	if v.IsNull {
		return append(dst, "null"...)
	}
	switch t := v.Type; {
	case t.ID == Float:
		return AppendJSONFloat(dst, v.F, 32)
	case t.ID == Double:
		return AppendJSONFloat(dst, v.F, 64)
	case t.ID == Boolean || t.IsInteger() || t.ID == Decimal:
		return AppendValue(dst, v, z)
	case t.ID == List || t.ID == Array || IsUnnamed(t):
		dst = append(dst, '[')
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, c, z)
		}
		return append(dst, ']')
	case t.ID == Struct:
		dst = append(dst, '{')
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSONString(dst, raw.StringBytes(t.Ext.Fields[i].Name))
			dst = AppendJSON(append(dst, ':'), c, z)
		}
		return append(dst, '}')
	case t.ID == Map:
		dst = append(dst, '{')
		for i, e := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSONString(dst, AppendValue(nil, e.Children[0], z))
			dst = AppendJSON(append(dst, ':'), e.Children[1], z)
		}
		return append(dst, '}')
	case t.ID == Varchar:
		return AppendJSONString(dst, raw.StringBytes(v.S))
	}
	return AppendJSONString(dst, AppendValue(nil, v, z))
}

// AppendJSONFloat appends f; infinities become ±1e999, which readers take for
// them, NaN null.
func AppendJSONFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "null"...)
	case math.IsInf(f, 1):
		return append(dst, "1e999"...)
	case math.IsInf(f, -1):
		return append(dst, "-1e999"...)
	case bits == 32:
		return AppendFloat32(dst, float32(f))
	}
	return AppendFloat(dst, f)
}

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s in quotes; bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[from:i]...)
				dst = append(dst, "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
