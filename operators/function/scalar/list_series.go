package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// maxSeries bounds the elements that the lists of a chunk may have together.
const maxSeries = 1 << 24

func errSeriesTooLong(name string) error {
	return sqlerr.New(sqlerr.CodeLimitExceeded, "%s makes lists of more than %d elements", name, maxSeries).
		WithHint("%s in FROM has no such limit", name)
}

// SeriesLen counts the values from start to stop by step, stop among them if
// inclusive; step 0 gives none.
func SeriesLen(start, stop, step int64, inclusive bool) int64 {
	if step == 0 || step > 0 && start > stop || step < 0 && start < stop || start == stop && !inclusive {
		return 0
	}
	// Differences of int64 fit in uint64.
	span, width := uint64(stop)-uint64(start), uint64(step)
	if step < 0 {
		span, width = uint64(start)-uint64(stop), -uint64(step)
	}
	n := span / width
	if inclusive || span%width != 0 {
		n++
	}
	return int64(min(n, math.MaxInt64))
}

// runSeries makes lists of integers; Bound.Data tells whether the end counts.
func runSeries(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	inclusive := c.Bound.Data.(bool)
	nums := make([]numbers[int64], len(args))
	for i := range args {
		nums[i] = numArg[int64](c, args, i)
	}
	dst, child, r := vector.Values[types.ListEntry](out), out.Children[0], living(c)
rows:
	for k := range r.n {
		p := r.at(k)
		for i := range nums {
			if nums[i].null(p) {
				continue rows
			}
		}
		start, stop, step := int64(0), int64(0), int64(1)
		switch len(nums) {
		case 1:
			stop = nums[0].at(p)
		case 2:
			start, stop = nums[0].at(p), nums[1].at(p)
		default:
			start, stop, step = nums[0].at(p), nums[1].at(p), nums[2].at(p)
		}
		n, from := SeriesLen(start, stop, step, inclusive), child.Len
		if n > int64(maxSeries-from) {
			return errSeriesTooLong(c.Bound.Name)
		}
		child.Grow(int(n))
		to := vector.Values[int64](child)[from : from+int(n)]
		for i := range to {
			to[i] = start + int64(i)*step
		}
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(n)}
	}
	return nil
}

// stepSign is the direction of an interval: -1, 0 or 1. Error: 22023 for one of
// parts in different directions.
func stepSign(iv types.Interval) (int, error) {
	up := iv.Months > 0 || iv.Days > 0 || iv.Micros > 0
	down := iv.Months < 0 || iv.Days < 0 || iv.Micros < 0
	switch {
	case up && down:
		return 0, sqlerr.New(sqlerr.CodeInvalidArgument, "the step of a series must not mix positive and negative parts")
	case up:
		return 1, nil
	case down:
		return -1, nil
	}
	return 0, nil
}

// runTimeSeries makes lists of timestamps, each the one before and an interval.
func runTimeSeries(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	inclusive := c.Bound.Data.(bool)
	start, stop, by := numArg[int64](c, args, 0), numArg[int64](c, args, 1), numArg[types.Interval](c, args, 2)
	var zone *types.Zone
	if c.Bound.Return.Ext.Child.ID == types.TimestampTZ {
		var err error
		if zone, err = zoneOf(c); err != nil {
			return err
		}
	}
	dst, child, r := vector.Values[types.ListEntry](out), out.Children[0], living(c)
	for k := range r.n {
		p := r.at(k)
		if start.null(p) || stop.null(p) || by.null(p) {
			continue
		}
		from := child.Len
		t, end, iv := start.at(p), stop.at(p), by.at(p)
		sign, err := stepSign(iv)
		if err != nil {
			return err
		}
		if !types.TimestampFinite(t) || !types.TimestampFinite(end) {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "a series of infinite timestamps")
		}
		for sign > 0 && t < end || sign < 0 && t > end || sign != 0 && t == end && inclusive {
			if child.Len >= maxSeries {
				return errSeriesTooLong(c.Bound.Name)
			}
			i := child.Len
			child.Grow(1)
			vector.Values[int64](child)[i] = t
			next, ok := int64(0), false
			if zone != nil {
				next, ok = types.AddIntervalLocal(t, iv, zone)
			} else {
				next, ok = types.AddInterval(t, iv)
			}
			if !ok {
				return errTimestampRange()
			}
			t = next
		}
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(child.Len - from)}
	}
	return nil
}

func seriesFunction(name, what, example, result string, inclusive bool) *function.Scalar {
	of := func(t types.Type, k function.Kernel, params ...types.Type) function.Overload {
		return binding(func([]types.Type, []*types.Value) (*function.Bound, error) {
			return &function.Bound{Name: name, Params: params, Return: types.ListOf(t), CanFail: true, Kernel: k, Data: inclusive}, nil
		}, params...)
	}
	return &function.Scalar{Name: name, Category: "list", Description: what, Example: example, Result: result, Overloads: []function.Overload{
		of(bigint, runSeries, bigint), of(bigint, runSeries, bigint, bigint), of(bigint, runSeries, bigint, bigint, bigint),
		of(timestamp, runTimeSeries, timestamp, timestamp, interval), of(instant, runTimeSeries, instant, instant, interval),
	}}
}

var listSeries = []*function.Scalar{
	seriesFunction("range", "A list of the numbers from a start, or 0, up to but without an end, by a step, or 1; or of timestamps by an interval.", "range(2, 5)", "[2, 3, 4]", false),
	seriesFunction("generate_series", "As range, the end included.", "generate_series(2, 5)", "[2, 3, 4, 5]", true),
}
