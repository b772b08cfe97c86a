package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

var histogramExact = &function.Aggregate{
	Name:        "histogram_exact",
	Overloads:   []function.AggOverload{{Params: []types.Type{anyType, anyType}, Bind: bindExactBins}},
	Description: "a map from each value of a list to how often it is there; the greatest value of the type counts all others",
	Example:     "SELECT histogram_exact(x, [1, 3]) FROM (VALUES (3), (1), (1)) t(x)",
	Result:      "{1=2, 3=1}",
	Category:    "aggregate",
}

// binState refers to the counters of a group, made when its first row is seen:
//
//	4 bytes           number of bins, n
//	8 bytes, n+1 of   counters, the last one for what is in no bin
//	4 bytes, n+1 of   where each bin's value begins and the last one ends
//	                  the values, ascending, as AppendValue writes them
type binState struct{ ref types.StringRef }

const binSize = 16

// bins is histogram or histogram_exact with a list of bins.
type bins struct {
	name  string
	t     types.Type
	exact bool
	other []byte // the blob that stands for all other values, nil if there is none
}

func bindBins(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return newBins("histogram", args, false)
}

func bindExactBins(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return newBins("histogram_exact", args, true)
}

func newBins(name string, args []types.Type, exact bool) (*function.BoundAgg, error) {
	t := args[0]
	if args[1].ID != types.List && args[1].ID != types.Array && args[1].ID != types.Null {
		return nil, noSuch(name, args[1])
	}
	switch t.ID {
	case types.Null:
		t = types.Of(types.Integer)
	case types.Decimal:
		t = types.Of(types.Double) // as elsewhere there is no greatest one of all scales
	}
	m := &bins{name: name, t: t, exact: exact, other: otherValue(t)}
	b := &function.BoundAgg{
		Name: name, Params: []types.Type{t, types.ListOf(t)}, Return: types.MapOf(t, types.Of(types.UBigInt)),
		Size: binSize, HeapState: true,
	}
	updates(b, func(c *function.AggCall, args []*vector.Vector, pos int, row raw.Addr, off uintptr) error {
		s := raw.At[binState](row, off)
		if s.ref.Len() == 0 {
			if err := m.open(c, s, args[1], pos, row); err != nil {
				return err
			}
		}
		if args[0].IsNull(pos) {
			return nil
		}
		val := blobOf(c, args[0], pos)
		k := counters(vector.Str(&s.ref, c.Heap.Bufs()))
		k.add(m.find(k, val), 1)
		return nil
	})
	b.Combine = m.combine
	b.Finalize = m.finalize
	return b, nil
}

// open makes the counters of a state from a list of bins.
func (m *bins) open(c *function.AggCall, s *binState, list *vector.Vector, pos int, row raw.Addr) error {
	if list.IsNull(pos) {
		return sqlerr.New(sqlerr.CodeInvalidArgument, "the bins of %s must not be NULL", m.name)
	}
	blob := rowfmt.AppendValue(nil, list, pos)
	n := int64(binary.LittleEndian.Uint32(blob))
	if err := c.Grow(n*sliceBytes + int64(len(blob))); err != nil {
		return err
	}
	defer c.Shrink(n*sliceBytes + int64(len(blob)))
	vals := make([][]byte, 0, n)
	for b := blob[4:]; len(b) > 0; {
		if b[0] == 0 {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "a bin of %s must not be NULL", m.name)
		}
		rest := rowfmt.SkipValue(m.t, b[1:])
		vals = append(vals, b[1:len(b)-len(rest)])
		b = rest
	}
	slices.SortFunc(vals, func(a, b []byte) int { return rowfmt.CompareValues(m.t, a, b) })
	vals = slices.CompactFunc(vals, func(a, b []byte) bool { return rowfmt.CompareValues(m.t, a, b) == 0 })
	k := counters(binary.LittleEndian.AppendUint32(nil, uint32(len(vals))))
	k = append(k, make([]byte, 8*(len(vals)+1))...)
	at := uint32(0)
	for _, v := range vals {
		k = binary.LittleEndian.AppendUint32(k, at)
		at += uint32(len(v))
	}
	k = binary.LittleEndian.AppendUint32(k, at)
	for _, v := range vals {
		k = append(k, v...)
	}
	ref, err := c.Heap.Put(row, k)
	s.ref = ref
	return err
}

// counters is what a binState refers to.
type counters []byte

func (k counters) bins() int { return int(binary.LittleEndian.Uint32(k)) }

func (k counters) count(i int) uint64 { return binary.LittleEndian.Uint64(k[4+8*i:]) }

func (k counters) add(i int, n uint64) { binary.LittleEndian.PutUint64(k[4+8*i:], k.count(i)+n) }

// value returns the blob of bin i.
func (k counters) value(i int) []byte {
	n := k.bins()
	at := k[4+8*(n+1):]
	from, to := binary.LittleEndian.Uint32(at[4*i:]), binary.LittleEndian.Uint32(at[4*i+4:])
	return at[4*(n+1):][from:to]
}

// find returns the bin of a value: the number of bins if it is in none.
func (m *bins) find(k counters, val []byte) int {
	lo, hi := 0, k.bins()
	for lo < hi {
		mid := (lo + hi) / 2
		if rowfmt.CompareValues(m.t, k.value(mid), val) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if n := k.bins(); m.exact && lo < n && rowfmt.CompareValues(m.t, k.value(lo), val) != 0 {
		return n
	}
	return lo
}

func (m *bins) combine(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	for i, r := range src {
		s, d := raw.At[binState](r, off), raw.At[binState](dst[i], off)
		if s.ref.Len() == 0 {
			continue
		}
		from := counters(vector.Str(&s.ref, c.SrcBufs))
		if d.ref.Len() == 0 {
			// Never the place of src, whose counters may be read again.
			ref, err := c.Heap.Put(dst[i], from)
			if err != nil {
				return err
			}
			d.ref = ref
			continue
		}
		to := counters(vector.Str(&d.ref, c.Heap.Bufs()))
		n := from.bins()
		for b := range n {
			if x := from.count(b); x > 0 {
				to.add(m.find(to, from.value(b)), x)
			}
		}
		to.add(to.bins(), from.count(n))
	}
	return nil
}

func (m *bins) finalize(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	bufs := c.Heap.Bufs()
	f := newFinish(c, len(rows))
	defer f.release()
	for i, r := range rows {
		s := raw.At[binState](r, off)
		if s.ref.Len() == 0 {
			continue
		}
		k := counters(vector.Str(&s.ref, bufs))
		n := k.bins()
		all := n
		rest := k.count(n)
		if rest > 0 && m.other != nil {
			all++
		}
		f.begin()
		f.buf = listBlob(f.buf, all)
		total := rest
		for b := range n {
			f.entry(k.value(b), int64(k.count(b)))
			total += k.count(b)
		}
		if all > n {
			f.entry(m.other, int64(rest))
		}
		if total == 0 {
			// Rows, but no values.
			f.buf = f.buf[:f.start]
			continue
		}
		if err := f.end(i); err != nil {
			return err
		}
	}
	return f.write(out, from)
}

// otherValue is the blob of the value of type t that stands for all that have
// no bin: the greatest, infinity where there is one, the empty text or list, a
// struct of NULLs; nil when there is none.
func otherValue(t types.Type) []byte {
	le := binary.LittleEndian
	switch t.ID {
	case types.TinyInt:
		return []byte{math.MaxInt8}
	case types.SmallInt:
		return le.AppendUint16(nil, math.MaxInt16)
	case types.Integer, types.Date: // infinity is the greatest date
		return le.AppendUint32(nil, math.MaxInt32)
	case types.BigInt, types.Timestamp, types.TimestampS, types.TimestampMS, types.TimestampNS, types.TimestampTZ:
		return le.AppendUint64(nil, math.MaxInt64)
	case types.UTinyInt:
		return []byte{math.MaxUint8}
	case types.USmallInt:
		return le.AppendUint16(nil, math.MaxUint16)
	case types.UInteger:
		return le.AppendUint32(nil, math.MaxUint32)
	case types.UBigInt:
		return le.AppendUint64(nil, math.MaxUint64)
	case types.HugeInt:
		return le.AppendUint64(le.AppendUint64(nil, math.MaxUint64), math.MaxInt64)
	case types.UHugeInt:
		return le.AppendUint64(le.AppendUint64(nil, math.MaxUint64), math.MaxUint64)
	case types.Float:
		return le.AppendUint32(nil, math.Float32bits(float32(math.Inf(1))))
	case types.Double:
		return le.AppendUint64(nil, math.Float64bits(math.Inf(1)))
	case types.Time:
		return le.AppendUint64(nil, 24*3600*types.MicrosPerSecond)
	case types.Varchar, types.Blob, types.List:
		return []byte{0, 0, 0, 0}
	case types.Struct:
		return make([]byte, len(t.Ext.Fields)) // all fields NULL
	}
	return nil
}
