package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// moveOp is the Data of a call that moves a date or time: the sign, and which
// argument is moved.
type moveOp struct {
	sign  int
	value int // argument that holds the date or time; the other is what to add
}

func temporalPlus() []function.Overload {
	var out []function.Overload
	both := func(ret types.Type, k function.Kernel, value, amount types.Type) {
		out = append(out, with(moveOp{1, 0}, failing(sig(ret, k, value, amount))), with(moveOp{1, 1}, failing(sig(ret, k, amount, value))))
	}
	both(date, moveDays, date, integer)
	both(timestamp, moveDate, date, interval)
	both(timestamp, moveTimestamp, timestamp, interval)
	both(clock, moveTime, clock, interval)
	both(clockTZ, moveTime, clockTZ, interval)
	both(timestamp, joinDateTime, date, clock)
	both(instant, joinDateTime, date, clockTZ)
	out = append(out, with(moveOp{1, 0}, failing(sig(interval, addIntervals, interval, interval))))
	for value := range 2 {
		o := with(moveOp{1, value}, failing(sig(instant, moveInstant, [2][]types.Type{{instant, interval}, {interval, instant}}[value]...)))
		out = append(out, stable(o))
	}
	return out
}

// stable returns o for a kernel that reads the session.
func stable(o function.Overload) function.Overload {
	o.Vol = function.Stable
	if bind := o.Bind; bind != nil {
		o.Bind = func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
			b, err := bind(args, consts)
			if b != nil {
				b.Vol = function.Stable
			}
			return b, err
		}
	}
	return o
}

func temporalMinus() []function.Overload {
	minus := moveOp{-1, 0}
	return []function.Overload{
		with(minus, failing(sig(date, moveDays, date, integer))),
		with(minus, failing(sig(timestamp, moveDate, date, interval))),
		with(minus, failing(sig(timestamp, moveTimestamp, timestamp, interval))),
		with(minus, failing(sig(clock, moveTime, clock, interval))),
		with(minus, failing(sig(clockTZ, moveTime, clockTZ, interval))),
		stable(with(minus, failing(sig(instant, moveInstant, instant, interval)))),
		with(minus, failing(sig(interval, addIntervals, interval, interval))),
		sig(bigint, daysBetween, date, date),
		failing(sig(interval, timestampDiff, timestamp, timestamp)),
		failing(sig(interval, timestampDiff, instant, instant)),
		failing(sig(interval, negateInterval, interval)),
	}
}

func temporalTimes() []function.Overload {
	return []function.Overload{
		with(moveOp{1, 0}, failing(sig(interval, scaleInterval, interval, bigint))),
		with(moveOp{1, 1}, failing(sig(interval, scaleInterval, bigint, interval))),
		with(moveOp{1, 0}, failing(sig(interval, scaleIntervalFloat, interval, double))),
		with(moveOp{1, 1}, failing(sig(interval, scaleIntervalFloat, double, interval))),
	}
}

func errDateRange() error {
	return sqlerr.New(sqlerr.CodeDatetimeOverflow, "date out of range")
}

func errTimestampRange() error {
	return sqlerr.New(sqlerr.CodeDatetimeOverflow, "date and time not in timestamp range")
}

func moveDays(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	d, n, dst, r := numArg[int32](c, args, op.value), numArg[int32](c, args, 1-op.value), vector.Values[int32](out), living(c)
	sign := int64(op.sign)
	for k := range r.n {
		p := r.at(k)
		day := d.at(p)
		if types.DateFinite(day) {
			x := int64(day) + sign*int64(n.at(p))
			if x < types.MinDate || x > types.MaxDate {
				return errDateRange()
			}
			day = int32(x)
		}
		dst[p] = day
	}
	return nil
}

// signed returns iv or its negative.
func signed(iv types.Interval, sign int) (types.Interval, bool) {
	if sign > 0 {
		return iv, true
	}
	return iv.Neg()
}

func moveDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	d, n, dst, r := numArg[int32](c, args, op.value), numArg[types.Interval](c, args, 1-op.value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		ts, ok := types.JoinTimestamp(d.at(p), 0)
		iv, ok2 := signed(n.at(p), op.sign)
		ts, ok3 := types.AddInterval(ts, iv)
		if !ok || !ok2 || !ok3 {
			return errTimestampRange()
		}
		dst[p] = ts
	}
	return nil
}

func moveTimestamp(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	t, n, dst, r := numArg[int64](c, args, op.value), numArg[types.Interval](c, args, 1-op.value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		iv, ok := signed(n.at(p), op.sign)
		ts, ok2 := types.AddInterval(t.at(p), iv)
		if !ok || !ok2 {
			return errTimestampRange()
		}
		dst[p] = ts
	}
	return nil
}

func moveInstant(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	op := c.Bound.Data.(moveOp)
	t, n, dst, r := numArg[int64](c, args, op.value), numArg[types.Interval](c, args, 1-op.value), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		iv, ok := signed(n.at(p), op.sign)
		ts, ok2 := types.AddIntervalLocal(t.at(p), iv, zone)
		if !ok || !ok2 {
			return errTimestampRange()
		}
		dst[p] = ts
	}
	return nil
}

// zoneOf returns the session's time zone.
func zoneOf(c *function.Call) (*types.Zone, error) {
	if c.Session == nil {
		return types.UTC, nil
	}
	return types.LoadZone(c.Session.TimeZone)
}

// zoneFor returns the time zone in which values of type t are shown: the
// session's for TIMESTAMP WITH TIME ZONE, UTC for all others.
func zoneFor(c *function.Call, t types.Type) (*types.Zone, error) {
	if t.ID != types.TimestampTZ {
		return types.UTC, nil
	}
	return zoneOf(c)
}

// moveTime adds to a TIME or TIME WITH TIME ZONE, around the clock; months and
// days do not count.
func moveTime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	t, n, dst, r := numArg[int64](c, args, op.value), numArg[types.Interval](c, args, 1-op.value), vector.Values[int64](out), living(c)
	zoned := out.Type.ID == types.TimeTZ
	for k := range r.n {
		p := r.at(k)
		v, off := t.at(p), 0
		if zoned {
			v, off = types.SplitTimeTZ(v)
		}
		_, m := types.FloorDiv(n.at(p).Micros, types.MicrosPerDay)
		_, v = types.FloorDiv(v+int64(op.sign)*m, types.MicrosPerDay)
		if zoned {
			v = types.MakeTimeTZ(v, off)
		}
		dst[p] = v
	}
	return nil
}

// joinDateTime makes a timestamp of a date and a time of day.
func joinDateTime(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	d, t, dst, r := numArg[int32](c, args, op.value), numArg[int64](c, args, 1-op.value), vector.Values[int64](out), living(c)
	zoned := out.Type.ID == types.TimestampTZ
	for k := range r.n {
		p := r.at(k)
		micros, off := t.at(p), 0
		if zoned {
			micros, off = types.SplitTimeTZ(micros)
		}
		ts, ok := types.JoinTimestamp(d.at(p), micros-int64(off)*types.MicrosPerSecond)
		if !ok {
			return errTimestampRange()
		}
		dst[p] = ts
	}
	return nil
}

func addIntervals(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	sign := c.Bound.Data.(moveOp).sign
	a, b, dst, r := numArg[types.Interval](c, args, 0), numArg[types.Interval](c, args, 1), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var ok bool
		if sign > 0 {
			dst[p], ok = a.at(p).Add(b.at(p))
		} else {
			dst[p], ok = a.at(p).Sub(b.at(p))
		}
		if !ok {
			return errInterval()
		}
	}
	return nil
}

func negateInterval(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	a, dst, r := numArg[types.Interval](c, args, 0), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var ok bool
		if dst[p], ok = a.at(p).Neg(); !ok {
			return errInterval()
		}
	}
	return nil
}

func scaleInterval(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	a, b, dst, r := numArg[types.Interval](c, args, op.value), numArg[int64](c, args, 1-op.value), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var ok bool
		if dst[p], ok = a.at(p).Mul(b.at(p)); !ok {
			return errInterval()
		}
	}
	return nil
}

func scaleIntervalFloat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(moveOp)
	a, b, dst, r := numArg[types.Interval](c, args, op.value), numArg[float64](c, args, 1-op.value), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		var ok bool
		if dst[p], ok = a.at(p).MulFloat(b.at(p)); !ok {
			return errInterval()
		}
	}
	return nil
}

func daysBetween(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	a, b, dst, r := numArg[int32](c, args, 0), numArg[int32](c, args, 1), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		dst[p] = int64(a.at(p)) - int64(b.at(p))
	}
	return nil
}

func timestampDiff(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	a, b, dst, r := numArg[int64](c, args, 0), numArg[int64](c, args, 1), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x, y := a.at(p), b.at(p)
		if !types.TimestampFinite(x) || !types.TimestampFinite(y) {
			return sqlerr.New(sqlerr.CodeDatetimeOverflow, "cannot subtract infinite timestamps")
		}
		var ok bool
		if dst[p], ok = types.TimestampDiff(x, y); !ok {
			return errTimestampRange()
		}
	}
	return nil
}
