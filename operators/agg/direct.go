package agg

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// maxDictSlots bounds the product of dictionary sizes, unless the plan
	// says otherwise, maxSlots that of all keys' domains.
	maxDictSlots = 1 << 12
	maxSlots     = 1 << 16
	// maxStrikes is how often a promised domain may fail before it is no
	// longer believed.
	maxStrikes = 4
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

	blk    *block.Block
	groups []uint32   // by slot: 1 + number of the group, 0 unknown
	rows   []raw.Addr // by number of the group
	known  int
	gen    uint64 // of the writer, when rows were filled

	slot []uint32 // of each rank
	at   []uint32
	next []dim
}

// dim is the domain of one key.
type dim struct {
	form  vector.Form // Dictionary, Constant, or Flat for integers
	size  uint32
	id    uint64 // of the dictionary
	min   int64
	width uint64 // of integers: max - min
}

func (d *direct) release() {
	if d.blk != nil {
		d.blk.Release()
	}
	d.blk, d.groups, d.rows, d.known, d.slots = nil, nil, nil, 0, 0
}

// plan finds the domains of the keys of this chunk; false when direct
// addressing does not apply.
func (d *direct) plan(keys []*vector.Vector, bounds []Bounds, n, maxDict int) (slots int, volatil, ok bool) {
	d.next = d.next[:0]
	slots, dictSlots := 1, 1
	for i, v := range keys {
		var m dim
		switch {
		case v.Form == vector.Constant:
			m = dim{form: vector.Constant, size: 1}
			volatil = true
		case v.Form == vector.Dictionary:
			m = dim{form: vector.Dictionary, size: uint32(v.Dict.Len), id: v.DictID}
			if v.Dict.Len == 0 || v.Dict.Len > maxDict {
				return 0, false, false
			}
			dictSlots *= v.Dict.Len
			volatil = volatil || v.DictID == 0
		case bounds != nil && bounds[i].Known && hasDomain(v.Type):
			width := uint64(bounds[i].Max) - uint64(bounds[i].Min)
			if bounds[i].Max < bounds[i].Min || width >= maxSlots-2 || v.Form != vector.Flat {
				return 0, false, false
			}
			// One more for NULL.
			m = dim{form: vector.Flat, size: uint32(width) + 2, min: bounds[i].Min, width: width}
		default:
			return 0, false, false
		}
		slots *= int(m.size)
		if slots > maxSlots || dictSlots > maxDict {
			return 0, false, false
		}
		d.next = append(d.next, m)
	}
	// What is learned for one chunk only has to pay within it.
	return slots, volatil, !volatil || slots == 1 || slots <= n/4
}

// hasDomain reports whether values of t are integers of at most 64 bits.
func hasDomain(t types.Type) bool {
	switch t.Physical() {
	case types.PInt8, types.PInt16, types.PInt32, types.PInt64, types.PUint8, types.PUint16, types.PUint32:
		return true
	}
	return false
}

// tryDirect aggregates the n positions sel by direct addressing; false when it
// does not apply, and nothing was done then.
func (l *local) tryDirect(ctx context.Context, cols []*vector.Vector, sel []uint32, n int) (bool, error) {
	d := &l.direct
	if d.off {
		return false, nil
	}
	slots, volatil, ok := d.plan(l.keys, l.b.bounds, n, l.h.plan.dictSlots())
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
	if d.known == 1 {
		return true, l.updateOne(cols, d.rows[0], sel, n)
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
	d.dims = append(d.dims[:0], d.next...)
	d.gen = l.w.Generation()
	d.known = 0
	if d.slots == slots {
		clear(d.groups)
		return true
	}
	d.release()
	d.slots = slots
	blk, ok := l.h.env.Pool.GetSized(l.h.mem, int64(slots)*16)
	if !ok {
		d.slots = 0
		return false
	}
	d.blk = blk
	d.rows = raw.Cast[raw.Addr](blk.Bytes[:8*slots])
	d.groups = raw.Cast[uint32](blk.Bytes[8*slots:])[:slots]
	return true
}

// addTo folds the dimension into the slots of the positions sel; false when a
// value is outside of the domain.
func (m *dim) addTo(slot []uint32, v *vector.Vector, sel []uint32, first bool) bool {
	switch m.form {
	case vector.Constant:
		return true
	case vector.Dictionary:
		codes := v.Codes
		switch {
		case sel == nil && first:
			copy(slot, codes[:len(slot)])
		case sel == nil:
			codes = codes[:len(slot)]
			for k, c := range codes {
				slot[k] = slot[k]*m.size + c
			}
		case first:
			for k, p := range sel[:len(slot)] {
				slot[k] = codes[p]
			}
		default:
			for k, p := range sel[:len(slot)] {
				slot[k] = slot[k]*m.size + codes[p]
			}
		}
		return true
	}
	switch v.Type.Physical() {
	case types.PInt8:
		return addIntegers(m, slot, raw.Cast[int8](v.Data), v.Valid, sel)
	case types.PInt16:
		return addIntegers(m, slot, raw.Cast[int16](v.Data), v.Valid, sel)
	case types.PInt32:
		return addIntegers(m, slot, raw.Cast[int32](v.Data), v.Valid, sel)
	case types.PInt64:
		return addIntegers(m, slot, raw.Cast[int64](v.Data), v.Valid, sel)
	case types.PUint8:
		return addIntegers(m, slot, v.Data, v.Valid, sel)
	case types.PUint16:
		return addIntegers(m, slot, raw.Cast[uint16](v.Data), v.Valid, sel)
	case types.PUint32:
		return addIntegers(m, slot, raw.Cast[uint32](v.Data), v.Valid, sel)
	}
	return false
}

func addIntegers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](m *dim, slot []uint32, vals []T, valid vector.Bitmap, sel []uint32) bool {
	var most uint64
	if valid == nil && sel == nil {
		vals = vals[:len(slot)]
		for k, v := range vals {
			u := uint64(int64(v)) - uint64(m.min)
			most = max(most, u)
			slot[k] = slot[k]*m.size + uint32(u)
		}
		return most <= m.width
	}
	for k := range slot {
		p := uint32(k)
		if sel != nil {
			p = sel[k]
		}
		u := uint64(int64(vals[p])) - uint64(m.min)
		if valid != nil && valid[p>>6]>>(p&63)&1 == 0 {
			u = 0
			slot[k] = slot[k]*m.size + uint32(m.width) + 1
		} else {
			slot[k] = slot[k]*m.size + uint32(u)
		}
		most = max(most, u)
	}
	return most <= m.width
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
	if err := l.find(ctx, at, len(at)); err != nil {
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
