package rowfmt

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Gather copies column col of rows to out: position pos[i] (nil: i) gets the
// value of rows[i], NULL where that is 0. out is flat, owns its data and has
// been resized; positions that are not written keep what they had.
//
// Long strings are not copied: out.Bufs becomes bufs, the heap pages by number,
// and out may be read only as long as those are in place. So all calls that
// fill the same out must pass the same bufs. Nested values are rebuilt in out's
// children; one call has to supply all of out's values that are not NULL.
func (l *Layout) Gather(col int, rows []raw.Addr, bufs [][]byte, out *vector.Vector, pos []uint32) {
	c := &l.cols[col]
	valid := false
	switch c.kind {
	case fixed1:
		valid = gatherFixed(rows, c, out.Data, pos)
	case fixed2:
		valid = gatherFixed(rows, c, raw.Cast[uint16](out.Data), pos)
	case fixed4, float32s:
		valid = gatherFixed(rows, c, raw.Cast[uint32](out.Data), pos)
	case fixed8, float64s:
		valid = gatherFixed(rows, c, raw.Cast[uint64](out.Data), pos)
	case fixed16, intervals:
		valid = gatherFixed(rows, c, raw.Cast[types.Int128](out.Data), pos)
	case stringRefs:
		valid = gatherFixed(rows, c, raw.Cast[types.StringRef](out.Data), pos)
		out.Bufs = bufs
	case nested:
		valid = allValid(rows, c)
	}
	if valid {
		setValid(out, len(rows), pos)
	} else {
		gatherNulls(rows, c, out, pos)
	}
	if c.kind == nested {
		gatherNested(rows, c, bufs, out, pos)
	}
}

// gatherFixed reports whether no row is missing and no value NULL.
func gatherFixed[T any](rows []raw.Addr, c *column, dst []T, pos []uint32) (valid bool) {
	off, byt := c.off, c.byt
	all := uint8(1) << c.bit
	if pos == nil {
		dst = dst[:len(rows)]
		for i, r := range rows {
			if r == 0 {
				all = 0
				continue
			}
			dst[i] = *raw.At[T](r, off)
			all &= *raw.At[uint8](r, byt)
		}
		return all != 0
	}
	pos = pos[:len(rows)]
	for i, r := range rows {
		if r == 0 {
			all = 0
			continue
		}
		dst[pos[i]] = *raw.At[T](r, off)
		all &= *raw.At[uint8](r, byt)
	}
	return all != 0
}

// allValid is what gatherFixed reports.
func allValid(rows []raw.Addr, c *column) bool {
	all := uint8(1) << c.bit
	for _, r := range rows {
		if r == 0 {
			return false
		}
		all &= *raw.At[uint8](r, c.byt)
	}
	return all != 0
}

// setValid sets the validity of the n written positions.
func setValid(out *vector.Vector, n int, pos []uint32) {
	if out.Valid == nil {
		return
	}
	for i := range n {
		if pos != nil {
			i = int(pos[i])
		}
		out.Valid.Set(i)
	}
}

// gatherNulls sets the validity of the written positions where some may be NULL.
func gatherNulls(rows []raw.Addr, c *column, out *vector.Vector, pos []uint32) {
	valid := out.MutableValid()
	for i, r := range rows {
		p := i
		if pos != nil {
			p = int(pos[i])
		}
		if r != 0 && *raw.At[uint8](r, c.byt)>>c.bit&1 != 0 {
			valid.Set(p)
			continue
		}
		valid.Clear(p)
		if c.kind == stringRefs {
			// References at NULL positions stay in bounds.
			vector.Values[types.StringRef](out)[p] = types.StringRef{}
		}
	}
}

func gatherNested(rows []raw.Addr, c *column, bufs [][]byte, out *vector.Vector, pos []uint32) {
	// Sizes first, so that no child moves while it is filled.
	var b Builder
	b.Prepare(out)
	for _, r := range rows {
		if r != 0 && *raw.At[uint8](r, c.byt)>>c.bit&1 != 0 {
			b.Count(vector.Str(raw.At[types.StringRef](r, c.off), bufs))
		}
	}
	b.Resize()
	for i, r := range rows {
		if r != 0 && *raw.At[uint8](r, c.byt)>>c.bit&1 != 0 {
			p := i
			if pos != nil {
				p = int(pos[i])
			}
			b.Fill(vector.Str(raw.At[types.StringRef](r, c.off), bufs), p)
		}
	}
}
