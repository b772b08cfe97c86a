package main

import (
	"math"
	"unicode/utf8"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// jsonWriter writes rows as objects: in an array, or one a line.
type jsonWriter struct {
	s     *shell
	zone  *types.Zone
	array bool
	first bool
	names [][]byte // "name": with what stands before it
	buf   []byte
}

func newJSON(s *shell, cols []engine.Column) resultWriter {
	w := &jsonWriter{s: s, zone: s.zone(), array: true, first: true}
	for k, c := range cols {
		name := []byte{"{,"[min(k, 1)]}
		name = append(appendJSONString(name, []byte(c.Name)), ':')
		w.names = append(w.names, name)
	}
	return w
}

func newJSONLines(s *shell, cols []engine.Column) resultWriter {
	w := newJSON(s, cols).(*jsonWriter)
	w.array = false
	return w
}

func (w *jsonWriter) streams() bool { return true }

func (w *jsonWriter) begin() {
	if w.array {
		w.buf = append(w.buf, '[')
	}
}

func (w *jsonWriter) chunk(c *vector.Chunk) error {
	for i := range c.Len {
		if w.array && !w.first {
			w.buf = append(w.buf, ",\n"...)
		}
		w.first = false
		for k, v := range c.Cols {
			w.buf = append(w.buf, w.names[k]...)
			w.buf = w.value(w.buf, v, i)
		}
		w.buf = append(w.buf, '}')
		if !w.array {
			w.buf = append(w.buf, '\n')
		}
		if len(w.buf) >= flushAt {
			if err := w.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

// value appends the value at position i. Numbers, also those of more than 53
// bits, are JSON numbers; what has no JSON type is a string.
func (w *jsonWriter) value(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	t := v.Type
	switch {
	case t.IsNested():
		return appendJSONValue(dst, v.Value(i), w.zone)
	case t.ID == types.Double && v.Form == vector.Flat:
		return appendJSONFloat(dst, vector.Values[float64](v)[i], 64)
	case t.ID == types.Float && v.Form == vector.Flat:
		return appendJSONFloat(dst, float64(vector.Values[float32](v)[i]), 32)
	case t.ID == types.Boolean || t.IsInteger() || t.ID == types.Decimal:
		return appendCell(dst, v, i, w.zone)
	case t.IsTemporal() || t.ID == types.UUID: // their text needs no escapes
		return append(appendCell(append(dst, '"'), v, i, w.zone), '"')
	case t.ID == types.Varchar && v.Form == vector.Flat:
		return appendJSONString(dst, vector.Str(&vector.Values[types.StringRef](v)[i], v.Bufs))
	}
	return appendJSONValue(dst, v.Value(i), w.zone)
}

// appendJSONValue appends a boxed value: lists and arrays are arrays, structs
// and maps objects.
func appendJSONValue(dst []byte, v types.Value, z *types.Zone) []byte {
	if v.IsNull {
		return append(dst, "null"...)
	}
	switch t := v.Type; {
	case t.ID == types.Float:
		return appendJSONFloat(dst, v.F, 32)
	case t.ID == types.Double:
		return appendJSONFloat(dst, v.F, 64)
	case t.ID == types.Boolean || t.IsInteger() || t.ID == types.Decimal:
		return types.AppendValue(dst, v, z)
	case t.ID == types.List || t.ID == types.Array || types.IsUnnamed(t):
		dst = append(dst, '[')
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONValue(dst, c, z)
		}
		return append(dst, ']')
	case t.ID == types.Struct:
		dst = append(dst, '{')
		for i, c := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, []byte(t.Ext.Fields[i].Name))
			dst = appendJSONValue(append(dst, ':'), c, z)
		}
		return append(dst, '}')
	case t.ID == types.Map:
		dst = append(dst, '{')
		for i, e := range v.Children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, types.AppendValue(nil, e.Children[0], z))
			dst = appendJSONValue(append(dst, ':'), e.Children[1], z)
		}
		return append(dst, '}')
	case t.ID == types.Varchar:
		return appendJSONString(dst, []byte(v.S))
	}
	return appendJSONString(dst, types.AppendValue(nil, v, z))
}

// appendJSONFloat appends f; infinities become ±1e999, which readers take for
// them, NaN null.
func appendJSONFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "null"...)
	case math.IsInf(f, 1):
		return append(dst, "1e999"...)
	case math.IsInf(f, -1):
		return append(dst, "-1e999"...)
	case bits == 32:
		return types.AppendFloat32(dst, float32(f))
	}
	return types.AppendFloat(dst, f)
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s in quotes; bytes that are not UTF-8 become U+FFFD.
func appendJSONString(dst, s []byte) []byte {
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

func (w *jsonWriter) hand() error {
	_, err := w.s.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *jsonWriter) end() error {
	if w.array {
		w.buf = append(w.buf, "]\n"...)
	}
	return w.hand()
}

func (w *jsonWriter) abort() { _ = w.hand() }
