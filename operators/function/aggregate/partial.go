package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Partials takes an aggregate to pieces: over the results of first for parts of
// the rows, each with the arguments of fn, whole gives what fn gives over all of
// them. Rows that FILTER drops are not seen by first. ok is false for
// aggregates that cannot be computed so, and for a whole of several arguments,
// which is in pieces already. Sums of floating point numbers are
// rounded in another order.
func Partials(fn *function.BoundAgg) (first []*function.BoundAgg, whole *function.BoundAgg, ok bool) {
	if len(fn.Params) > 1 {
		return nil, nil, false
	}
	switch fn.Name {
	case "count", "count_star":
		return []*function.BoundAgg{fn}, sumOfCounts(fn.Name), true
	case "sum":
		whole, err := bindSum([]types.Type{fn.Return}, nil)
		return []*function.BoundAgg{fn}, whole, err == nil && whole.Return.Equal(fn.Return)
	case "min", "max":
		ok := fn.Params[0].Equal(fn.Return)
		return []*function.BoundAgg{fn}, fn, ok
	case "avg":
		scale, exact := fn.Data.(exactSum)
		if !exact {
			break
		}
		sum, err := bindSum(fn.Params, nil)
		if err != nil || sum.Return.Physical() != types.PInt128 {
			break
		}
		count, err := bindCount(fn.Params, nil)
		if err != nil {
			break
		}
		return []*function.BoundAgg{sum, count}, avgOfSums(sum.Return, scale), true
	}
	return nil, nil, false
}

// sumOfCounts adds up BIGINTs, 0 where there are none.
func sumOfCounts(name string) *function.BoundAgg {
	bigint := types.Of(types.BigInt)
	return &function.BoundAgg{
		Name: name, Params: []types.Type{bigint}, Return: bigint, Size: 8,
		Update: func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[int64](w.Data)
			for i, e := range at {
				*raw.At[int64](rs[i], off) += vals[e]
			}
			return nil
		},
		UpdateOne: func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			w, at, _ := alone(c, 0, args[0], sel, n)
			vals := raw.Cast[int64](w.Data)
			var x int64
			for _, e := range at {
				x += vals[e]
			}
			*raw.At[int64](row, off) += x
			return nil
		},
		Combine: combineCount, Finalize: finalizeCount,
	}
}

// avgOfSums is the average of values of which the arguments are sums, of type t
// and of 128 bits, and numbers. A sum that is NULL is one of no values.
func avgOfSums(t types.Type, scale exactSum) *function.BoundAgg {
	return &function.BoundAgg{
		Name: "avg", Params: []types.Type{t, types.Of(types.BigInt)}, Return: types.Of(types.Double), Size: sumSize,
		Update: func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
			return addSums(c, args, rows[:n], 0, off, sel, n)
		},
		UpdateOne: func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			return addSums(c, args, nil, row, off, sel, n)
		},
		Combine: combineSum, Finalize: finalizeAvg, Data: scale,
	}
}

// addSums adds sums and numbers to the states of rows, or all to that of one
// when rows is nil.
func addSums(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, one raw.Addr, off uintptr, sel []uint32, n int) error {
	sums, counts := view(c, 0, args[0]), view(c, 1, args[1])
	xs, ns := raw.Cast[types.Int128](sums.Data), raw.Cast[int64](counts.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		e := sums.Index(p)
		if sums.Valid != nil && !sums.Valid.Get(e) {
			continue
		}
		r := one
		if rows != nil {
			r = rows[i]
		}
		if !raw.At[sumState](r, off).addChecked(xs[e], ns[counts.Index(p)]) {
			return overflow(c)
		}
	}
	return nil
}
