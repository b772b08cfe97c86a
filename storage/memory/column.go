package memory

import (
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// heapPage is the size of the first string buffers of a column; later ones are
// whole blocks.
const heapPage = 4 << 10

// buffer is memory charged to a reservation: a small slice of the Go heap, or
// a block. Of an evicted row group it is where the bytes are on disk.
type buffer struct {
	bytes []byte
	block *block.Block
	ext   spill.Extent
}

// store hands out the memory of one row group and gives it back.
type store struct {
	pool *block.Pool
	res  *budget.Reservation
	// spill, unless nil, is asked to free n bytes when res refuses them.
	spill func(n int64) error
	held  int64 // bytes charged for what was handed out
}

// smallBuffer is from which size on buffers lie outside the Go heap: what a row
// group gives back is gone at once there, not with the next collection.
const smallBuffer = 4 << 10

// alloc returns a zeroed buffer of n bytes (a block may give more).
func (s *store) alloc(n int) (buffer, error) {
	if n < smallBuffer {
		if !s.res.TryGrow(int64(n)) {
			if err := s.room(int64(n)); err != nil {
				return buffer{}, err
			}
			if err := s.res.Grow(int64(n)); err != nil {
				return buffer{}, err
			}
		}
		s.held += int64(n)
		return buffer{bytes: make([]byte, n)}, nil
	}
	b, ok := s.pool.GetSized(s.res, int64(n))
	if !ok {
		err := s.room(int64(n))
		if err == nil {
			b, err = s.pool.MustGetSized(s.res, int64(n), nil)
		}
		if err != nil {
			return buffer{}, err
		}
	}
	s.held += b.Charged()
	return buffer{bytes: b.Bytes, block: b}, nil
}

func (s *store) room(n int64) error {
	if s.spill == nil {
		return nil
	}
	return s.spill(n)
}

// free gives the memory back; what is on disk stays there.
func (s *store) free(b *buffer) {
	if b.block != nil {
		s.held -= b.block.Charged()
		b.block.Release()
	} else {
		s.held -= int64(len(b.bytes))
		s.res.Shrink(int64(len(b.bytes)))
	}
	// Readers of what is on disk may be looking at b.ext.
	b.bytes, b.block = nil, nil
}

// grow returns a buffer of at least n bytes that starts with what old held.
func (s *store) grow(old *buffer, n int) error {
	if n <= len(old.bytes) {
		return nil
	}
	b, err := s.alloc(max(n, 2*len(old.bytes), 64))
	if err != nil {
		return err
	}
	copy(b.bytes, old.bytes)
	s.free(old)
	*old = b
	return nil
}

// column is one column of a row group.
type column struct {
	typ      types.Type
	rows     int
	data     buffer
	valid    buffer // empty: no NULL yet
	nulls    int
	heap     []buffer
	heapUsed int   // of the last heap buffer
	heapSum  int64 // bytes of all strings beyond their references
	bufs     [][]byte
	children []*column
}

func newColumn(t types.Type) *column {
	c := &column{typ: t}
	for _, ch := range vector.New(t).Children {
		c.children = append(c.children, newColumn(ch.Type))
	}
	return c
}

func (c *column) free(s *store) {
	s.free(&c.data)
	s.free(&c.valid)
	for i := range c.heap {
		s.free(&c.heap[i])
	}
	for _, ch := range c.children {
		ch.free(s)
	}
	*c = column{typ: c.typ}
}

// setNull marks row i, which lies below the row count to be, NULL.
func (c *column) setNull(s *store, i, rows int) error {
	had := len(c.valid.bytes) / 8
	need := (rows + 63) / 64
	if had < need {
		if err := s.grow(&c.valid, need*8); err != nil {
			return err
		}
		w := raw.Cast[uint64](c.valid.bytes)
		for k := had; k < len(w); k++ {
			w[k] = ^uint64(0)
		}
	}
	vector.Bitmap(raw.Cast[uint64](c.valid.bytes)).Clear(i)
	c.nulls++
	return nil
}

// append adds the rows of v at positions sel (nil: 0 to n-1), n of them.
func (c *column) append(s *store, v *vector.Vector, sel []uint32, n int) error {
	if n == 0 {
		return nil
	}
	w := v.View(nil)
	phys := c.typ.Physical()
	width := phys.Width()
	if err := s.grow(&c.data, (c.rows+n)*width); err != nil {
		return err
	}
	if len(c.valid.bytes) > 0 && len(c.valid.bytes)*8 < c.rows+n {
		had := len(c.valid.bytes) / 8
		if err := s.grow(&c.valid, (c.rows+n+63)/64*8); err != nil {
			return err
		}
		words := raw.Cast[uint64](c.valid.bytes)
		for k := had; k < len(words); k++ {
			words[k] = ^uint64(0)
		}
	}
	if w.Valid != nil {
		for i := range n {
			if p := position(sel, i); w.IsNull(p) {
				if err := c.setNull(s, c.rows+i, c.rows+n); err != nil {
					return err
				}
			}
		}
	}
	var err error
	switch phys {
	case types.PString:
		err = c.appendStrings(s, &w, sel, n)
	case types.PList:
		err = c.appendLists(s, &w, sel, n)
	case types.PStruct, types.PArray:
		err = c.appendParts(s, &w, sel, n)
	default:
		dst := c.data.bytes[c.rows*width:]
		switch width {
		case 1:
			scatter[uint8](dst, &w, sel, n)
		case 2:
			scatter[uint16](dst, &w, sel, n)
		case 4:
			scatter[uint32](dst, &w, sel, n)
		case 8:
			scatter[uint64](dst, &w, sel, n)
		case 16:
			scatter[types.Uint128](dst, &w, sel, n)
		}
	}
	if err == nil {
		c.rows += n
	}
	return err
}

func position(sel []uint32, i int) int {
	if sel != nil {
		return int(sel[i])
	}
	return i
}

// scatter copies n fixed-size elements to dst, densely.
func scatter[T any](dst []byte, w *vector.View, sel []uint32, n int) {
	out := raw.Cast[T](dst)[:n]
	in := raw.Cast[T](w.Data)
	switch {
	case sel == nil && w.Sel == nil:
		copy(out, in)
	case sel == nil:
		for i, k := range w.Sel[:n] {
			out[i] = in[k]
		}
	case w.Sel == nil:
		for i, p := range sel[:n] {
			out[i] = in[p]
		}
	default:
		for i, p := range sel[:n] {
			out[i] = in[w.Sel[p]]
		}
	}
}

func (c *column) appendStrings(s *store, w *vector.View, sel []uint32, n int) error {
	out := raw.Cast[types.StringRef](c.data.bytes)[c.rows : c.rows+n]
	in := raw.Cast[types.StringRef](w.Data)
	for i := range n {
		p := w.Index(position(sel, i))
		ref := &in[p]
		if w.Valid != nil && !w.Valid.Get(p) {
			out[i] = types.StringRef{}
			continue
		}
		if ref.Inline() {
			out[i] = *ref
			continue
		}
		b := vector.Str(ref, w.Bufs)
		if c.heapFree() < len(b) {
			size := block.Size
			if len(c.heap) == 0 {
				size = heapPage
			}
			page, err := s.alloc(max(size, len(b)))
			if err != nil {
				return err
			}
			c.heap = append(c.heap, page)
			c.bufs = append(c.bufs, page.bytes)
			c.heapUsed = 0
		}
		last := len(c.heap) - 1
		copy(c.heap[last].bytes[c.heapUsed:], b)
		out[i] = types.LongRef(b, last, c.heapUsed)
		c.heapUsed += len(b)
		c.heapSum += int64(len(b))
	}
	return nil
}

func (c *column) heapFree() int {
	if len(c.heap) == 0 {
		return 0
	}
	return len(c.heap[len(c.heap)-1].bytes) - c.heapUsed
}

func (c *column) appendLists(s *store, w *vector.View, sel []uint32, n int) error {
	out := raw.Cast[types.ListEntry](c.data.bytes)[c.rows : c.rows+n]
	in := raw.Cast[types.ListEntry](w.Data)
	var pos []uint32
	at := uint32(c.children[0].rows)
	for i := range n {
		p := w.Index(position(sel, i))
		if w.Valid != nil && !w.Valid.Get(p) {
			out[i] = types.ListEntry{}
			continue
		}
		e := in[p]
		out[i] = types.ListEntry{Offset: at, Length: e.Length}
		for k := range e.Length {
			pos = append(pos, e.Offset+k)
		}
		at += e.Length
	}
	return c.appendChild(s, c.children[0], w.Children[0], pos)
}

func (c *column) appendParts(s *store, w *vector.View, sel []uint32, n int) error {
	each := 1
	if c.typ.ID == types.Array {
		each = c.typ.Ext.Size
	}
	pos := make([]uint32, 0, n*each)
	for i := range n {
		p := w.Index(position(sel, i))
		for k := range each {
			pos = append(pos, uint32(p*each+k))
		}
	}
	for k, ch := range c.children {
		if err := c.appendChild(s, ch, w.Children[k], pos); err != nil {
			return err
		}
	}
	return nil
}

// appendChild appends the child's positions in pieces, since the form View
// gives constants is limited to a chunk.
func (c *column) appendChild(s *store, ch *column, v *vector.Vector, pos []uint32) error {
	for len(pos) > 0 {
		n := min(len(pos), vector.Capacity)
		if err := ch.append(s, v, pos[:n], n); err != nil {
			return err
		}
		pos = pos[n:]
	}
	return nil
}

// read points v at rows [from, from+n); v is flat and shares the buffers, but
// for validity bits that do not start at a word.
func (c *column) read(v *vector.Vector, from, n int) {
	v.Form, v.Len = vector.Flat, n
	v.Dict, v.Codes, v.DictID = nil, nil, 0
	w := c.typ.Physical().Width()
	v.Data = c.data.bytes[from*w : (from+n)*w]
	v.Bufs = c.bufs
	v.Valid = nil
	if c.nulls > 0 && len(c.valid.bytes) > 0 {
		bits := vector.Bitmap(raw.Cast[uint64](c.valid.bytes))
		if from&63 == 0 {
			v.Valid = bits[from>>6 : (from+n+63)>>6]
		} else {
			m := make(vector.Bitmap, (n+63)>>6)
			for i := range n {
				if bits.Get(from + i) {
					m.Set(i)
				}
			}
			v.Valid = m
		}
	}
	switch c.typ.Physical() {
	case types.PList:
		c.children[0].read(v.Children[0], 0, c.children[0].rows)
	case types.PArray:
		c.children[0].read(v.Children[0], from*c.typ.Ext.Size, n*c.typ.Ext.Size)
	case types.PStruct:
		for k, ch := range c.children {
			ch.read(v.Children[k], from, n)
		}
	}
}
