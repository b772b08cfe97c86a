package aggregate

import (
	"math/bits"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// ranks finds values of bags by their places in sorted order. It is one call's.
type ranks struct {
	c       *function.AggCall
	num     *number // nil: values are compared
	order   *order
	charged int64

	narrow []uint64
	wide   []types.Uint128
	buf    []byte
	out    [][]byte
	sorted []int64
	found  []types.Uint128
}

func newRanks(c *function.AggCall, t types.Type) *ranks {
	r := &ranks{c: c, num: numberOf(t)}
	if r.num == nil {
		r.order = orderOfValues(t)
	}
	return r
}

// release gives back what was charged.
func (r *ranks) release() {
	r.c.Shrink(r.charged)
	r.charged = 0
}

func (r *ranks) charge(n int64) error {
	err := r.c.Grow(n)
	if err == nil {
		r.charged += n
	}
	return err
}

// of returns the values of s, which has some, at the places, in the order of the
// places; valid until the next call. Errors: 53200, those of reading what is on
// disk.
func (r *ranks) of(s *bagState, places []int64) ([][]byte, error) {
	r.sorted = append(r.sorted[:0], places...)
	slices.Sort(r.sorted)
	r.sorted = slices.Compact(r.sorted)
	r.buf, r.out = r.buf[:0], r.out[:0]
	var ends []int
	var err error
	if r.num == nil {
		ends, err = r.byComparison(s)
	} else if err = r.keys(s); err == nil {
		for _, k := range r.found {
			r.buf = r.num.back(r.buf, k)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		i, _ := slices.BinarySearch(r.sorted, p)
		switch {
		case ends == nil:
			r.out = append(r.out, r.buf[i*r.num.width:(i+1)*r.num.width])
		case i == 0:
			r.out = append(r.out, r.buf[:ends[0]])
		default:
			r.out = append(r.out, r.buf[ends[i-1]:ends[i]])
		}
	}
	return r.out, nil
}

// byComparison puts the values at sorted into buf, which end where it says.
func (r *ranks) byComparison(s *bagState) (ends []int, err error) {
	at, next := int64(0), 0
	err = r.order.eachOf(r.c, s, r.sorted, func(rec []byte) error {
		if next < len(r.sorted) && r.sorted[next] == at {
			r.buf = append(r.buf, rec...)
			ends = append(ends, len(r.buf))
			next++
		}
		at++
		return nil
	})
	return ends, err
}

// keys sets found to the keys at sorted.
func (r *ranks) keys(s *bagState) error {
	if !s.chain.Empty() {
		return r.stream(s.items, func(f func([]types.Uint128) error) error {
			return s.each(r.c, func(b []byte) error {
				for len(b) > 0 {
					k := min(len(b)/r.num.width, streamKeys)
					keys, err := r.widened(b, k)
					if err != nil {
						return err
					}
					if err := f(keys); err != nil {
						return err
					}
					b = b[k*r.num.width:]
				}
				return nil
			})
		})
	}
	b := s.bytes(r.c.Heap.Bufs())
	n := int(s.items)
	if r.num.narrow == nil {
		if err := r.room(0, n); err != nil {
			return err
		}
		r.num.wide(r.wide[:n], b)
		r.selectWide(r.wide[:n], 0)
		return nil
	}
	if err := r.room(n, 0); err != nil {
		return err
	}
	keys := r.narrow[:n]
	r.num.narrow(keys, b)
	selectKeys(keys, r.sorted, 0)
	r.found = r.found[:0]
	for _, p := range r.sorted {
		r.found = append(r.found, types.Uint128{Lo: keys[p]})
	}
	return nil
}

// selectWide sets found to the keys at sorted.
func (r *ranks) selectWide(keys []types.Uint128, base int64) {
	slices.SortFunc(keys, types.Uint128.Cmp)
	r.found = r.found[:0]
	for _, p := range r.sorted {
		r.found = append(r.found, keys[p-base])
	}
}

// room makes narrow and wide fit so many keys.
func (r *ranks) room(narrow, wide int) error {
	if cap(r.narrow) < narrow {
		narrow = max(narrow, min(2*cap(r.narrow), 1<<16))
		if err := r.charge(8 * int64(narrow)); err != nil {
			return err
		}
		r.narrow = make([]uint64, narrow)
	}
	if cap(r.wide) < wide {
		wide = max(wide, min(2*cap(r.wide), 1<<16))
		if err := r.charge(16 * int64(wide)); err != nil {
			return err
		}
		r.wide = make([]types.Uint128, wide)
	}
	return nil
}

// streamKeys is how many keys of a bag on disk are made at once.
const streamKeys = 1 << 12

// widened returns the keys of the first n values of b.
func (r *ranks) widened(b []byte, n int) ([]types.Uint128, error) {
	if err := r.room(streamKeys, streamKeys); err != nil {
		return nil, err
	}
	keys := r.wide[:n]
	if r.num.narrow == nil {
		r.num.wide(keys, b)
		return keys, nil
	}
	narrow := r.narrow[:n]
	r.num.narrow(narrow, b)
	for i, k := range narrow {
		keys[i] = types.Uint128{Lo: k}
	}
	return keys, nil
}

const (
	// bucketBits is the logarithm of how many ranges a range of keys is divided
	// into.
	bucketBits = 14
	// collectMax is how many keys of such ranges are sorted in memory, unless
	// memory is refused.
	collectMax = 1 << 18
)

// span is a range of keys: those from lo on that are the same as it above the
// lowest shift bits of the distance from it, of which there are count, the first
// at place base.
type span struct {
	lo          types.Uint128
	shift       uint
	base, count int64
	places      []int64
}

// stream sets found to the keys at sorted, of n that each, called several times,
// gives in pieces: their range is divided, those in its parts are counted, and so
// on with the parts that the places lie in, until few enough are left. No more
// memory is taken for more keys.
func (r *ranks) stream(n int64, each func(f func(keys []types.Uint128) error) error) error {
	lo, hi := types.Uint128{Lo: ^uint64(0), Hi: ^uint64(0)}, types.Uint128{}
	err := each(func(keys []types.Uint128) error {
		for _, k := range keys {
			if k.Less(lo) {
				lo = k
			}
			if hi.Less(k) {
				hi = k
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	width := minus(hi, lo)
	all := span{lo: lo, shift: uint(128 - bits.LeadingZeros64(width.Hi)), count: n, places: r.sorted}
	if width.Hi == 0 {
		all.shift = uint(64 - bits.LeadingZeros64(width.Lo))
	}
	const counters = 8 << bucketBits
	if err := r.c.Grow(counters); err != nil {
		return err
	}
	defer r.c.Shrink(counters)
	counts := make([]int64, 1<<bucketBits)
	r.found = make([]types.Uint128, 0, len(r.sorted))
	return r.refine([]span{all}, counts, each)
}

func minus(a, b types.Uint128) types.Uint128 {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(a.Hi, b.Hi, borrow)
	return types.Uint128{Lo: lo, Hi: hi}
}

func shiftRight(a types.Uint128, n uint) types.Uint128 {
	if n >= 64 {
		return types.Uint128{Lo: a.Hi >> (n - 64)}
	}
	return types.Uint128{Lo: a.Lo>>n | a.Hi<<(64-n), Hi: a.Hi >> n}
}

func shiftLeft(a uint64, n uint) types.Uint128 {
	if n >= 64 {
		return types.Uint128{Hi: a << (n - 64)}
	}
	return types.Uint128{Lo: a << n, Hi: a >> (64 - n)}
}

// refine appends the keys of the spans' places to found; spans are ascending and
// do not overlap.
func (r *ranks) refine(spans []span, counts []int64, each func(f func(keys []types.Uint128) error) error) error {
	for i := range spans {
		s := &spans[i]
		switch {
		case s.shift == 0:
			// All of them are lo.
			for range s.places {
				r.found = append(r.found, s.lo)
			}
			continue
		case s.count <= collectMax:
			ok, err := r.collect(s, each)
			if err != nil {
				return err
			}
			if ok {
				continue
			}
		}
		parts, err := s.divide(counts, each)
		if err != nil {
			return err
		}
		if err := r.refine(parts, counts, each); err != nil {
			return err
		}
	}
	return nil
}

// divide returns the parts of s that places lie in.
func (s *span) divide(counts []int64, each func(f func(keys []types.Uint128) error) error) ([]span, error) {
	clear(counts)
	down := s.shift - min(s.shift, bucketBits)
	err := each(func(keys []types.Uint128) error {
		for _, k := range keys {
			d := minus(k, s.lo) // wraps around below lo, and is large then
			if top := shiftRight(d, s.shift); top.Lo|top.Hi != 0 {
				continue
			}
			counts[shiftRight(d, down).Lo&(1<<bucketBits-1)]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []span
	places, base := s.places, s.base
	for b, n := range counts {
		i := 0
		for i < len(places) && places[i] < base+n {
			i++
		}
		if i > 0 {
			at := shiftLeft(uint64(b), down)
			lo, carry := bits.Add64(s.lo.Lo, at.Lo, 0)
			hi, _ := bits.Add64(s.lo.Hi, at.Hi, carry)
			out = append(out, span{types.Uint128{Lo: lo, Hi: hi}, down, base, n, places[:i]})
			places = places[i:]
		}
		base += n
	}
	if len(places) > 0 {
		return nil, sqlerr.New(sqlerr.CodeInternal, "a quantile asks for more values than there are")
	}
	return out, nil
}

// collect appends the keys of s's places to found; false when memory for all of
// its keys is refused.
func (r *ranks) collect(s *span, each func(f func(keys []types.Uint128) error) error) (bool, error) {
	bytes := 16 * s.count
	if s.count > 1<<12 && r.c.Mem != nil {
		if !r.c.Mem.TryGrow(bytes) {
			return false, nil // there are few left after one more division
		}
	} else if err := r.c.Grow(bytes); err != nil {
		return false, err
	}
	defer r.c.Shrink(bytes)
	all := make([]types.Uint128, 0, s.count)
	err := each(func(keys []types.Uint128) error {
		for _, k := range keys {
			if top := shiftRight(minus(k, s.lo), s.shift); top.Lo|top.Hi == 0 && int64(len(all)) < s.count {
				all = append(all, k)
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	slices.SortFunc(all, types.Uint128.Cmp)
	for _, p := range s.places {
		r.found = append(r.found, all[p-s.base])
	}
	return true, nil
}
