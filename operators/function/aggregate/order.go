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
	width   int                   // of a record, 0 when they differ
	next    func(b []byte) []byte // what is behind the first record
	compare func(a, b []byte) int // the records that a and b begin with
	prefix  *prefix               // nil: no keys
	flip    uint64                // of keys, all ones when the greatest come first
	nullKey uint64                // of records whose first element is NULL, before flip
	exact   bool                  // records are equal when what the prefix is of is
}

// orderOfValues sorts values of type t.
func orderOfValues(t types.Type) *order {
	o := &order{
		next:    func(b []byte) []byte { return rowfmt.SkipValue(t, b) },
		compare: func(a, b []byte) int { return rowfmt.CompareValues(t, a, b) },
		prefix:  prefixOf(t, 0),
		exact:   true,
	}
	if !t.IsNested() && t.Physical() != types.PString {
		o.width = t.Physical().Width()
	}
	return o
}

// orderOfRecords sorts records of keys and arguments, all elements, by the keys.
func orderOfRecords(keys []function.OrderKey, args []types.Type) *order {
	recs := &orderedRecords{keys: keys}
	first := &keys[0]
	o := &order{
		compare: recs.compare,
		next: func(b []byte) []byte {
			b = recs.valueOf(b)
			for _, t := range args {
				b = rowfmt.SkipElement(t, b)
			}
			return b
		},
		prefix:  prefixOf(first.Type, 1),
		exact:   len(keys) == 1,
		nullKey: ^uint64(0),
	}
	// Descending turns the order of NULLs around as well.
	if first.NullsFirst != first.Desc {
		o.nullKey = 0
	}
	if first.Desc {
		o.flip = ^o.flip
	}
	return o
}

// keys sets the keys of the records that pairs point to; of texts, those of what
// is behind depth bytes.
func (o *order) keys(pairs []sortkey.Pair, depth int) {
	o.prefix.fill(pairs, depth)
	if o.prefix.off == 0 {
		return
	}
	for i := range pairs {
		p := &pairs[i]
		if *raw.At[uint8](p.Row, 0) == 0 {
			p.Key = o.nullKey
		}
		p.Key ^= o.flip
	}
}

// prefix makes keys of values that lie off bytes behind where a record begins:
// 0 for values, 1 for elements. Keys of elements lie between those for NULL, 0 and
// all ones; NULLs get any.
type prefix struct {
	off   uintptr
	fill  func(pairs []sortkey.Pair, depth int)
	exact bool // equal keys are of equal values
	text  bool // see textKey; exact unless there is more text
}

// prefixOf returns the keys of type t, nil when there are none.
func prefixOf(t types.Type, off uintptr) *prefix {
	f := &prefix{off: off, exact: true}
	switch t.Physical() {
	case types.PBool, types.PUint8:
		f.fill = unsignedPrefix[uint8](off)
	case types.PUint16:
		f.fill = unsignedPrefix[uint16](off)
	case types.PUint32:
		f.fill = unsignedPrefix[uint32](off)
	case types.PInt8:
		f.fill = signedPrefix[int8](off)
	case types.PInt16:
		f.fill = signedPrefix[int16](off)
	case types.PInt32:
		f.fill = signedPrefix[int32](off)
	case types.PUint64:
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = *raw.At[uint64](p.Row, off)
				}
			}
		})
	case types.PInt64:
		if t.ID == types.TimeTZ {
			return nil
		}
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = *raw.At[uint64](p.Row, off) ^ 1<<63
				}
			}
		})
	case types.PFloat32:
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = orderedFloat(float64(*raw.At[float32](p.Row, off)))
				}
			}
		})
	case types.PFloat64:
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = orderedFloat(*raw.At[float64](p.Row, off))
				}
			}
		})
	case types.PInt128:
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = narrowed(raw.At[types.Int128](p.Row, off))
				}
			}
		})
		f.exact = false
	case types.PUint128:
		f.fill = f.wide(func(pairs []sortkey.Pair) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					p.Key = raw.At[types.Uint128](p.Row, off).Hi
				}
			}
		})
		f.exact = false
	case types.PString:
		f.text, f.exact = true, false
		f.fill = func(pairs []sortkey.Pair, depth int) {
			for i := range pairs {
				if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
					n := int(*raw.At[uint32](p.Row, off))
					p.Key = textKey(raw.Slice(p.Row, off+4, n)[min(depth, n):])
				}
			}
		}
	default:
		return nil
	}
	return f
}

// wide makes fill, whose keys have 64 bits, leave room for NULL if it must, at the
// cost of the lowest bit.
func (f *prefix) wide(fill func(pairs []sortkey.Pair)) func(pairs []sortkey.Pair, _ int) {
	if f.off == 0 {
		return func(pairs []sortkey.Pair, _ int) { fill(pairs) }
	}
	f.exact = false
	return func(pairs []sortkey.Pair, _ int) {
		fill(pairs)
		for i := range pairs {
			pairs[i].Key = pairs[i].Key>>1 + 1<<62
		}
	}
}

// narrowed is a key of v: what does not fit 64 bits is before or behind what does.
func narrowed(v *types.Int128) uint64 {
	switch {
	case v.IsInt64():
		return v.Lo ^ 1<<63
	case v.IsNeg():
		return 0
	}
	return ^uint64(0)
}

// textBytes of a text are in its key, above a byte that says how many there are,
// or, being moreText, that there are more.
const (
	textBytes = 7
	moreText  = textBytes + 2
	// deepText is how many bytes of texts are looked at by their keys.
	deepText = 8 * textBytes
)

// textKey orders texts by their first bytes; it is neither 0 nor all ones.
func textKey(s []byte) uint64 {
	if len(s) > textBytes {
		return binary.BigEndian.Uint64(s)&^0xff | moreText
	}
	var b [8]byte
	copy(b[:], s)
	b[7] = byte(len(s) + 1)
	return binary.BigEndian.Uint64(b[:])
}

func unsignedPrefix[T uint8 | uint16 | uint32](off uintptr) func(pairs []sortkey.Pair, _ int) {
	return func(pairs []sortkey.Pair, _ int) {
		for i := range pairs {
			if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
				p.Key = uint64(*raw.At[T](p.Row, off)) + 1
			}
		}
	}
}

func signedPrefix[T int8 | int16 | int32](off uintptr) func(pairs []sortkey.Pair, _ int) {
	return func(pairs []sortkey.Pair, _ int) {
		for i := range pairs {
			if p := &pairs[i]; off == 0 || *raw.At[uint8](p.Row, 0) != 0 {
				p.Key = uint64(int64(*raw.At[T](p.Row, off)) + 1<<32)
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
// With places, which ascend, only the records there have to be right.
func (o *order) sort(b []byte, scratch []sortkey.Pair, places []int64) []sortkey.Pair {
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
	pairs = slices.Grow(pairs, n)
	t := &sorting{o: o, b: b, base: raw.Of(b), tmp: pairs[n : 2*n], places: places}
	if o.prefix == nil {
		t.compare(pairs)
		return pairs
	}
	o.keys(pairs, 0)
	sortkey.SortPairs(pairs, t.tmp)
	t.runs(pairs, 0, 0)
	return pairs
}

// maxScratch is how much memory for sorting a call keeps.
const maxScratch = 256 << 10

// sortFor is sort of n records in memory of the call, for which it has been
// charged; valid until the next call.
func (o *order) sortFor(c *function.AggCall, b []byte, n int64, places []int64) []sortkey.Pair {
	if n*pairBytes > maxScratch {
		return o.sort(b, make([]sortkey.Pair, 0, 2*n), places)
	}
	tmp := scratch(c, 10)
	tmp.Type = types.Of(types.Blob)
	if cap(tmp.Data) < int(n*pairBytes) {
		tmp.Data = raw.Bytes(make([]sortkey.Pair, max(2*n, 64)))
	}
	return o.sort(b, raw.Cast[sortkey.Pair](tmp.Data[:cap(tmp.Data)]), places)
}

// sorting is a sort of the records in b.
type sorting struct {
	o      *order
	b      []byte
	base   raw.Addr
	tmp    []sortkey.Pair
	places []int64
}

// runs sorts records of the same key, which pairs have been sorted by; at is the
// place of the first.
func (t *sorting) runs(pairs []sortkey.Pair, at int64, depth int) {
	for from := 0; from < len(pairs); {
		to := from + 1
		for to < len(pairs) && pairs[to].Key == pairs[from].Key {
			to++
		}
		if to-from > 1 && t.wanted(at+int64(from), at+int64(to)) {
			t.equal(pairs[from:to], at+int64(from), depth)
		}
		from = to
	}
}

// wanted reports whether what is at the places has to be right.
func (t *sorting) wanted(from, to int64) bool {
	if t.places == nil {
		return true
	}
	i, _ := slices.BinarySearch(t.places, from)
	return i < len(t.places) && t.places[i] < to
}

// equal sorts records of the same key.
func (t *sorting) equal(pairs []sortkey.Pair, at int64, depth int) {
	o := t.o
	same := o.prefix.exact
	if o.prefix.text {
		same = uint8(pairs[0].Key^o.flip) != moreText
		if !same && len(pairs) > selectSmall && depth < deepText {
			o.keys(pairs, depth+textBytes)
			sortkey.SortPairs(pairs, t.tmp)
			t.runs(pairs, at, depth+textBytes)
			return
		}
	}
	if !same || !o.exact {
		t.compare(pairs)
		return
	}
	ascending := true
	for i := 1; i < len(pairs); i++ {
		ascending = ascending && pairs[i-1].Row < pairs[i].Row
	}
	if !ascending {
		slices.SortFunc(pairs, func(x, y sortkey.Pair) int {
			if x.Row < y.Row {
				return -1
			}
			return 1
		})
	}
}

func (t *sorting) compare(pairs []sortkey.Pair) {
	slices.SortFunc(pairs, func(x, y sortkey.Pair) int {
		if c := t.o.compare(t.b[x.Row-t.base:], t.b[y.Row-t.base:]); c != 0 {
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
// With places only those there have to be the right ones.
// They are sorted in memory if it is granted, else in runs on disk. Records are
// valid during the call. Errors: 53200, those of spill.File.
func (o *order) each(c *function.AggCall, bytes, n int64, places []int64, from source, emit func(rec []byte) error) error {
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
			return o.emit(b, o.sortFor(c, b, n, places), emit)
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
	return o.emit(all, o.sortFor(c, all, n, places), emit)
}

// eachOf is each of the records in s.
func (o *order) eachOf(c *function.AggCall, s *bagState, places []int64, emit func(rec []byte) error) error {
	if s.items == 0 {
		return nil
	}
	return o.each(c, s.size(), s.items, places, func(f func(b []byte) error) error { return s.each(c, f) }, emit)
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
