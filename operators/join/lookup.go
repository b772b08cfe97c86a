package join

import (
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

const laneMask = vector.Capacity - 1

// lanes are the arrays of a lookup, by position of the probe chunk. Their size
// is fixed and indices are masked, so that no index is checked.
type lanes struct {
	hashes [vector.Capacity]uint64
	row    [vector.Capacity]raw.Addr // first build row with the key; 0: none
	cand   [vector.Capacity]uint32
	retry  [2][vector.Capacity]uint32
	loaded [vector.Capacity]uint64 // what a stage has fetched for the next one
}

// lookup finds the first build row for each position of sel, which holds no
// NULL in a strict key: p.row by position, and in hit and rows those that have
// one, in order.
func (p *prober) lookup(sel []uint32) (hit []uint32, rows []raw.Addr) {
	t := p.t
	if t.rows == 0 {
		for _, q := range sel {
			p.row[q] = 0
		}
		return p.hit[:0], p.rows[:0]
	}
	if t.span > 0 {
		n := p.lookupDense(sel)
		return p.hit[:n], p.rows[:n]
	}
	live := sel
	for round := uint64(0); len(live) > 0; round++ {
		next := &p.retry[round&1]
		var cands, misses int
		switch {
		case t.even && t.large:
			loadEntries(t, round, live, &p.lanes)
			cands, misses = checkEntries(live, &p.lanes, next)
		case t.even:
			cands, misses = gatherEntries(t, round, live, &p.lanes, next)
		default:
			loadUneven(t, round, live, &p.lanes)
			cands, misses = checkEntries(live, &p.lanes, next)
		}
		if cands > 0 {
			misses = p.compare(cands, misses, next)
		}
		live = next[:misses]
	}
	n := 0
	for _, q := range sel {
		r := p.row[q&laneMask]
		p.hit[n&laneMask] = q
		p.rows[n&laneMask] = r
		if r != 0 {
			n++
		}
	}
	return p.hit[:n], p.rows[:n]
}

// Looking at an entry and judging it are one loop while directories are small.
// When they are large they are two: the fewer instructions there are between
// loads that miss the caches, the more of them are under way at once.

// loadEntries fetches the entry that is round slots behind the first one of
// each position.
func loadEntries(t *table, round uint64, live []uint32, l *lanes) {
	base, mask := t.dirs[0].base, t.dirs[0].mask
	left, right, log := t.left&63, t.right&63, t.log&63
	for i, q := range live {
		h := l.hashes[q&laneMask]
		l.loaded[i&laneMask] = *raw.At[uint64](base, uintptr(h<<left>>1>>right<<log|(h+round)&mask)*8)
	}
}

// loadUneven is loadEntries over directories of different sizes.
func loadUneven(t *table, round uint64, live []uint32, l *lanes) {
	left, right := t.left&63, t.right&63
	dirs := t.dirs
	for i, q := range live {
		h := l.hashes[q&laneMask]
		d := &dirs[h<<left>>1>>right]
		l.loaded[i&laneMask] = *raw.At[uint64](d.base, uintptr((h+round)&d.mask)*8)
	}
}

// checkEntries judges the fetched entries: positions whose salt agrees become
// candidates, those in whose slot another key is go to miss; an empty slot
// ends the search.
func checkEntries(live []uint32, l *lanes, miss *[vector.Capacity]uint32) (cands, misses int) {
	for i, q := range live {
		e := l.loaded[i&laneMask]
		l.row[q&laneMask] = raw.Addr(e & addrMask)
		same, used := 0, 0
		if uint16(e>>addrBits) == rowset.Salt(l.hashes[q&laneMask]) {
			same = 1
		}
		if e != 0 {
			used = 1
		}
		l.cand[cands&laneMask] = q
		cands += same & used
		miss[misses&laneMask] = q
		misses += used &^ same
	}
	return cands, misses
}

// gatherEntries is loadEntries and checkEntries in one.
func gatherEntries(t *table, round uint64, live []uint32, l *lanes, miss *[vector.Capacity]uint32) (cands, misses int) {
	base, mask := t.dirs[0].base, t.dirs[0].mask
	left, right, log := t.left&63, t.right&63, t.log&63
	for _, q := range live {
		h := l.hashes[q&laneMask]
		e := *raw.At[uint64](base, uintptr(h<<left>>1>>right<<log|(h+round)&mask)*8)
		l.row[q&laneMask] = raw.Addr(e & addrMask)
		same, used := 0, 0
		if uint16(e>>addrBits) == rowset.Salt(h) {
			same = 1
		}
		if e != 0 {
			used = 1
		}
		l.cand[cands&laneMask] = q
		cands += same & used
		miss[misses&laneMask] = q
		misses += used &^ same
	}
	return cands, misses
}

// compare compares the keys of the candidates with those of their rows and
// appends those that differ to miss.
func (p *prober) compare(cands, misses int, miss *[vector.Capacity]uint32) int {
	switch p.b.inline {
	case 4:
		return compareInline(p, raw.Cast[uint32](p.key.Data), p.key.Sel, cands, misses, miss)
	case 8:
		return compareInline(p, raw.Cast[uint64](p.key.Data), p.key.Sel, cands, misses, miss)
	}
	_, unequal := p.b.build.layout.Match(&p.input, p.b.nkeys, nil, p.row[:], p.cand[:cands], p.t.bufs, p.b.nullsEqual, miss[:misses])
	return len(unequal)
}

func compareInline[T uint32 | uint64](p *prober, keys []T, at []uint32, cands, misses int, miss *[vector.Capacity]uint32) int {
	off := p.keyOff
	cand := p.cand[:cands]
	for i, q := range cand {
		p.loaded[i&laneMask] = uint64(*raw.At[T](p.row[q&laneMask], off))
	}
	if at != nil {
		for i, q := range cand {
			miss[misses&laneMask] = q
			if T(p.loaded[i&laneMask]) != keys[at[q]] {
				misses++
			}
		}
		return misses
	}
	for i, q := range cand {
		miss[misses&laneMask] = q
		if T(p.loaded[i&laneMask]) != keys[q] {
			misses++
		}
	}
	return misses
}

func (p *prober) lookupDense(sel []uint32) int {
	switch p.keyType {
	case types.PInt8:
		return lookupDense[int8](p, sel)
	case types.PInt16:
		return lookupDense[int16](p, sel)
	case types.PUint16:
		return lookupDense[uint16](p, sel)
	case types.PInt32:
		return lookupDense[int32](p, sel)
	case types.PUint32:
		return lookupDense[uint32](p, sel)
	case types.PInt64, types.PUint64:
		return lookupDense[int64](p, sel)
	}
	return lookupDense[uint8](p, sel)
}

func lookupDense[T integer](p *prober, sel []uint32) int {
	keys, at := raw.Cast[T](p.key.Data), p.key.Sel
	base, least, span := p.t.dense, p.t.min, p.t.span
	n := 0
	if at != nil {
		for _, q := range sel {
			i := min(uint64(int64(keys[at[q]]))-least, span)
			r := *raw.At[raw.Addr](base, uintptr(i)*8)
			p.row[q&laneMask] = r
			p.hit[n&laneMask] = q
			p.rows[n&laneMask] = r
			if r != 0 {
				n++
			}
		}
		return n
	}
	for _, q := range sel {
		i := min(uint64(int64(keys[q]))-least, span)
		r := *raw.At[raw.Addr](base, uintptr(i)*8)
		p.row[q&laneMask] = r
		p.hit[n&laneMask] = q
		p.rows[n&laneMask] = r
		if r != 0 {
			n++
		}
	}
	return n
}
