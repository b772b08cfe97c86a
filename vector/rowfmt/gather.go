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
	gatherNulls(rows, c, out, pos)
	switch c.kind {
	case fixed1:
		gatherFixed(rows, c.off, out.Data, pos)
	case fixed2:
		gatherFixed(rows, c.off, raw.Cast[uint16](out.Data), pos)
	case fixed4, float32s:
		gatherFixed(rows, c.off, raw.Cast[uint32](out.Data), pos)
	case fixed8, float64s:
		gatherFixed(rows, c.off, raw.Cast[uint64](out.Data), pos)
	case fixed16, intervals:
		gatherFixed(rows, c.off, raw.Cast[types.Int128](out.Data), pos)
	case stringRefs:
		gatherFixed(rows, c.off, raw.Cast[types.StringRef](out.Data), pos)
		out.Bufs = bufs
	case nested:
		gatherNested(rows, c, bufs, out, pos)
	}
}

func gatherFixed[T any](rows []raw.Addr, off uintptr, dst []T, pos []uint32) {
	if pos == nil {
		dst = dst[:len(rows)]
		for i, r := range rows {
			if r != 0 {
				dst[i] = *raw.At[T](r, off)
			}
		}
		return
	}
	pos = pos[:len(rows)]
	for i, r := range rows {
		if r != 0 {
			dst[pos[i]] = *raw.At[T](r, off)
		}
	}
}

// gatherNulls sets the validity of the written positions.
func gatherNulls(rows []raw.Addr, c *column, out *vector.Vector, pos []uint32) {
	all := uint8(1) << c.bit
	for _, r := range rows {
		if r == 0 {
			all = 0
			break
		}
		all &= *raw.At[uint8](r, c.byt)
	}
	if all != 0 {
		if out.Valid != nil {
			for i := range rows {
				p := i
				if pos != nil {
					p = int(pos[i])
				}
				out.Valid.Set(p)
			}
		}
		return
	}
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
