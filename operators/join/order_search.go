package join

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// orderProbe is what a prober of an ordered table knows about the positions of
// its chunk: which rows are candidates.
type orderProbe struct {
	vecs  [2]*vector.Vector
	views [2]vector.View
	tmp   [2]*vector.Vector
	words [2][vector.Capacity]uint64
	// Candidates are the rows with indices from ≤ i < to whose rank is least
	// at least.
	from, to, least [vector.Capacity]uint32
	valid, known    [vector.Capacity]uint32
	// of sweeps
	pairs, spare []sortkey.Pair
	near         []uint32 // the positions by the first word; empty: not sorted
	// of nearestOfAll
	column *vector.Vector
	addrs  []raw.Addr
}

// setRanges looks at the inequalities' columns of the chunk and returns those of
// keyed that have no NULL in them.
func (p *prober) setRanges(keyed []uint32) []uint32 {
	op := p.ord
	for k := range p.b.order {
		op.vecs[k] = p.in.Cols[p.b.order[k].probe]
	}
	sel := keyed
	for k := range p.b.order {
		if v := op.vecs[k]; v.MayHaveNulls() {
			sel = kernel.SelectValid(v, sel, len(sel), op.valid[:])
		}
	}
	return sel
}

// search finds the candidates of the positions of sel, which have no NULL in
// keys or inequalities, among the groups that heads, by position in p.row,
// begin. It leaves in p.row the first candidate, for ASOF joins the nearest
// row, 0 where there is none, and lists those that have one.
func (p *prober) search(sel []uint32) (hit []uint32, rows []raw.Addr) {
	b, o, op := p.b, p.t.order, p.ord
	for k := range b.order {
		key := &b.order[k]
		op.tmp[k].Type = key.typ
		key.words(op.vecs[k], sel, len(sel), op.words[k][:], op.tmp[k])
		if !key.exact {
			op.views[k] = op.vecs[k].View(op.tmp[k])
		}
	}
	if b.nkeys > 0 {
		next := b.build.layout.NextOffset()
		for _, q := range sel {
			s := unpack(*raw.At[uint64](p.row[q&laneMask], next))
			op.from[q&laneMask], op.to[q&laneMask] = s.from, s.to
		}
	} else {
		for _, q := range sel {
			op.from[q&laneMask], op.to[q&laneMask] = o.all.from, o.all.to
		}
	}
	if len(b.order) == 2 {
		p.boundSecond(sel)
	}
	p.boundFirst(sel)
	// Rows that are near each other in the order are looked at together.
	near := sel
	if len(op.near) == len(sel) {
		near = op.near
	}
	n := 0
	switch {
	case b.spec.Asof:
		for _, q := range sel {
			row := raw.Addr(0)
			if to := op.to[q&laneMask]; to > op.from[q&laneMask] {
				row = o.rows[to-1]
			}
			p.row[q&laneMask] = row
		}
	case len(b.order) == 1:
		for _, q := range sel {
			row := raw.Addr(0)
			if from := op.from[q&laneMask]; op.to[q&laneMask] > from {
				row = o.rows[from]
			}
			p.row[q&laneMask] = row
		}
	default:
		for _, q := range near {
			row := raw.Addr(0)
			to := op.to[q&laneMask]
			from := o.next(op.from[q&laneMask], to, op.least[q&laneMask])
			op.from[q&laneMask] = from
			if from < to {
				row = o.rows[from]
			}
			p.row[q&laneMask] = row
		}
	}
	n = collect(sel, &p.row, &p.hit, &p.rows)
	return p.hit[:n], p.rows[:n]
}

// boundFirst lets the candidates end with the last row that fulfils the first
// inequality.
func (p *prober) boundFirst(sel []uint32) {
	o, op := p.t.order, p.ord
	key := &p.b.order[0]
	base := raw.Of(raw.Bytes(o.words))
	op.near = op.near[:0]
	if key.exact && p.sweeps(sel) {
		op.sortBy(0, sel)
		sweep(base, 3, o.all.to, op.pairs[:len(sel)], key.equal, &op.to)
		for i := range sel {
			op.near = append(op.near, uint32(op.pairs[i].Row))
		}
		return
	}
	if key.exact {
		for _, q := range sel {
			from := op.from[q&laneMask]
			n := op.to[q&laneMask] - from
			op.to[q&laneMask] = from + below(base, 3, from, n, op.words[0][q&laneMask], key.equal)
		}
		return
	}
	for _, q := range sel {
		op.to[q&laneMask] = p.belowExactly(0, q, base, 3, key.equal)
	}
}

// boundSecond finds the least rank that fulfils the second inequality.
func (p *prober) boundSecond(sel []uint32) {
	o, op := p.t.order, p.ord
	key := &p.b.order[1]
	base := raw.Of(raw.Bytes(o.second))
	if key.exact && p.sweeps(sel) {
		op.sortBy(1, sel)
		sweep(base, 4, o.all.to, op.pairs[:len(sel)], !key.equal, &op.least)
		return
	}
	if key.exact {
		for _, q := range sel {
			from := op.from[q&laneMask]
			n := op.to[q&laneMask] - from
			op.least[q&laneMask] = from + below(base, 4, from, n, op.words[1][q&laneMask], !key.equal)
		}
		return
	}
	for _, q := range sel {
		op.least[q&laneMask] = p.belowExactly(1, q, base, 4, !key.equal)
	}
}

// belowExactly is below, within the candidates of position q, for the k-th
// inequality, whose values are more than their words: it returns the index behind
// those that are less than q's value, or with equal, not greater.
func (p *prober) belowExactly(k int, q uint32, base raw.Addr, shift uint, equal bool) uint32 {
	o, op := p.t.order, p.ord
	key := &p.b.order[k]
	from, to := op.from[q&laneMask], op.to[q&laneMask]
	w := op.words[k][q&laneMask]
	lo := from + below(base, shift, from, to-from, w, false)
	hi := lo + below(base, shift, lo, to-lo, w, true)
	if lo == hi {
		return lo
	}
	off := p.b.build.layout.ColOffset(key.at)
	rest := key.viewRest(&op.views[k], int(q))
	for lo < hi {
		mid := lo + (hi-lo)/2
		row := mid
		if k == 1 {
			row = uint32(o.second[mid].Row)
		}
		if c := key.compare(key.rowRest(o.rows[row], off, p.t.bufs), rest); c < 0 || c == 0 && equal {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// sweepRows is how many rows a table has at least for positions to be sorted
// before they are looked for: a smaller one is in the cache.
const sweepRows = 1 << 13

// sweeps reports whether positions are sorted and looked for in one pass over
// the words rather than each by itself.
func (p *prober) sweeps(sel []uint32) bool {
	return p.b.nkeys == 0 && p.t.order.all.to >= sweepRows && len(sel) > 16
}

// sortBy sorts the positions of sel by the words of key k.
func (op *orderProbe) sortBy(k int, sel []uint32) {
	if op.pairs == nil {
		op.pairs = make([]sortkey.Pair, vector.Capacity)
		op.spare = make([]sortkey.Pair, vector.Capacity)
	}
	a := op.pairs[:len(sel)]
	for i, q := range sel {
		a[i] = sortkey.Pair{Key: op.words[k][q&laneMask], Row: raw.Addr(q)}
	}
	sortkey.SortPairs(a, op.spare)
}

// sweep is below for all of the sorted pairs, from index 0 on, each search
// beginning where the last one ended, and stores the counts by position.
func sweep(base raw.Addr, shift uint, n uint32, pairs []sortkey.Pair, equal bool, out *[vector.Capacity]uint32) {
	word := func(i uint32) uint64 { return *raw.At[uint64](base, uintptr(i)<<shift) }
	at := uint32(0)
	for i := range pairs {
		w := pairs[i].Key
		if equal {
			w++
			if w == 0 {
				at = n
			}
		}
		if at < n && word(at) < w {
			// The words up to at are less; those from end on are not.
			end := n
			for step := uint32(1); ; step *= 2 {
				if step >= n-at {
					break
				}
				if word(at+step) >= w {
					end = at + step
					break
				}
				at += step
			}
			for at++; at < end; {
				if mid := at + (end-at)/2; word(mid) < w {
					at = mid + 1
				} else {
					end = mid
				}
			}
		}
		out[uint32(pairs[i].Row)&laneMask] = at
	}
}

// below counts, of n words from index from on, 1<<shift bytes apart and
// ascending, those that are less than w, or with equal, not greater.
func below(base raw.Addr, shift uint, from, n uint32, w uint64, equal bool) uint32 {
	if equal {
		w++
		if w == 0 {
			return n
		}
	}
	if n == 0 {
		return 0
	}
	a := base + raw.Addr(uintptr(from)<<shift)
	first := a
	left := uintptr(n)
	for left > 1 {
		half := left >> 1
		mid := a + raw.Addr(half<<shift)
		if *raw.At[uint64](mid-raw.Addr(uintptr(1)<<shift), 0) < w {
			a = mid
		}
		left -= half
	}
	c := uint32(uintptr(a-first) >> shift)
	if *raw.At[uint64](a, 0) < w {
		c++
	}
	return c
}

// next returns the first index i with from ≤ i < to and a rank of at least
// least; to when there is none.
func (o *ordered) next(from, to, least uint32) uint32 {
	if from >= to {
		return to
	}
	at, last, level := from, to-1, 0
	for {
		// For a whole block its entry above will do.
		for at&(fanOut-1) == 0 && last-at >= fanOut-1 && level+1 < len(o.levels) {
			at >>= fanBits
			last >>= fanBits
			level++
		}
		lv := o.levels[level]
		stop := min(at|(fanOut-1), last) + 1
		for at < stop && lv[at] < least {
			at++
		}
		if at < stop {
			break
		}
		if at > last {
			return to
		}
		// The end of a block, behind which there is more.
		at >>= fanBits
		last >>= fanBits
		level++
	}
	for level > 0 {
		level--
		at <<= fanBits
		for lv := o.levels[level]; lv[at] < least; at++ {
		}
	}
	return min(at, to)
}

// newOrderProbe makes the prober's part for ordered tables.
func newOrderProbe() *orderProbe {
	op := &orderProbe{}
	for k := range op.tmp {
		op.tmp[k] = vector.New(types.Of(types.BigInt))
	}
	return op
}
