package eval

import (
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// LambdaKind tells what a Lambda makes of a list.
type LambdaKind uint8

// The kinds of Lambda.
const (
	Transform  LambdaKind = iota // the body's values
	ListFilter                   // the elements for which the body is true
	Reduce                       // the body's value of the last element
)

// Lambda applies an expression to the elements of lists.
type Lambda struct {
	kind     LambdaKind
	init     bool
	list     Expr
	first    Expr // Reduce with init
	captures []Expr
	body     Expr
	typ      types.Type
	pos      int
}

// NewLambda returns the application of body to the elements of args[0], a list.
// body's columns are, in order, those of the kind (Transform and ListFilter:
// element, place from 1 as BIGINT; Reduce: what the elements so far made, element,
// place), then the other args. With init, args[1] is what a Reduce starts from,
// else it is the first element; an empty list is error 22023 then. The result, of
// type t, is NULL where the list is. pos is the place in the query text, -1 for
// none.
func NewLambda(kind LambdaKind, init bool, args []Expr, body Expr, t types.Type, pos int) *Lambda {
	l := &Lambda{kind: kind, init: init, list: args[0], body: body, typ: t, pos: pos, captures: args[1:]}
	if init {
		l.first, l.captures = args[1], args[2:]
	}
	return l
}

// Type implements Expr.
func (e *Lambda) Type() types.Type { return e.typ }

func (e *Lambda) traits() traits {
	t := e.list.traits().and(traitsOf(e.captures))
	if e.first != nil {
		t = t.and(e.first.traits())
	}
	b := e.body.traits()
	b.columns = false // those are parameters
	t = t.and(b)
	t.canFail = t.canFail || e.kind == Reduce && !e.init
	return t
}

func (e *Lambda) node(c *Context) node {
	n := &lambdaNode{e: e, c: c, arg: e.list.node(c), body: NewContext(c.session, e.body), out: c.result(e.typ)}
	c.bodies = append(c.bodies, n.body)
	if e.first != nil {
		n.first = e.first.node(c)
	}
	for _, x := range e.captures {
		n.captures = append(n.captures, x.node(c))
		n.outer = append(n.outer, nil)
		n.inner = append(n.inner, c.result(x.Type()))
	}
	elem := *e.list.Type().Ext.Child
	n.elem, n.place = c.result(elem), vector.New(types.Of(types.BigInt))
	n.in = &vector.Chunk{}
	if e.kind == Reduce {
		n.made, n.next, n.spare = c.result(e.typ), c.result(e.typ), c.result(e.typ)
		n.ends, n.result = c.result(e.typ), c.result(e.typ)
		n.in.Cols = append(n.in.Cols, n.made)
	}
	n.in.Cols = append(append(n.in.Cols, n.elem, n.place), n.inner...)
	return n
}

// lambdaNode runs the body over up to vector.Capacity elements at a time, of as
// many lists as it takes.
type lambdaNode struct {
	e        *Lambda
	c        *Context
	arg      node
	first    node
	captures []node
	body     *Context
	out      *vector.Vector
	null     nullVector

	in     *vector.Chunk    // what the body sees
	elem   *vector.Vector   // its element and place
	place  *vector.Vector   //
	inner  []*vector.Vector // its captures
	outer  []*vector.Vector // the captures by row
	codes  []uint32         // places of the elements in the child
	owners []uint32         // the row of each
	places []int64
	picked []uint32

	// of Reduce
	made, next, spare, ends, result *vector.Vector

	active, finals, done, stay []uint32
	lists                      []types.ListEntry
}

func (l *lambdaNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return truths(l, in, sel, n, out)
}

func (l *lambdaNode) eval(in *vector.Chunk, sel []uint32, n int) (*vector.Vector, error) {
	if n == 0 {
		return l.null.get(l.e.typ, in.Len), nil
	}
	lists, err := l.arg.eval(in, sel, n)
	if err != nil {
		return nil, err
	}
	if lists.Form == vector.Constant && lists.IsNull(0) {
		return l.null.get(l.e.typ, in.Len), nil
	}
	for i, x := range l.captures {
		if l.outer[i], err = x.eval(in, sel, n); err != nil {
			return nil, err
		}
	}
	s := &listRows{sel: sel, n: n}
	if lists.Form == vector.Constant {
		s.entries, s.child = raw.Cast[types.ListEntry](lists.Data), lists.Children[0]
	} else {
		view := lists.View(nil)
		s.entries, s.valid, s.codes, s.child, s.step = raw.Cast[types.ListEntry](view.Data), view.Valid, view.Sel, view.Children[0], 1
	}
	if s.child.Form != vector.Flat {
		flat := vector.New(s.child.Type)
		flat.Reference(s.child)
		flat.Flatten()
		s.child = flat
	}
	l.out.Resize(in.Len)
	if l.e.kind == Reduce {
		return l.out, l.reduce(in, s)
	}
	return l.out, l.each(s)
}

// listRows are the lists of the rows (sel, n).
type listRows struct {
	sel     []uint32
	n       int
	entries []types.ListEntry
	valid   vector.Bitmap
	codes   []uint32 // of a dictionary
	step    int      // 0: a constant
	child   *vector.Vector
}

// row returns the k-th position and its list; false when that is NULL.
func (s *listRows) row(k int) (p uint32, e types.ListEntry, ok bool) {
	p = uint32(k)
	if s.sel != nil {
		p = s.sel[k]
	}
	i := int(p) * s.step
	if s.codes != nil {
		i = int(s.codes[p])
	}
	if s.valid != nil && !s.valid.Get(i) {
		return p, e, false
	}
	return p, s.entries[i], true
}

// run evaluates the body for the m elements collected; with select, it returns
// the ranks of those for which it is true.
func (l *lambdaNode) run(child *vector.Vector, m int) (*vector.Vector, []uint32, error) {
	l.elem.SetDictionary(child, l.codes[:m], 0)
	l.place.Resize(m)
	copy(vector.Values[int64](l.place), l.places[:m])
	for i, v := range l.outer {
		if v.Form == vector.Constant {
			l.inner[i].Reference(v)
			l.inner[i].Len = m
			continue
		}
		if l.inner[i].Form != vector.Flat {
			l.inner[i] = vector.New(v.Type)
			l.in.Cols[len(l.in.Cols)-len(l.inner)+i] = l.inner[i]
		}
		kernel.Take(l.inner[i], v, l.owners[:m], m)
	}
	l.in.Len, l.in.Sel = m, nil
	if l.e.kind == ListFilter {
		out, err := l.body.Select(l.c.ctx, 0, l.in, room(&l.picked, m))
		return nil, out, err
	}
	v, err := l.body.Eval(l.c.ctx, 0, l.in)
	return v, nil, err
}

// each runs a Transform or a ListFilter.
func (l *lambdaNode) each(s *listRows) error {
	dst, to := vector.Values[types.ListEntry](l.out), l.out.Children[0]
	l.codes, l.owners = room(&l.codes, vector.Capacity), room(&l.owners, vector.Capacity)
	if l.places == nil {
		l.places = make([]int64, vector.Capacity)
	}
	m := 0
	flush := func() error {
		v, picked, err := l.run(s.child, m)
		if err != nil {
			return err
		}
		at := to.Len
		if l.e.kind == Transform {
			kernel.Copy(to, at, v, nil, m)
			m = 0
			return nil
		}
		keep := picked
		for i, r := range picked {
			dst[l.owners[r]].Length++
			keep[i] = l.codes[r]
		}
		kernel.Copy(to, at, s.child, keep, len(keep))
		m = 0
		return nil
	}
	for k := range s.n {
		p, e, ok := s.row(k)
		if !ok {
			l.out.SetNull(int(p))
			continue
		}
		if l.e.kind == Transform {
			dst[p] = types.ListEntry{Offset: uint32(to.Len + m), Length: e.Length}
		}
		for i := range e.Length {
			if m == vector.Capacity {
				if err := flush(); err != nil {
					return err
				}
				if err := sqlerr.FromContext(l.c.ctx); err != nil {
					return err
				}
			}
			l.codes[m], l.owners[m], l.places[m] = e.Offset+i, p, int64(i)+1
			m++
		}
	}
	if m > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	if l.e.kind == ListFilter {
		// Elements lie in the order of the rows.
		at := uint32(0)
		for k := range s.n {
			p, _, ok := s.row(k)
			if ok {
				dst[p].Offset = at
				at += dst[p].Length
			}
		}
	}
	return nil
}

// reduce folds all lists side by side: step i combines the i-th elements of the
// lists that have one.
func (l *lambdaNode) reduce(in *vector.Chunk, s *listRows) error {
	l.codes, l.owners = room(&l.codes, vector.Capacity), room(&l.owners, vector.Capacity)
	l.active, l.finals = room(&l.active, in.Len), room(&l.finals, in.Len)
	l.done, l.stay = room(&l.done, in.Len)[:0], room(&l.stay, in.Len)
	if l.places == nil {
		l.places = make([]int64, vector.Capacity)
	}
	if len(l.lists) < in.Len {
		l.lists = make([]types.ListEntry, max(in.Len, vector.Capacity))
	}
	m := 0
	for k := range s.n {
		p, e, ok := s.row(k)
		switch {
		case !ok:
			l.out.SetNull(int(p))
		case e.Length == 0 && !l.e.init:
			return sqlerr.At(l.e.pos, sqlerr.CodeInvalidArgument, "list_reduce of an empty list without a first value")
		default:
			l.lists[p], l.active[m] = e, p
			m++
		}
	}
	if m == 0 {
		return nil
	}
	step, err := l.start(in, s, m)
	if err != nil {
		return err
	}
	l.ends.Resize(0)
	for m = l.leave(m, step); m > 0; m = l.leave(m, step) {
		if err := sqlerr.FromContext(l.c.ctx); err != nil {
			return err
		}
		kernel.Take(l.made, l.next, l.stay[:m], m)
		for i, p := range l.active[:m] {
			l.codes[i], l.owners[i], l.places[i] = l.lists[p].Offset+step, p, int64(step)+1
		}
		v, _, err := l.run(s.child, m)
		if err != nil {
			return err
		}
		// v may refer to what lies in next.
		l.spare.Resize(0)
		kernel.Copy(l.spare, 0, v, nil, m)
		l.next, l.spare = l.spare, l.next
		step++
	}
	l.result.SetDictionary(l.ends, l.finals, 0)
	kernel.Put(l.out, l.result, l.done, len(l.done))
	return nil
}

// start fills next with what the m active lists start from and returns how many
// elements of each that used.
func (l *lambdaNode) start(in *vector.Chunk, s *listRows, m int) (uint32, error) {
	l.next.Resize(0)
	if l.e.init {
		v, err := l.first.eval(in, l.active[:m], m)
		if err != nil {
			return 0, err
		}
		kernel.Copy(l.next, 0, v, l.active[:m], m)
		return 0, nil
	}
	for i, p := range l.active[:m] {
		l.codes[i] = l.lists[p].Offset
	}
	kernel.Copy(l.next, 0, s.child, l.codes[:m], m)
	return 1, nil
}

// leave takes the lists of which step elements were all out of the m active
// ones, whose values are in next, and returns how many are left; stay has their
// ranks in next.
func (l *lambdaNode) leave(m int, step uint32) int {
	left, gone := 0, 0
	for i, p := range l.active[:m] {
		if l.lists[p].Length > step {
			l.stay[left], l.active[left] = uint32(i), p
			left++
			continue
		}
		l.finals[p] = uint32(l.ends.Len + gone)
		l.done = append(l.done, p)
		l.codes[gone] = uint32(i)
		gone++
	}
	kernel.Copy(l.ends, l.ends.Len, l.next, l.codes[:gone], gone)
	return left
}
