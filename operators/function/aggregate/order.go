package aggregate

import (
	"encoding/binary"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// order sorts records that lie one behind the other, equal ones as they came:
// first by a key of 64 bits, then, unless that is all, by comparison.
type order struct {
	width   int                        // of a record, 0 when they differ
	next    func(b []byte) []byte      // what is behind the first record
	compare func(a, b []byte) int      // the records that a and b begin with
	keys    func(pairs []sortkey.Pair) // sets the keys of the records that pairs point to; nil: 0
	exact   bool                       // equal keys are equal records
}

// orderOfValues sorts values of type t.
func orderOfValues(t types.Type) *order {
	o := &order{
		next:    func(b []byte) []byte { return rowfmt.SkipValue(t, b) },
		compare: func(a, b []byte) int { return rowfmt.CompareValues(t, a, b) },
	}
	if !t.IsNested() && t.Physical() != types.PString {
		o.width = t.Physical().Width()
	}
	o.keys, o.exact = prefixKeys(t, 0)
	return o
}

// orderOfRecords sorts records of keys and arguments, all elements, by the keys.
func orderOfRecords(keys []function.OrderKey, args []types.Type) *order {
	recs := &orderedRecords{keys: keys}
	o := &order{
		compare: recs.compare,
		next: func(b []byte) []byte {
			b = recs.valueOf(b)
			for _, t := range args {
				b = rowfmt.SkipElement(t, b)
			}
			return b
		},
	}
	first := &keys[0]
	fill, _ := prefixKeys(first.Type, 1)
	if fill == nil {
		return o
	}
	// Between the keys of NULL first, 0, and NULL last.
	null, flip := ^uint64(0), uint64(0)
	if first.NullsFirst != first.Desc {
		null = 0
	}
	if first.Desc {
		flip = ^flip
	}
	o.keys = func(pairs []sortkey.Pair) {
		fill(pairs)
		for i := range pairs {
			p := &pairs[i]
			if *raw.At[uint8](p.Row, 0) == 0 {
				p.Key = null ^ flip
			} else {
				p.Key = (p.Key>>1 + 1<<62) ^ flip
			}
		}
	}
	return o
}

// prefixKeys returns what sets the keys of values of type t that lie off bytes
// behind where a record begins, and whether they say everything. Elements that
// are NULL get any key.
func prefixKeys(t types.Type, off uintptr) (fill func(pairs []sortkey.Pair), exact bool) {
	switch t.Physical() {
	case types.PBool, types.PUint8:
		return unsignedPrefix[uint8](off), true
	case types.PUint16:
		return unsignedPrefix[uint16](off), true
	case types.PUint32:
		return unsignedPrefix[uint32](off), true
	case types.PUint64:
		return unsignedPrefix[uint64](off), true
	case types.PInt8:
		return signedPrefix[int8](off), true
	case types.PInt16:
		return signedPrefix[int16](off), true
	case types.PInt32:
		return signedPrefix[int32](off), true
	case types.PInt64:
		if t.ID == types.TimeTZ {
			return nil, false
		}
		return signedPrefix[int64](off), true
	case types.PFloat32:
		return func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = orderedFloat(float64(*raw.At[float32](p.Row, off)))
				}
			}
		}, true
	case types.PFloat64:
		return func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = orderedFloat(*raw.At[float64](p.Row, off))
				}
			}
		}, true
	case types.PInt128:
		return func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					v := *raw.At[types.Int128](p.Row, off)
					// What does not fit 64 bits is before or behind what does.
					switch p.Key = v.Lo ^ 1<<63; {
					case v.IsInt64():
					case v.IsNeg():
						p.Key = 0
					default:
						p.Key = ^uint64(0)
					}
				}
			}
		}, false
	case types.PUint128:
		return func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = raw.At[types.Uint128](p.Row, off).Hi
				}
			}
		}, false
	case types.PString:
		return func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					n := *raw.At[uint32](p.Row, off)
					p.Key = stringPrefix(raw.Slice(p.Row, off+4, int(n)))
				}
			}
		}, false
	}
	return nil, false
}

// stringPrefix is the first eight bytes, zeros where there are fewer.
func stringPrefix(s []byte) uint64 {
	if len(s) >= 8 {
		return binary.BigEndian.Uint64(s)
	}
	var b [8]byte
	copy(b[:], s)
	return binary.BigEndian.Uint64(b[:])
}

func unsignedPrefix[T uint8 | uint16 | uint32 | uint64](off uintptr) func(pairs []sortkey.Pair) {
	return func(pairs []sortkey.Pair) {
		for i := range pairs {
			if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
				p.Key = uint64(*raw.At[T](p.Row, off))
			}
		}
	}
}

func signedPrefix[T int8 | int16 | int32 | int64](off uintptr) func(pairs []sortkey.Pair) {
	return func(pairs []sortkey.Pair) {
		for i := range pairs {
			if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
				p.Key = uint64(int64(*raw.At[T](p.Row, off))) ^ 1<<63
			}
		}
	}
}

// record returns the record that b begins with.
func (o *order) record(b []byte) []byte {
	if o.width > 0 {
		return b[:o.width]
	}
	return b[:len(b)-len(o.next(b))]
}

// records is how many records are in b.
func (o *order) records(b []byte) (n int64) {
	if o.width > 0 {
		return int64(len(b) / o.width)
	}
	for ; len(b) > 0; n++ {
		b = o.next(b)
	}
	return n
}

// pairBytes is what sorting takes for each record.
const pairBytes = 2 * 16

// sort lists the records in b in order, in memory of scratch, which may be nil.
func (o *order) sort(b []byte, scratch []sortkey.Pair) []sortkey.Pair {
	pairs := scratch[:0]
	if o.width > 0 {
		pairs = slices.Grow(pairs, 2*(len(b)/o.width))
		at := raw.Of(b)
		for range len(b) / o.width {
			pairs = append(pairs, sortkey.Pair{Row: at})
			at += raw.Addr(o.width)
		}
	} else {
		for rest := b; len(rest) > 0; rest = o.next(rest) {
			pairs = append(pairs, sortkey.Pair{Row: raw.Of(rest)})
		}
	}
	n := len(pairs)
	if n < 2 {
		return pairs
	}
	if o.keys != nil {
		o.keys(pairs)
		pairs = slices.Grow(pairs, n)
		sortkey.SortPairs(pairs, pairs[n:2*n])
	}
	base := raw.Of(b)
	for from := 0; from < n; {
		to := from + 1
		for to < n && pairs[to].Key == pairs[from].Key {
			to++
		}
		if to-from > 1 {
			o.sortEqual(pairs[from:to], b, base)
		}
		from = to
	}
	return pairs
}

// sortEqual sorts records of the same key, which lie in b.
func (o *order) sortEqual(pairs []sortkey.Pair, b []byte, base raw.Addr) {
	if o.exact {
		slices.SortFunc(pairs, func(x, y sortkey.Pair) int {
			if x.Row < y.Row {
				return -1
			}
			return 1
		})
		return
	}
	slices.SortFunc(pairs, func(x, y sortkey.Pair) int {
		if c := o.compare(b[x.Row-base:], b[y.Row-base:]); c != 0 {
			return c
		}
		if x.Row < y.Row {
			return -1
		}
		return 1
	})
}

// source gives records in pieces: whole ones, in the order in which they came.
type source func(f func(b []byte) error) error

// each calls emit with the records of from, n of them and bytes long, in order.
// They are sorted in memory if it is granted, else in runs on disk. Records are
// valid during the call. Errors: 53200, those of spill.File.
func (o *order) each(c *function.AggCall, bytes, n int64, from source, emit func(rec []byte) error) error {
	if bytes <= chain.Size || c.Pieces == nil || c.Mem == nil {
		if err := c.Grow(bytes + n*pairBytes); err != nil {
			return err
		}
	} else if !c.Mem.TryGrow(bytes + n*pairBytes) {
		if _, err := c.MakeRoom(bytes + n*pairBytes); err != nil {
			return err
		}
		if !c.Mem.TryGrow(bytes + n*pairBytes) {
			return o.external(c, from, emit)
		}
	}
	defer c.Shrink(bytes + n*pairBytes)
	var all []byte
	err := from(func(b []byte) error {
		if int64(len(b)) == bytes {
			return o.emit(b, o.sort(b, make([]sortkey.Pair, 0, 2*n)), emit)
		}
		if all == nil {
			all = make([]byte, 0, bytes)
		}
		all = append(all, b...)
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return o.emit(all, o.sort(all, make([]sortkey.Pair, 0, 2*n)), emit)
}

// eachOf is each of the records in s.
func (o *order) eachOf(c *function.AggCall, s *bagState, emit func(rec []byte) error) error {
	if s.items == 0 {
		return nil
	}
	return o.each(c, s.size(), s.items, func(f func(b []byte) error) error { return s.each(c, f) }, emit)
}

// emit calls f with the records in b that pairs point to.
func (o *order) emit(b []byte, pairs []sortkey.Pair, f func(rec []byte) error) error {
	base := raw.Of(b)
	for i := range pairs {
		if err := f(o.record(b[pairs[i].Row-base:])); err != nil {
			return err
		}
	}
	return nil
}
