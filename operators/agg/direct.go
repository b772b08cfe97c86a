package agg

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

const (
	// maxDictSlots bounds the product of dictionary sizes, unless the plan
	// says otherwise, maxSlots that of all keys' domains. When the planner expects
	// that one in sparseness of the slots has a group it may be up to mostSlots.
	maxDictSlots = 1 << 12
	maxSlots     = 1 << 16
	mostSlots    = 1 << 20
	sparseness   = 4
	// maxStrikes is how often a promised domain may fail, or many groups may be
	// forgotten, before direct addressing is given up.
	maxStrikes = 4
	// leastRows is how many groups there is room for at first.
	leastRows = 512
	// maxSplit is how many known groups a chunk may have to be split by group.
	maxSplit = 32
)

// direct finds groups without hashing: the keys of a row, as numbers in small
// domains, give a slot in an array of groups. The rows are those that the
// directory finds; a slot learns its row at the first miss.
type direct struct {
	dims    []dim
	slots   int
	strikes int
	off     bool

	blk     *block.Block
	groups  []uint32 // by slot: 1 + number of the group, 0 unknown
	rowsBlk *block.Block
	rows    []raw.Addr // by number of the group
	known   int
	gen     uint64 // of the writer, when rows were filled

	slot []uint32 // of each rank
	at   []uint32
	next []dim
}

func (d *direct) release() {
	if d.blk != nil {
		d.blk.Release()
	}
	if d.rowsBlk != nil {
		d.rowsBlk.Release()
	}
	d.blk, d.groups, d.rowsBlk, d.rows, d.known, d.slots = nil, nil, nil, nil, 0, 0
}

// plan finds the domains of the keys of this chunk, of at most most slots; ok is
// false when direct addressing does not apply. volatil: what is learned is worth
// nothing for the next chunk. one: all rows have the same keys.
func (d *direct) plan(keys []*vector.Vector, bounds []Bounds, n, most, maxDict int) (slots int, volatil, one, ok bool) {
	d.next = d.next[:0]
	slots, one = 1, true
	dictSlots := 1
	for i, v := range keys {
		var m dim
		one = one && v.Form == vector.Constant
		switch {
		case bounds != nil && bounds[i].fits(v, most):
			width := uint64(bounds[i].Max) - uint64(bounds[i].Min)
			// One more for NULL.
			m = dim{bounded: true, size: uint32(width) + 2, min: bounds[i].Min, width: width}
		case v.Form == vector.Constant:
			m = dim{size: 1}
			volatil = true
		case v.Form == vector.Dictionary:
			m = dim{coded: true, size: uint32(v.Dict.Len), id: v.DictID}
			if v.Dict.Len == 0 || v.Dict.Len > maxDict {
				return 0, false, false, false
			}
			dictSlots *= v.Dict.Len
			volatil = volatil || v.DictID == 0
		default:
			return 0, false, false, false
		}
		slots *= int(m.size)
		if slots > most || dictSlots > maxDict {
			return 0, false, false, false
		}
		d.next = append(d.next, m)
	}
	// What is learned for one chunk only has to pay within it.
	return slots, volatil, one, !volatil || slots == 1 || slots <= n/4
}

// mostSlots is how many slots may be addressed.
func (p *Plan) mostSlots() int {
	return max(maxSlots, int(min(sparseness*p.EstGroups, mostSlots)))
}

// tryDirect aggregates the n positions sel by direct addressing; false when it
// does not apply, and nothing was done then.
func (l *local) tryDirect(ctx context.Context, cols []*vector.Vector, sel []uint32, n int) (bool, error) {
	d := &l.direct
	if d.off {
		return false, nil
	}
	slots, volatil, one, ok := d.plan(l.keys, l.b.bounds, n, l.h.plan.mostSlots(), l.h.plan.dictSlots())
	if !ok {
		return false, nil
	}
	if !d.ready(l, slots, volatil) {
		return false, nil
	}
	if d.slot == nil {
		d.slot = make([]uint32, vector.Capacity)
		d.at = make([]uint32, vector.Capacity)
	}
	slot := d.slot[:n]
	clear(slot)
	for i, v := range l.keys {
		if !d.dims[i].addTo(slot, v, sel, i == 0) {
			if d.strikes++; d.strikes >= maxStrikes {
				d.off = true
			}
			return false, nil
		}
	}
	if err := d.learn(ctx, l, slot, sel); err != nil || d.known == 0 {
		return err != nil, err
	}
	if d.known == 1 || one {
		return true, l.updateOne(cols, d.rows[slot[0]], sel, n)
	}
	if d.known <= maxSplit && n >= 2*d.known {
		return true, l.updateSplit(cols, slot, sel)
	}
	rows := l.probe.rows[:n]
	for k, g := range slot {
		rows[k] = d.rows[g]
	}
	return true, l.update(cols, rows, sel, n)
}

// ready makes the array fit the domains in next and drops what does not hold
// any more; false when memory was refused.
func (d *direct) ready(l *local, slots int, volatil bool) bool {
	same := !volatil && slots == d.slots && len(d.dims) == len(d.next) && d.gen == l.w.Generation()
	for i := range d.next {
		same = same && d.dims[i] == d.next[i]
	}
	if same {
		return true
	}
	if d.known > maxSlots {
		// Looking for so many again would cost more than it is worth.
		if d.strikes++; d.strikes >= maxStrikes {
			d.off = true
			d.release()
			return false
		}
	}
	d.dims = append(d.dims[:0], d.next...)
	d.gen = l.w.Generation()
	d.known = 0
	if d.slots == slots {
		clear(d.groups)
		return true
	}
	d.release()
	blk, ok := l.h.env.Pool.GetSized(l.h.mem, int64(slots)*4)
	if !ok {
		return false
	}
	d.blk, d.slots = blk, slots
	d.groups = raw.Cast[uint32](blk.Bytes)[:slots]
	return true
}

// reserve makes room for n more groups; false when memory was refused.
func (d *direct) reserve(l *local, n int) bool {
	need := d.known + n
	if need <= len(d.rows) {
		return true
	}
	blk, ok := l.h.env.Pool.GetSized(l.h.mem, 8*int64(min(d.slots, max(2*need, leastRows))))
	if !ok {
		return false
	}
	rows := raw.Cast[raw.Addr](blk.Bytes)
	copy(rows, d.rows[:d.known])
	if d.rowsBlk != nil {
		d.rowsBlk.Release()
	}
	d.rowsBlk, d.rows = blk, rows
	return true
}

// learn turns slots into numbers of groups. Rows of groups that were unknown
// are found by their keys. When that invalidated what was known, all are
// forgotten and it is done once more; known 0 afterwards means that direct
// addressing does not work for this chunk.
func (d *direct) learn(ctx context.Context, l *local, slot, sel []uint32) error {
	groups := d.groups
	lowest := ^uint32(0)
	for k, s := range slot {
		g := groups[s] - 1
		slot[k] = g
		lowest = min(lowest, g+1)
		if g == ^uint32(0) {
			slot[k] = s | 1<<31
		}
	}
	if lowest != 0 {
		return nil
	}
	// The first row of each unknown slot stands for it.
	fresh := d.at[:0]
	known := d.known
	for k, s := range slot {
		if s>>31 == 0 {
			continue
		}
		s &^= 1 << 31
		g := groups[s]
		if g == 0 {
			known++
			g = uint32(known)
			groups[s] = g
			fresh = append(fresh, uint32(k))
		}
		slot[k] = g - 1
	}
	at := fresh
	if sel != nil {
		for j, k := range fresh {
			at[j] = sel[k]
		}
	}
	if !d.reserve(l, len(at)) {
		d.dims, d.known, d.off = d.dims[:0], 0, true
		return nil
	}
	if err := l.findNew(ctx, at, len(at)); err != nil {
		d.dims = d.dims[:0] // the new slots have no rows
		return err
	}
	copy(d.rows[d.known:], l.probe.rows[:len(at)])
	if d.gen != l.w.Generation() {
		// Making room moved rows; those just found are good, others not.
		valid := d.known == 0
		d.dims = d.dims[:0]
		if d.known = 0; valid {
			d.known = known
		}
		return nil
	}
	d.known = known
	return nil
}

// groupSplit is the scratch memory of updateSplit.
type groupSplit struct {
	counts [maxSplit]uint32
	pos    []uint32
}

// updateSplit updates group by group: the positions are sorted by group first.
func (l *local) updateSplit(cols []*vector.Vector, slot, sel []uint32) error {
	d, g := &l.direct, &l.groups
	if g.pos == nil {
		g.pos = make([]uint32, vector.Capacity)
	}
	g.count(slot)
	var ends [maxSplit]uint32
	sum := uint32(0)
	for i := range ends {
		ends[i] = sum
		sum += g.counts[i]
	}
	pos := g.pos[:len(slot)]
	if sel == nil {
		for k, s := range slot {
			e := &ends[s%maxSplit]
			pos[*e] = uint32(k)
			*e++
		}
	} else {
		for k, s := range slot {
			e := &ends[s%maxSplit]
			pos[*e] = sel[k]
			*e++
		}
	}
	from := uint32(0)
	for i := range d.known {
		to := ends[i]
		if to > from {
			if err := l.updateOne(cols, d.rows[i], pos[from:to], int(to-from)); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// count counts the rows of each group; four tallies, so that runs of one group
// do not wait for each other.
func (g *groupSplit) count(slot []uint32) {
	var c [4][maxSplit]uint32
	for len(slot) >= 4 {
		c[0][slot[0]%maxSplit]++
		c[1][slot[1]%maxSplit]++
		c[2][slot[2]%maxSplit]++
		c[3][slot[3]%maxSplit]++
		slot = slot[4:]
	}
	for _, s := range slot {
		c[0][s%maxSplit]++
	}
	for i := range g.counts {
		g.counts[i] = c[0][i] + c[1][i] + c[2][i] + c[3][i]
	}
}
