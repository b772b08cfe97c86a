package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// part is a part of a date or time.
type part uint8

const (
	noPart part = iota
	partYear
	partMonth
	partDay
	partDecade
	partCentury
	partMillennium
	partQuarter
	partWeek
	partISOYear
	partYearWeek
	partDow
	partISODow
	partDoy
	partEra
	partHour
	partMinute
	partSecond
	partMilli
	partMicro
	partTimezone
	partTimezoneHour
	partTimezoneMinute
	partEpoch  // DOUBLE
	partJulian // DOUBLE
)

// partNames maps the names of parts, in lower case.
var partNames = func() map[string]part {
	m := map[string]part{}
	add := func(p part, names ...string) {
		for _, n := range names {
			m[n] = p
		}
	}
	add(partYear, "year", "years", "y", "yr", "yrs")
	add(partMonth, "month", "months", "mon", "mons")
	add(partDay, "day", "days", "d", "dayofmonth")
	add(partDecade, "decade", "decades", "dec", "decs")
	add(partCentury, "century", "centuries", "cent", "c")
	add(partMillennium, "millennium", "millennia", "millenium", "millenniums", "mil", "mils")
	add(partQuarter, "quarter", "quarters")
	add(partWeek, "week", "weeks", "w", "weekofyear")
	add(partISOYear, "isoyear")
	add(partYearWeek, "yearweek")
	add(partDow, "dow", "dayofweek", "weekday")
	add(partISODow, "isodow")
	add(partDoy, "doy", "dayofyear")
	add(partEra, "era")
	add(partHour, "hour", "hours", "h", "hr", "hrs")
	add(partMinute, "minute", "minutes", "m", "min", "mins")
	add(partSecond, "second", "seconds", "s", "sec", "secs")
	add(partMilli, "millisecond", "milliseconds", "ms", "msec", "msecs")
	add(partMicro, "microsecond", "microseconds", "us", "usec", "usecs")
	add(partTimezone, "timezone")
	add(partTimezoneHour, "timezone_hour")
	add(partTimezoneMinute, "timezone_minute")
	add(partEpoch, "epoch")
	add(partJulian, "julian")
	return m
}()

// parsePart finds the part called name.
func parsePart(name []byte) (part, error) {
	var word [20]byte
	if len(name) <= len(word) {
		w := word[:copy(word[:], name)]
		for i, c := range w {
			if c-'A' < 26 {
				w[i] = c | 0x20
			}
		}
		if p := partNames[raw.String(w)]; p != noPart {
			return p, nil
		}
	}
	return noPart, sqlerr.New(sqlerr.CodeInvalidArgument, "date part \"%s\" is not recognized", shown(name))
}

// weekday returns 1 for Monday to 7 for Sunday.
func weekday(day int32) int64 {
	_, d := types.FloorDiv(int64(day)+3, 7)
	return d + 1
}

// isoWeek returns the year and week that ISO 8601 counts day to: the week of
// its Thursday.
func isoWeek(day int32) (year, week int64) {
	thursday := int64(day) + 4 - weekday(day)
	y, _, _ := types.Civil(int32(thursday))
	return int64(y), (thursday-types.DayNumber(y, 1, 1))/7 + 1
}

// centuries counts units of n years as people do: the first begins in the year
// 1, and there is none with the number 0.
func centuries(year, n int64) int64 {
	if year > 0 {
		return (year-1)/n + 1
	}
	return -(-year/n + 1)
}

// dayPart returns a part that depends on the day alone.
func dayPart(p part, day int32) int64 {
	switch p {
	case partDow:
		return weekday(day) % 7
	case partISODow:
		return weekday(day)
	case partWeek:
		_, w := isoWeek(day)
		return w
	case partISOYear:
		y, _ := isoWeek(day)
		return y
	case partYearWeek:
		y, w := isoWeek(day)
		if y < 0 {
			w = -w
		}
		return y*100 + w
	}
	year, m, d := types.Civil(day)
	y := int64(year)
	switch p {
	case partYear:
		return y
	case partMonth:
		return int64(m)
	case partDay:
		return int64(d)
	case partDecade:
		return y / 10
	case partCentury:
		return centuries(y, 100)
	case partMillennium:
		return centuries(y, 1000)
	case partQuarter:
		return int64(m-1)/3 + 1
	case partDoy:
		return int64(day) - types.DayNumber(year, 1, 1) + 1
	case partEra:
		if y > 0 {
			return 1
		}
	}
	return 0
}

// timePart returns a part of a time of day in microseconds.
func timePart(p part, micros int64) int64 {
	switch p {
	case partHour:
		return micros / types.MicrosPerHour
	case partMinute:
		return micros / types.MicrosPerMinute % 60
	case partSecond:
		return micros / types.MicrosPerSecond % 60
	case partMilli:
		return micros % types.MicrosPerMinute / 1000
	case partMicro:
		return micros % types.MicrosPerMinute
	}
	return 0
}

// partCall is the Data of date_part; noPart means that an argument says which.
type partCall struct{ part part }

// partWalk finds the part of each row when it is not constant.
type partWalk struct {
	fixed part
	names texts
}

func (w *partWalk) at(p int) (part, error) {
	if w.fixed != noPart {
		return w.fixed, nil
	}
	return parsePart(w.names.at(p))
}

// partArgs returns the walk over parts and the index of the value.
func partArgs(c *function.Call, args []*vector.Vector) (partWalk, int) {
	d := c.Bound.Data.(partCall)
	if d.part != noPart {
		return partWalk{fixed: d.part}, len(args) - 1
	}
	return partWalk{names: textArg(c, args, 0)}, 1
}

func datePartOfDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	d, dst, r := numArg[int32](c, args, value), vector.Values[int64](out), living(c)
	if w.fixed == partYear && d.idx == nil && d.step == 1 && r.sel == nil {
		// The loop of most reports.
		for p, day := range d.data[:r.n] {
			if !types.DateFinite(day) {
				out.SetNull(p)
				continue
			}
			y, _, _ := types.Civil(day)
			dst[p] = int64(y)
		}
		return nil
	}
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		if day := d.at(p); types.DateFinite(day) {
			dst[p] = dayPart(q, day)
		} else {
			out.SetNull(p)
		}
	}
	return nil
}

// datePartOfTimestamp serves TIMESTAMP and, in the session's zone, TIMESTAMP
// WITH TIME ZONE.
func datePartOfTimestamp(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
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
		switch {
		case !types.TimestampFinite(ts):
			out.SetNull(p)
		case q >= partTimezone && q <= partTimezoneMinute:
			off := int64(zone.Offset(ts))
			switch q {
			case partTimezoneHour:
				off /= 3600
			case partTimezoneMinute:
				off = off / 60 % 60
			}
			dst[p] = off
		default:
			day, micros := types.SplitTimestamp(zone.ToLocal(ts))
			if q < partHour {
				dst[p] = dayPart(q, day)
			} else {
				dst[p] = timePart(q, micros)
			}
		}
	}
	return nil
}

func datePartOfTime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	t, dst, r := numArg[int64](c, args, value), vector.Values[int64](out), living(c)
	zoned := args[value].Type.ID == types.TimeTZ
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		micros, off := t.at(p), 0
		if zoned {
			micros, off = types.SplitTimeTZ(micros)
		}
		switch q {
		case partTimezone:
			dst[p] = int64(off)
		case partTimezoneHour:
			dst[p] = int64(off / 3600)
		case partTimezoneMinute:
			dst[p] = int64(off / 60 % 60)
		default:
			if q < partHour {
				return sqlerr.New(sqlerr.CodeUnsupported, "a time has no such part")
			}
			dst[p] = timePart(q, micros)
		}
	}
	return nil
}

func datePartOfInterval(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, value := partArgs(c, args)
	x, dst, r := numArg[types.Interval](c, args, value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		q, err := w.at(p)
		if err != nil {
			return err
		}
		iv := x.at(p)
		m := int64(iv.Months)
		switch q {
		case partYear:
			dst[p] = m / 12
		case partMonth:
			dst[p] = m % 12
		case partQuarter:
			dst[p] = m%12/3 + 1
		case partDecade:
			dst[p] = m / 120
		case partCentury:
			dst[p] = m / 1200
		case partMillennium:
			dst[p] = m / 12000
		case partDay:
			dst[p] = int64(iv.Days)
		case partHour, partMinute, partSecond, partMilli, partMicro:
			dst[p] = timePart(q, iv.Micros)
		default:
			return sqlerr.New(sqlerr.CodeUnsupported, "an interval has no such part")
		}
	}
	return nil
}

// epochOf gives the epoch or Julian day as DOUBLE.
func epochOf(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	q := c.Bound.Data.(partCall).part
	value := len(args) - 1
	dst, r := vector.Values[float64](out), living(c)
	id := args[value].Type.ID
	switch id {
	case types.Date:
		d := numArg[int32](c, args, value)
		for k := range r.n {
			p := r.at(k)
			day := d.at(p)
			switch {
			case !types.DateFinite(day):
				out.SetNull(p)
			case q == partJulian:
				dst[p] = float64(day) + julianEpoch
			default:
				dst[p] = float64(day) * 86400
			}
		}
	case types.IntervalID:
		x := numArg[types.Interval](c, args, value)
		for k := range r.n {
			p := r.at(k)
			iv := x.at(p)
			// A year has 365.25 days, a month of what is left 30.
			y, m := int64(iv.Months/12), int64(iv.Months%12)
			dst[p] = float64(y)*31557600 + float64(m*30+int64(iv.Days))*86400 + float64(iv.Micros)/1e6
		}
	default:
		t := numArg[int64](c, args, value)
		for k := range r.n {
			p := r.at(k)
			x := t.at(p)
			switch {
			case id == types.TimeTZ:
				micros, _ := types.SplitTimeTZ(x)
				dst[p] = float64(micros) / 1e6
			case id != types.Time && !types.TimestampFinite(x):
				out.SetNull(p)
			case q == partJulian:
				dst[p] = float64(x)/types.MicrosPerDay + julianEpoch
			default:
				dst[p] = float64(x) / 1e6
			}
		}
	}
	return nil
}

const julianEpoch = 2440588

// partKernel returns the kernel for the values of type t.
func partKernel(t types.Type) function.Kernel {
	switch t.ID {
	case types.Date:
		return datePartOfDate
	case types.Time, types.TimeTZ:
		return datePartOfTime
	case types.IntervalID:
		return datePartOfInterval
	}
	return datePartOfTimestamp
}

// bindPart makes the call for a part (noPart: the first argument names it).
func bindPart(p part) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		value := args[len(args)-1]
		b := &function.Bound{Params: args, Return: bigint, Kernel: partKernel(value), CanFail: true}
		if len(args) == 2 && consts[0] != nil && !consts[0].IsNull {
			var err error
			if p, err = parsePart([]byte(consts[0].S)); err != nil {
				return nil, err
			}
		}
		if value.ID == types.TimestampTZ {
			b.Vol = function.Stable
		}
		if p == partEpoch || p == partJulian {
			b.Return, b.Kernel = double, epochOf
		}
		if p != noPart && (value.ID == types.Date || value.IsTimestamp()) {
			b.CanFail = false
		}
		b.Data = partCall{p}
		return b, nil
	}
}

// datedTypes are the types that have date parts.
var datedTypes = []types.Type{date, timestamp, instant, interval, clock, clockTZ}

func partFunction(name string, aliases []string, p part, example, result string) *function.Scalar {
	f := &function.Scalar{Name: name, Aliases: aliases, Category: "date", Description: "The " + name + " of a date, time or interval.", Example: example, Result: result}
	for _, t := range datedTypes {
		if (t.ID == types.Time || t.ID == types.TimeTZ || t.ID == types.IntervalID) && p < partHour && !(t.ID == types.IntervalID && p <= partQuarter) {
			continue
		}
		f.Overloads = append(f.Overloads, binding(bindPart(p), t))
	}
	return f
}

func datePartOverloads() []function.Overload {
	var out []function.Overload
	for _, t := range datedTypes {
		t := t
		out = append(out, binding(func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
			return bindPart(noPart)(args, consts)
		}, varchar, t))
	}
	return out
}

var dateParts = []*function.Scalar{
	{Name: "date_part", Aliases: []string{"datepart"}, Category: "date", Description: "A part of a date, time or interval by its name.", Example: "date_part('year', DATE '2020-02-29')", Result: "2020", Overloads: datePartOverloads()},
	partFunction("year", nil, partYear, "year(DATE '2020-02-29')", "2020"),
	partFunction("month", nil, partMonth, "month(DATE '2020-02-29')", "2"),
	partFunction("day", []string{"dayofmonth"}, partDay, "day(DATE '2020-02-29')", "29"),
	partFunction("decade", nil, partDecade, "decade(DATE '2020-02-29')", "202"),
	partFunction("century", nil, partCentury, "century(DATE '2020-02-29')", "21"),
	partFunction("millennium", nil, partMillennium, "millennium(DATE '2020-02-29')", "3"),
	partFunction("quarter", nil, partQuarter, "quarter(DATE '2020-02-29')", "1"),
	partFunction("week", []string{"weekofyear"}, partWeek, "week(DATE '2021-01-01')", "53"),
	partFunction("isoyear", nil, partISOYear, "isoyear(DATE '2021-01-01')", "2020"),
	partFunction("yearweek", nil, partYearWeek, "yearweek(DATE '2021-01-01')", "202053"),
	partFunction("dayofweek", []string{"weekday"}, partDow, "dayofweek(DATE '2021-01-03')", "0"),
	partFunction("isodow", nil, partISODow, "isodow(DATE '2021-01-03')", "7"),
	partFunction("dayofyear", nil, partDoy, "dayofyear(DATE '2021-12-31')", "365"),
	partFunction("era", nil, partEra, "era(DATE '2021-12-31')", "1"),
	partFunction("hour", nil, partHour, "hour(TIMESTAMP '2020-02-29 12:34:56')", "12"),
	partFunction("minute", nil, partMinute, "minute(TIMESTAMP '2020-02-29 12:34:56')", "34"),
	partFunction("second", nil, partSecond, "second(TIMESTAMP '2020-02-29 12:34:56.7')", "56"),
	partFunction("millisecond", nil, partMilli, "millisecond(TIMESTAMP '2020-02-29 12:34:56.789')", "56789"),
	partFunction("microsecond", nil, partMicro, "microsecond(TIMESTAMP '2020-02-29 12:34:56.789')", "56789000"),
	partFunction("timezone_hour", nil, partTimezoneHour, "timezone_hour(TIMESTAMP '2020-02-29 12:34:56')", "0"),
	partFunction("timezone_minute", nil, partTimezoneMinute, "timezone_minute(TIMESTAMP '2020-02-29 12:34:56')", "0"),
	partFunction("epoch", nil, partEpoch, "epoch(TIMESTAMP '2020-01-01')", "1577836800.0"),
	partFunction("julian", nil, partJulian, "julian(DATE '2020-02-29')", "2458909.0"),
}
