package window

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// positional computes a function.BoundWindow.
type positional struct {
	w    *Window
	c    *Call
	i    int // the call's number
	args []*vector.Vector

	at       []int32
	rows     []raw.Addr
	defaults []uint32
	from     []raw.Addr

	keys   *sortkey.Rows // of ORDER BY within the arguments
	away   []uint32      // positions of rows that are in other ranges
	awayAt []raw.Addr
	awayIn [][][]byte // what resolves them
	perm   []uint32
	some   []raw.Addr
	part   *vector.Vector
	whole  *vector.Vector
}

func newPositional(w *Window, i int) *positional {
	c := &w.plan.Calls[i]
	p := &positional{w: w, c: c, i: i, keys: w.orders[i], args: make([]*vector.Vector, len(c.Args))}
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

func (p *positional) end() {}

func (p *positional) begin(ctx context.Context, s *section) (err error) {
	h := &s.shares[p.i]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready {
		return nil
	}
	if p.c.ignores() && s.sides == nil {
		if h.blk == nil {
			if h.blk, err = getBlock(p.w, int64(s.n)*4); err != nil {
				return err
			}
		}
		h.list = raw.Cast[int32](h.blk.Bytes)
		h.list = h.list[:s.findValues(p.w, p.c, h.list)]
	}
	if len(p.keys.Keys) > 0 {
		if h.order, err = newRowOrder(ctx, p.w, s, p.keys, h.list, false); err != nil {
			return err
		}
	}
	h.ready = true
	return nil
}

// smallBlock is up to which size blocks are no larger than they must be.
const smallBlock = block.Size / 4

// getBlock takes at least n bytes, not zeroed. When memory is refused, parts
// that wait go to disk. Errors: 53200 and those of writing.
func getBlock(w *Window, n int64) (*block.Block, error) {
	pool := w.env.Pool
	shared := n > smallBlock && n <= block.Size
	var b *block.Block
	ok := false
	if shared {
		b, ok = pool.Get(w.work)
	} else {
		b, ok = pool.GetSized(w.work, max(n, 1))
	}
	if ok {
		return b, nil
	}
	// What is written is small, and waited for: nothing to cancel.
	if err := w.makeRoom(context.Background(), max(n, roomBytes)); err != nil {
		return nil, err
	}
	if shared {
		return pool.MustGet(w.work, nil)
	}
	return pool.MustGetSized(w.work, max(n, 1), nil)
}

func (p *positional) eval(ctx context.Context, b *batch, out *vector.Vector) error {
	call, s := b.call, b.s
	n := len(call.Row)
	rows, bufs := s.rows[int(call.Row[0])-s.base:][:n], s.loaded.Bufs()
	layout := p.w.rows.Layout
	for i, v := range p.args {
		if v != nil && i < 2 { // defaults are fetched where they are needed
			v.Resize(n)
			layout.Gather(p.c.Args[i], rows, bufs, v, nil)
		}
	}
	h := &s.shares[p.i]
	call.Args = p.args
	call.IgnoreNulls, call.NonNull, call.Ordered = p.c.IgnoreNulls, h.list, nil
	if s.sides != nil {
		call.NonNull = s.sides[p.i].values
	}
	if h.order != nil {
		call.Ordered = h.order
	}
	if p.c.Fn.Number != nil {
		return p.c.Fn.Number(call, out)
	}
	at := p.at[:n]
	if err := p.c.Fn.Pick(call, at); err != nil {
		return err
	}
	missing := 0
	p.away = p.away[:0]
	base, end := int32(s.base), int32(s.end())
	for i, a := range at {
		p.rows[i] = 0
		switch {
		case a >= base && a < end:
			p.rows[i] = s.row(a)
		case a >= 0:
			p.away = append(p.away, uint32(i))
		case a == function.PickDefault:
			p.defaults[missing], p.from[missing] = uint32(i), rows[i]
			missing++
		}
	}
	layout.Gather(p.c.Args[0], p.rows[:n], bufs, out, nil)
	if len(p.away) > 0 {
		if err := p.fetch(ctx, b, out); err != nil {
			return err
		}
	}
	switch {
	case missing == 0:
	case !out.Type.IsNested() && len(p.away) == 0:
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

// fetch puts the values of rows that are in other ranges into out, at the
// positions away: it is made anew of copies, those of the section first.
func (p *positional) fetch(ctx context.Context, b *batch, out *vector.Vector) error {
	n := out.Len
	if p.whole == nil {
		t := p.w.plan.Input[p.c.Args[0]]
		p.part, p.whole = vector.New(t), vector.New(t)
		p.perm = make([]uint32, vector.Capacity)
	}
	p.awayAt, p.awayIn = p.awayAt[:0], p.awayIn[:0]
	for _, i := range p.away {
		row, bufs, err := b.far.row(ctx, p.at[i])
		if err != nil {
			return err
		}
		p.awayAt, p.awayIn = append(p.awayAt, row), append(p.awayIn, bufs)
	}
	perm := p.perm[:n]
	for i := range perm {
		perm[i] = uint32(i)
	}
	p.whole.Resize(n + len(p.away))
	kernel.Copy(p.whole, 0, out, nil, n)
	for k := 0; k < len(p.away); {
		j, bufs := k, p.awayIn[k]
		p.some = p.some[:0]
		for ; j < len(p.away) && sameBufs(bufs, p.awayIn[j]); j++ {
			perm[p.away[j]] = uint32(n + j)
			p.some = append(p.some, p.awayAt[j])
		}
		p.part.Resize(j - k)
		p.w.rows.Layout.Gather(p.c.Args[0], p.some, bufs, p.part, nil)
		kernel.Copy(p.whole, n+k, p.part, nil, j-k)
		k = j
	}
	out.Resize(n)
	kernel.Copy(out, 0, p.whole, perm, n)
	return nil
}

// sameBufs reports whether a and b are the same table of pages.
func sameBufs(a, b [][]byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
