package csv

import (
	"bytes"
	"context"
	"slices"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// candidates are the types that a column without a given one may have, in the
// order in which a value is tried.
var candidates = []types.ID{
	types.Boolean, types.BigInt, types.Double, types.Time, types.Date, types.Timestamp, types.TimestampTZ, types.Varchar,
}

// widen returns what a column is that was g so far and now has the value v.
func widen(g guess, v []byte, o *options) guess {
	if g.orders != 0 {
		if g.narrow(v) {
			return g
		}
		return guess{id: types.Varchar}
	}
	if g.id == types.Varchar || g.id != types.Null && fits(v, g.id, o) {
		return g
	}
	switch g.id {
	case types.Null:
		for _, c := range candidates {
			if c == types.Varchar {
				break
			}
			if o.mayBe(c) && fits(v, c, o) {
				return guess{id: c}
			}
		}
		// A date in a form of its own. What dateformat says holds for all dates.
		if g = ordersOf(v); g.orders != 0 && o.mayBe(g.id) && o.formatOf(g.id) == nil {
			return g
		}
	case types.BigInt:
		if o.mayBe(types.Double) && fits(v, types.Double, o) {
			return guess{id: types.Double}
		}
	case types.Timestamp:
		if o.mayBe(types.TimestampTZ) && fits(v, types.TimestampTZ, o) {
			return guess{id: types.TimestampTZ}
		}
		// A day without a time is its midnight.
		if _, st := types.ParseDateStrict(v); st == types.ParseOK && o.timestampFormat == nil {
			return g
		}
	}
	return guess{id: types.Varchar}
}

// formatOf is the format that dateformat or timestampformat gives values of
// type t, nil for none.
func (o *options) formatOf(t types.ID) []byte {
	switch t {
	case types.Date:
		return o.dateFormat
	case types.Timestamp:
		return o.timestampFormat
	}
	return nil
}

// mayBe reports whether auto_type_candidates allows the type t.
func (o *options) mayBe(t types.ID) bool {
	return o.candidates == nil || t == types.Varchar || slices.Contains(o.candidates, t)
}

// columnType is the narrowest type that all values of column k from record
// from on have; Null when there is no value.
func columnType(rows *sampled, d dialect, o *options, k, from int) guess {
	t := guess{id: types.Null}
	nulls := nullSet{texts: o.nulls, unquoted: o.unquotedNulls}
	var buf []byte
	for r := from; r < len(rows.starts) && t.id != types.Varchar; r++ {
		f := rows.fields[r*rows.cols+k]
		lo, hi := f.bounds()
		v := rows.buf[lo:hi]
		if f.escaped() {
			buf = d.unescape(buf[:0], v)
			v = buf
		}
		if !nulls.is(v, f.quoted()) {
			t = widen(t, v, o)
		}
	}
	return t
}

// fits reports whether the text v is taken for a value of type t when nobody
// has said what type it is. That is stricter than a cast: 007, +1 and 1_000 are
// texts, a cast would make numbers of them.
func fits(v []byte, t types.ID, o *options) bool {
	switch t {
	case types.Boolean:
		switch len(v) {
		case 1:
			return v[0]|0x20 == 't' || v[0]|0x20 == 'f'
		case 2:
			return bytes.EqualFold(v, []byte("no"))
		case 3:
			return bytes.EqualFold(v, []byte("yes"))
		case 4:
			return bytes.EqualFold(v, []byte("true"))
		case 5:
			return bytes.EqualFold(v, []byte("false"))
		}
		return false
	case types.BigInt:
		return plainInteger(v)
	case types.Double:
		return plainFloat(v, o)
	case types.Time:
		if n := len(v); n < 4 || n > 15 || v[0] < '0' || v[0] > '9' || bytes.ContainsAny(v, " -+TZ") {
			return false
		}
		// Hours and minutes at least, minutes of two digits: 1:2 is none.
		// So have the seconds a digit.
		k := bytes.IndexByte(v, ':')
		if k < 1 || k > 2 || len(v) < k+3 || v[k+2] == ':' || len(v) == k+4 {
			return false
		}
		_, st := types.ParseTime(v)
		return st == types.ParseOK
	case types.Date:
		if o.dateFormat != nil {
			_, ok := (&dateForm{format: o.dateFormat}).date(v)
			return ok
		}
		// A year has three digits at least; 20-01-02 is a matter of forms.go.
		_, st := types.ParseDateStrict(v)
		return st == types.ParseOK && len(v) > 2 && '0' <= v[0] && v[0] <= '9' && v[1]-'0' <= 9 && v[2]-'0' <= 9
	case types.Timestamp:
		if o.timestampFormat != nil {
			_, ok := (&dateForm{format: o.timestampFormat}).timestamp(v)
			return ok
		}
		if !hasTime(v) || zoned(v) {
			return false
		}
		_, st := types.ParseTimestamp(v)
		return st == types.ParseOK
	case types.TimestampTZ:
		if !hasTime(v) {
			return false
		}
		_, st := types.ParseTimestampTZ(v, types.UTC)
		return st == types.ParseOK
	}
	return true
}

// hasTime reports whether v looks like a date with a time of day.
func hasTime(v []byte) bool {
	return len(v) > 2 && v[0]-'0' <= 9 && v[1]-'0' <= 9 && v[2]-'0' <= 9 && bytes.IndexByte(v, ':') > 0
}

// zoned reports whether a time zone or offset follows the time of day in v.
func zoned(v []byte) bool {
	k := bytes.IndexByte(v, ':')
	for _, c := range v[k:] {
		if c == '+' || c == '-' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
			return true
		}
	}
	return false
}

// plainInteger accepts digits that fit BIGINT, with a minus perhaps but
// without zeros in front, and hexadecimal ones behind 0x.
func plainInteger(v []byte) bool {
	d := types.TrimSpace(v)
	if len(d) > 0 && d[0] == '-' {
		d = d[1:]
	}
	if len(d) == 0 || len(d) > 1 && d[0] == '0' && d[1]|0x20 != 'x' {
		return false
	}
	if len(d) <= 18 {
		for _, c := range d {
			if c < '0' || c > '9' {
				return len(d) > 2 && d[0] == '0' && parses(v)
			}
		}
		return true
	}
	return bytes.IndexFunc(d, func(r rune) bool { return r < '0' || r > '9' }) < 0 && parses(v)
}

func parses(v []byte) bool {
	_, ok := types.ParseInt64(v)
	return ok
}

// plainFloat accepts what ParseFloat does but for signs, zeros and underscores
// that mark a code rather than a number.
func plainFloat(v []byte, o *options) bool {
	if o.decimalComma {
		if bytes.IndexByte(v, '.') >= 0 {
			return false
		}
		v = bytes.Replace(v, []byte{','}, []byte{'.'}, 1)
	}
	d := types.TrimSpace(v)
	if len(d) > 0 && d[0] == '-' {
		d = d[1:]
	}
	if len(d) == 0 || d[0] == '+' || len(d) > 1 && d[0] == '0' && '0' <= d[1] && d[1] <= '9' || bytes.IndexByte(d, '_') >= 0 {
		return false
	}
	_, ok := types.ParseFloat(v)
	return ok
}

// refine looks at the records behind the first sample, up to the number that
// sample_size says, and widens the types of columns whose values do not fit.
// Faulty records are passed over: the scan reports them.
func (t *Table) refine(ctx context.Context) error {
	o := *t.opt
	o.ignoreErrors = true
	left := o.sampleRows
	if left < 0 {
		left = 1 << 62
	}
	cols := make([]storage.Column, len(t.schema.cols))
	copy(cols, t.schema.cols)
	var open []int // columns whose type may change
	kinds := slices.Clone(t.schema.guesses)
	for k, c := range cols {
		if t.schema.guessed[k] && (c.Type.ID != types.Varchar || t.schema.empty[k]) {
			open = append(open, k)
			if t.schema.empty[k] {
				kinds[k] = guess{id: types.Null}
			}
		}
	}
	if len(open) == 0 || left == 0 {
		return nil
	}
	probe := *t
	probe.opt = &o
	if probe.rangeSize == 0 {
		probe.rangeSize = minRange
		if left > defaultSampleRows {
			probe.rangeSize = maxRange
		}
	}
	s, err := probe.Scan(ctx, &storage.ScanSpec{})
	if err != nil {
		return err
	}
	defer s.Close()
	r := newReader(s.(*scanner))
	defer r.Close()
	var buf []byte
	for left > 0 && len(open) > 0 {
		_, ok, err := r.NextMorsel(ctx)
		if ctx.Err() != nil {
			return cancelled(ctx)
		}
		if !ok || err != nil {
			break // the scan will meet the error again
		}
		n := int(min(int64(r.block.rows()), left))
		left -= int64(n)
		still := open[:0]
		for _, k := range open {
			nulls := o.nullsOf(k)
			kind := kinds[k]
			for row := range n {
				f := r.fields[row*r.cols+k]
				lo, hi := f.bounds()
				v := r.buf[lo:hi]
				if f.escaped() {
					buf = t.schema.dialect.unescape(buf[:0], v)
					v = buf
				}
				if nulls.is(v, f.quoted()) {
					continue
				}
				if kind = widen(kind, v, &o); kind.id == types.Varchar {
					break
				}
			}
			if kinds[k] = kind; kind.id != types.Varchar {
				still = append(still, k)
			}
		}
		open = still
	}
	t.schema.cols = cols
	t.schema.guesses = kinds
	t.schema.settle(t.opt)
	return nil
}
