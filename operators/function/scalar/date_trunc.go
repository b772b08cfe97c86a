package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// unitMicros returns the microseconds of a part of the day or shorter, 0 for
// longer ones.
func unitMicros(p part) int64 {
	switch p {
	case partDay, partDow, partISODow, partDoy, partJulian:
		return types.MicrosPerDay
	case partHour:
		return types.MicrosPerHour
	case partMinute:
		return types.MicrosPerMinute
	case partSecond, partEpoch:
		return types.MicrosPerSecond
	case partMilli:
		return types.MicrosPerMilli
	case partMicro:
		return 1
	}
	return 0
}

// unitMonths returns the months of a part, 0 when it is no number of months.
func unitMonths(p part) int64 {
	switch p {
	case partMonth:
		return 1
	case partQuarter:
		return 3
	case partYear:
		return 12
	case partDecade:
		return 120
	case partCentury:
		return 1200
	case partMillennium:
		return 12000
	}
	return 0
}

// monthNumber counts months since the year 0.
func monthNumber(day int32) (months int64, dayOfMonth int) {
	y, m, d := types.Civil(day)
	return int64(y)*12 + int64(m-1), d
}

// truncDay returns the first day of the part that day lies in.
func truncDay(p part, day int32) int32 {
	switch p {
	case partWeek, partYearWeek:
		return day - int32(weekday(day)-1)
	case partISOYear:
		y, _ := isoWeek(day)
		jan4 := int32(types.DayNumber(int(y), 1, 4))
		return jan4 - int32(weekday(jan4)-1)
	}
	if n := unitMonths(p); n > 0 {
		y, m, _ := types.Civil(day)
		if years := n / 12; years > 0 {
			// DuckDB cuts centuries at years that they divide, towards zero.
			return int32(types.DayNumber(y/int(years)*int(years), 1, 1))
		}
		return int32(types.DayNumber(y, m-(m-1)%int(n), 1))
	}
	return day
}

func runTrunc(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	zone, err := zoneFor(c, args[value].Type)
	if err != nil {
		return err
	}
	t, dst, r := numArg[int64](c, args, value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		ts := t.at(p)
		if !types.TimestampFinite(ts) {
			dst[p] = ts
			continue
		}
		ts = zone.ToLocal(ts)
		if unit := unitMicros(q); unit > 0 {
			_, rest := types.FloorDiv(ts, unit)
			ts -= rest
		} else {
			day, _ := types.SplitTimestamp(ts)
			ts, _ = types.JoinTimestamp(truncDay(q, day), 0)
		}
		dst[p] = zone.FromLocal(ts)
	}
	return nil
}

// runTruncDate gives TIMESTAMP.
func runTruncDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	d, dst, r := numArg[int32](c, args, value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		day := d.at(p)
		if types.DateFinite(day) && unitMicros(q) == 0 {
			day = truncDay(q, day)
		}
		ts, ok := types.JoinTimestamp(day, 0)
		if !ok {
			return errTimestampRange()
		}
		dst[p] = ts
	}
	return nil
}

func runTruncInterval(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	x, dst, r := numArg[types.Interval](c, args, value), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		iv := x.at(p)
		if q == partISOYear {
			q = partYear
		}
		switch unit, months := unitMicros(q), int32(unitMonths(q)); {
		case months > 0:
			iv = types.Interval{Months: iv.Months / months * months}
		case q == partWeek || q == partYearWeek:
			iv.Days, iv.Micros = iv.Days/7*7, 0
		case unit == types.MicrosPerDay:
			iv.Micros = 0
		case unit > 0:
			iv.Micros = iv.Micros / unit * unit
		}
		dst[p] = iv
	}
	return nil
}

// diffCall is the Data of date_diff (sub false: boundaries between) and
// date_sub (sub true: whole parts between).
type diffCall struct {
	part part
	sub  bool
}

func boundaries(q part, a, b int64) int64 {
	da, ma := types.FloorDiv(a, types.MicrosPerDay)
	db, mb := types.FloorDiv(b, types.MicrosPerDay)
	if n := unitMonths(q); n > 0 {
		x, _ := monthNumber(int32(da))
		y, _ := monthNumber(int32(db))
		return y/n - x/n
	}
	switch q {
	case partWeek, partYearWeek:
		return (db - da) / 7 // whole spans of seven days, as in DuckDB
	case partISOYear:
		x, _ := isoWeek(int32(da))
		y, _ := isoWeek(int32(db))
		return y - x
	}
	unit := unitMicros(q)
	if unit == types.MicrosPerDay {
		return db - da
	}
	perDay := types.MicrosPerDay / unit
	return (db-da)*perDay + mb/unit - ma/unit
}

// wholes counts the whole parts from a to b; ok is false on overflow.
func wholes(q part, a, b int64) (int64, bool) {
	if n := unitMonths(q); n > 0 || q == partISOYear {
		if q == partISOYear {
			n = 12
		}
		// The end of a shorter month counts as the day that it lacks.
		lo, hi, sign := a, b, int64(1)
		if b < a {
			lo, hi, sign = b, a, -1
		}
		dl, tl := types.SplitTimestamp(lo)
		dh, th := types.SplitTimestamp(hi)
		ml, dayL := monthNumber(dl)
		mh, dayH := monthNumber(dh)
		m := mh - ml
		lastH := types.DaysInMonth(civilYear(dh), int((mh%12+12)%12)+1)
		if m > 0 && (dayH < dayL && dayH < lastH || dayH == dayL && th < tl) {
			m--
		}
		return sign * m / n, true
	}
	x := types.Int128From(b).Sub(types.Int128From(a))
	unit := unitMicros(q)
	if q == partWeek || q == partYearWeek {
		unit = 7 * types.MicrosPerDay
	}
	v, _ := x.DivMod(types.Int128From(unit))
	return int64(v.Lo), v.IsInt64()
}

func civilYear(day int32) int { y, _, _ := types.Civil(day); return y }

// runDiff serves timestamps, dates and times.
func runDiff(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	d := c.Bound.Data.(diffCall)
	names, dst, r := textArg(c, args, 0), vector.Values[int64](out), living(c)
	id := args[1].Type.ID
	zone, err := zoneFor(c, args[1].Type)
	if err != nil {
		return err
	}
	var days [2]numbers[int32]
	var stamps [2]numbers[int64]
	for i := range 2 {
		if id == types.Date {
			days[i] = numArg[int32](c, args, i+1)
		} else {
			stamps[i] = numArg[int64](c, args, i+1)
		}
	}
	for k := range r.n {
		p := r.at(k)
		q := d.part
		if q == noPart {
			var err error
			if q, err = parsePart(names.at(p)); err != nil {
				return err
			}
		}
		if unitMicros(q) == 0 && unitMonths(q) == 0 && q != partWeek && q != partYearWeek && q != partISOYear {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "this part cannot be counted between dates")
		}
		var a, b int64
		if id == types.Date {
			x, y := days[0].at(p), days[1].at(p)
			if !types.DateFinite(x) || !types.DateFinite(y) {
				out.SetNull(p)
				continue
			}
			if !d.sub && unitMicros(q) == types.MicrosPerDay {
				dst[p] = int64(y) - int64(x)
				continue
			}
			var ok, ok2 bool
			a, ok = types.JoinTimestamp(x, 0)
			b, ok2 = types.JoinTimestamp(y, 0)
			if !ok || !ok2 {
				return errTimestampRange()
			}
		} else {
			a, b = stamps[0].at(p), stamps[1].at(p)
			if !types.TimestampFinite(a) || !types.TimestampFinite(b) {
				out.SetNull(p)
				continue
			}
			a, b = zone.ToLocal(a), zone.ToLocal(b)
		}
		if !d.sub {
			dst[p] = boundaries(q, a, b)
			continue
		}
		n, ok := wholes(q, a, b)
		if !ok {
			return errTimestampRange()
		}
		dst[p] = n
	}
	return nil
}

func bindTrunc(ret types.Type, k function.Kernel) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		b := &function.Bound{Params: args, Return: ret, Kernel: k, CanFail: true, Data: partCall{}}
		if ret.ID == types.TimestampTZ {
			b.Vol = function.Stable
		}
		if consts[0] != nil && !consts[0].IsNull {
			p, err := parsePart([]byte(consts[0].S))
			if err != nil {
				return nil, err
			}
			b.Data = partCall{p}
		}
		return b, nil
	}
}

func diffOverloads(sub bool) []function.Overload {
	var out []function.Overload
	for _, t := range []types.Type{date, timestamp, instant, clock} {
		t := t
		out = append(out, binding(func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
			b := &function.Bound{Params: args, Return: bigint, Kernel: runDiff, CanFail: true}
			d := diffCall{sub: sub}
			if consts[0] != nil && !consts[0].IsNull {
				var err error
				if d.part, err = parsePart([]byte(consts[0].S)); err != nil {
					return nil, err
				}
			}
			if t.ID == types.TimestampTZ {
				b.Vol = function.Stable
			}
			b.Data = d
			return b, nil
		}, varchar, t, t))
	}
	return out
}

var dateTruncs = []*function.Scalar{
	{Name: "date_trunc", Aliases: []string{"datetrunc"}, Category: "date", Description: "The start of the part that a date or timestamp lies in.", Example: "date_trunc('month', TIMESTAMP '2020-02-29 12:34:56')", Result: "2020-02-01 00:00:00",
		Overloads: []function.Overload{binding(bindTrunc(timestamp, runTruncDate), varchar, date), binding(bindTrunc(timestamp, runTrunc), varchar, timestamp),
			binding(bindTrunc(instant, runTrunc), varchar, instant), binding(bindTrunc(interval, runTruncInterval), varchar, interval)}},
	{Name: "date_diff", Aliases: []string{"datediff"}, Category: "date", Description: "The number of boundaries of a part between two dates.", Example: "date_diff('month', DATE '2020-01-31', DATE '2020-03-01')", Result: "2", Overloads: diffOverloads(false)},
	{Name: "date_sub", Aliases: []string{"datesub"}, Category: "date", Description: "The number of whole parts between two dates.", Example: "date_sub('month', DATE '2020-01-31', DATE '2020-03-01')", Result: "1", Overloads: diffOverloads(true)},
}
