package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// dateOf makes a day number of a year, month and day.
func dateOf(y, m, d int64) (int32, error) {
	if y >= -6000000 && y <= 6000000 && m >= 1 && m <= 12 && d >= 1 && d <= 31 {
		if day, ok := types.MakeDate(int(y), int(m), int(d)); ok {
			return day, nil
		}
	}
	return 0, sqlerr.New(sqlerr.CodeDatetimeOverflow, "date out of range: %d-%d-%d", y, m, d)
}

func clockOf(h, m int64, s float64) (int64, error) {
	if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s < 60) || h == 24 && (m > 0 || s > 0) {
		return 0, sqlerr.New(sqlerr.CodeDatetimeOverflow, "time out of range: %d:%d:%v", h, m, s)
	}
	return (h*60+m)*types.MicrosPerMinute + int64(math.Round(s*types.MicrosPerSecond)), nil
}

func runMakeDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	y, m, d, dst, r := numArg[int64](c, args, 0), numArg[int64](c, args, 1), numArg[int64](c, args, 2), vector.Values[int32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var err error
		if dst[p], err = dateOf(y.at(p), m.at(p), d.at(p)); err != nil {
			return err
		}
	}
	return nil
}

func runDateOfNumber(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[int32](c, args, 0), vector.Values[int32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		dst[p] = x.at(p)
	}
	return nil
}

func runMakeTime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	h, m, s, dst, r := numArg[int64](c, args, 0), numArg[int64](c, args, 1), numArg[float64](c, args, 2), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var err error
		if dst[p], err = clockOf(h.at(p), m.at(p), s.at(p)); err != nil {
			return err
		}
	}
	return nil
}

func runMakeTimestamp(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	zone, err := zoneFor(c, out.Type)
	if err != nil {
		return err
	}
	var f [5]numbers[int64]
	for i := range f {
		f[i] = numArg[int64](c, args, i)
	}
	s, dst, r := numArg[float64](c, args, 5), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		day, err := dateOf(f[0].at(p), f[1].at(p), f[2].at(p))
		if err != nil {
			return err
		}
		micros, err := clockOf(f[3].at(p), f[4].at(p), s.at(p))
		if err != nil {
			return err
		}
		ts, ok := types.JoinTimestamp(day, micros)
		if !ok {
			return errTimestampRange()
		}
		dst[p] = zone.FromLocal(ts)
	}
	return nil
}

// runScaled multiplies a number of ticks to microseconds; Data is the factor,
// or minus the divisor.
func runScaled(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	f := c.Bound.Data.(int64)
	x, dst, r := numArg[int64](c, args, 0), vector.Values[int64](out), living(c)
	makes := out.Type.IsTemporal()
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if f < 0 {
			v, _ = types.FloorDiv(v, -f)
		} else {
			m := types.Mul64(v, f)
			if v = int64(m.Lo); !m.IsInt64() {
				return errTimestampRange()
			}
		}
		if makes && !types.TimestampFinite(v) {
			return errTimestampRange() // infinity is no number
		}
		dst[p] = v
	}
	return nil
}

// runEpochOf gives ticks of a timestamp or date since the epoch; Data as
// runScaled.
func runEpochOf(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	if args[0].Type.ID != types.Date {
		return runScaled(c, args, out)
	}
	f := c.Bound.Data.(int64)
	perDay := int64(types.MicrosPerDay)
	if f < 0 {
		perDay /= -f
	} else {
		perDay *= f
	}
	x, dst, r := numArg[int32](c, args, 0), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		m := types.Mul64(int64(x.at(p)), perDay)
		if !m.IsInt64() {
			return errTimestampRange()
		}
		dst[p] = int64(m.Lo)
	}
	return nil
}

// runToTimestamp takes seconds since the epoch as DOUBLE.
func runToTimestamp(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[float64](c, args, 0), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		v := math.Round(x.at(p) * 1e6)
		if !(v >= types.MinTimestamp && v < 1<<63) {
			return errTimestampRange()
		}
		dst[p] = int64(v)
	}
	return nil
}

// runToInterval makes n units an interval; Data is one unit.
func runToInterval(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	unit := c.Bound.Data.(types.Interval)
	dst, r := vector.Values[types.Interval](out), living(c)
	if args[0].Type.ID == types.Double {
		x := numArg[float64](c, args, 0)
		for k := range r.n {
			p := r.at(k)
			v := math.RoundToEven(x.at(p) * float64(unit.Micros))
			if !(v >= -1<<63 && v < 1<<63) {
				return errInterval()
			}
			dst[p] = types.Interval{Micros: int64(v)}
		}
		return nil
	}
	x := numArg[int64](c, args, 0)
	for k := range r.n {
		p := r.at(k)
		var ok bool
		if dst[p], ok = unit.Mul(x.at(p)); !ok {
			return errInterval()
		}
	}
	return nil
}

func toUnit(unit string, iv types.Interval, result string, fraction bool) *function.Scalar {
	f := &function.Scalar{Name: "to_" + unit, Category: "date", Description: "An interval of so many " + unit + ".", Example: "to_" + unit + "(1)", Result: result,
		Overloads: []function.Overload{with(iv, failing(sig(interval, runToInterval, bigint)))}}
	if fraction {
		f.Overloads = append(f.Overloads, with(iv, failing(sig(interval, runToInterval, double))))
	}
	return f
}

// runAge is the time between two timestamps as the calendar counts it; with
// one argument, up to the start of today.
func runAge(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	zone := types.UTC
	if args[0].Type.ID == types.TimestampTZ || len(args) == 1 {
		var err error
		if zone, err = zoneOf(c); err != nil {
			return err
		}
	}
	day, _ := types.SplitTimestamp(zone.ToLocal(sessionOf(c).Now))
	today, _ := types.JoinTimestamp(day, 0)
	if args[0].Type.ID != types.TimestampTZ {
		zone = types.UTC
	}
	a, dst, r := numArg[int64](c, args, 0), vector.Values[types.Interval](out), living(c)
	var b numbers[int64]
	if len(args) == 2 {
		b = numArg[int64](c, args, 1)
	}
	for k := range r.n {
		p := r.at(k)
		x, y := today, zone.ToLocal(a.at(p))
		if len(args) == 2 {
			x, y = y, zone.ToLocal(b.at(p))
		}
		if !types.TimestampFinite(x) || !types.TimestampFinite(y) {
			out.SetNull(p)
			continue
		}
		var ok bool
		if dst[p], ok = types.Age(x, y); !ok {
			return errInterval()
		}
	}
	return nil
}

func runLastDay(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	dst, r := vector.Values[int32](out), living(c)
	isDate := args[0].Type.ID == types.Date
	var d numbers[int32]
	var t numbers[int64]
	if isDate {
		d = numArg[int32](c, args, 0)
	} else {
		t = numArg[int64](c, args, 0)
	}
	for k := range r.n {
		p := r.at(k)
		var day int32
		if isDate {
			if day = d.at(p); !types.DateFinite(day) {
				out.SetNull(p)
				continue
			}
		} else {
			ts := t.at(p)
			if !types.TimestampFinite(ts) {
				out.SetNull(p)
				continue
			}
			day, _ = types.SplitTimestamp(ts)
		}
		y, m, _ := types.Civil(day)
		dst[p] = int32(types.DayNumber(y, m, types.DaysInMonth(y, m)))
	}
	return nil
}

var (
	dayNames   = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	monthNames = [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)

// runName is dayname (Data partDow) and monthname (partMonth).
func runName(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	q := c.Bound.Data.(part)
	t, r := numArg[int64](c, args, 0), living(c)
	for k := range r.n {
		p := r.at(k)
		ts := t.at(p)
		if !types.TimestampFinite(ts) {
			out.SetNull(p)
			continue
		}
		day, _ := types.SplitTimestamp(ts)
		n := dayPart(q, day)
		if q == partDow {
			out.PutString(p, []byte(dayNames[n]))
		} else {
			out.PutString(p, []byte(monthNames[n-1]))
		}
	}
	return nil
}

// runTimezone is timezone(zone, t), t AT TIME ZONE zone: local time to instant
// and back.
func runTimezone(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	names, t, dst, r := textArg(c, args, 0), numArg[int64](c, args, 1), vector.Values[int64](out), living(c)
	toLocal := args[1].Type.ID == types.TimestampTZ
	var zone *types.Zone
	last := ""
	for k := range r.n {
		p := r.at(k)
		if name := names.at(p); zone == nil || string(name) != last {
			var err error
			if zone, err = types.LoadZone(string(name)); err != nil {
				return err
			}
			last = string(name)
		}
		if toLocal {
			dst[p] = zone.ToLocal(t.at(p))
		} else {
			dst[p] = zone.FromLocal(t.at(p))
		}
	}
	return nil
}

func epochFunction(name, result string, factor int64) *function.Scalar {
	f := &function.Scalar{Name: name, Category: "date", Description: "The ticks of a date or timestamp since 1970-01-01.", Example: name + "(TIMESTAMP '2020-01-01')", Result: result}
	for _, t := range []types.Type{date, timestamp, instant} {
		f.Overloads = append(f.Overloads, with(factor, failing(sig(bigint, runEpochOf, t))))
	}
	return f
}

func makeDates() []*function.Scalar {
	epochMs := epochFunction("epoch_ms", "1577836800000", -1000)
	epochMs.Overloads = append(epochMs.Overloads, with(int64(1000), failing(sig(timestamp, runScaled, bigint))))
	five := []types.Type{bigint, bigint, bigint, bigint, bigint, double}
	const s = types.MicrosPerSecond
	return []*function.Scalar{
		{Name: "make_date", Category: "date", Description: "A date from year, month and day, or from days since 1970-01-01.", Example: "make_date(2020, 2, 29)", Result: "2020-02-29",
			Overloads: []function.Overload{failing(sig(date, runMakeDate, bigint, bigint, bigint)), sig(date, runDateOfNumber, integer)}},
		{Name: "make_time", Category: "date", Description: "A time from hour, minute and seconds.", Example: "make_time(12, 34, 56.789)", Result: "12:34:56.789", Overloads: []function.Overload{failing(sig(clock, runMakeTime, bigint, bigint, double))}},
		{Name: "make_timestamp", Category: "date", Description: "A timestamp from its parts, or from microseconds since 1970-01-01.", Example: "make_timestamp(2020, 2, 29, 12, 34, 56.789)", Result: "2020-02-29 12:34:56.789",
			Overloads: []function.Overload{failing(sig(timestamp, runMakeTimestamp, five...)), with(int64(1), failing(sig(timestamp, runScaled, bigint)))}},
		{Name: "make_timestamptz", Category: "date", Description: "An instant from its parts in the session's time zone.", Example: "epoch(make_timestamptz(1970, 1, 1, 0, 0, 0))", Result: "0.0", Overloads: []function.Overload{stable(with(nil, failing(sig(instant, runMakeTimestamp, five...))))}},
		{Name: "make_timestamp_ms", Category: "date", Description: "A timestamp from milliseconds since 1970-01-01.", Example: "make_timestamp_ms(1577836800000)", Result: "2020-01-01 00:00:00", Overloads: []function.Overload{with(int64(1000), failing(sig(timestamp, runScaled, bigint)))}},
		{Name: "make_timestamp_ns", Category: "date", Description: "A timestamp from nanoseconds since 1970-01-01.", Example: "make_timestamp_ns(1577836800000000001)", Result: "2020-01-01 00:00:00.000000001", Overloads: []function.Overload{with(int64(1), failing(sig(types.Of(types.TimestampNS), runScaled, bigint)))}},
		{Name: "to_timestamp", Category: "date", Description: "The instant so many seconds after 1970-01-01 UTC.", Example: "epoch(to_timestamp(0.5))", Result: "0.5", Overloads: []function.Overload{failing(sig(instant, runToTimestamp, double))}},
		epochMs,
		epochFunction("epoch_us", "1577836800000000", 1),
		epochFunction("epoch_ns", "1577836800000000000", 1000),
		toUnit("millennia", types.Interval{Months: 12000}, "1000 years", false),
		toUnit("centuries", types.Interval{Months: 1200}, "100 years", false),
		toUnit("decades", types.Interval{Months: 120}, "10 years", false),
		toUnit("years", types.Interval{Months: 12}, "1 year", false),
		toUnit("quarters", types.Interval{Months: 3}, "3 months", false),
		toUnit("months", types.Interval{Months: 1}, "1 month", false),
		toUnit("weeks", types.Interval{Days: 7}, "7 days", false),
		toUnit("days", types.Interval{Days: 1}, "1 day", false),
		toUnit("hours", types.Interval{Micros: 3600 * s}, "01:00:00", false),
		toUnit("minutes", types.Interval{Micros: 60 * s}, "00:01:00", false),
		toUnit("seconds", types.Interval{Micros: s}, "00:00:01", true),
		toUnit("milliseconds", types.Interval{Micros: 1000}, "00:00:00.001", true),
		toUnit("microseconds", types.Interval{Micros: 1}, "00:00:00.000001", false),
		{Name: "age", Category: "date", Description: "The time between two timestamps in years, months and days; with one argument, until today.", Example: "age(TIMESTAMP '2020-03-01', TIMESTAMP '2019-01-31')", Result: "1 year 1 month 1 day",
			Overloads: []function.Overload{failing(sig(interval, runAge, timestamp, timestamp)), stable(failing(sig(interval, runAge, instant, instant))), stable(failing(sig(interval, runAge, timestamp))), stable(failing(sig(interval, runAge, instant)))}},
		{Name: "last_day", Category: "date", Description: "The last day of the month.", Example: "last_day(DATE '2020-02-05')", Result: "2020-02-29", Overloads: []function.Overload{sig(date, runLastDay, date), sig(date, runLastDay, timestamp)}},
		{Name: "dayname", Category: "date", Description: "The English name of the day of the week.", Example: "dayname(DATE '2020-01-05')", Result: "Sunday", Overloads: []function.Overload{with(partDow, sig(varchar, runName, timestamp))}},
		{Name: "monthname", Category: "date", Description: "The English name of the month.", Example: "monthname(DATE '2020-01-05')", Result: "January", Overloads: []function.Overload{with(partMonth, sig(varchar, runName, timestamp))}},
		{Name: "timezone", Category: "date", Description: "Local time in a zone as an instant, and an instant as local time: AT TIME ZONE.", Example: "timezone('America/New_York', '2020-01-01 00:00:00+00'::TIMESTAMPTZ)", Result: "2019-12-31 19:00:00",
			Overloads: []function.Overload{failing(sig(instant, runTimezone, varchar, timestamp)), failing(sig(timestamp, runTimezone, varchar, instant))}},
		{Name: "date_add", Category: "date", Description: "A date or timestamp moved by an interval or by days.", Example: "date_add(DATE '2020-01-31', INTERVAL 1 MONTH)", Result: "2020-02-29 00:00:00",
			Overloads: []function.Overload{with(moveOp{1, 0}, failing(sig(date, moveDays, date, integer))), with(moveOp{1, 0}, failing(sig(timestamp, moveDate, date, interval))),
				with(moveOp{1, 0}, failing(sig(timestamp, moveTimestamp, timestamp, interval))), stable(with(moveOp{1, 0}, failing(sig(instant, moveInstant, instant, interval))))}},
	}
}
