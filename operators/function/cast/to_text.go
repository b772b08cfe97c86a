package cast

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// toText casts any type to VARCHAR.
func toText(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	dst := c.text
	switch c.from.ID {
	case types.TinyInt:
		intsToText(c, raw.Cast[int8](v.Data), r, out)
		return nil
	case types.SmallInt:
		intsToText(c, raw.Cast[int16](v.Data), r, out)
		return nil
	case types.Integer:
		intsToText(c, raw.Cast[int32](v.Data), r, out)
		return nil
	case types.BigInt:
		intsToText(c, raw.Cast[int64](v.Data), r, out)
		return nil
	case types.Date:
		in := raw.Cast[int32](v.Data)
		for k := range r.n {
			p, i := r.at(k)
			dst = types.AppendDate(dst[:0], in[i])
			out.PutString(p, dst)
		}
		c.text = dst
		return nil
	case types.Enum:
		// One string a label, shared by all rows.
		labels := c.from.Ext.Enum.Labels
		refs := make([]types.StringRef, len(labels))
		for i, l := range labels {
			refs[i] = out.AddString(raw.StringBytes(l))
		}
		to := vector.Values[types.StringRef](out)
		for k := range r.n {
			p, i := r.at(k)
			if code := enumCode(c.from, v.Data, i); int(code) < len(refs) {
				to[p] = refs[code]
			}
		}
		return nil
	}
	zone, err := c.zone()
	if err != nil {
		return err
	}
	w := textWriter{zone: zone}
	for k := range r.n {
		p, i := r.at(k)
		dst = w.value(dst[:0], c.from, &v, i)
		out.PutString(p, dst)
	}
	c.text = dst
	return nil
}

func intsToText[T int8 | int16 | int32 | int64](c *call, in []T, r rows, out *vector.Vector) {
	dst := c.text
	for k := range r.n {
		p, i := r.at(k)
		dst = appendInt(dst[:0], int64(in[i]))
		out.PutString(p, dst)
	}
	c.text = dst
}

func appendInt(dst []byte, x int64) []byte { return types.AppendInt128(dst, types.Int128From(x)) }

// enumCode reads element i of an enum's data.
func enumCode(t types.Type, data []byte, i int) uint32 {
	switch t.Physical() {
	case types.PUint8:
		return uint32(data[i])
	case types.PUint16:
		return uint32(raw.Cast[uint16](data)[i])
	}
	return raw.Cast[uint32](data)[i]
}

// textWriter renders elements of vectors, nested ones too.
type textWriter struct{ zone *types.Zone }

// value appends element i of v, which is valid.
func (w *textWriter) value(dst []byte, t types.Type, v *vector.View, i int) []byte {
	switch t.ID {
	case types.Boolean:
		return types.AppendBool(dst, v.Data[i] != 0)
	case types.TinyInt:
		return appendInt(dst, int64(int8(v.Data[i])))
	case types.UTinyInt:
		return appendInt(dst, int64(v.Data[i]))
	case types.SmallInt:
		return appendInt(dst, int64(raw.Cast[int16](v.Data)[i]))
	case types.USmallInt:
		return appendInt(dst, int64(raw.Cast[uint16](v.Data)[i]))
	case types.Integer:
		return appendInt(dst, int64(raw.Cast[int32](v.Data)[i]))
	case types.UInteger:
		return appendInt(dst, int64(raw.Cast[uint32](v.Data)[i]))
	case types.BigInt:
		return appendInt(dst, raw.Cast[int64](v.Data)[i])
	case types.UBigInt:
		return types.AppendUint128(dst, types.Uint128From(raw.Cast[uint64](v.Data)[i]))
	case types.HugeInt:
		return types.AppendInt128(dst, raw.Cast[types.Int128](v.Data)[i])
	case types.UHugeInt:
		return types.AppendUint128(dst, raw.Cast[types.Uint128](v.Data)[i])
	case types.Float:
		return types.AppendFloat32(dst, raw.Cast[float32](v.Data)[i])
	case types.Double:
		return types.AppendFloat(dst, raw.Cast[float64](v.Data)[i])
	case types.Decimal:
		return types.AppendDecimal(dst, decimalAt(t, v.Data, i), int(t.Width), int(t.Scale))
	case types.Varchar:
		return append(dst, vector.Str(&raw.Cast[types.StringRef](v.Data)[i], v.Bufs)...)
	case types.Blob:
		return types.AppendBlob(dst, vector.Str(&raw.Cast[types.StringRef](v.Data)[i], v.Bufs))
	case types.Bit:
		return types.AppendBit(dst, vector.Str(&raw.Cast[types.StringRef](v.Data)[i], v.Bufs))
	case types.Date:
		return types.AppendDate(dst, raw.Cast[int32](v.Data)[i])
	case types.Time:
		return types.AppendTime(dst, raw.Cast[int64](v.Data)[i])
	case types.TimeTZ:
		return types.AppendTimeTZ(dst, raw.Cast[int64](v.Data)[i])
	case types.TimestampS, types.TimestampMS, types.Timestamp, types.TimestampNS:
		return types.AppendTimestamp(dst, raw.Cast[int64](v.Data)[i], t.Ticks())
	case types.TimestampTZ:
		return types.AppendTimestampTZ(dst, raw.Cast[int64](v.Data)[i], w.zone)
	case types.IntervalID:
		return types.AppendInterval(dst, raw.Cast[types.Interval](v.Data)[i])
	case types.UUID:
		return types.AppendUUID(dst, raw.Cast[types.Int128](v.Data)[i])
	case types.Enum:
		if code := int(enumCode(t, v.Data, i)); code < len(t.Ext.Enum.Labels) {
			return append(dst, t.Ext.Enum.Labels[code]...)
		}
		return dst
	case types.List:
		e := raw.Cast[types.ListEntry](v.Data)[i]
		return w.list(dst, v.Children[0], int(e.Offset), int(e.Length))
	case types.Array:
		return w.list(dst, v.Children[0], i*t.Ext.Size, t.Ext.Size)
	case types.Struct, types.Union:
		return w.fields(dst, t, v.Children, i)
	case types.Map:
		e := raw.Cast[types.ListEntry](v.Data)[i]
		return w.entries(dst, v.Children[0], int(e.Offset), int(e.Length))
	}
	return dst
}

func decimalAt(t types.Type, data []byte, i int) types.Int128 {
	switch t.Physical() {
	case types.PInt16:
		return types.Int128From(int64(raw.Cast[int16](data)[i]))
	case types.PInt32:
		return types.Int128From(int64(raw.Cast[int32](data)[i]))
	case types.PInt64:
		return types.Int128From(raw.Cast[int64](data)[i])
	}
	return raw.Cast[types.Int128](data)[i]
}

// element appends position i of v as part of a nested value.
func (w *textWriter) element(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "NULL"...)
	}
	// A child may have any form; its view is made anew, which is cheap beside
	// the text.
	var view vector.View
	switch v.Form {
	case vector.Constant:
		view, i = vector.View{Data: v.Data, Bufs: v.Bufs, Children: v.Children}, 0
	case vector.Sequence:
		return appendInt(dst, v.Start+int64(i)*v.Step)
	default:
		view = v.View(nil)
		i = view.Index(i)
	}
	start := len(dst)
	dst = w.value(dst, v.Type, &view, i)
	if v.Type.IsNested() {
		return dst
	}
	return types.QuoteElement(dst, start)
}

func (w *textWriter) list(dst []byte, child *vector.Vector, from, n int) []byte {
	dst = append(dst, '[')
	for k := range n {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		dst = w.element(dst, child, from+k)
	}
	return append(dst, ']')
}

func (w *textWriter) fields(dst []byte, t types.Type, children []*vector.Vector, i int) []byte {
	unnamed := types.IsUnnamed(t)
	if unnamed {
		dst = append(dst, '(')
	} else {
		dst = append(dst, '{')
	}
	for k, child := range children {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		if !unnamed {
			dst = types.AppendQuoted(dst, raw.StringBytes(t.Ext.Fields[k].Name))
			dst = append(dst, ": "...)
		}
		dst = w.element(dst, child, i)
	}
	if unnamed {
		return append(dst, ')')
	}
	return append(dst, '}')
}

// entries appends a map: its entries are structs of key and value, which may
// have any form.
func (w *textWriter) entries(dst []byte, entry *vector.Vector, from, n int) []byte {
	dst = append(dst, '{')
	for k := range n {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		s, i := entry, from+k
		switch s.Form {
		case vector.Dictionary:
			s, i = s.Dict, int(s.Codes[i])
		case vector.Constant:
			i = 0
		}
		dst = w.element(dst, s.Children[0], i)
		dst = append(dst, '=')
		dst = w.element(dst, s.Children[1], i)
	}
	return append(dst, '}')
}
