package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// An ordered table answers inequalities. The rows of each group, which are
// those with the same keys, or all without keys, lie in the order of the first
// inequality's column, so turned that the rows which fulfil it are the first
// ones of the group: a binary search finds how many.
//
// A second inequality is answered by a tree. Each row has the rank that it has
// in its group by the second column, so turned that the rows which fulfil it
// are those from some rank on; a level of the tree has the greatest rank of 16
// entries below. From one such row among the first ones to the next takes as
// many steps as the tree has levels at most, however many rows are between:
// range reporting by range maxima (Muthukrishnan, "Efficient Algorithms for
// Document Retrieval Problems", SODA 2002). The rows of the probe side need no
// order, so they stream, which a sort of both sides and a bit array (Khayyat et
// al., "Lightning Fast and Space Efficient Inequality Joins", PVLDB 8) do not
// permit.

// fanOut is how many entries of a level one of the next stands for: as many
// ranks as fill a cache line.
const (
	fanBits = 4
	fanOut  = 1 << fanBits
)

// ordered is what an ordered table has beside its rows.
type ordered struct {
	mem   *block.Block
	words []uint64   // of the first inequality's column, by group
	rows  []raw.Addr // of each word
	// second holds, by group, the words of the second column and the index in
	// rows of each.
	second []sortkey.Pair
	levels [][]uint32 // the ranks in rows' order, then the levels above
	nulls  int64      // rows that are left out for a NULL
	all    span       // without keys: the one group
}

// span is a range of indices of ordered.rows.
type span struct{ from, to uint32 }

// pack puts a span into the 8 bytes of a row's next address.
func (s span) pack() uint64 { return uint64(s.from)<<32 | uint64(s.to) }

func unpack(x uint64) span { return span{uint32(x >> 32), uint32(x)} }

// maxOrdered is how many rows an ordered table may have.
const maxOrdered = 1<<32 - fanOut

const (
	// Bytes a row: its word and address; what sorting takes, twice a pair; the
	// pair of the second column, its rank and the tree.
	orderBytes   = 16
	scratchBytes = 32
	secondBytes  = 16 + 4 + 1
)

// orderedBytes is what it takes to order a partition of so many rows.
func (b *Build) orderedBytes(rows int64) int64 {
	n := int64(orderBytes + scratchBytes)
	if !b.ordered() {
		return 0
	}
	if len(b.order) == 2 {
		n += secondBytes
	}
	return n * rows
}

// getBlock gets n bytes; nil when that was refused. must: mem gives what it
// has up to the limit, or an error.
func (b *Build) getBlock(n int64, mem *budget.Reservation, must bool) (blk *block.Block, err error) {
	pool := b.env.Pool
	switch {
	case n <= block.Size && must:
		return pool.MustGet(mem, nil)
	case n <= block.Size:
		blk, _ = pool.Get(mem)
	case must:
		return pool.MustGetSized(mem, n, nil)
	default:
		blk, _ = pool.GetSized(mem, n)
	}
	return blk, nil
}

// makeOrder orders the table's rows, which are in the directories if there are
// keys; sizes has their number by partition. ok is false when memory was
// refused.
func (t *table) makeOrder(ctx context.Context, sizes []int64, mem *budget.Reservation, must bool) (ok bool, err error) {
	b := t.b
	if t.rows > maxOrdered {
		return false, sqlerr.New(sqlerr.CodeLimitExceeded, "a join by inequality of more than 2^32 rows")
	}
	n := t.rows
	size, two := n*orderBytes, len(b.order) == 2
	levels := []int64{n} // ranks of each level
	if two {
		size += n * 16
		for last := n; last > fanOut; {
			last = (last + fanOut - 1) >> fanBits
			levels = append(levels, last)
		}
		for _, l := range levels {
			size += (l*4 + 7) &^ 7
		}
	}
	scratch, err := b.getBlock(n*scratchBytes, mem, must)
	if scratch == nil {
		return false, err
	}
	defer scratch.Release()
	o := &ordered{}
	if o.mem, err = b.getBlock(size, mem, must); o.mem == nil {
		return false, err
	}
	t.order = o
	rest := o.mem.Bytes
	take := func(bytes int64) []byte {
		out := rest[:bytes:bytes]
		rest = rest[(bytes+7)&^7:]
		return out
	}
	o.words = raw.Cast[uint64](take(n * 8))
	o.rows = raw.Cast[raw.Addr](take(n * 8))
	if two {
		o.second = raw.Cast[sortkey.Pair](take(n * 16))
		for _, l := range levels {
			lv := raw.Cast[uint32](take(l * 4))
			clear(lv)
			o.levels = append(o.levels, lv)
		}
	}
	pairs := raw.Cast[sortkey.Pair](scratch.Bytes)[:2*n]
	starts := make([]int64, len(sizes))
	ends := make([]int64, len(sizes))
	at := int64(0)
	for i, s := range sizes {
		starts[i] = at
		at += s
	}
	task := func(ctx context.Context, i int) (err error) {
		if sizes[i] > 0 {
			from, to := starts[i], starts[i]+sizes[i]
			g := &grouper{t: t, ctx: ctx, a: pairs[from:to], tmp: pairs[n+from : n+to], base: uint32(from)}
			ends[i], err = g.run(i)
		}
		return err
	}
	if len(sizes) > 1 && b.env.Run != nil {
		err = b.env.Run(ctx, "join order", len(sizes), task)
	} else {
		for i := 0; i < len(sizes) && err == nil; i++ {
			err = task(ctx, i)
		}
	}
	if err != nil {
		return false, err
	}
	for i := range sizes {
		o.nulls += sizes[i] - ends[i]
	}
	if b.nkeys == 0 {
		o.all = span{0, uint32(n - o.nulls)}
	}
	for i := 1; i < len(o.levels); i++ {
		if err := sqlerr.FromContext(ctx); err != nil {
			return false, err
		}
		summarize(o.levels[i-1], o.levels[i])
	}
	return true, nil
}

// summarize makes a level of the tree from the one below.
func summarize(below, level []uint32) {
	for i := range level {
		var most uint32
		for _, r := range below[i<<fanBits : min((i+1)<<fanBits, len(below))] {
			most = max(most, r)
		}
		level[i] = most
	}
}

// close gives back the memory. o may be nil.
func (o *ordered) close() {
	if o != nil && o.mem != nil {
		o.mem.Release()
		*o = ordered{}
	}
}

// grouper orders the rows of one partition.
type grouper struct {
	t      *table
	ctx    context.Context
	a, tmp []sortkey.Pair
	base   uint32 // index of the partition's first row
	rows   []raw.Addr
}

// run orders partition i and returns how many of its rows are in groups.
func (g *grouper) run(i int) (int64, error) {
	o := g.t.order
	g.rows = o.rows[g.base : int(g.base)+len(g.a)]
	var n int
	var err error
	if g.t.b.nkeys == 0 {
		n, err = g.list(i)
	} else {
		n, err = g.chains(i)
	}
	if err != nil {
		return 0, err
	}
	g.rows, g.a = g.rows[:n], g.a[:n]
	for k := range g.t.b.order {
		if err := g.words(k); err != nil {
			return 0, err
		}
		if err := g.groups(i, k); err != nil {
			return 0, err
		}
	}
	return int64(n), nil
}

// list collects the rows of a table without keys.
func (g *grouper) list(i int) (n int, err error) {
	width := g.t.b.build.layout.Width
	for _, page := range g.t.parts[i].Pages {
		if err := sqlerr.FromContext(g.ctx); err != nil {
			return 0, err
		}
		from := n
		n += page.Take(g.rows[n:], width)
		n = from + g.valid(g.rows[from:n])
	}
	return n, nil
}

// valid moves the rows without a NULL in an inequality's column to the front
// and returns how many they are.
func (g *grouper) valid(rows []raw.Addr) int {
	for k := range g.t.b.order {
		byt, bit := g.t.b.build.layout.ValidBit(g.t.b.order[k].at)
		n := 0
		for _, r := range rows {
			rows[n] = r
			n += int(*raw.At[uint8](r, byt) >> bit & 1)
		}
		rows = rows[:n]
	}
	return len(rows)
}

// chains collects the rows of each key and puts its span in place of the
// chain.
func (g *grouper) chains(i int) (n int, err error) {
	next := g.t.b.build.layout.NextOffset()
	err = g.heads(i, func(head raw.Addr) {
		from := n
		for r := head; r != 0; {
			g.rows[n] = r
			n++
			r = *raw.At[raw.Addr](r, next)
		}
		n = from + g.valid(g.rows[from:n])
		*raw.At[uint64](head, next) = span{g.base + uint32(from), g.base + uint32(n)}.pack()
	})
	return n, err
}

// heads calls f, once a key, with the rows that the directory of partition i
// refers to.
func (g *grouper) heads(i int, f func(head raw.Addr)) error {
	d := g.t.dirs[i]
	for s := uint64(0); s <= d.mask; s++ {
		if s&(1<<14-1) == 0 {
			if err := sqlerr.FromContext(g.ctx); err != nil {
				return err
			}
		}
		if e := *raw.At[uint64](d.base, uintptr(s)*8); e != 0 {
			f(raw.Addr(e & addrMask))
		}
	}
	return nil
}

// words makes the pairs of inequality k: of the first one with the rows'
// addresses, of the second with their indices.
func (g *grouper) words(k int) error {
	b := g.t.b
	key := &b.order[k]
	v := vector.New(key.typ)
	words := make([]uint64, vector.Capacity)
	for from := 0; from < len(g.rows); from += vector.Capacity {
		if err := sqlerr.FromContext(g.ctx); err != nil {
			return err
		}
		rows := g.rows[from:min(from+vector.Capacity, len(g.rows))]
		v.Resize(len(rows))
		b.build.layout.Gather(key.at, rows, g.t.bufs, v, nil)
		key.words(v, nil, len(rows), words, nil)
		for i, r := range rows {
			if k == 1 {
				r = raw.Addr(int(g.base) + from + i)
			}
			g.a[from+i] = sortkey.Pair{Key: words[i], Row: r}
		}
	}
	return nil
}

// groups sorts the pairs of each group and stores the result.
func (g *grouper) groups(i, k int) error {
	b := g.t.b
	s := orderSorter{ctx: g.ctx, k: &b.order[k], off: b.build.layout.ColOffset(b.order[k].at), bufs: g.t.bufs}
	store := g.storeFirst
	if k == 1 {
		s.rows = g.t.order.rows
		store = g.storeSecond
	}
	if b.nkeys == 0 {
		if err := s.sort(g.a, g.tmp[:len(g.a)]); err != nil {
			return err
		}
		store(0, len(g.a))
		return nil
	}
	next := b.build.layout.NextOffset()
	var failed error
	err := g.heads(i, func(head raw.Addr) {
		sp := unpack(*raw.At[uint64](head, next))
		from, to := int(sp.from-g.base), int(sp.to-g.base)
		if to-from > 1 && failed == nil {
			failed = s.sort(g.a[from:to], g.tmp[from:to])
		}
		store(from, to)
	})
	if err == nil {
		err = failed
	}
	return err
}

func (g *grouper) storeFirst(from, to int) {
	words := g.t.order.words[g.base:]
	for i, p := range g.a[from:to] {
		words[from+i], g.rows[from+i] = p.Key, p.Row
	}
}

func (g *grouper) storeSecond(from, to int) {
	o := g.t.order
	second, ranks := o.second[g.base:], o.levels[0]
	copy(second[from:to], g.a[from:to])
	for i, p := range g.a[from:to] {
		ranks[p.Row] = g.base + uint32(from+i)
	}
}
