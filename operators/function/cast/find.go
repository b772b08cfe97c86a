package cast

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// plan is how a pair of types is cast: a function over the living, valid
// positions of its argument. It is the Data of a cast's Bound.
type plan struct {
	from, to types.Type
	try      bool
	run      func(c *call, src *vector.Vector, out *vector.Vector) error
	// canFail: some value of from has no counterpart.
	canFail bool
	// session: the result depends on the session (its time zone).
	session bool
	// elems are the plans of elements; what they mean is run's business.
	elems []*plan
	// index maps target fields to source fields (structs), -1 for none.
	index []int
	// labels maps the texts of an enum to their codes.
	labels map[string]uint32
	codes  []int64 // enum to enum: source code to target code, -1 none
	// keeps: run shows the source itself, NULLs included.
	keeps bool
}

// call is what a plan's run works on: n positions sel[:n] (all of [0, n) when
// sel is nil), none of them NULL.
type call struct {
	*plan
	sel     []uint32
	n       int
	size    int // positions of the vectors: max(sel)+1 at most
	session *function.Session
	*scratch
}

// Find returns the cast from one type to another. With try, values that cannot
// be cast become NULL, and so does everything when there is no cast between
// the types. Otherwise an impossible cast is error 42846.
func Find(from, to types.Type, try bool) (*function.Bound, error) {
	p, err := find(from, to, try, 0)
	if err != nil {
		if !try {
			return nil, err
		}
		p = &plan{from: from, to: to, try: true, run: allNull}
	}
	b := &function.Bound{
		Name: "cast", Params: []types.Type{from}, Return: to,
		Nulls: function.Special, Kernel: runKernel, CanFail: p.canFail && !try, Data: p,
	}
	if p.session {
		b.Vol = function.Stable
	}
	return b, nil
}

// scratch is what a cast keeps between chunks: memory only.
type scratch struct {
	valid []uint32
	text  []byte
	tmp   vector.Vector
	wide  []types.Int128
	parts []*scratch
}

// elem returns the scratch memory of the k-th element's cast.
func (s *scratch) elem(k int) *scratch {
	for len(s.parts) <= k {
		s.parts = append(s.parts, &scratch{})
	}
	return s.parts[k]
}

// wideBuf returns memory for n 128-bit integers.
func (s *scratch) wideBuf(n int) []types.Int128 {
	if cap(s.wide) < n {
		s.wide = make([]types.Int128, n)
	}
	return s.wide[:n]
}

// runKernel is the Kernel of every cast.
func runKernel(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	p := c.Bound.Data.(*plan)
	s, _ := c.Local.(*scratch)
	if s == nil {
		s = &scratch{}
		c.Local = s
	}
	in := call{plan: p, sel: c.Sel, n: c.N, size: c.N, session: c.Session, scratch: s}
	if c.Sel != nil {
		in.n = len(c.Sel)
	}
	return in.cast(args[0], out)
}

// cast runs the plan over the positions that are not NULL and makes the others
// NULL. out is flat and has c.size positions.
func (c *call) cast(src, out *vector.Vector) error {
	if src.Form == vector.Constant && !c.keeps {
		return c.castConstant(src, out)
	}
	if c.keeps || !src.MayHaveNulls() {
		return c.run(c, src, out)
	}
	if cap(c.valid) < c.n {
		c.valid = make([]uint32, max(c.n, vector.Capacity))
	}
	in := *c
	in.sel = kernel.SelectValid(src, c.sel, c.n, c.valid[:c.n])
	in.n = len(in.sel)
	if err := c.run(&in, src, out); err != nil {
		return err
	}
	if out.Form == vector.Flat {
		kernel.PropagateNulls(out, src, c.sel, c.n)
	}
	return nil
}

// castConstant casts the one value of a constant.
func (c *call) castConstant(src, out *vector.Vector) error {
	n := c.size
	if c.n == 0 {
		return nil
	}
	if src.IsNull(0) {
		out.SetConstantNull(n)
		return nil
	}
	one := *src
	one.Form, one.Len = vector.Flat, 1
	out.Resize(1)
	in := *c
	in.sel, in.n, in.size = nil, 1, 1
	if err := c.run(&in, &one, out); err != nil {
		return err
	}
	if out.Form == vector.Flat {
		out.Form = vector.Constant
	}
	out.Len = n
	return nil
}

// rows walks the positions of a call: at(k) gives the position p of the k-th
// and the element i of the source that holds it.
type rows struct {
	sel, idx []uint32
	n        int
}

func (r *rows) at(k int) (p, i int) {
	if r.sel != nil {
		k = int(r.sel[k])
	}
	if r.idx != nil {
		return k, int(r.idx[k])
	}
	return k, k
}

// view returns the source's elements and the walk over the call's positions.
// The source is not constant.
func (c *call) view(src *vector.Vector) (vector.View, rows) {
	v := src.View(&c.tmp)
	return v, rows{c.sel, v.Sel, c.n}
}

// misfit is what becomes of a value that has no counterpart in the target type:
// NULL at position p of out when that is tried; else the cast fails (true).
func (c *call) misfit(out *vector.Vector, p int) (fail bool) {
	if !c.try {
		return true
	}
	out.SetNull(p)
	return false
}

// allNull makes every position NULL: casts of NULL, and impossible ones that
// are tried.
func allNull(c *call, _, out *vector.Vector) error {
	out.SetConstantNull(c.size)
	return nil
}

// reference shows the source as it is under the target type.
func reference(_ *call, src, out *vector.Vector) error {
	t := out.Type
	out.Reference(src)
	out.Type = t
	return nil
}

// CastValue casts one value; sess may be nil (UTC).
func CastValue(v types.Value, to types.Type, sess *function.Session) (types.Value, error) {
	return castValue(v, to, false, sess)
}

// TryCastValue is CastValue that gives NULL instead of an error.
func TryCastValue(v types.Value, to types.Type, sess *function.Session) types.Value {
	out, err := castValue(v, to, true, sess)
	if err != nil {
		return types.NullOf(to)
	}
	return out
}

func castValue(v types.Value, to types.Type, try bool, sess *function.Session) (types.Value, error) {
	if v.Type.Equal(to) {
		return v, nil
	}
	b, err := Find(v.Type, to, try)
	if err != nil {
		return types.Value{}, err
	}
	if v.IsNull {
		return types.NullOf(to), nil
	}
	src, out := vector.New(v.Type), vector.New(to)
	src.Resize(1)
	src.SetValue(0, v)
	out.Resize(1)
	c := &function.Call{Ctx: context.Background(), N: 1, Bound: b, Session: sess}
	if err := b.Kernel(c, []*vector.Vector{src}, out); err != nil {
		return types.Value{}, err
	}
	return out.Value(0), nil
}

// zone is the session's time zone.
func (c *call) zone() (*types.Zone, error) {
	if c.session == nil {
		return types.UTC, nil
	}
	return types.LoadZone(c.session.TimeZone)
}

func noCast(from, to types.Type) error {
	return sqlerr.New(sqlerr.CodeCannotCoerce, "there is no cast from %s to %s", from, to)
}

// maxShown is how much of a value an error message quotes.
const maxShown = 100

// shown returns s for an error message, cut when long.
func shown(s []byte) string {
	if len(s) > maxShown {
		return string(s[:maxShown]) + "..."
	}
	return string(s)
}

func errText(s []byte, to types.Type) error {
	return sqlerr.New(sqlerr.CodeInvalidCast, "could not convert string \"%s\" to %s", shown(s), to)
}

func errStatus(s []byte, to types.Type, st types.ParseStatus) error {
	e := sqlerr.New(sqlerr.CodeInvalidCast, "could not convert string \"%s\" to %s", shown(s), to)
	switch st {
	case types.BadRange:
		return e.WithDetail("the field value is out of range")
	case types.BadZone:
		return e.WithDetail("the time zone is unknown, or not allowed in this type")
	}
	switch to.ID {
	case types.Date:
		return e.WithHint("the format is YYYY-MM-DD")
	case types.Time:
		return e.WithHint("the format is HH:MM:SS[.US]")
	case types.IntervalID:
		return e.WithHint("the format is [N UNIT]... [HH:MM:SS[.US]]")
	}
	return e.WithHint("the format is YYYY-MM-DD HH:MM:SS[.US][±HH[:MM[:SS]]| ZONE]")
}

func errRange(value string, from, to types.Type) error {
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, "%s value is out of range for %s: %s", from, to, value)
}
