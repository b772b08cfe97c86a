package csv

import (
	"math/bits"

	"github.com/gannetdb/gannet/vector/types"
)

// dateForm is how the dates or timestamps of a column are written. The zero
// form is ISO 8601's, as casts read it.
type dateForm struct {
	order  uint8  // one of the orders, none: by format or ISO
	sep    byte   // between the numbers
	format []byte // of the options dateformat and timestampformat
}

// The orders of day, month and year that detection knows, each a bit; y is a
// year of two digits. An earlier one is preferred: 01/02/2020 is the first of
// February. Timestamps have hours of 24 behind the first four, and of 12 with
// AM or PM behind the others. These are DuckDB's candidates and preferences, so
// that both read the same days from a file.
const (
	orderyMD uint8 = 1 << iota
	orderYMD
	orderDMy
	orderDMY
	orderMDy
	orderMDY
)

// guess is the type of a column as far as its values tell: Null before the
// first one. orders are those all values fit, of a DATE or TIMESTAMP that is
// not written in ISO's form.
type guess struct {
	id     types.ID
	orders uint8
	sep    byte
}

// numbers are the three numbers in front of a date, and what stands behind.
type numbers struct {
	n, digits [3]int
	sep       byte
	rest      []byte
}

// splitDate reads three numbers of up to four digits with the same separator
// between; false when v does not begin so. Spaces around do not count.
func splitDate(v []byte) (d numbers, ok bool) {
	v = types.TrimSpace(v)
	for k := range d.n {
		i := 0
		for i < len(v) && i < 4 && v[i]-'0' <= 9 {
			d.n[k] = d.n[k]*10 + int(v[i]-'0')
			i++
		}
		if i == 0 {
			return d, false
		}
		d.digits[k] = i
		v = v[i:]
		if k == 2 {
			break
		}
		if len(v) == 0 || k == 1 && v[0] != d.sep {
			return d, false
		}
		switch d.sep = v[0]; d.sep {
		case '-', '/', '.', ' ':
		default:
			return d, false
		}
		v = v[1:]
	}
	d.rest = v
	return d, len(v) == 0 || v[0]-'0' > 9
}

// day is the date that the numbers are in one order.
func (d *numbers) day(order uint8) (int32, bool) {
	y, m, day := 2, 1, 0
	switch order {
	case orderyMD, orderYMD:
		y, m, day = 0, 1, 2
	case orderMDy, orderMDY:
		m, day = 0, 1
	}
	year := d.n[y]
	switch order {
	case orderyMD, orderDMy, orderMDy:
		if d.digits[y] != 2 {
			return 0, false
		}
		if year += 1900; year < 1969 {
			year += 100
		}
	case orderYMD:
		if d.digits[y] < 3 {
			return 0, false
		}
	default:
		if d.digits[y] < 2 {
			return 0, false
		}
	}
	if d.digits[m] > 2 || d.digits[day] > 2 {
		return 0, false
	}
	return types.MakeDate(year, d.n[m], d.n[day])
}

// clock reads h:m:s behind a date, with AM or PM when twelve says so; the
// microseconds of the day.
func clock(b []byte, twelve bool) (int64, bool) {
	if len(b) == 0 || b[0] != ' ' {
		return 0, false
	}
	b = types.TrimSpace(b)
	var part [3]int64
	for k := range part {
		i := 0
		for i < len(b) && i < 2 && b[i]-'0' <= 9 {
			part[k] = part[k]*10 + int64(b[i]-'0')
			i++
		}
		if i == 0 {
			return 0, false
		}
		b = b[i:]
		if k < 2 {
			if len(b) == 0 || b[0] != ':' {
				return 0, false
			}
			b = b[1:]
		}
	}
	if twelve {
		if part[0] < 1 || part[0] > 12 || len(b) < 3 || b[0] != ' ' {
			return 0, false
		}
		b = types.TrimSpace(b)
		if len(b) != 2 || b[1]|0x20 != 'm' || b[0]|0x20 != 'a' && b[0]|0x20 != 'p' {
			return 0, false
		}
		if part[0] %= 12; b[0]|0x20 == 'p' {
			part[0] += 12
		}
		b = nil
	}
	if len(b) > 0 || part[0] > 23 || part[1] > 59 || part[2] > 59 {
		return 0, false
	}
	return ((part[0]*60+part[1])*60 + part[2]) * types.MicrosPerSecond, true
}

// ordersOf returns in which orders v is a DATE, or a TIMESTAMP when id says so.
func ordersOf(v []byte) (g guess) {
	d, ok := splitDate(v)
	if !ok {
		return guess{}
	}
	g = guess{id: types.Date, sep: d.sep}
	first, last := orderyMD, orderMDY
	if len(d.rest) > 0 {
		g.id = types.Timestamp
		if _, ok := clock(d.rest, false); ok {
			last = orderDMY
		} else if _, ok := clock(d.rest, true); ok {
			first = orderMDy
		} else {
			return guess{}
		}
	}
	for o := first; o <= last; o <<= 1 {
		if _, ok := d.day(o); ok {
			g.orders |= o
		}
	}
	return g
}

// narrow makes the guess one that v fits too; false when there is none.
func (g *guess) narrow(v []byte) bool {
	other := ordersOf(v)
	g.orders &= other.orders
	return other.id == g.id && other.sep == g.sep && g.orders != 0
}

// settle chooses one order for the dates of a file and one for its timestamps,
// as far as they are in the same form: the columns in sequence leave out what
// does not fit them, and a column that nothing is left for has texts. It is
// the same in all columns because 01/02/2020 is ambiguous and 01/13/2020 not.
func settle(gs []guess) []dateForm {
	forms := make([]dateForm, len(gs))
	for _, id := range []types.ID{types.Date, types.Timestamp} {
		var all guess
		for _, g := range gs {
			if g.id != id || g.orders == 0 {
				continue
			}
			if all.orders == 0 {
				all = g
			} else if all.sep == g.sep && all.orders&g.orders != 0 {
				all.orders &= g.orders
			}
		}
		best := all.orders & -all.orders
		for k := range gs {
			if g := &gs[k]; g.id == id && g.orders != 0 {
				if g.sep != all.sep || g.orders&best == 0 {
					*g = guess{id: types.Varchar}
					continue
				}
				forms[k] = dateForm{order: 1 << bits.TrailingZeros8(best), sep: g.sep}
			}
		}
	}
	return forms
}

// date reads a DATE written in this form, which is not ISO's.
func (f *dateForm) date(b []byte) (int32, bool) {
	if f.format != nil {
		v, ok := types.ParseByFormat(b, f.format)
		if !ok {
			return 0, false
		}
		return v.Date()
	}
	d, ok := splitDate(b)
	if !ok || d.sep != f.sep || len(d.rest) > 0 {
		return 0, false
	}
	return d.day(f.order)
}

// timestamp reads a TIMESTAMP written in this form, which is not ISO's.
func (f *dateForm) timestamp(b []byte) (int64, bool) {
	if f.format != nil {
		v, ok := types.ParseByFormat(b, f.format)
		if !ok {
			return 0, false
		}
		return v.Timestamp()
	}
	d, ok := splitDate(b)
	if !ok || d.sep != f.sep {
		return 0, false
	}
	day, ok := d.day(f.order)
	if !ok {
		return 0, false
	}
	micros, ok := clock(d.rest, f.order >= orderMDy)
	if !ok {
		return 0, false
	}
	return types.JoinTimestamp(day, micros)
}

func (f *dateForm) iso() bool { return f.order == 0 && f.format == nil }
