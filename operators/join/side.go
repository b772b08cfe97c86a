package join

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// side says which columns of one side's chunks are kept in rows, and where.
type side struct {
	layout *rowfmt.Layout
	cols   []int // chunk column of each row column, the keys first
	at     []int // row column of each chunk column; -1: not kept
}

// newSide lays out rows of the keys and what else is needed. flags: rows have
// a state that tells whether they found a match; chains: they have a next
// address.
func newSide(ts []types.Type, keys []int, flags, chains bool, needed ...[]int) (s side, err error) {
	s.at = make([]int, len(ts))
	for i := range s.at {
		s.at[i] = -1
	}
	var kept []types.Type
	keep := func(c int) {
		if s.at[c] < 0 {
			s.at[c] = len(kept)
		}
		s.cols = append(s.cols, c)
		kept = append(kept, ts[c])
	}
	for _, c := range keys {
		keep(c)
	}
	for _, list := range needed {
		for _, c := range list {
			if s.at[c] < 0 {
				keep(c)
			}
		}
	}
	o := rowfmt.Options{Hash: len(keys) > 0, Next: len(keys) > 0 && chains}
	if flags {
		// A state instead of the layout's flag byte, which shares its word
		// with validity bits that others read while it is set.
		o.States = []rowfmt.State{{Size: 8}}
	}
	s.layout, err = rowfmt.NewLayout(kept, o)
	return s, err
}

// vectors lists the columns of in that rows keep.
func (s *side) vectors(in *vector.Chunk, buf []*vector.Vector) []*vector.Vector {
	buf = buf[:0]
	for _, c := range s.cols {
		buf = append(buf, in.Cols[c])
	}
	return buf
}

// identity is the selection of all positions.
var identity = func() *[vector.Capacity]uint32 {
	var a [vector.Capacity]uint32
	for i := range a {
		a[i] = uint32(i)
	}
	return &a
}()

// selected lists the selected positions of c.
func selected(c *vector.Chunk) []uint32 {
	if c.Sel != nil {
		return c.Sel
	}
	return identity[:c.Len]
}

func isInteger(p types.Physical) bool {
	switch p {
	case types.PInt8, types.PInt16, types.PInt32, types.PInt64,
		types.PUint8, types.PUint16, types.PUint32, types.PUint64, types.PBool:
		return true
	}
	return false
}
