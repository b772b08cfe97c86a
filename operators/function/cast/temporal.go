package cast

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// temporalLoop returns the loop between two temporal types; session tells that
// it reads the time zone, canFail that some value has no counterpart.
func temporalLoop(from, to types.ID) (loop run, session, canFail bool) {
	stamp := func(id types.ID) bool { return id >= types.TimestampS && id <= types.TimestampNS }
	switch {
	case from == types.Date && stamp(to):
		return dateToTimestamp, false, true
	case from == types.Date && to == types.TimestampTZ:
		return dateToInstant, true, true
	case stamp(from) && to == types.Date:
		return timestampToDate, false, false
	case from == types.TimestampTZ && to == types.Date:
		return instantToDate, true, false
	case stamp(from) && to == types.Time:
		return timestampToTime, false, true
	case from == types.TimestampTZ && (to == types.TimeTZ || to == types.Time):
		return instantToTimeTZ, true, true
	case stamp(from) && stamp(to):
		return scaleTimestamps, false, true
	case stamp(from) && to == types.TimestampTZ:
		return timestampToInstant, true, true
	case from == types.TimestampTZ && stamp(to):
		return instantToTimestamp, true, true
	case from == types.Time && to == types.TimeTZ:
		return timeToTimeTZ, true, false
	case from == types.TimeTZ && to == types.Time:
		return timeTZToTime, false, false
	}
	return nil, false, false
}

func dateToTimestamp(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[int32](v.Data), vector.Values[int64](out)
	perDay := 86400 * c.to.Ticks()
	lo, hi := int64(types.MinTimestamp), int64(types.MaxTimestamp)
	switch c.to.ID {
	case types.TimestampNS:
		lo, hi = -types.MaxTimestamp, types.MaxTimestamp
	case types.TimestampMS, types.TimestampS:
		lo, hi = types.MinDate*perDay, types.MaxDate*perDay
	}
	lo, hi = -(-lo / perDay), hi/perDay // in days
	for k := range r.n {
		p, i := r.at(k)
		d := int64(in[i])
		if d < lo || d > hi {
			switch {
			case d == types.DateInfinity:
				dst[p] = types.TSInfinity
			case d == types.DateNegInfinity:
				dst[p] = types.TSNegInfinity
			case c.misfit(out, p):
				return c.outOfRange(src, p)
			}
			continue
		}
		dst[p] = d * perDay
	}
	return nil
}

func timestampToDate(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int32](out)
	perDay := 86400 * c.from.Ticks()
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = dayOf(in[i], perDay)
	}
	return nil
}

// dayOf returns the day of a timestamp; infinities, and seconds beyond the
// calendar, become infinite.
func dayOf(ts, perDay int64) int32 {
	switch ts {
	case types.TSInfinity:
		return types.DateInfinity
	case types.TSNegInfinity:
		return types.DateNegInfinity
	}
	d, _ := types.FloorDiv(ts, perDay)
	return int32(max(min(d, types.DateInfinity), types.DateNegInfinity))
}

func timestampToTime(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	ticks := c.from.Ticks()
	for k := range r.n {
		p, i := r.at(k)
		x := in[i]
		if !types.TimestampFinite(x) {
			if c.misfit(out, p) {
				return c.outOfRange(src, p)
			}
			continue
		}
		_, t := types.FloorDiv(x, 86400*ticks)
		if ticks <= 1e6 {
			t *= 1e6 / ticks
		} else {
			t /= ticks / 1e6
		}
		dst[p] = t
	}
	return nil
}

func scaleTimestamps(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	from, to := c.from.Ticks(), c.to.Ticks()
	for k := range r.n {
		p, i := r.at(k)
		x, ok := in[i], true
		if from == 1e9 && to == 1e6 && types.TimestampFinite(x) {
			x /= 1000 // DuckDB cuts nanoseconds off, and rounds all else
		} else {
			x, ok = types.ScaleTimestamp(x, from, to)
		}
		if !ok && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		dst[p] = x
	}
	return nil
}

func timestampToInstant(c *call, src, out *vector.Vector) error {
	if err := scaleTimestamps(c, src, out); err != nil {
		return err
	}
	return c.localToInstant(out)
}

func dateToInstant(c *call, src, out *vector.Vector) error {
	if err := dateToTimestamp(c, src, out); err != nil {
		return err
	}
	return c.localToInstant(out)
}

// localToInstant makes the local timestamps of out instants.
func (c *call) localToInstant(out *vector.Vector) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	dst := vector.Values[int64](out)
	r := rows{c.sel, nil, c.n}
	for k := range r.n {
		p, _ := r.at(k)
		dst[p] = zone.FromLocal(dst[p])
	}
	return nil
}

func instantToTimestamp(c *call, src, out *vector.Vector) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	to := c.to.Ticks()
	for k := range r.n {
		p, i := r.at(k)
		x, ok := types.ScaleTimestamp(zone.ToLocal(in[i]), 1e6, to)
		if !ok && c.misfit(out, p) {
			return c.outOfRange(src, p)
		}
		dst[p] = x
	}
	return nil
}

func instantToDate(c *call, src, out *vector.Vector) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int32](out)
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = dayOf(zone.ToLocal(in[i]), types.MicrosPerDay)
	}
	return nil
}

// instantToTimeTZ gives the local time of day with its offset, or without it
// when the target is TIME.
func instantToTimeTZ(c *call, src, out *vector.Vector) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	for k := range r.n {
		p, i := r.at(k)
		x := in[i]
		if !types.TimestampFinite(x) {
			if c.misfit(out, p) {
				return c.outOfRange(src, p)
			}
			continue
		}
		off := zone.Offset(x)
		_, t := types.FloorDiv(x+int64(off)*types.MicrosPerSecond, types.MicrosPerDay)
		if c.to.ID == types.TimeTZ {
			t = types.MakeTimeTZ(t, off)
		}
		dst[p] = t
	}
	return nil
}

func timeToTimeTZ(c *call, src, out *vector.Vector) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	off := 0
	if c.session != nil {
		off = zone.Offset(c.session.Now)
	}
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	for k := range r.n {
		p, i := r.at(k)
		dst[p] = types.MakeTimeTZ(in[i], off)
	}
	return nil
}

func timeTZToTime(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	in, dst := raw.Cast[int64](v.Data), vector.Values[int64](out)
	for k := range r.n {
		p, i := r.at(k)
		dst[p], _ = types.SplitTimeTZ(in[i])
	}
	return nil
}
