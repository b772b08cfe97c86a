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
		if t.even {
			loadEntries(t, round, live, &p.lanes)
		} else {
			loadUneven(t, round, live, &p.lanes)
		}
		var cands, misses int
		switch {
		case t.large || p.b.inline == 0 || p.key.Sel != nil:
			if cands, misses = checkEntries(live, &p.lanes, next); cands > 0 {
				misses = p.compare(cands, misses, next)
			}
		case p.b.inline == 8:
			loadKeys[uint64](live, &p.lanes, p.keyOff, raw.Of(p.none))
			misses = checkKeys(raw.Cast[uint64](p.key.Data), live, &p.lanes, next)
		default:
			loadKeys[uint32](live, &p.lanes, p.keyOff, raw.Of(p.none))
			misses = checkKeys(raw.Cast[uint32](p.key.Data), live, &p.lanes, next)
		}
		live = next[:misses]
	}
	n := collect(sel, &p.row, &p.hit, &p.rows)
	return p.hit[:n], p.rows[:n]
}

// collect lists the positions that have a row, and the rows.
//
//go:noinline
func collect(sel []uint32, row *[vector.Capacity]raw.Addr, hit *[vector.Capacity]uint32, rows *[vector.Capacity]raw.Addr) int {
	n := 0
	for _, q := range sel {
		r := row[q&laneMask]
		hit[n&laneMask] = q
		rows[n&laneMask] = r
		if r != 0 {
			n++
		}
	}
	return n
}

// The loops are kept out of line, where each has the registers to itself.
//
// Entries are fetched in one loop and judged in the next, and so are keys: the
// fewer instructions there are between loads that miss the caches, the more of
// them are under way at once.

// loadEntries fetches the entry that is round slots behind the first one of
// each position.
//
//go:noinline
func loadEntries(t *table, round uint64, live []uint32, l *lanes) {
	base, mask := t.dirs[0].base, t.dirs[0].mask
	shift, high := t.shift&63, t.high
	for i, q := range live {
		h := l.hashes[q&laneMask]
		l.loaded[i&laneMask] = *raw.At[uint64](base, uintptr(h>>shift&high|(h+round)&mask)*8)
	}
}

// loadUneven is loadEntries over directories of different sizes.
//
//go:noinline
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
//
//go:noinline
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

// loadKeys fetches the key of each entry's row, without regard to salts: for
// tables in the cache, where another key's row costs less than the test.
//
//go:noinline
func loadKeys[T uint32 | uint64](live []uint32, l *lanes, off uintptr, none raw.Addr) {
	for i, q := range live {
		r := raw.Addr(l.loaded[i&laneMask] & addrMask)
		l.row[q&laneMask] = r
		if r == 0 {
			r = none
		}
		l.loaded[i&laneMask] = uint64(*raw.At[T](r, off))
	}
}

// checkKeys lists in miss the positions in whose slot another key is.
//
//go:noinline
func checkKeys[T uint32 | uint64](keys []T, live []uint32, l *lanes, miss *[vector.Capacity]uint32) (misses int) {
	for i, q := range live {
		differ, used := 0, 0
		if T(l.loaded[i&laneMask]) != keys[q] {
			differ = 1
		}
		if l.row[q&laneMask] != 0 {
			used = 1
		}
		miss[misses&laneMask] = q
		misses += differ & used
	}
	return misses
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
