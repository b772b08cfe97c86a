package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// positional computes a function.BoundWindow.
type positional struct {
	w    *Window
	c    *Call
	args []*vector.Vector

	at       []int32
	rows     []raw.Addr
	defaults []uint32
	from     []raw.Addr

	keys    *sortkey.Rows // of ORDER BY within the arguments
	order   *rowOrder
	blk     *block.Block
	nonNull []int32
}

func newPositional(w *Window, c *Call, keys *sortkey.Rows) *positional {
	p := &positional{w: w, c: c, keys: keys, args: make([]*vector.Vector, len(c.Args))}
	for i, a := range c.Args {
		if i > 0 || !c.Fn.Values {
			p.args[i] = vector.New(w.plan.Input[a])
		}
	}
	if c.Fn.Pick != nil {
		p.at = make([]int32, vector.Capacity)
		p.rows = make([]raw.Addr, vector.Capacity)
		p.from = make([]raw.Addr, vector.Capacity)
		p.defaults = make([]uint32, vector.Capacity)
	}
	return p
}

func (p *positional) end() {
	if p.blk != nil {
		p.blk.Release()
		p.blk = nil
	}
	p.nonNull = nil
	p.order.release()
	p.order = nil
}

func (p *positional) begin(ctx context.Context, s *section) (err error) {
	if p.c.IgnoreNulls && p.c.Fn.Values {
		if err := p.findValues(s); err != nil {
			return err
		}
	}
	if len(p.keys.Keys) > 0 {
		p.order, err = newRowOrder(ctx, p.w, s, p.keys, p.nonNull, false)
	}
	return err
}

// findValues lists the rows whose first argument is not NULL.
func (p *positional) findValues(s *section) error {
	blk, err := getBlock(p.w, int64(s.n)*4)
	if err != nil {
		return err
	}
	p.blk = blk
	list := raw.Cast[int32](blk.Bytes)
	byt, bit := p.w.rows.Layout.ValidBit(p.c.Args[0])
	n := 0
	for i, r := range s.rows {
		list[n] = int32(i)
		n += int(*raw.At[uint8](r, byt) >> bit & 1)
	}
	p.nonNull = list[:n]
	return nil
}

// getBlock takes at least n bytes, not zeroed. When memory is refused, parts
// that wait go to disk. Errors: 53200 and those of writing.
func getBlock(w *Window, n int64) (*block.Block, error) {
	var b *block.Block
	ok := false
	if n <= block.Size {
		b, ok = w.env.Pool.Get(w.work)
	} else {
		b, ok = w.env.Pool.GetSized(w.work, n)
	}
	if ok {
		return b, nil
	}
	// What is written is small, and waited for: nothing to cancel.
	if err := w.makeRoom(context.Background(), max(n, roomBytes)); err != nil {
		return nil, err
	}
	if n <= block.Size {
		return w.env.Pool.MustGet(w.work)
	}
	return w.env.Pool.MustGetSized(w.work, n)
}

func (p *positional) eval(_ context.Context, s *section, call *function.WinCall, out *vector.Vector) error {
	n := len(call.Row)
	rows, bufs := s.rows[call.Row[0]:][:n], s.loaded.Bufs()
	layout := p.w.rows.Layout
	for i, v := range p.args {
		if v != nil && i < 2 { // defaults are fetched where they are needed
			v.Resize(n)
			layout.Gather(p.c.Args[i], rows, bufs, v, nil)
		}
	}
	call.Args = p.args
	call.IgnoreNulls, call.NonNull, call.Ordered = p.c.IgnoreNulls, p.nonNull, nil
	if p.order != nil {
		call.Ordered = p.order
	}
	if p.c.Fn.Number != nil {
		return p.c.Fn.Number(call, out)
	}
	at := p.at[:n]
	if err := p.c.Fn.Pick(call, at); err != nil {
		return err
	}
	missing := 0
	for i, a := range at {
		p.rows[i] = 0
		if a >= 0 {
			p.rows[i] = s.rows[a]
		} else if a == function.PickDefault {
			p.defaults[missing], p.from[missing] = uint32(i), rows[i]
			missing++
		}
	}
	layout.Gather(p.c.Args[0], p.rows[:n], bufs, out, nil)
	switch {
	case missing == 0:
	case !out.Type.IsNested():
		layout.Gather(p.c.Args[2], p.from[:missing], bufs, out, p.defaults[:missing])
	default:
		v := p.args[2]
		v.Resize(missing)
		layout.Gather(p.c.Args[2], p.from[:missing], bufs, v, nil)
		for k, i := range p.defaults[:missing] {
			out.SetValue(int(i), v.Value(k))
		}
	}
	return nil
}
