package csv

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// convert makes v the values of column ord in records [from, from+n), at the
// positions sel (nil: all). It returns the positions and the number of records
// that are left: with ignore_errors without those whose value does not fit,
// else only the records before the first such value, whose error is r.stop.
func (r *reader) convert(ctx context.Context, v *vector.Vector, ord, from int, sel []uint32, n int) ([]uint32, int) {
	v.Resize(n)
	c := &conversion{r: r, v: v, ord: ord, from: from, sel: sel, n: n, nulls: r.s.t.opt.nullsOf(ord)}
	switch t := v.Type; t.ID {
	case types.Varchar:
		c.strings()
	case types.BigInt:
		c.integers()
	case types.Integer:
		narrow[int32](c)
	case types.SmallInt:
		narrow[int16](c)
	case types.TinyInt:
		narrow[int8](c)
	case types.UInteger:
		narrow[uint32](c)
	case types.USmallInt:
		narrow[uint16](c)
	case types.UTinyInt:
		narrow[uint8](c)
	case types.Double:
		c.doubles()
	case types.Decimal:
		c.decimals()
	case types.Date:
		c.dates()
	case types.Timestamp:
		c.timestamps(1)
	case types.TimestampS:
		c.timestamps(1_000_000)
	case types.TimestampMS:
		c.timestamps(1_000)
	default:
		if !c.rare() {
			r.stop = sqlerr.New(sqlerr.CodeUnsupported, "a CSV column cannot have type %s yet", t).WithFile(r.s.t.path, 0)
			return nil, 0
		}
	}
	return c.finish(ctx)
}

// conversion is one column of one chunk on its way.
type conversion struct {
	r       *reader
	v       *vector.Vector
	ord     int
	from, n int
	sel     []uint32
	nulls   nullSet
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
	if c.nulls.onlyEmpty {
		return b, len(b) == 0
	}
	return b, c.nulls.is(b, f.quoted())
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

// misfit notes that the value at position i is not one of the column's type.
func (c *conversion) misfit(i int) {
	c.bad = append(c.bad, uint32(i))
	c.v.SetNull(i)
}

func (c *conversion) integers() {
	out := vector.Values[int64](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseInt64(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

// narrow converts to the integers of fewer than 64 bits.
func narrow[T int32 | int16 | int8 | uint32 | uint16 | uint8](c *conversion) {
	out := vector.Values[T](c.v)
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := types.ParseInt64(b)
		if !ok || int64(T(x)) != x {
			c.misfit(i)
			continue
		}
		out[i] = T(x)
	}
}

func (c *conversion) doubles() {
	out := vector.Values[float64](c.v)
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		if comma {
			b = c.point(b)
		}
		x, ok := types.ParseFloat(b)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
	}
}

func (c *conversion) dates() {
	out := vector.Values[int32](c.v)
	form := &c.r.s.t.schema.forms[c.ord]
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		x, ok := int32(0), false
		if form.iso() {
			x, ok = isoDate(b)
		} else if x, ok = form.date(b); !ok {
			c.misfit(i)
			continue
		}
		if !ok {
			var st types.ParseStatus
			if x, st = types.ParseDateStrict(b); st != types.ParseOK {
				c.misfit(i)
				continue
			}
		}
		out[i] = x
	}
}

// isoDate reads yyyy-mm-dd, years 1000 to 9999; it gives up on anything else.
func isoDate(b []byte) (int32, bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	y0, y1, y2, y3 := b[0]-'0', b[1]-'0', b[2]-'0', b[3]-'0'
	m0, m1, d0, d1 := b[5]-'0', b[6]-'0', b[8]-'0', b[9]-'0'
	if y0-1 > 8 || max(y1, y2, y3, m0, m1, d0, d1) > 9 {
		return 0, false
	}
	y := int(y0)*1000 + int(y1)*100 + int(y2)*10 + int(y3)
	m, d := int(m0)*10+int(m1), int(d0)*10+int(d1)
	if m-1 > 11 || m == 0 || d == 0 || d > 28 && d > types.DaysInMonth(y, m) {
		return 0, false
	}
	return int32(types.DayNumber(y, m, d)), true
}

// timestamps converts to timestamps whose unit is micros microseconds.
func (c *conversion) timestamps(micros int64) {
	out := vector.Values[int64](c.v)
	form := &c.r.s.t.schema.forms[c.ord]
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		if !form.iso() {
			x, ok := form.timestamp(b)
			if !ok {
				c.misfit(i)
				continue
			}
			out[i] = x
			continue
		}
		x, st := types.ParseTimestamp(b)
		if st != types.ParseOK {
			c.misfit(i)
			continue
		}
		if micros > 1 && types.TimestampFinite(x) {
			x = floorDiv(x, micros)
		}
		out[i] = x
	}
}

func floorDiv(x, d int64) int64 {
	q := x / d
	if x%d < 0 {
		q--
	}
	return q
}

// point turns a decimal comma into a point; a point is no number then.
func (c *conversion) point(b []byte) []byte {
	if bytes.IndexByte(b, '.') >= 0 {
		return nil
	}
	c.comma = append(c.comma[:0], b...)
	if k := bytes.IndexByte(c.comma, ','); k >= 0 {
		c.comma[k] = '.'
	}
	return c.comma
}

func (c *conversion) decimals() {
	switch c.v.Type.Physical() {
	case types.PInt16:
		decimals64[int16](c)
	case types.PInt32:
		decimals64[int32](c)
	case types.PInt64:
		decimals64[int64](c)
	default:
		c.decimals128()
	}
}

// decimals64 converts to decimals of up to 18 digits.
func decimals64[T int16 | int32 | int64](c *conversion) {
	out := vector.Values[T](c.v)
	width, scale := int(c.v.Type.Width), int(c.v.Type.Scale)
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		if comma {
			b = c.point(b)
		}
		x, ok := types.ParseDecimal64(b, width, scale)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = T(x)
	}
}

func (c *conversion) decimals128() {
	out := vector.Values[types.Int128](c.v)
	width, scale := int(c.v.Type.Width), int(c.v.Type.Scale)
	comma := c.r.s.t.opt.decimalComma
	for k := range c.rows() {
		i := c.pos(k)
		b, null := c.text(i)
		if null {
			c.v.SetNull(i)
			continue
		}
		if comma {
			b = c.point(b)
		}
		x, ok := types.ParseDecimal(b, width, scale)
		if !ok {
			c.misfit(i)
			continue
		}
		out[i] = x
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
		if c.nulls.onlyEmpty {
			if len(b) == 0 {
				c.v.SetNull(i)
				continue
			}
		} else if c.nulls.is(b, f.quoted()) {
			c.v.SetNull(i)
			continue
		} else if slices.Contains(c.nulls.blank, string(b)) {
			b = nil
		}
		if !r.valid && !utf8.Valid(b) {
			c.misfit(i)
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

// finish cuts the records at the first value that did not fit, or leaves those
// rows out.
func (c *conversion) finish(ctx context.Context) ([]uint32, int) {
	if len(c.bad) == 0 {
		return c.sel, c.n
	}
	r := c.r
	if !r.s.t.opt.ignoreErrors {
		at := c.bad[0]
		r.stop = c.misfitError(ctx, int(at))
		if c.sel == nil {
			return nil, int(at)
		}
		k, _ := slices.BinarySearch(c.sel, at)
		return c.sel[:k], int(at)
	}
	// c.sel may be r.kept: what is kept is written over what has been read.
	keep := r.kept[:0]
	for k := range c.rows() {
		i := uint32(c.pos(k))
		if len(c.bad) > 0 && c.bad[0] == i {
			c.bad = c.bad[1:]
			continue
		}
		keep = append(keep, i)
	}
	r.kept = keep
	return keep, c.n
}

// misfitError words that the value at position i does not fit.
func (c *conversion) misfitError(ctx context.Context, i int) error {
	r := c.r
	f := r.fields[(c.from+i)*r.cols]
	pos, _ := f.bounds()
	if f.quoted() {
		pos--
	}
	b, _ := c.text(i)
	col := r.s.t.schema.cols[c.ord]
	code, what := sqlerr.CodeInvalidText, fmt.Sprintf("column %q: could not convert %q to %s", col.Name, clip(b), col.Type)
	if col.Type.ID == types.Varchar {
		code, what = sqlerr.CodeInvalidEncoding, fmt.Sprintf("column %q is not valid UTF-8", col.Name)
	}
	e, err := r.at(ctx, pos, code, what)
	if err != nil {
		return err
	}
	if col.Type.ID == types.Varchar {
		return e.WithHint("convert the file to UTF-8, or set ignore_errors = true to leave such records out")
	}
	return e.WithHint("give the column another type with types = {'%s': 'VARCHAR'}, look at more rows with sample_size = -1, or set ignore_errors = true", strings.ReplaceAll(col.Name, "'", "''"))
}

func clip(b []byte) string {
	if len(b) > 100 {
		return strings.ToValidUTF8(string(b[:100]), "?") + "..."
	}
	return strings.ToValidUTF8(string(b), "?")
}
