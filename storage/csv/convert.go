package csv

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// convert makes v the values of column ord in records [from, from+n), at the
// positions sel (nil: all). With ignore_errors, records whose value does not
// fit are left out: then keep is the narrowed selection, else nil.
func (r *reader) convert(ctx context.Context, v *vector.Vector, ord, from int, sel []uint32, n int) (keep []uint32, err error) {
	v.Resize(n)
	c := &conversion{r: r, v: v, ord: ord, from: from, sel: sel, n: n}
	switch t := v.Type; t.ID {
	case types.Varchar:
		c.strings()
	case types.BigInt:
		numbers(c, types.ParseInt64)
	case types.Integer:
		numbers(c, narrow[int32])
	case types.SmallInt:
		numbers(c, narrow[int16])
	case types.TinyInt:
		numbers(c, narrow[int8])
	case types.UInteger:
		numbers(c, narrow[uint32])
	case types.USmallInt:
		numbers(c, narrow[uint16])
	case types.UTinyInt:
		numbers(c, narrow[uint8])
	case types.UBigInt:
		numbers(c, types.ParseUint64)
	case types.HugeInt:
		numbers(c, types.ParseInt128)
	case types.UHugeInt:
		numbers(c, types.ParseUint128)
	case types.Double:
		numbers(c, c.float)
	case types.Float:
		numbers(c, func(b []byte) (float32, bool) { return types.ParseFloat32(c.point(b)) })
	case types.Boolean:
		numbers(c, func(b []byte) (uint8, bool) {
			x, ok := types.ParseBool(b)
			if x {
				return 1, ok
			}
			return 0, ok
		})
	case types.Decimal:
		c.decimals()
	case types.Date:
		numbers(c, func(b []byte) (int32, bool) { x, st := types.ParseDateStrict(b); return x, st == types.ParseOK })
	case types.Time:
		numbers(c, func(b []byte) (int64, bool) { x, st := types.ParseTime(b); return x, st == types.ParseOK })
	case types.Timestamp:
		numbers(c, func(b []byte) (int64, bool) { x, st := types.ParseTimestamp(b); return x, st == types.ParseOK })
	case types.TimestampTZ:
		numbers(c, func(b []byte) (int64, bool) {
			x, st := types.ParseTimestampTZ(b, types.UTC)
			return x, st == types.ParseOK
		})
	case types.TimestampS:
		numbers(c, func(b []byte) (int64, bool) {
			x, st := types.ParseTimestamp(b)
			return floorDiv(x, 1_000_000), st == types.ParseOK
		})
	case types.TimestampMS:
		numbers(c, func(b []byte) (int64, bool) {
			x, st := types.ParseTimestamp(b)
			return floorDiv(x, 1_000), st == types.ParseOK
		})
	case types.TimestampNS:
		numbers(c, func(b []byte) (int64, bool) { x, st := types.ParseTimestampNS(b); return x, st == types.ParseOK })
	case types.IntervalID:
		numbers(c, func(b []byte) (types.Interval, bool) { x, st := types.ParseInterval(b); return x, st == types.ParseOK })
	case types.UUID:
		numbers(c, types.ParseUUID)
	case types.Blob:
		c.blobs()
	default:
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "a CSV column cannot have type %s yet", t).WithFile(r.s.t.path, 0)
	}
	return c.finish(ctx)
}

func floorDiv(x, d int64) int64 {
	q := x / d
	if x%d < 0 {
		q--
	}
	return q
}

// conversion is one column of one chunk on its way.
type conversion struct {
	r       *reader
	v       *vector.Vector
	ord     int
	from, n int
	sel     []uint32
	bad     []uint32 // positions whose value does not fit, ascending
	comma   []byte
}

// text returns the content of the field at position i; null when it is NULL.
func (c *conversion) text(i int) (b []byte, null bool) {
	r := c.r
	f := r.fields[(c.from+i)*r.cols+c.ord]
	lo, hi := f.bounds()
	b = r.buf[lo:hi]
	if f.escaped() {
		b = r.s.t.schema.dialect.unescape(nil, b)
	}
	return b, r.s.t.opt.isNull(b)
}

func (c *conversion) rows() int {
	if c.sel != nil {
		return len(c.sel)
	}
	return c.n
}

func (c *conversion) pos(k int) int {
	if c.sel != nil {
		return int(c.sel[k])
	}
	return k
}

// numbers converts a column of fixed-size values; parse is called once a value.
func numbers[T any](c *conversion, parse func([]byte) (T, bool)) {
	out := vector.Values[T](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := parse(b)
		if !ok {
			c.bad = append(c.bad, uint32(i))
			c.v.SetNull(i)
			continue
		}
		out[i] = x
	}
}

func narrow[T int32 | int16 | int8 | uint32 | uint16 | uint8](b []byte) (T, bool) {
	x, ok := types.ParseInt64(b)
	return T(x), ok && int64(T(x)) == x
}

func (c *conversion) float(b []byte) (float64, bool) { return types.ParseFloat(c.point(b)) }

// point turns a decimal comma into a point.
func (c *conversion) point(b []byte) []byte {
	if !c.r.s.t.opt.decimalComma {
		return b
	}
	c.comma = append(c.comma[:0], b...)
	if k := bytes.IndexByte(c.comma, ','); k >= 0 {
		c.comma[k] = '.'
	}
	return c.comma
}

func (c *conversion) decimals() {
	w, s := int(c.v.Type.Width), int(c.v.Type.Scale)
	switch c.v.Type.Physical() {
	case types.PInt16:
		numbers(c, func(b []byte) (int16, bool) { x, ok := types.ParseDecimal64(c.point(b), w, s); return int16(x), ok })
	case types.PInt32:
		numbers(c, func(b []byte) (int32, bool) { x, ok := types.ParseDecimal64(c.point(b), w, s); return int32(x), ok })
	case types.PInt64:
		numbers(c, func(b []byte) (int64, bool) { return types.ParseDecimal64(c.point(b), w, s) })
	default:
		numbers(c, func(b []byte) (types.Int128, bool) { return types.ParseDecimal(c.point(b), w, s) })
	}
}

// strings converts a VARCHAR column: references into the range's bytes but for
// short and unescaped values.
func (c *conversion) strings() {
	r := c.r
	refs := vector.Values[types.StringRef](c.v)
	c.v.Bufs = [][]byte{r.buf}
	var own []byte // unescaped values
	for k := range c.rows() {
		i := c.pos(k)
		f := r.fields[(c.from+i)*r.cols+c.ord]
		lo, hi := f.bounds()
		b := r.buf[lo:hi]
		buf := 0
		if f.escaped() {
			lo = len(own)
			own = r.s.t.schema.dialect.unescape(own, b)
			b, buf = own[lo:], 1
		}
		if r.s.t.opt.isNull(b) {
			c.v.SetNull(i)
			continue
		}
		if !r.valid && !utf8.Valid(b) {
			c.bad = append(c.bad, uint32(i))
			c.v.SetNull(i)
			continue
		}
		if len(b) <= types.MaxInline {
			refs[i] = types.InlineRef(b)
			continue
		}
		refs[i] = types.LongRef(b, buf, lo)
	}
	if own != nil {
		c.v.Bufs = append(c.v.Bufs, own)
	}
}

func (c *conversion) blobs() {
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseBlob(nil, b)
		if !ok {
			c.bad = append(c.bad, uint32(i))
			c.v.SetNull(i)
			continue
		}
		c.v.PutString(i, x)
	}
}

// finish reports the first value that did not fit, or leaves those rows out.
func (c *conversion) finish(ctx context.Context) ([]uint32, error) {
	if len(c.bad) == 0 {
		return nil, nil
	}
	r := c.r
	if !r.s.t.opt.ignoreErrors {
		i := int(c.bad[0])
		f := r.fields[(c.from+i)*r.cols]
		pos, _ := f.bounds()
		if f.quoted() {
			pos--
		}
		b, _ := c.text(i)
		col := r.s.t.schema.cols[c.ord]
		what := fmt.Sprintf("column %q: could not convert %q to %s", col.Name, clip(b), col.Type)
		if col.Type.ID == types.Varchar {
			what = fmt.Sprintf("column %q is not valid UTF-8", col.Name)
		}
		e, err := r.at(ctx, pos, sqlerr.CodeInvalidText, what)
		if err != nil {
			return nil, err
		}
		return nil, e.WithHint("give the column another type with types = {'%s': 'VARCHAR'}, look at more rows with sample_size = -1, or set ignore_errors = true", strings.ReplaceAll(col.Name, "'", "''"))
	}
	keep := make([]uint32, 0, c.rows())
	for k := range c.rows() {
		i := uint32(c.pos(k))
		if len(c.bad) > 0 && c.bad[0] == i {
			c.bad = c.bad[1:]
			continue
		}
		keep = append(keep, i)
	}
	return keep, nil
}

func clip(b []byte) string {
	if len(b) > 100 {
		return strings.ToValidUTF8(string(b[:100]), "?") + "..."
	}
	return strings.ToValidUTF8(string(b), "?")
}
