package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
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

// frequency is a value and how often it is there; first is the place of its
// first occurrence.
type frequency struct {
	value []byte
	count int64
	first int
}

// frequencyBytes is what frequencies takes for each value.
const frequencyBytes = sliceBytes + 8 + 40

// frequencies counts the values of type t in b, in their order. It charges n
// times frequencyBytes, which the caller gives back. Errors: 53200.
func frequencies(c *function.AggCall, t types.Type, b []byte, n int64) ([]frequency, error) {
	if err := c.Grow(n * frequencyBytes); err != nil {
		return nil, err
	}
	vals := values(t, b, n)
	at := make([]int, len(vals))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(x, y int) int { return rowfmt.CompareValues(t, vals[x], vals[y]) })
	var out []frequency
	for _, i := range at {
		if k := len(out) - 1; k >= 0 && rowfmt.CompareValues(t, out[k].value, vals[i]) == 0 {
			out[k].count++
			continue
		}
		out = append(out, frequency{vals[i], 1, i})
	}
	return out, nil
}

func bindMode(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "mode", Params: []types.Type{t}, Return: t, OrderDependent: true}
	bagOf(b, putValue)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		blobs := make([][]byte, len(rows))
		total := int64(0)
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			var best frequency
			all, err := frequencies(c, t, s.bytes(bufs), s.items)
			if err != nil {
				return err
			}
			for _, f := range all {
				if f.count > best.count || f.count == best.count && f.first < best.first {
					best = f
				}
			}
			c.Shrink(s.items * frequencyBytes)
			blobs[i] = best.value
			total += int64(len(best.value))
		}
		if err := c.Hold(total); err != nil {
			return err
		}
		blobValues(out, from, blobs)
		return nil
	}
	b.Ordered = sortable(b)
	return b, nil
}

func bindEntropy(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "entropy", Params: []types.Type{t}, Return: types.Of(types.Double)}
	bagOf(b, putValue)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		vals := vector.Values[float64](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			e, n := 0.0, float64(s.items)
			all, err := frequencies(c, t, s.bytes(bufs), s.items)
			if err != nil {
				return err
			}
			for _, f := range all {
				e += float64(f.count) / n * math.Log2(n/float64(f.count))
			}
			c.Shrink(s.items * frequencyBytes)
			vals[i] = e
		}
		return nil
	}
	return b, nil
}

func bindHistogram(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "histogram", Params: []types.Type{t}, Return: types.MapOf(t, types.Of(types.UBigInt))}
	bagOf(b, putValue)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		f := newFinish(c, len(rows))
		defer f.release()
		for i, r := range rows {
			s := raw.At[bagState](r, off)
			if s.items == 0 {
				continue
			}
			all, err := frequencies(c, t, s.bytes(bufs), s.items)
			if err != nil {
				return err
			}
			f.begin()
			f.buf = listBlob(f.buf, len(all))
			for _, x := range all {
				f.entry(x.value, x.count)
			}
			c.Shrink(s.items * frequencyBytes)
			if err := f.end(i); err != nil {
				return err
			}
		}
		return f.write(out, from)
	}
	return b, nil
}

// entry appends an entry of a map from values to counts.
func (f *finish) entry(value []byte, count int64) {
	f.buf = append(f.buf, 1, 1)
	f.buf = append(append(f.buf, value...), 1)
	f.buf = binary.LittleEndian.AppendUint64(f.buf, uint64(count))
}
