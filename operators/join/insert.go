package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Rows are entered last to first and each goes to the front of its key's
// chain, so that chains are in build order.

// insertBatch is how many rows are entered between two looks at the context,
// and at once by the general loop.
const insertBatch = vector.Capacity

// insert enters the rows of partition i and returns how many found their key
// there already.
func (t *table) insert(ctx context.Context, i int) (dups int64, err error) {
	l := t.b.build.layout
	ins := inserter{
		width: l.Width, hash: l.HashOffset(), next: l.NextOffset(),
		rows: make([]raw.Addr, insertBatch),
	}
	if t.span > 0 || t.b.inline > 0 {
		ins.key = l.ColOffset(0)
	}
	if t.dirs != nil {
		ins.dir = t.dirs[i]
	}
	var general *generalInserter
	pages := t.parts[i].Pages
	for k := len(pages) - 1; k >= 0; k-- {
		page := pages[k]
		if uint64(page.Base)>>addrBits != 0 {
			return dups, errAddress()
		}
		for page.Count > 0 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return dups, err
			}
			rows := ins.take(&page)
			if t.b.kind.keepsBuild() && t.b.hasNull.Load() {
				rows = t.withoutNullKeys(rows)
			}
			switch {
			case t.span > 0:
				dups += t.insertDense(&ins, rows)
			case t.b.inline == 4:
				dups += insertInline[uint32](&ins, rows)
			case t.b.inline == 8:
				dups += insertInline[uint64](&ins, rows)
			default:
				if general == nil {
					general = newGeneralInserter(t, &ins)
				}
				dups += general.insert(rows)
			}
		}
	}
	return dups, nil
}

type inserter struct {
	width, hash, next, key uintptr
	dir                    directory
	rows                   []raw.Addr
}

// take cuts the last rows off page and returns their addresses, last first.
func (ins *inserter) take(page *rowset.PageRows) []raw.Addr {
	n := min(page.Count, len(ins.rows))
	page.Count -= n
	a := page.Base + raw.Addr(uintptr(page.Count)*ins.width)
	rows := ins.rows[:n]
	for i := n - 1; i >= 0; i-- {
		rows[i] = a
		a += raw.Addr(ins.width)
	}
	return rows
}

// withoutNullKeys drops the rows that equal nothing.
func (t *table) withoutNullKeys(rows []raw.Addr) []raw.Addr {
	for _, k := range t.b.strict {
		byt, bit := t.b.build.layout.ValidBit(k)
		n := 0
		for _, r := range rows {
			rows[n] = r
			n += int(*raw.At[uint8](r, byt) >> bit & 1)
		}
		rows = rows[:n]
	}
	return rows
}

func insertInline[T uint32 | uint64](ins *inserter, rows []raw.Addr) (dups int64) {
	base, mask := ins.dir.base, ins.dir.mask
	for _, r := range rows {
		h := *raw.At[uint64](r, ins.hash)
		k := *raw.At[T](r, ins.key)
		e := entry(h, r)
		next := raw.Addr(0)
		for s := h & mask; ; s = (s + 1) & mask {
			p := raw.At[uint64](base, uintptr(s)*8)
			old := *p
			if old == 0 {
				*p = e
				break
			}
			if (old^e)>>addrBits == 0 {
				if o := raw.Addr(old & addrMask); *raw.At[T](o, ins.key) == k {
					next = o
					dups++
					*p = e
					break
				}
			}
		}
		*raw.At[raw.Addr](r, ins.next) = next
	}
	return dups
}

// insertDense is for the array of addresses by key. Keys of different
// partitions differ, so no slot has two writers.
func (t *table) insertDense(ins *inserter, rows []raw.Addr) int64 {
	switch t.b.spec.BuildTypes[t.b.spec.BuildKeys[0]].Physical() {
	case types.PInt8:
		return insertDense[int8](t, ins, rows)
	case types.PInt16:
		return insertDense[int16](t, ins, rows)
	case types.PUint16:
		return insertDense[uint16](t, ins, rows)
	case types.PInt32:
		return insertDense[int32](t, ins, rows)
	case types.PUint32:
		return insertDense[uint32](t, ins, rows)
	case types.PInt64, types.PUint64:
		return insertDense[int64](t, ins, rows)
	}
	return insertDense[uint8](t, ins, rows)
}

func insertDense[T integer](t *table, ins *inserter, rows []raw.Addr) (dups int64) {
	base, least := t.dense, t.min
	for _, r := range rows {
		k := uint64(int64(*raw.At[T](r, ins.key))) - least
		p := raw.At[raw.Addr](base, uintptr(k)*8)
		old := *p
		*raw.At[raw.Addr](r, ins.next) = old
		*p = r
		if old != 0 {
			dups++
		}
	}
	return dups
}

// generalInserter enters rows with keys of any types, comparing a batch of
// rows at a time.
type generalInserter struct {
	t     *table
	ins   *inserter
	slot  []uint64
	heads []raw.Addr
	cand  []uint32
	again []uint32
	live  []uint32
}

func newGeneralInserter(t *table, ins *inserter) *generalInserter {
	return &generalInserter{
		t: t, ins: ins,
		slot:  make([]uint64, insertBatch),
		heads: make([]raw.Addr, insertBatch),
		cand:  make([]uint32, insertBatch),
		again: make([]uint32, insertBatch),
		live:  make([]uint32, insertBatch),
	}
}

func (g *generalInserter) insert(rows []raw.Addr) (dups int64) {
	base, mask := g.ins.dir.base, g.ins.dir.mask
	live := g.live[:len(rows)]
	for i, r := range rows {
		live[i] = uint32(i)
		g.slot[i] = *raw.At[uint64](r, g.ins.hash) & mask
	}
	again := g.again
	for len(live) > 0 {
		cand, miss := g.cand[:0], again[:0]
		for _, i := range live {
			r := rows[i]
			e := entry(*raw.At[uint64](r, g.ins.hash), r)
			p := raw.At[uint64](base, uintptr(g.slot[i])*8)
			switch old := *p; {
			case old == 0:
				*p = e
				*raw.At[raw.Addr](r, g.ins.next) = 0
			case (old^e)>>addrBits == 0:
				g.heads[i] = raw.Addr(old & addrMask)
				cand = append(cand, i)
			default:
				miss = append(miss, i)
			}
		}
		equal, miss := g.t.b.build.layout.MatchRows(g.t.b.nkeys, rows, g.heads, cand, g.t.bufs, g.t.bufs, miss)
		for _, i := range equal {
			// The slot's key is fixed, but rows of this batch may have been put
			// in front since.
			r := rows[i]
			p := raw.At[uint64](base, uintptr(g.slot[i])*8)
			*raw.At[raw.Addr](r, g.ins.next) = raw.Addr(*p & addrMask)
			*p = entry(*raw.At[uint64](r, g.ins.hash), r)
			dups++
		}
		for _, i := range miss {
			g.slot[i] = (g.slot[i] + 1) & mask
		}
		// Rounds mix the order; chains are to be in order.
		live, again = miss, live[:cap(live)]
	}
	return dups
}
