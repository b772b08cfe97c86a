package vector

import "github.com/gannetdb/gannet/vector/types"

// Chunk is a set of columns of equal Len, at most Capacity, of which the
// positions in Sel are alive.
type Chunk struct {
	Cols []*Vector
	Len  int
	Sel  []uint32 // nil = all of [0, Len); else ascending, distinct positions

	selBuf []uint32
}

// NewChunk returns an empty chunk with one vector per type.
func NewChunk(ts []types.Type) *Chunk {
	c := &Chunk{Cols: make([]*Vector, len(ts))}
	for i, t := range ts {
		c.Cols[i] = New(t)
	}
	return c
}

// NumRows returns the number of selected positions.
func (c *Chunk) NumRows() int {
	if c.Sel != nil {
		return len(c.Sel)
	}
	return c.Len
}

// Types returns the types of the columns.
func (c *Chunk) Types() []types.Type {
	ts := make([]types.Type, len(c.Cols))
	for i, v := range c.Cols {
		ts[i] = v.Type
	}
	return ts
}

// Reset empties the chunk: no rows, no selection. Columns keep their buffers.
func (c *Chunk) Reset() { c.Len, c.Sel = 0, nil }

// Reference makes c show the same rows as src, sharing vectors' buffers; the
// number of columns must agree.
func (c *Chunk) Reference(src *Chunk) {
	for i, v := range src.Cols {
		c.Cols[i].Reference(v)
	}
	c.Len, c.Sel = src.Len, src.Sel
}

// SelBuf returns a buffer of Capacity positions owned by c, for building the
// next Sel. It must not be the memory of a selection still in use elsewhere.
func (c *Chunk) SelBuf() []uint32 {
	if c.selBuf == nil {
		c.selBuf = make([]uint32, Capacity)
	}
	return c.selBuf
}

// Position returns the position of the i-th selected row.
func (c *Chunk) Position(i int) int {
	if c.Sel != nil {
		return int(c.Sel[i])
	}
	return i
}
