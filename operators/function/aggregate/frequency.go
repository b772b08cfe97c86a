package aggregate

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var mode = &function.Aggregate{
	Name:        "mode",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType}, Bind: bindMode}},
	Description: "the value that is there most often, of several the one that came first",
	Example:     "SELECT mode(x) FROM (VALUES (3), (1), (1)) t(x)",
	Result:      "1",
	Category:    "aggregate",
}

var entropy = &function.Aggregate{
	Name:        "entropy",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType}, Bind: bindEntropy}},
	Description: "the entropy of the values' frequencies, in bits; 0 without values",
	Example:     "SELECT entropy(x) FROM (VALUES (3), (1), (1), (3)) t(x)",
	Result:      "1.0",
	Category:    "aggregate",
}

var histogram = &function.Aggregate{
	Name: "histogram",
	Overloads: []function.AggOverload{
		{Params: []types.Type{anyType}, Bind: bindHistogram},
		{Params: []types.Type{anyType, anyType}, Bind: bindBins},
	},
	Description: "a map from each value to how often it is there, in the order of the values",
	Example:     "SELECT histogram(x) FROM (VALUES (3), (1), (1)) t(x)",
	Result:      "{1=2, 3=1}",
	Category:    "aggregate",
}

var approxTopK = &function.Aggregate{
	Name:        "approx_top_k",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType, types.Of(types.BigInt)}, Bind: bindTopK}},
	Description: "a list of the k values that are there most often, most frequent first; exact",
	Example:     "SELECT approx_top_k(x, 2) FROM (VALUES (4), (1), (2), (2), (1), (2)) t(x)",
	Result:      "[2, 1]",
	Category:    "aggregate",
}

// frequencyOf makes an aggregate of how often values of type t are there. result
// is called with a row's state, which has values, and appends the blob of what
// it gives; or returns false for NULL.
func frequencyOf(b *function.BoundAgg, t types.Type, result func(c *function.AggCall, y *tally, s *bagState, f *finish) (bool, error)) {
	y := tallyOf(b, t)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		f := newFinish(c, len(rows))
		defer f.release()
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if s.items == 0 {
				continue
			}
			f.begin()
			ok, err := result(c, y, s, f)
			if err == nil && ok {
				err = f.end(i)
			}
			if err != nil {
				return err
			}
		}
		return f.write(out, from)
	}
}

func bindMode(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "mode", Params: []types.Type{t}, Return: t, OrderDependent: true}
	frequencyOf(b, t, func(c *function.AggCall, y *tally, s *bagState, f *finish) (bool, error) {
		best, start := frequency{}, len(f.buf)
		err := y.each(c, s, func(x frequency) error {
			if x.count < best.count || x.count == best.count && x.first > best.first {
				return nil
			}
			best = x
			f.buf = append(f.buf[:start], x.value...)
			return nil
		})
		return true, err
	})
	b.Ordered = sortable(b)
	return b, nil
}

func bindEntropy(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "entropy", Params: []types.Type{t}, Return: types.Of(types.Double)}
	y := tallyOf(b, t)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[float64](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			e, n := 0.0, float64(s.items)
			err := y.each(c, s, func(x frequency) error {
				e += float64(x.count) / n * math.Log2(n/float64(x.count))
				return nil
			})
			if err != nil {
				return err
			}
			vals[i] = e
		}
		return nil
	}
	return b, nil
}

func bindHistogram(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "histogram", Params: []types.Type{t}, Return: types.MapOf(t, types.Of(types.UBigInt))}
	frequencyOf(b, t, func(c *function.AggCall, y *tally, s *bagState, f *finish) (bool, error) {
		entries := 0
		f.buf = listBlob(f.buf, 0)
		err := y.each(c, s, func(x frequency) error {
			if err := f.reserve(len(x.value) + entryBytes); err != nil {
				return err
			}
			entries++
			f.entry(x.value, x.count)
			return nil
		})
		binary.LittleEndian.PutUint32(f.buf[f.start:], uint32(entries))
		return true, err
	})
	return b, nil
}

// topLimit is the number of results of approx_top_k, which lies behind the bag of
// its state; 0 until the first row.
func topLimit(row raw.Addr, off uintptr) *int64 { return raw.At[int64](row, off+bagSize) }

func bindTopK(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := known(args[0])
	b := &function.BoundAgg{}
	frequencyOf(b, t, func(c *function.AggCall, y *tally, s *bagState, f *finish) (bool, error) {
		top, err := mostFrequent(c, y, s, *topLimit(raw.AddrOf(s), 0))
		if err != nil {
			return false, err
		}
		f.buf = listBlob(f.buf, len(top))
		for _, x := range top {
			if err := f.reserve(1 + len(x.value)); err != nil {
				return false, err
			}
			f.buf = append(append(f.buf, 1), x.value...)
		}
		return true, nil
	})
	b.Name, b.Params, b.Return = "approx_top_k", []types.Type{t, types.Of(types.BigInt)}, types.ListOf(t)
	b.Size, b.Data = bagSize+8, nil
	limits := func(args []*vector.Vector, rows []raw.Addr, one raw.Addr, off uintptr, sel []uint32, n int) error {
		for i := range n {
			r := one
			if rows != nil {
				r = rows[i]
			}
			most := topLimit(r, off)
			if *most != 0 {
				if rows == nil {
					return nil
				}
				continue
			}
			limit, err := resultLimit(b.Name, args[1], position(sel, i))
			if err != nil {
				return err
			}
			*most = limit
		}
		return nil
	}
	update, updateOne, combine := b.Update, b.UpdateOne, b.Combine
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		if err := limits(args, rows, 0, off, sel, n); err != nil {
			return err
		}
		return update(c, args, rows, off, sel, n)
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		if err := limits(args, nil, row, off, sel, n); err != nil {
			return err
		}
		return updateOne(c, args, row, off, sel, n)
	}
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			d := topLimit(dst[i], off)
			*d = max(*d, *topLimit(r, off))
		}
		return combine(c, src, dst, off)
	}
	return b, nil
}

// mostFrequent lists the limit most frequent values of s, of equally frequent ones
// those that came first.
func mostFrequent(c *function.AggCall, y *tally, s *bagState, limit int64) ([]frequency, error) {
	order := func(a, b frequency) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.first, b.first))
	}
	var top []frequency
	held := int64(0)
	defer func() { c.Shrink(held) }()
	shorten := func() {
		slices.SortFunc(top, order)
		top = top[:min(int64(len(top)), limit)]
	}
	err := y.each(c, s, func(x frequency) error {
		// At most twice as many as are wanted are kept at a time.
		if n := int64(len(x.value) + sliceBytes + entryBytes); int64(len(top)) < 2*limit+16 && len(top) == cap(top) {
			if err := c.Grow(n); err != nil {
				return err
			}
			held += n
		}
		x.value = append([]byte(nil), x.value...)
		if top = append(top, x); int64(len(top)) >= 2*limit+16 {
			shorten()
		}
		return nil
	})
	shorten()
	return top, err
}

// entry appends an entry of a map from values to counts.
func (f *finish) entry(value []byte, count int64) {
	f.buf = append(f.buf, 1, 1)
	f.buf = append(append(f.buf, value...), 1)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, uint64(count))
}
