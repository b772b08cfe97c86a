package parquet

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// levelBlock is how many entries are decoded at a time.
const levelBlock = 1024

// maxSlots bounds the elements that the lists of one vector have together.
const maxSlots = 1 << 30

// leafReader reads one leaf of a nested column: the levels of whole rows, and
// the values that they say are there. Between two reads it stands in front of
// an entry that begins a row.
type leafReader struct {
	c       *columnReader
	slotDef int

	// Levels of the current page that are decoded and not taken yet.
	repBlock, defBlock [levelBlock]uint32
	at, end            int

	// The rows read: levels, an entry each, and the values of the entries that
	// are places for one, with their bitmap.
	rep, def []byte
	entries  int
	data     []byte
	valid    []byte
	slots    int
	nulls    int
}

// open starts on a chunk, to which c was opened.
func (l *leafReader) open() {
	l.at, l.end = 0, 0
	l.entries, l.slots, l.nulls = 0, 0, 0
}

// extend gives b room for n bytes and keeps what it holds.
func (m *memory) extend(b []byte, n int) ([]byte, error) {
	if n <= cap(b) {
		return b[:n], nil
	}
	size := max(512, 2*cap(b), (n+511)&^511)
	if err := m.grow(size); err != nil {
		return b, err
	}
	out := make([]byte, n, size)
	copy(out, b)
	m.shrink(cap(b))
	return out, nil
}

// nextBlock decodes the next levels, at most limit; false at the end of the
// chunk.
func (l *leafReader) nextBlock(ctx context.Context, limit int) (bool, error) {
	c := l.c
	if err := sqlerr.FromContext(ctx); err != nil {
		return false, err
	}
	for c.pageLeft == 0 {
		if c.rowsLeft <= 0 {
			return false, nil
		}
		if err := c.openPage(ctx); err != nil {
			return false, err
		}
	}
	n := c.leaf.node
	k := min(c.pageLeft, levelBlock, limit)
	if n.maxRep > 0 {
		if err := c.reps.read(l.repBlock[:k]); err != nil {
			return false, err
		}
		if highest(l.repBlock[:k]) > uint32(n.maxRep) {
			return false, errLevels
		}
	}
	if n.maxDef > 0 {
		if err := c.defs.read(l.defBlock[:k]); err != nil {
			return false, err
		}
		if highest(l.defBlock[:k]) > uint32(n.maxDef) {
			return false, errLevels
		}
	}
	c.pageLeft -= k
	l.at, l.end = 0, k
	return true, nil
}

func highest(levels []uint32) uint32 {
	m := uint32(0)
	for _, x := range levels {
		m = max(m, x)
	}
	return m
}

// run returns where in the block the entries of the next rows rows end, and how
// many rows begin behind it still.
func (l *leafReader) run(rows int64) (end int, left int64) {
	if l.c.leaf.node.maxRep == 0 {
		k := min(rows, int64(l.end-l.at))
		return l.at + int(k), rows - k
	}
	i := l.at
	for ; i < l.end; i++ {
		if l.repBlock[i] == 0 {
			if rows == 0 {
				break
			}
			rows--
		}
	}
	return i, rows
}

// advance moves on over *n rows, storing them when store is set, and counts *n
// down to zero.
func (l *leafReader) advance(ctx context.Context, n *int64, store bool) error {
	c := l.c
	repeated := c.leaf.node.maxRep > 0
	for started := false; ; started = true {
		for l.at == l.end {
			if *n == 0 && (!started || !repeated || c.pageLeft == 0 && c.aligned) {
				return nil
			}
			limit := levelBlock
			if !repeated {
				limit = int(min(*n, levelBlock))
			}
			// This may pass over whole pages, and then counts c.skipped down.
			more, err := l.nextBlock(ctx, limit)
			switch {
			case err != nil:
				return err
			case more:
			case *n == 0:
				return nil
			default:
				return errTooFew
			}
		}
		begins := !repeated || l.repBlock[l.at] == 0
		if *n == 0 && (begins || !started) {
			return nil
		}
		if !begins && !started {
			return errLevels
		}
		end, left := l.run(*n)
		var err error
		if store {
			err = l.take(end)
		} else {
			err = c.skipValues(l.values(end))
		}
		if err != nil {
			return err
		}
		l.at, *n = end, left
	}
}

// values returns how many of the block's entries up to end have a value.
func (l *leafReader) values(end int) int {
	maxDef := uint32(l.c.leaf.node.maxDef)
	if maxDef == 0 {
		return end - l.at
	}
	m := 0
	for _, d := range l.defBlock[l.at:end] {
		if d == maxDef {
			m++
		}
	}
	return m
}

// read stores the next n rows.
func (l *leafReader) read(ctx context.Context, n int) error {
	c := l.c
	c.releaseHeld()
	if err := l.advance(ctx, &c.skipped, false); err != nil {
		return err
	}
	c.trimBufs()
	l.entries, l.slots, l.nulls = 0, 0, 0
	rows := int64(n)
	return l.advance(ctx, &rows, true)
}

// take stores the block's entries up to end, with their values.
func (l *leafReader) take(end int) (err error) {
	c := l.c
	n := c.leaf.node
	k := end - l.at
	was := l.entries
	if l.rep, err = c.mem.extend(l.rep, was+k); err != nil {
		return err
	}
	if l.def, err = c.mem.extend(l.def, was+k); err != nil {
		return err
	}
	l.entries += k
	rep, def := l.rep[was:], l.def[was:]
	if n.maxRep > 0 {
		for i, x := range l.repBlock[l.at:end] {
			rep[i] = byte(x)
		}
	} else {
		clear(rep)
	}
	slots, values := k, k
	if n.maxDef > 0 {
		slots, values = 0, 0
		for i, x := range l.defBlock[l.at:end] {
			def[i] = byte(x)
			if int(x) >= l.slotDef {
				slots++
			}
			if int(x) == n.maxDef {
				values++
			}
		}
	} else {
		clear(def)
	}
	from := l.slots
	l.slots += slots
	if l.slots > maxSlots {
		return sqlerr.New(sqlerr.CodeLimitExceeded, "column %q has lists of more than %d elements together in %d rows", c.name, maxSlots, vector.Capacity)
	}
	w := c.leaf.kind.typ.Physical().Width()
	if l.data, err = c.mem.extend(l.data, l.slots*w); err != nil {
		return err
	}
	if l.valid, err = c.mem.extend(l.valid, (l.slots+63)/64*8); err != nil {
		return err
	}
	dst := l.data[from*w:]
	if err := c.readValues(dst[:values*w], 0, values, values, nil); err != nil {
		return err
	}
	valid := vector.Bitmap(raw.Cast[uint64](l.valid))
	if values == slots {
		fillBits(valid, from, slots, true)
		return nil
	}
	l.nulls += slots - values
	at := from
	for _, d := range def {
		if int(d) < l.slotDef {
			continue
		}
		if int(d) == n.maxDef {
			valid.Set(at)
		} else {
			valid.Clear(at)
		}
		at++
	}
	if values == 0 {
		clear(dst) // references must be in bounds
		return nil
	}
	spreadWidth(w, dst, valid, from, values)
	return nil
}

// fill makes v the values read.
func (l *leafReader) fill(v *vector.Vector) {
	kind := &l.c.leaf.kind
	*v = vector.Vector{Type: kind.typ, Len: l.slots, Data: l.data}
	if l.nulls > 0 {
		v.Valid = vector.Bitmap(raw.Cast[uint64](l.valid))
	}
	if kind.isString() {
		v.Bufs = l.c.bufs
	}
}

// structs writes which places for the struct f are not NULL and returns how
// many are; there must be slots places.
func (l *leafReader) structs(f *field, valid vector.Bitmap, slots int) (nulls int, err error) {
	rep, def := l.rep[:l.entries], l.def[:l.entries]
	rep = rep[:len(def)]
	at := 0
	for i, d := range def {
		if int(rep[i]) > f.slotRep || int(d) < f.slotDef {
			continue
		}
		if at == slots {
			return 0, errShape
		}
		if int(d) >= f.def {
			valid.Set(at)
		} else {
			valid.Clear(at)
			nulls++
		}
		at++
	}
	if at != slots {
		return 0, errShape
	}
	return nulls, nil
}

// lists writes the lists of field f and which of them are not NULL, and returns
// how many elements they have; there must be len(out) places for lists.
func (l *leafReader) lists(f *field, out []types.ListEntry, valid vector.Bitmap) (elems, nulls int, err error) {
	rep, def := l.rep[:l.entries], l.def[:l.entries]
	rep = rep[:len(def)]
	at := -1
	open := false // the last place has a list with elements
	for i, d := range def {
		switch r := int(rep[i]); {
		case r < f.elemRep:
			open = false
			if int(d) < f.slotDef {
				continue
			}
			if at++; at == len(out) {
				return 0, 0, errShape
			}
			out[at] = types.ListEntry{Offset: uint32(elems)}
			if int(d) >= f.def {
				valid.Set(at)
			} else {
				valid.Clear(at)
				nulls++
			}
			if int(d) >= f.elemDef {
				out[at].Length = 1
				elems++
				open = true
			}
		case !open:
			return 0, 0, errLevels
		case r == f.elemRep:
			if int(d) < f.elemDef {
				return 0, 0, errLevels
			}
			out[at].Length++
			elems++
		}
	}
	if at+1 != len(out) {
		return 0, 0, errShape
	}
	return elems, nulls, nil
}
