package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Origins of buckets: a Monday for widths of days and shorter, the start of
// the century for months.
const (
	bucketOriginDays   = 10959 // 2000-01-03
	bucketOriginMonths = 2000 * 12
)

// bucket returns the start of the bucket of the given width that ts lies in.
func bucket(iv types.Interval, ts int64) (int64, error) {
	if iv.Months != 0 && (iv.Days != 0 || iv.Micros != 0) {
		return 0, sqlerr.New(sqlerr.CodeUnsupported, "month intervals cannot have day or time components")
	}
	if iv.Months != 0 {
		if iv.Months < 0 {
			return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "the width of a bucket must be positive")
		}
		day, _ := types.SplitTimestamp(ts)
		m, _ := monthNumber(day)
		_, rest := types.FloorDiv(m-bucketOriginMonths, int64(iv.Months))
		y, month := types.FloorDiv(m-rest, 12)
		out, ok := types.JoinTimestamp(int32(types.DayNumber(int(y), int(month)+1, 1)), 0)
		if !ok {
			return 0, errTimestampRange()
		}
		return out, nil
	}
	w := types.Mul64(int64(iv.Days), types.MicrosPerDay).Add(types.Int128From(iv.Micros))
	if !w.IsInt64() || w.Sign() <= 0 {
		return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "the width of a bucket must be positive")
	}
	origin := int64(bucketOriginDays * types.MicrosPerDay)
	x := types.Int128From(ts).Sub(types.Int128From(origin))
	_, rest := x.DivMod(w)
	if rest.IsNeg() {
		rest = rest.Add(w)
	}
	out := int64(types.Int128From(ts).Sub(rest).Lo)
	if out < types.MinTimestamp || out > ts {
		return 0, errTimestampRange()
	}
	return out, nil
}

func runTimeBucket(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, t, dst, r := numArg[types.Interval](c, args, 0), numArg[int64](c, args, 1), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		ts := t.at(p)
		if types.TimestampFinite(ts) {
			var err error
			if ts, err = bucket(w.at(p), ts); err != nil {
				return err
			}
		}
		dst[p] = ts
	}
	return nil
}

func runTimeBucketDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	w, d, dst, r := numArg[types.Interval](c, args, 0), numArg[int32](c, args, 1), vector.Values[int32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		day := d.at(p)
		if types.DateFinite(day) {
			ts, ok := types.JoinTimestamp(day, 0)
			if !ok {
				return errTimestampRange()
			}
			ts, err := bucket(w.at(p), ts)
			if err != nil {
				return err
			}
			day, _ = types.SplitTimestamp(ts)
		}
		dst[p] = day
	}
	return nil
}

var timeBuckets = []*function.Scalar{
	{Name: "time_bucket", Category: "date", Description: "The start of the bucket of a width that a date or timestamp lies in.", Example: "time_bucket(INTERVAL '1 hour', TIMESTAMP '2020-01-01 12:34:56')", Result: "2020-01-01 12:00:00",
		Overloads: []function.Overload{failing(sig(timestamp, runTimeBucket, interval, timestamp)), failing(sig(date, runTimeBucketDate, interval, date)), failing(sig(instant, runTimeBucket, interval, instant))}},
}
