package csv

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
		integers[int64](c)
	case types.Integer:
		integers[int32](c)
	case types.SmallInt:
		integers[int16](c)
	case types.TinyInt:
		integers[int8](c)
	case types.UBigInt:
		c.unsigned()
	case types.UInteger:
		integers[uint32](c)
	case types.USmallInt:
		integers[uint16](c)
	case types.UTinyInt:
		integers[uint8](c)
	case types.HugeInt, types.UHugeInt, types.UUID:
		c.wide()
	case types.Float:
		floats[float32](c)
	case types.Double:
		floats[float64](c)
	case types.Decimal:
		switch t.Physical() {
		case types.PInt16:
			decimals[int16](c)
		case types.PInt32:
			decimals[int32](c)
		case types.PInt64:
			decimals[int64](c)
		default:
			c.wide()
		}
	case types.Boolean:
		c.booleans()
	case types.Date:
		c.dates()
	case types.Timestamp:
		c.timestamps(1)
	case types.TimestampMS:
		c.timestamps(1_000)
	case types.TimestampS:
		c.timestamps(1_000_000)
	case types.Time, types.TimeTZ, types.TimestampNS, types.TimestampTZ:
		c.times()
	case types.IntervalID:
		c.intervals()
	case types.Blob, types.Bit:
		c.bytes()
	default:
		r.stop = sqlerr.New(sqlerr.CodeUnsupported, "a CSV column cannot have type %s yet", t).WithFile(r.s.t.path, 0)
		return nil, 0
	}
	return c.finish(ctx)
}

// conversion is one column of one chunk on its way. Its loops (loops.go) all
// run over rows() and ask value for each.
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

// value returns the position of row k and the content of its field there; ok
// is false when that is NULL, and v has been told.
func (c *conversion) value(k int) (i int, b []byte, ok bool) {
	i = c.pos(k)
	b, null := c.text(i)
	if null {
		c.v.SetNull(i)
	}
	return i, b, !null
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

// misfit notes that the value at position i is not one of the column's type.
func (c *conversion) misfit(i int) {
	c.bad = append(c.bad, uint32(i))
	c.v.SetNull(i)
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
